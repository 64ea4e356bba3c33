import { checkNumber, checkOneOf, OptionError } from '@dataenginex/core';
import { comparisonResult, rounded } from '../history/comparison.ts';
import type { RuleResult } from '../report/result.ts';
import type { ColumnState } from '../state/column-state.ts';
import type { Kll } from '../state/kll.ts';
import type { TableState } from '../state/table-state.ts';
import { keyOf } from '../values.ts';
import {
  binned,
  chiSquare,
  type Counts,
  jensenShannon,
  kolmogorovSmirnov,
  maximumDifference,
  populationStability,
  proportions,
  type Samples,
  wasserstein,
} from './distances.ts';

/**
 * How two columns are compared, as Evidently calls it. Of `ks`, `chisquare` and `z`, the score is a p-value, and one
 * below the threshold is drift; of the others it is a distance, and one that reaches the threshold is.
 */
export type DriftMethod = 'ks' | 'chisquare' | 'z' | 'wasserstein' | 'jensenshannon' | 'psi' | 'l_infinity';

export interface ColumnDriftOptions<M extends DriftMethod = Exclude<DriftMethod, 'z'>> {
  /** @default by the kind of column, its size and how many values differ */
  method?: M | undefined;
  /** @default 0.05 of a p-value, 0.1 of a distance */
  threshold?: number | undefined;
}

export interface DriftOptions {
  /** Of columns of numbers or dates. */
  numerical?: ColumnDriftOptions<'ks' | 'wasserstein' | 'jensenshannon' | 'psi' | 'l_infinity'> | undefined;
  /** Of all others. */
  categorical?: ColumnDriftOptions<'chisquare' | 'jensenshannon' | 'psi' | 'l_infinity'> | undefined;
  /** Of some columns, by name. */
  columns?: Readonly<Record<string, ColumnDriftOptions>> | undefined;
  /** Columns that are left out, such as keys. @default none */
  ignore?: readonly string[] | undefined;
  /** The table drifts when this share of its columns does. @default 0.5 */
  driftShare?: number | undefined;
}

/** How a table differs from what it was; `success` lets it stand where a report does. */
export interface DriftReport {
  /** Whether fewer than the share of columns drifted. */
  readonly success: boolean;
  /** The share of the reference's columns that drifted. */
  readonly share: number;
  /** One for each column of the reference that is not left out. */
  readonly columns: readonly ColumnDrift[];
  /** Columns that the reference has not. */
  readonly added: readonly string[];
  /** The same for `report.with`: a critical result of the table, `drift`, and a warning of each column, `temp.drift`. */
  readonly results: readonly RuleResult[];
}

export interface ColumnDrift {
  readonly column: string;
  readonly drifted: boolean;
  /** How it was compared; undefined where `reason` says why it was not. */
  readonly method: DriftMethod | undefined;
  /** A p-value or a distance, by the method; undefined where there is none. */
  readonly score: number | undefined;
  readonly threshold: number | undefined;
  /**
   * What a share of values, of which the score is made, may be off by on either side, as states are sketches: 0 while
   * they are exact. Of numbers it is three standard deviations of the sketch, of categories the most it can be.
   */
  readonly shareError: number;
  /** Why there is no score: a column that is gone, has no values, or has values of another kind. */
  readonly reason: string | undefined;
  /** Categories that the reference has not, the most frequent first, at most 20. Where not all are known: undefined. */
  readonly newCategories: readonly unknown[] | undefined;
}

type Kind = 'numerical' | 'categorical';

/**
 * Compares two tables by their states, by Evidently's defaults: with at most 1,000 rows in the reference, by tests
 * (Kolmogorov-Smirnov, χ², z of two categories) with p-values below 0.05; with more, by distances from 0.1 on
 * (Wasserstein in standard deviations of the reference, Jensen-Shannon). Numbers of at most 5 distinct values are
 * compared as categories. Nulls and infinities are left out.
 *
 * ```ts
 * import { drift, TableState } from '@dataenginex/quality';
 *
 * const january = await TableState.of(Array.from({ length: 500 }, (_, day) => ({ temp: day % 40 })));
 * const july = await TableState.of(Array.from({ length: 500 }, (_, day) => ({ temp: 20 + (day % 40) })));
 * const { success, columns } = drift(january, july);
 * success; // => false
 * columns.map(({ column, method, drifted }) => [column, method, drifted]); // => [['temp', 'ks', true]]
 * ```
 *
 * @throws {OptionError} When an option cannot work, or a method is of another kind of column.
 * @see https://docs.evidentlyai.com/metrics/explainer_drift
 */
export function drift(reference: TableState, current: TableState, options: DriftOptions = {}): DriftReport {
  const { ignore = [], driftShare = 0.5 } = options;
  checkNumber('drift.driftShare', driftShare, { min: 0, max: 1 });
  checkMethod('drift.numerical', options.numerical, ['ks', ...ofBoth, 'wasserstein']);
  checkMethod('drift.categorical', options.categorical, ['chisquare', ...ofBoth]);
  for (const [column, own] of Object.entries(options.columns ?? {})) {
    checkMethod(`drift.columns.${column}`, own, ['ks', 'chisquare', ...ofBoth, 'wasserstein']);
    if (!reference.columns.has(column)) throw new OptionError('drift.columns', 'of the reference', column);
  }

  const left = new Set(ignore);
  const columns = [...reference.columns]
    .filter(([column]) => !left.has(column))
    .map(([column, state]) => compare(column, state, current.columns.get(column), options));
  const added = [...current.columns.keys()].filter((column) => !reference.columns.has(column) && !left.has(column));
  const share = columns.length === 0 ? 0 : columns.filter(({ drifted }) => drifted).length / columns.length;
  const success = columns.length === 0 || share < driftShare;
  return { success, share, columns, added, results: resultsOf(success, share, columns) };
}

function resultsOf(success: boolean, share: number, columns: readonly ColumnDrift[]): readonly RuleResult[] {
  const drifted = columns.filter((column) => column.drifted).length;
  const summary = `${drifted} of ${columns.length} columns drifted`;
  const about = 'columns are spread as in the reference';
  return [
    comparisonResult({ name: 'drift', about, success, observed: share, summary }),
    ...columns.map((found) => resultOf(found)),
  ];
}

function resultOf({ column, drifted, reason, ...found }: ColumnDrift): RuleResult {
  const { method, score: value, threshold } = found;
  const limit = method !== undefined && isTest(method) ? 'below' : 'from';
  const summary =
    value === undefined || threshold === undefined
      ? (reason ?? '')
      : `${method} is ${rounded(value)}, and drift ${limit} ${threshold}`;
  return comparisonResult(
    {
      name: `${column}.drift`,
      about: `${column} is spread as in the reference`,
      success: !drifted,
      observed: value ?? null,
      summary,
      details: found,
    },
    { severity: 'warning' },
  );
}

const ofBoth = ['jensenshannon', 'psi', 'l_infinity'] as const;

function checkMethod(name: string, options: ColumnDriftOptions | undefined, allowed: readonly DriftMethod[]): void {
  if (options?.method !== undefined) checkOneOf(`${name}.method`, options.method, allowed);
  if (options?.threshold !== undefined) checkNumber(`${name}.threshold`, options.threshold, { min: 0 });
}

function compare(
  column: string,
  reference: ColumnState,
  current: ColumnState | undefined,
  options: DriftOptions,
): ColumnDrift {
  const without = (drifted: boolean, reason: string): ColumnDrift => ({
    column,
    drifted,
    method: undefined,
    score: undefined,
    threshold: undefined,
    shareError: 0,
    reason,
    newCategories: undefined,
  });
  if (current === undefined) return without(true, 'the column is not there');
  const [before, now] = [valuesOf(reference), valuesOf(current)];
  if (before === 0 && now === 0) return without(false, 'neither has values');
  if (before === 0) return without(true, 'the reference has no values');
  if (now === 0) return without(true, 'there are no values');
  const kind = kindOf(reference);
  if (kindOf(current) !== kind) return without(true, `the reference is ${kind}, and this is ${kindOf(current)}`);
  return score(column, kind, reference, current, options);
}

function score(
  column: string,
  kind: Kind,
  reference: ColumnState,
  current: ColumnState,
  options: DriftOptions,
): ColumnDrift {
  const own = { ...options[kind], ...leaveOutUndefined(options.columns?.[column]) };
  const categories = categoriesOf(reference, current);
  const method = own.method ?? defaultMethod(kind, valuesOf(reference), categories, reference, current);
  const isOfNumbers = method === 'ks' || method === 'wasserstein';
  if (kind === 'categorical' ? isOfNumbers : own.method === 'chisquare') {
    throw new OptionError(`drift.columns.${column}.method`, `one for a column that is ${kind}`, method);
  }
  const threshold = own.threshold ?? (isTest(method) ? 0.05 : 0.1);
  const byCategory =
    kind === 'categorical' || method === 'z' || method === 'chisquare' || (!isOfNumbers && isFew(reference, 20));
  const value =
    byCategory && !isOfNumbers ? distances[method](categories.counts) : ofNumbers(method, reference, current);
  return {
    column,
    drifted: isTest(method) ? value < threshold : value >= threshold,
    method,
    score: value,
    threshold,
    shareError: byCategory
      ? reference.frequent.error / reference.count + current.frequent.error / current.count
      : rankError(numbersOf(reference)) + rankError(numbersOf(current)),
    reason: undefined,
    newCategories: byCategory && reference.frequent.error === 0 ? categories.added : undefined,
  };
}

const isTest = (method: DriftMethod): boolean => method === 'ks' || method === 'chisquare' || method === 'z';

function defaultMethod(
  kind: Kind,
  size: number,
  { counts }: Categories,
  reference: ColumnState,
  current: ColumnState,
): DriftMethod {
  const isExact = reference.frequent.error === 0 && current.frequent.error === 0;
  const few = isExact && counts.reference.length <= 5;
  if (size > 1_000) return kind === 'numerical' && !few ? 'wasserstein' : 'jensenshannon';
  if (kind === 'numerical' && !few) return 'ks';
  return isExact && counts.reference.length <= 2 ? 'z' : 'chisquare';
}

function isFew(state: ColumnState, most: number): boolean {
  return state.frequent.error === 0 && state.frequent.items().length <= most;
}

const distances = {
  z: proportions,
  chisquare: chiSquare,
  psi: populationStability,
  l_infinity: maximumDifference,
  jensenshannon: jensenShannon,
};

function ofNumbers(method: DriftMethod, reference: ColumnState, current: ColumnState): number {
  const samples: Samples = { reference: sampleOf(reference), current: sampleOf(current) };
  const sizes = [valuesOf(reference), valuesOf(current)] as const;
  if (method === 'ks') return kolmogorovSmirnov(samples, sizes);
  // Evidently's least deviation, for columns that are constant.
  if (method === 'wasserstein')
    return wasserstein(samples) / Math.max(deviationOf(reference, samples.reference), 0.001);
  const isWhole = reference.types.number === 0 && current.types.number === 0;
  const sketches = [numbersOf(reference), numbersOf(current)];
  const ends = sketches.flatMap(({ min, max }) => [min, max]).filter(Number.isFinite);
  return distances[method](binned(samples, sizes[0] + sizes[1], isWhole, ends));
}

/** Numbers and dates have an order and distances; everything else is of categories. */
function kindOf({ types, count }: ColumnState): Kind {
  const numbers = types.integer + types.number + types.bigint;
  return numbers === count || types.date === count ? 'numerical' : 'categorical';
}

function numbersOf(state: ColumnState): Kll {
  return state.types.date > 0 ? state.times : state.quantiles;
}

/** How many values there are, but for infinities. */
function valuesOf(state: ColumnState): number {
  return state.count - state.moments.infinite;
}

/** So many numbers stand for those of a sketch that is past being exact. */
const most = 2_048;

/** The numbers themselves while the sketch has them all, else as many quantiles. */
function sampleOf(state: ColumnState): Float64Array {
  const sketch = numbersOf(state);
  const size = sketch.count < exactBelow(sketch) ? sketch.count : most;
  const shares = Array.from({ length: size }, (_, at) => (at + 0.5) / size);
  return Float64Array.from(sketch.quantiles(shares)).filter(Number.isFinite);
}

const exactBelow = ({ k }: Kll): number => 4 * k;

function rankError(sketch: Kll): number {
  return sketch.count < exactBelow(sketch) ? 0 : 2.6 / sketch.k;
}

/** Of the values as a population, as Evidently has it; of dates, whose moments are not known, of the sample. */
function deviationOf({ types, moments }: ColumnState, sample: Float64Array): number {
  const finite = moments.count - moments.infinite;
  if (types.date === 0) return finite < 2 ? 0 : moments.deviation * Math.sqrt((finite - 1) / finite);
  const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
  return Math.sqrt(sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sample.length);
}

interface Categories {
  readonly counts: Counts;
  /** Those that the reference has not. */
  readonly added: readonly unknown[];
}

/**
 * How often each category came in both. One that a state does not hold may have come as often as its error says: it is
 * taken to have come as often as in the other, as far as that goes. Those that neither holds are one.
 */
function categoriesOf(reference: ColumnState, current: ColumnState): Categories {
  const [before, now] = [countsOf(reference), countsOf(current)];
  const [sizeBefore, sizeNow] = [valuesOf(reference), valuesOf(current)];
  const known = [...new Set([...before.keys(), ...now.keys()])];
  const counts = known.map((key): readonly [before: number, now: number] => {
    const [ofBefore, ofNow] = [before.get(key)?.count, now.get(key)?.count];
    return [
      ofBefore ?? Math.min(reference.frequent.error, ((ofNow ?? 0) / sizeNow) * sizeBefore),
      ofNow ?? Math.min(current.frequent.error, ((ofBefore ?? 0) / sizeBefore) * sizeNow),
    ];
  });
  const restBefore = Math.max(0, sizeBefore - counts.reduce((sum, [count]) => sum + count, 0));
  const restNow = Math.max(0, sizeNow - counts.reduce((sum, [, count]) => sum + count, 0));
  if (restBefore + restNow > 0) counts.push([restBefore, restNow]);
  return {
    counts: { reference: counts.map(([count]) => count), current: counts.map(([, count]) => count) },
    added: known.flatMap((key) => (before.has(key) ? [] : [now.get(key)?.value])).slice(0, 20),
  };
}

type Found = ReadonlyMap<unknown, { readonly value: unknown; readonly count: number }>;

function countsOf(state: ColumnState): Found {
  const found = new Map<unknown, { value: unknown; count: number }>();
  for (const { value, count } of finiteItems(state)) {
    const entry = found.get(keyOf(value));
    // Texts that are the same as far as they are kept.
    if (entry === undefined) found.set(keyOf(value), { value, count });
    else entry.count += count;
  }
  return found;
}

function finiteItems({ frequent }: ColumnState) {
  return frequent.items().filter(({ value }) => typeof value !== 'number' || Number.isFinite(value));
}

function leaveOutUndefined(options: ColumnDriftOptions = {}): ColumnDriftOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
