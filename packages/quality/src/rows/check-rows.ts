import { OptionError } from '@dataenginex/core';
import { aggregateJudges } from './aggregates.ts';
import { Duplicates, Moments, Numbers, quantile } from './collect.ts';
import { ColumnTable } from './column-table.ts';
import type { Expectation } from '../rules/expectations.ts';
import { judgeFreshness } from './freshness.ts';
import { type Fail, type MapTest, mapTests, skipOf } from './map-tests.ts';
import { type Tally, Planner, Trouble, collecting } from './planner.ts';
import type { RuleResult } from '../report/result.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
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
}

/** Rules on their way through a table. */
export interface RowsCheck {
  /** The next rows, in order; any number of batches. `from` and `to` (exclusive) take some of an array's. */
  push(rows: readonly unknown[] | ColumnTable, from?: number, to?: number): void;
  /** The results, in the order of the rules. Once, when all rows are pushed. */
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
  const planner = new Planner(options.keepIndexes, options.optionalColumns ?? []);
  const { table } = options;
  const names = table === undefined ? createColumnNames(options.columns ?? []) : columnNamesOf(table);
  const all = rules.map((rule) => judgeOf(rule, planner, names, options));
  const scan = planner.scan(table);
  let rows = 0;
  return {
    push(batch, from = 0, to = batch.length) {
      const some = batch instanceof ColumnTable ? [] : batch;
      scan(some, from, to, rows);
      if (names.wanted) names.read(some, from, to);
      rows += to - from;
    },
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
  expect_column_values_to_be_unique: (rule, planner) =>
    judgeUnique(rule, planner, { columns: [rule.kwargs.column], skip: 'any' }, keyOf),
  expect_compound_columns_to_be_unique: (rule, planner) =>
    judgeUnique(rule, planner, { columns: rule.kwargs.column_list, skip: skipOf(rule) }, (values) =>
      keyOfAll(Array.isArray(values) ? values : []),
    ),
  expect_column_value_z_scores_to_be_less_than: judgeZScores,
  expect_column_values_to_not_be_outliers: judgeOutliers,
  expect_column_freshness_to_be_within: (rule, planner, _, { now }) => judgeFreshness(rule, planner, now),
};

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
  return judgeTally(rule, planner, planner.ask(rule, test), trouble);
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
  of: Pick<MapTest, 'columns' | 'skip'>,
  key: (value: unknown) => unknown,
): Judge {
  const duplicates = new Duplicates();
  const breaks = (value: unknown, index: number): boolean => {
    duplicates.add(key(value), value, index);
    return false;
  };
  const tally = planner.ask(rule, { ...of, breaks });
  return judgeTally(rule, planner, tally, new Trouble(), () => {
    for (const { value, index } of duplicates.found) tally.hit(value, index);
  });
}

function judgeZScores(rule: RuleOf<'expect_column_value_z_scores_to_be_less_than'>, planner: Planner): Judge {
  const { threshold, double_sided = true } = rule.kwargs;
  return judgeNumbers(rule, planner, (values) => {
    const { mean, deviation } = momentsOf(values);
    const score = (value: number): number => (value - mean) / deviation;
    return double_sided
      ? (value) => Math.abs(score(value)) >= Math.abs(threshold)
      : (value) => score(value) >= threshold;
  });
}

function judgeOutliers(rule: RuleOf<'expect_column_values_to_not_be_outliers'>, planner: Planner): Judge {
  const { method = 'iqr', multiplier = 1.5 } = rule.kwargs;
  return judgeNumbers(rule, planner, (values) => {
    if (method === 'std') {
      const { mean, deviation } = momentsOf(values);
      const most = multiplier * deviation;
      return most > 0 ? (value) => Math.abs(value - mean) >= most : (value) => Math.abs(value - mean) > most;
    }
    const sorted = values.toSorted();
    const [low, high] = [quantile(sorted, 0.25, 'linear'), quantile(sorted, 0.75, 'linear')];
    const reach = multiplier * (high - low);
    return (value) => value < low - reach || value > high + reach;
  });
}

function momentsOf(values: Float64Array): Moments {
  const moments = new Moments(() => true);
  for (const value of values) moments.add(value);
  return moments;
}

/** A rule about numbers that needs all of them before it can judge one. */
function judgeNumbers(
  rule: MapRule & { readonly kwargs: { readonly column: string } },
  planner: Planner,
  breaksOf: (values: Float64Array) => (value: number) => boolean,
): Judge {
  const trouble = new Trouble();
  const numbers = new Numbers(trouble.fail);
  const tally = planner.ask(rule, collecting(rule.kwargs.column, numbers));
  return judgeTally(rule, planner, tally, trouble, () => {
    const breaks = breaksOf(numbers.values);
    const { indexes } = numbers;
    for (const [at, value] of numbers.values.entries()) if (breaks(value)) tally.hit(value, indexes[at] ?? 0);
  });
}
