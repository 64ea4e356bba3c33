import { OptionError } from '@dataenginex/core';
import { aggregateJudges } from './aggregates.ts';
import { Moments, Numbers, interpolate, quantile } from './collect.ts';
import { ColumnTable } from './column-table.ts';
import type { Expectation } from '../rules/expectations.ts';
import { judgeFreshness } from './freshness.ts';
import { GroupedRules } from './groups.ts';
import { type Fail, type MapTest, mapTests, skipOf } from './map-tests.ts';
import { type Tally, Planner, Trouble, collecting, kept } from './planner.ts';
import type { RuleResult } from '../report/result.ts';
import { RepeatLimitError } from '../errors.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
import { type KeyKind, oneColumn, severalColumns } from '../streams/key-blocks.ts';
import { NumberLog } from '../streams/number-log.ts';
import type { Bounds } from '../streams/spill.ts';
import { FoundRows, UniqueKeys } from '../streams/unique-keys.ts';
import type { ReadSurroundings } from '../surroundings.ts';
import { type ColumnNames, columnNamesOf, createColumnNames, tableJudges } from './table-checks.ts';
import { keyOf, keyOfAll } from '../values.ts';

export interface RowsCheckOptions extends ReadSurroundings {
  /** Keep the value and the index of every row that breaks a rule, not of the first 20. */
  readonly keepIndexes: boolean;
  /** The columns of a table without rows, which cannot show them. @default [] */
  readonly columns?: readonly string[] | undefined;
  /** Columns that may be in no row: a rule that asks for them finds nulls then, where it would be an error. @default [] */
  readonly optionalColumns?: readonly string[] | undefined;
  /** The table that alone is pushed, from its first row on. @default none, but rows */
  readonly table?: ColumnTable | undefined;
  /** How much may be held in memory. @default all */
  readonly bounds?: Bounds | undefined;
  /** Rules whose rows `broken` tells. @default none */
  readonly tells?: ((rule: Rule) => boolean) | undefined;
  /** Rules of keys tell each row whose key has come before. @default they cannot tell any */
  readonly repeats?: 'later' | undefined;
}

/** Rules on their way through a table. */
export interface RowsCheck {
  /**
   * The next rows, in order; any number of batches. `from` and `to` (exclusive) take some of an array's; `start` is the
   * place of the first of them among all, if it is not the number of rows before.
   */
  push(rows: readonly unknown[] | ColumnTable, from?: number, to?: number, start?: number): void;
  /** The rows pushed since it was asked last that break a rule that `tells` takes, with the ids of these rules. */
  broken(): ReadonlyMap<number, readonly string[]>;
  /** The results, in the order of the rules. Once, when all rows are pushed and what `bounds` was told of has settled. */
  finish(): { readonly rows: number; readonly results: readonly RuleResult[] };
}

/** Says what became of one rule, once all rows are through. */
export type Judge = () => RuleResult;

/**
 * Judges rules on rows in one pass.
 *
 * A row that is no object has no columns. Rules about single rows, sums and extremes take no memory to speak of; those
 * about uniqueness and distinct values keep each distinct value, medians, quantiles, z-scores and outliers each number.
 *
 * @throws {OptionError} When a regular expression or a date format is none, or a rule cannot be judged on rows.
 */
export function createRowsCheck(rules: readonly Rule[], options: RowsCheckOptions): RowsCheck {
  const planner = new Planner(options.keepIndexes, options.optionalColumns ?? [], options.bounds?.maxValues);
  const { table } = options;
  const names = table === undefined ? createColumnNames(options.columns ?? []) : columnNamesOf(table);
  const groups = new GroupedRules(rules, options, createRowsCheck);
  const all = rules.map((rule) => groups.judgeOf(rule, planner) ?? judgeOf(rule, planner, names, options));
  const scan = planner.scan(table);
  let rows = 0;
  return {
    push(batch, from = 0, to = batch.length, start = rows) {
      const some = batch instanceof ColumnTable ? [] : batch;
      scan(some, from, to, start);
      groups.push(batch, from, to, start);
      if (names.wanted) names.read(some, from, to);
      rows += to - from;
    },
    broken: () => groups.broken(planner.broken()),
    finish: () => ({ rows, results: all.map((judge) => judge()) }),
  };
}

type JudgeFrom<E extends Expectation> = (
  rule: RuleOf<E>,
  planner: Planner,
  names: ColumnNames,
  options: RowsCheckOptions,
) => Judge;
type Judges = { readonly [E in Expectation]: JudgeFrom<E> };

/** Those that need a database. */
type Query = 'unexpected_rows_expectation' | 'expect_query_results_to_match_comparison';
type Elsewhere = 'expect_comparison_to_hold';

const judges: Omit<Judges, keyof typeof mapTests | Query | Elsewhere> = {
  ...aggregateJudges,
  ...tableJudges,
  expect_column_values_to_be_unique: (rule, planner, _, options) => {
    const of = { columns: [rule.kwargs.column], skip: 'any', key: keyOf, kind: oneColumn } as const;
    return judgeUnique(rule, planner, of, options);
  },
  expect_compound_columns_to_be_unique: (rule, planner, _, options) => {
    const of = { columns: rule.kwargs.column_list, skip: skipOf(rule), key: keyOfList, kind: severalColumns };
    return judgeUnique(rule, planner, of, options);
  },
  expect_column_value_z_scores_to_be_less_than: (rule, planner, _, options) =>
    judgeNumbers(rule, planner, options, byZScores(rule)),
  expect_column_values_to_not_be_outliers: (rule, planner, _, options) =>
    judgeNumbers(rule, planner, options, byOutliers(rule)),
  expect_column_freshness_to_be_within: (rule, planner, _, { now }) => judgeFreshness(rule, planner, now),
};

const keyOfList = (values: unknown): string => keyOfAll(Array.isArray(values) ? values : []);

function judgeOf<E extends Expectation>(
  rule: RuleOf<E> & Rule,
  planner: Planner,
  names: ColumnNames,
  options: RowsCheckOptions,
): Judge {
  const whole: Partial<Judges> = judges;
  const single: { readonly [K in Expectation]?: (rule: RuleOf<K>, fail: Fail) => MapTest } = mapTests;
  const judge = whole[rule.expectation];
  if (judge !== undefined) return judge(rule, planner, names, options);
  const trouble = new Trouble();
  const test = single[rule.expectation]?.(rule, trouble.fail);
  if (test === undefined) {
    throw new OptionError(`${rule.id}.expectation`, 'one that rows can be asked', rule.expectation);
  }
  const tally = planner.ask(rule, test);
  if (options.tells?.(rule) === true) planner.tell(rule.id, tally);
  return judgeTally(rule, planner, tally, trouble);
}

/** What of the arguments makes a rule one about rows. */
type MapRule = Rule & { readonly kwargs: { readonly mostly?: number | undefined } };

function judgeTally(rule: Rule, planner: Planner, tally: Tally, trouble: Trouble, before?: () => void): Judge {
  return (): RuleResult => {
    const failure = planner.failure(rule, tally);
    if (failure !== undefined) return failure;
    if (trouble.why === undefined) before?.();
    if (trouble.why !== undefined) {
      return { rule, kind: 'error', success: false, error: trouble.why, unexpectedIndexes: tally.indexes };
    }
    const elementCount = planner.elements(tally.condition);
    const missingCount = planner.missing(tally);
    const asked = elementCount - missingCount;
    const mostly = 'mostly' in rule.kwargs ? (rule.kwargs.mostly ?? 1) : 1;
    return {
      rule,
      kind: 'map',
      success: asked === 0 || (asked - tally.unexpected) / asked >= mostly,
      elementCount,
      missingCount,
      unexpectedCount: tally.unexpected,
      unexpectedValues: tally.values,
      unexpectedIndexes: tally.indexes,
    };
  };
}

function judgeUnique(
  rule: MapRule,
  planner: Planner,
  of: Pick<MapTest, 'columns' | 'skip'> & { readonly key: (value: unknown) => unknown; readonly kind: KeyKind },
  options: RowsCheckOptions,
): Judge {
  const tells = options.tells?.(rule) === true;
  if (options.repeats === undefined) refuseToTell(rule, options, ", say `repeats: 'later'`");
  const { keepIndexes } = options;
  const trouble = new Trouble();
  // A key that is in a file cannot be told at once.
  const bounds = options.bounds && tells ? { ...options.bounds, spill: undefined } : options.bounds;
  const fail: Fail = (why) => {
    if (tells && bounds !== undefined) throw new RepeatLimitError(rule.id, bounds.maxKeys);
    return trouble.fail(why);
  };
  const found = new FoundRows(keepIndexes ? Infinity : kept);
  const keys = new UniqueKeys((value, index) => found.add(value, index), of.kind, fail, bounds);
  bounds?.spilling.push(keys);
  const breaks = (value: unknown, index: number): boolean => {
    if (keys.add(of.key(value), value, index)) tally.recent?.push(index);
    return false;
  };
  const tally = planner.ask(rule, { columns: of.columns, skip: of.skip, breaks });
  if (tells) planner.tell(rule.id, tally);
  return judgeTally(rule, planner, tally, trouble, () => {
    for (const { value, index } of found.rows) tally.hit(value, index);
    tally.unexpected = found.count;
  });
}

/** Which rows break a rule about all of them is known when all are through. */
function refuseToTell(rule: Rule, { tells }: RowsCheckOptions, more = ''): void {
  if (tells?.(rule) !== true) return;
  const wanted = `a rule that can tell a bad row as it comes: name it in \`except\`, for the report alone${more}, or split an array`;
  throw new OptionError(rule.id, wanted, rule.expectation);
}

type Breaks = (value: number) => boolean;
/** What judges a number among all. */
type Among = { byMoments(moments: Moments): Breaks } | { byQuartiles(low: number, high: number): Breaks };

function byZScores({ kwargs }: RuleOf<'expect_column_value_z_scores_to_be_less_than'>): Among {
  const { threshold, double_sided = true } = kwargs;
  return {
    byMoments({ mean, deviation }) {
      // Values that are all equal: their mean may be rounded.
      if (deviation === 0) return () => false;
      const score = (value: number): number => (value - mean) / deviation;
      return double_sided
        ? (value) => Math.abs(score(value)) >= Math.abs(threshold)
        : (value) => score(value) >= threshold;
    },
  };
}

function byOutliers({ kwargs }: RuleOf<'expect_column_values_to_not_be_outliers'>): Among {
  const { method = 'iqr', multiplier = 1.5 } = kwargs;
  if (method === 'iqr') {
    return {
      byQuartiles(low, high) {
        const reach = multiplier * (high - low);
        return (value) => value < low - reach || value > high + reach;
      },
    };
  }
  return {
    byMoments({ mean, deviation }) {
      if (deviation === 0) return () => false;
      const most = multiplier * deviation;
      return most > 0 ? (value) => Math.abs(value - mean) >= most : (value) => Math.abs(value - mean) > most;
    },
  };
}

/** A rule about numbers that needs all of them before it can judge one. */
function judgeNumbers(
  rule: MapRule & { readonly kwargs: { readonly column: string } },
  planner: Planner,
  options: RowsCheckOptions,
  among: Among,
): Judge {
  refuseToTell(rule, options);
  const { bounds } = options;
  const { column } = rule.kwargs;
  const trouble = new Trouble();
  if (bounds !== undefined) {
    const log: NumberLog = new NumberLog(bounds, trouble.fail, async (signal) => {
      if (trouble.why !== undefined) return;
      const breaks = await breaksOfLog(log, among, signal);
      await log.replay((value, index) => {
        if (breaks(value)) tally.hit(value, index);
      }, signal);
    });
    bounds.spilling.push(log);
    const tally = planner.ask(rule, collecting(column, log));
    return judgeTally(rule, planner, tally, trouble);
  }
  const numbers = new Numbers(trouble.fail);
  const tally = planner.ask(rule, collecting(column, numbers));
  return judgeTally(rule, planner, tally, trouble, () => {
    const breaks = breaksOf(numbers.values, among);
    const { indexes } = numbers;
    for (const [at, value] of numbers.values.entries()) if (breaks(value)) tally.hit(value, indexes[at] ?? 0);
  });
}

function breaksOf(values: Float64Array, among: Among): Breaks {
  if ('byQuartiles' in among) {
    const sorted = values.toSorted();
    return among.byQuartiles(quantile(sorted, 0.25, 'linear'), quantile(sorted, 0.75, 'linear'));
  }
  const moments = new Moments(() => true);
  for (const value of values) moments.add(value);
  return among.byMoments(moments);
}

async function breaksOfLog(log: NumberLog, among: Among, signal: AbortSignal | undefined): Promise<Breaks> {
  if ('byQuartiles' in among) {
    const quartile = async (share: number): Promise<number> => {
      const at = share * (log.count - 1);
      const low = await log.ranked(Math.floor(at), signal);
      return interpolate(low, await log.ranked(Math.ceil(at), signal), at, 'linear');
    };
    return log.count === 0 ? () => false : among.byQuartiles(await quartile(0.25), await quartile(0.75));
  }
  const moments = new Moments(() => true);
  await log.replay((value) => moments.add(value), signal);
  return among.byMoments(moments);
}
