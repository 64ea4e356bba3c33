import type { TypeName } from '../rules/expectations.ts';
import type { ColumnState } from '../state/column-state.ts';
import type { Kll } from '../state/kll.ts';
import { readRows, type RowSource } from '../state/read-rows.ts';
import { TableState } from '../state/table-state.ts';
import { valuesOf } from './batch.ts';
import { type Correlation, Correlations } from './correlations.ts';
import { Formats, type TextFormat } from './formats.ts';
import { type CandidateKey, KeyFinder } from './key-finder.ts';

export interface ProfileOptions {
  signal?: AbortSignal | undefined;
}

/** What a table is like, as plain data. JSON writes an infinity among the extremes as null. */
export interface Profile {
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
  /** Of columns with numbers, the strongest first. */
  readonly correlations: readonly Correlation[];
  /** Columns that tell each row from all others, or pairs of columns when none does alone. */
  readonly keys: readonly CandidateKey[];
}

export interface ColumnProfile {
  readonly name: string;
  /** Values that are not null. */
  readonly count: number;
  /** Rows without one. */
  readonly nulls: number;
  /** How many values are of each type that is there; `number` counts those that are no `integer`. */
  readonly types: Readonly<Partial<Record<TypeName, number>>>;
  /** How many values differ: exactly, or with a standard error of 0.81 %. */
  readonly distinct: { readonly count: number; readonly exact: boolean };
  /** The 20 most frequent values, as far as they are known: counts are low by at most `error`. */
  readonly top: readonly TopValue[];
  /** Whether `top` has all values, with exact counts. */
  readonly topIsAll: boolean;
  /** Of numbers and bigints, if there are any. */
  readonly numbers?: NumbersProfile;
  /** Of dates, if there are any. */
  readonly dates?: DatesProfile;
  /** Of texts, if there are any. */
  readonly texts?: TextsProfile;
}

export interface TopValue {
  /** Dates are ISO 8601 texts, large bigints their digits, objects their JSON; long texts are cut and end with "…". */
  readonly value: string | number | boolean;
  readonly count: number;
  readonly error: number;
}

export interface NumbersProfile {
  readonly count: number;
  readonly infinite: number;
  readonly min: number;
  readonly max: number;
  /** Of finite ones, as the deviation, which is that of a sample and null of a single number. */
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly quantiles: readonly Quantile<number>[];
  readonly histogram: Histogram<number>;
}

export interface DatesProfile {
  readonly count: number;
  readonly min: string;
  readonly max: string;
  readonly quantiles: readonly Quantile<string>[];
  readonly histogram: Histogram<string>;
}

export interface TextsProfile {
  readonly count: number;
  readonly minLength: number;
  readonly meanLength: number;
  readonly maxLength: number;
  /** The first and the last in order, of long ones the first 40 characters. */
  readonly first: string;
  readonly last: string;
  /** The most frequent, at most 32: `9` is a digit, `A` and `a` are letters, `ä` is what is not ASCII. */
  readonly shapes: readonly { readonly shape: string; readonly count: number }[];
  /** Whether the shapes tell runs by their length; otherwise `9` is one digit or more, and so are letters. */
  readonly exactShapes: boolean;
  /** How many are dates, times or UUIDs: not known of a `TableState`. */
  readonly formats: readonly { readonly format: TextFormat; readonly count: number }[];
}

export interface Quantile<T> {
  readonly share: number;
  readonly value: T;
}

/**
 * How many values are above an edge, and at most the next; the first counts with what it begins with. Where a range is
 * infinite, edges are of the inner 90 %, and what is beyond them counts in the first and the last.
 */
export interface Histogram<T> {
  readonly edges: readonly T[];
  readonly counts: readonly number[];
}

/**
 * What a table is like: types, nulls, distinct values, extremes, quantiles and histograms, frequent values, shapes of
 * texts, correlations and candidate keys, in one pass and bounded memory.
 *
 * ```ts
 * import { profile } from '@dataenginex/quality';
 *
 * const { rows, columns, keys } = await profile([
 *   { date: '2012-01-01', temp: 12.8 },
 *   { date: '2012-01-02', temp: null },
 * ]);
 * const [date, temp] = columns;
 * [rows, temp?.nulls, temp?.numbers?.max]; // => [2, 1, 12.8]
 * date?.texts?.shapes; // => [{ shape: '9999-99-99', count: 2 }]
 * keys; // => [{ columns: ['date'], exact: true }]
 * ```
 *
 * @param source An array of rows, columns, or an iterable or async iterable of rows. Of a {@link TableState}, which no
 *   longer has its rows, correlations, formats and pairs of columns that are keys are left out.
 * @throws {OptionError} When the source is none of these.
 */
export async function profile(source: RowSource | TableState, { signal }: ProfileOptions = {}): Promise<Profile> {
  signal?.throwIfAborted();
  if (source instanceof TableState) {
    const exact = [...source.columns].filter(([, column]) => {
      return source.rows > 1 && column.distinct.exact && column.distinct.estimate() === source.rows;
    });
    const keys = exact.map(([name]) => ({ columns: [name], exact: true }));
    return { ...toProfile(source), correlations: [], keys };
  }
  const state = new TableState();
  const [correlations, keys, formats] = [new Correlations(state), new KeyFinder(state), new Formats(state)];
  await readRows(
    source,
    (rows, from, to) => {
      const values = valuesOf(rows, from, to);
      state.push(rows, from, to);
      correlations.push(values);
      keys.push(values, to - from);
      formats.push(values);
    },
    signal,
  );
  return { ...toProfile(state, formats), correlations: correlations.list(), keys: keys.keys() };
}

function toProfile(state: TableState, formats?: Formats): Pick<Profile, 'rows' | 'columns'> {
  const columns = Array.from(state.columns, ([name, column]) => toColumn(name, column, formats?.of(name) ?? []));
  return { rows: state.rows, columns };
}

const mostTop = 20;

function toColumn(name: string, column: ColumnState, formats: TextsProfile['formats']): ColumnProfile {
  const { count, nulls, types, distinct, frequent, moments, times, lengths } = column;
  const items = frequent.items();
  const certain = items.filter((item) => item.count > item.error);
  return {
    name,
    count,
    nulls,
    types: Object.fromEntries(Object.entries(types).filter(([, of]) => of > 0)),
    distinct: { count: Math.min(distinct.estimate(), count), exact: distinct.exact },
    top: certain.slice(0, mostTop).map(({ value, ...counts }) => ({ value: toPlain(value), ...counts })),
    topIsAll: frequent.error === 0 && items.length <= mostTop,
    ...(moments.count > 0 && { numbers: toNumbers(column) }),
    ...(times.count > 0 && { dates: toDates(times) }),
    ...(lengths.count > 0 && { texts: toTexts(column, formats) }),
  };
}

function toPlain(value: unknown): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Date ? value.toISOString() : String(value);
}

const shares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

function toNumbers({ moments, quantiles, types }: ColumnState): NumbersProfile {
  const { count, infinite, min, max, mean, deviation } = moments;
  const values = quantiles.quantiles(shares);
  return {
    count,
    infinite,
    min,
    max,
    mean: Number.isNaN(mean) ? null : mean,
    deviation: Number.isNaN(deviation) ? null : deviation,
    quantiles: shares.map((share, at) => ({ share, value: values[at] ?? min })),
    histogram: toHistogram(quantiles, types.number === 0),
  };
}

/** That a date can have. */
const lastTime = 8.64e15;

function iso(time: number): string {
  return new Date(Math.max(-lastTime, Math.min(time, lastTime))).toISOString();
}

function toDates(times: Kll): DatesProfile {
  const values = times.quantiles(shares);
  const { edges, counts } = toHistogram(times, true);
  return {
    count: times.count,
    min: iso(times.min),
    max: iso(times.max),
    quantiles: shares.map((share, at) => ({ share, value: iso(values[at] ?? times.min) })),
    histogram: { edges: edges.map((edge) => iso(edge)), counts },
  };
}

function toTexts(
  { lengths, shapes, first = '', last = '' }: ColumnState,
  formats: TextsProfile['formats'],
): TextsProfile {
  return {
    count: lengths.count,
    minLength: lengths.min,
    meanLength: lengths.mean,
    maxLength: lengths.max,
    first,
    last,
    shapes: shapes.items(),
    exactShapes: shapes.exact,
    formats,
  };
}

const mostBins = 20;

/** Of 20 bins of one width, or one for each of a few integers. */
function toHistogram(values: Kll, areIntegers: boolean): Histogram<number> {
  const [low = 0, high = 0] = Number.isFinite(values.max - values.min)
    ? [values.min, values.max]
    : values
        .quantiles([0.05, 0.95])
        .map((value) => Math.max(-Number.MAX_VALUE / 4, Math.min(value, Number.MAX_VALUE / 4)));
  if (low === high) return { edges: [low, high], counts: [values.count] };
  const isEach = areIntegers && high - low < mostBins;
  const bins = isEach ? high - low + 1 : mostBins;
  const start = isEach ? low - 0.5 : low;
  const width = isEach ? 1 : (high - low) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, at) => (at === bins && !isEach ? high : start + at * width));
  const ranks = edges.map((edge, at) => {
    if (at === 0 || at === bins) return at === 0 ? 0 : values.count;
    return Math.round(values.rank(edge) * values.count);
  });
  return { edges, counts: ranks.slice(1).map((rank, at) => rank - (ranks[at] ?? 0)) };
}
