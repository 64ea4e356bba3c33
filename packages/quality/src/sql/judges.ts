import { OptionError } from '@dataenginex/core';
import { within } from '../rules/bounds.ts';
import type { Bounds, Expectation, KwargsOf, Ordered, TypeName } from '../rules/expectations.ts';
import { isNearly } from '../rows/aggregates.ts';
import { createRowsCheck } from '../rows/check-rows.ts';
import { type Spread, ofBins, ofValues } from '../rows/kl-divergence.ts';
import { freshness } from '../rows/freshness.ts';
import { skipOf } from '../rows/map-tests.ts';
import type { FailedResult, MapResult, RuleResult } from '../report/result.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
import { isNull, keyOf, keysOfSet, momentOf, show } from '../values.ts';
import { decode, nounOf, type Term } from './dialect.ts';
import { groupingOf, judgeGroups, withRows } from './groups.ts';
import { isWhole, type MapQuestion, mapQuestions, scalar } from './map-rules.ts';
import { type ColumnRule, type Numbers, numbersOf } from './numbers.ts';
import { judgeComparison, judgeOtherTable, judgeUnexpectedRows } from './query-rules.ts';
import { all, type Answer, ask, type Flag, measure, not, over, type Steps, type Window } from './steps.ts';
import type { Table } from './table.ts';
import { conditionOf, isIn, ordered } from './terms.ts';

/** How many of the values that break a rule are told. */
const mostTold = 20;

/** What became of a rule, and how its rows are told where a row breaks it. */
export interface Judged {
  readonly result: RuleResult;
  readonly flag?: Flag | undefined;
}

export interface JudgeOptions {
  readonly keepIndexes: boolean;
  /** The time at which it is judged whether rows are fresh. */
  readonly now?: number | undefined;
  /** The names of the table's columns. */
  readonly columns: readonly string[];
}

type Judge<E extends Expectation> = (rule: RuleOf<E>, table: Table, options: JudgeOptions) => Steps<Judged> | Judged;
type Judges = { readonly [E in Expectation]?: Judge<E> };

/**
 * The way to a rule's result.
 *
 * @throws {OptionError} When the database cannot be asked the rule.
 */
export function judgeOf<E extends Expectation>(
  rule: RuleOf<E> & Rule,
  table: Table,
  options: JudgeOptions,
): Steps<Judged> | Judged {
  const missed = columnsOf(rule).find((column) => !table.has(column));
  if (missed !== undefined && rule.expectation !== 'expect_column_to_exist') return missing(rule, missed);
  const { groupBy } = rule;
  if (groupBy !== undefined) {
    return judgeGroups({ ...rule, groupBy }, table, options, () => judgeRule<E>(rule, table, options));
  }
  return judgeRule<E>(rule, table, options);
}

function judgeRule<E extends Expectation>(
  rule: RuleOf<E> & Rule,
  table: Table,
  options: JudgeOptions,
): Steps<Judged> | Judged {
  const own: Judges = judges;
  const judge = own[rule.expectation];
  if (judge !== undefined) return judge(rule, table, options);
  const single: { readonly [K in Expectation]?: (rule: RuleOf<K>, table: Table) => MapQuestion } = mapQuestions;
  const question = single[rule.expectation]?.(rule, table);
  if (question === undefined) {
    throw new OptionError(`${rule.id}.expectation`, `one that ${table.dialect.name} can be asked`, rule.expectation);
  }
  return judgeMap(rule, table, options, question);
}

function columnsOf({ kwargs, where = {}, groupBy }: Rule): readonly string[] {
  return [
    ...('column' in kwargs ? [kwargs.column] : []),
    ...('column_A' in kwargs ? [kwargs.column_A, kwargs.column_B] : []),
    ...('column_list' in kwargs && 'ignore_row_if' in kwargs ? kwargs.column_list : []),
    ...Object.keys(where),
    ...(groupBy?.columns ?? []),
  ];
}

function missing(rule: Rule, column: string): Judged {
  const error = `the table has no column "${column}"`;
  const isOfRows =
    rule.expectation in mapQuestions || /unique$|increasing$|decreasing$|than$|outliers$/.test(rule.expectation);
  const flag = isOfRows ? { columns: [], condition: 'TRUE', windows: [] } : undefined;
  return { result: failure(rule, error), flag };
}

function nullsOf(terms: readonly Term[], skip: MapQuestion['skip']): string | undefined {
  if (skip === 'never' || terms.length === 0) return undefined;
  return terms.map(({ sql }) => `${sql} IS NULL`).join(skip === 'all' ? ' AND ' : ' OR ');
}

/** How many rows meet each list of conditions. Nulls of a column are the rows that it has no value in: that is faster. */
function* countRows(...lists: readonly (readonly (string | undefined)[])[]): Steps<readonly number[]> {
  const asked = lists.map((list) => {
    const nulls = /^(\w+) IS NULL$/.exec(list.at(-1) ?? '');
    if (nulls?.[1] === undefined) return [over('count(*)', ...list), '0'];
    const others = list.slice(0, -1);
    return [over('count(*)', ...others), over(`count(${nulls[1]})`, ...others)];
  });
  const counts = yield* measure(...asked.flat());
  return lists.map((_, at) => Number(counts[at * 2]) - Number(counts[at * 2 + 1]));
}

interface Tally {
  readonly elementCount: number;
  readonly missingCount: number;
  readonly unexpectedCount: number;
}

function* judgeMap(
  rule: Rule,
  table: Table,
  options: JudgeOptions,
  question: MapQuestion,
  windows: readonly Window[] = [],
): Steps<Judged> {
  const { columns, skip, breaks, trouble, troubled } = question;
  const where = conditionOf(rule, table);
  const nulls = nullsOf(columns.map(table.term), skip);
  // Of one column, `breaks` is of no null already.
  const asked = nulls === undefined || columns.length === 1 ? undefined : not(nulls);
  const condition = all(where, asked, breaks);
  const [elementCount = 0, missingCount = 0, counted = 0, inTrouble = 0] = yield* countRows(
    [where],
    [where, nulls ?? 'FALSE'],
    [windows.length === 0 ? condition : 'FALSE'],
    troubled === undefined ? ['FALSE'] : [where, asked, troubled],
  );
  const unexpectedCount = windows.length === 0 ? counted : yield* countPlaced(rule, table, condition, windows);
  const tally = { elementCount, missingCount, unexpectedCount };
  const why = troubled === undefined || inTrouble > 0 ? trouble : undefined;
  return yield* tellMap(rule, options, tally, { columns, condition, windows }, why);
}

/** How many rows meet a condition about windows. */
function* countPlaced(rule: Rule, table: Table, condition: string, windows: readonly Window[]): Steps<number> {
  const { select, groupBy } = groupingOf(rule, table);
  const [[count] = []] = yield* ask(
    `SELECT ${select('count(*)')} FROM ${table.placed(windows)} WHERE ${condition}${groupBy}`,
  );
  return Number(count ?? 0);
}

/** The result of a rule about single rows, with the first of those that break it, but by groups. */
function* tellMap(
  rule: Rule,
  { keepIndexes }: JudgeOptions,
  tally: Tally,
  flag: Flag,
  trouble?: string,
): Steps<Judged> {
  const { elementCount, missingCount, unexpectedCount } = tally;
  const told = unexpectedCount === 0 ? undefined : flag;
  const rows: Answer = told === undefined || rule.groupBy !== undefined ? [] : yield { kind: 'examples', ...told };
  const first = keepIndexes ? rows : rows.slice(0, mostTold);
  if (trouble !== undefined && unexpectedCount > 0)
    return { result: withRows(failure(rule, trouble), first), flag: told };
  const asked = elementCount - missingCount;
  const mostly = 'mostly' in rule.kwargs ? (rule.kwargs.mostly ?? 1) : 1;
  const success = asked === 0 || (asked - unexpectedCount) / asked >= mostly;
  const result = { rule, kind: 'map', success, ...tally, unexpectedValues: [], unexpectedIndexes: [] } as const;
  return { result: withRows<MapResult>(result, first), flag: told };
}

const judges = {
  expect_column_values_to_be_unique: (rule, table, options) =>
    judgeUnique(rule, table, options, [rule.kwargs.column], 'any'),
  expect_compound_columns_to_be_unique: (rule, table, options) =>
    judgeUnique(rule, table, options, rule.kwargs.column_list, skipOf(rule)),
  expect_column_values_to_be_increasing: (rule, table, options) =>
    judgeOrder(rule, table, options, rule.kwargs.strictly === true ? '>' : '>='),
  expect_column_values_to_be_decreasing: (rule, table, options) =>
    judgeOrder(rule, table, options, rule.kwargs.strictly === true ? '<' : '<='),
  expect_column_value_z_scores_to_be_less_than: function* judgeZScores(rule, table, options) {
    const { threshold, double_sided: doubleSided = true } = rule.kwargs;
    const numbers = yield* numbersOf(rule, table);
    const { mean, deviation, windows } = yield* numbers.moments();
    const score = `(${numbers.sql} - ${mean}) / ${deviation}`;
    const breaks = doubleSided
      ? `abs(${score}) >= ${table.dialect.double(Math.abs(threshold))}`
      : `${score} >= ${table.dialect.double(threshold)}`;
    return yield* judgeMap(rule, table, options, numbers.question(breaks), windows);
  },
  expect_column_values_to_not_be_outliers: function* judgeOutliers(rule, table, options) {
    const { method = 'iqr', multiplier = 1.5 } = rule.kwargs;
    const numbers = yield* numbersOf(rule, table);
    if (method === 'std') {
      const { mean, deviation, windows } = yield* numbers.moments();
      const most = `${multiplier > 0 ? '>=' : '>'} ${table.dialect.double(multiplier)} * ${deviation}`;
      const breaks = `abs(${numbers.sql} - ${mean}) ${most}`;
      return yield* judgeMap(rule, table, options, numbers.question(breaks), windows);
    }
    const { low, high, windows } = yield* numbers.fences(multiplier);
    const breaks = `(${numbers.sql} < ${low} OR ${numbers.sql} > ${high})`;
    return yield* judgeMap(rule, table, options, numbers.question(breaks), windows);
  },

  expect_column_min_to_be_between: (rule, table) => judgeExtreme(rule, table, 'min'),
  expect_column_max_to_be_between: (rule, table) => judgeExtreme(rule, table, 'max'),
  expect_column_mean_to_be_between: (rule, table) =>
    ofNumbers(rule, table, ({ mean }) => bounded(rule, mean, rule.kwargs)),
  expect_column_sum_to_be_between: (rule, table) =>
    ofNumbers(rule, table, ({ sum }) => bounded(rule, sum, rule.kwargs)),
  expect_column_stdev_to_be_between: function* judgeDeviation(rule, table) {
    const numbers = yield* numbersOf(rule, table);
    const deviation = yield* numbers.deviation();
    return numbers.trouble === undefined ? bounded(rule, deviation, rule.kwargs) : failed(rule, numbers.trouble);
  },
  expect_column_median_to_be_between: function* judgeMedian(rule, table) {
    const numbers = yield* numbersOf(rule, table);
    const [median] = yield* numbers.quantiles([0.5], 'midpoint');
    return numbers.trouble === undefined ? bounded(rule, median, rule.kwargs) : failed(rule, numbers.trouble);
  },
  expect_column_quantile_values_to_be_between: function* judgeQuantiles(rule, table) {
    const { quantile_ranges: ranges, allow_relative_error: error = 'nearest' } = rule.kwargs;
    const numbers = yield* numbersOf(rule, table);
    const values = yield* numbers.quantiles(ranges.quantiles, typeof error === 'boolean' ? 'nearest' : error);
    if (numbers.trouble !== undefined) return failed(rule, numbers.trouble);
    return { result: { rule, kind: 'observed', ...quantileVerdict(values, rule.kwargs) } };
  },
  expect_column_unique_value_count_to_be_between: function* judgeDistinct(rule, table) {
    const [distinct] = yield* distinctOf(rule, table);
    return bounded(rule, distinct, rule.kwargs);
  },
  expect_column_proportion_of_unique_values_to_be_between: function* judgeProportion(rule, table) {
    const [distinct, total] = yield* distinctOf(rule, table);
    return bounded(rule, distinct / Math.max(total, 1), rule.kwargs);
  },
  expect_column_proportion_of_non_null_values_to_be_between: function* judgeNonNull(rule, table) {
    const where = conditionOf(rule, table);
    const { sql } = table.term(rule.kwargs.column);
    const [rows, values] = yield* measure(over('count(*)', where), over(`count(${sql})`, where));
    return bounded(rule, Number(values) / Math.max(Number(rows), 1), rule.kwargs);
  },
  expect_column_most_common_value_to_be_in_set: function* judgeMostCommon(rule, table) {
    const { term, counts } = countsOf(rule, table);
    const { select, partition } = groupingOf(rule, table);
    const modes = yield* ask(
      `SELECT ${select(table.dialect.written(term))} FROM (SELECT *, max(n) OVER (${partition()}) AS most FROM ${counts}) AS m ` +
        `WHERE n = most ORDER BY ${term.sql}`,
    );
    const values = modes.map(([value]) => decode(term.kind, value));
    const wanted = keysOfSet(rule.kwargs.value_set);
    const some = values.some((value) => wanted.has(keyOf(value)));
    const success = some && (values.length === 1 || rule.kwargs.ties_okay === true);
    return { result: { rule, kind: 'observed', success, observed: values, details: undefined } };
  },
  expect_column_distinct_values_to_be_in_set: (rule, table) => judgeSet(rule, table, true, false),
  expect_column_distinct_values_to_contain_set: (rule, table) => judgeSet(rule, table, false, true),
  expect_column_distinct_values_to_equal_set: (rule, table) => judgeSet(rule, table, true, true),
  expect_column_kl_divergence_to_be_less_than: judgeDivergence,
  expect_column_type_to_be: function* judgeType(rule, table) {
    const { column, type_: wanted } = rule.kwargs;
    const term = typed(rule, table.term(column));
    const where = conditionOf(rule, table);
    const [values, fractions] = yield* measure(
      over(`count(${term.sql})`, where),
      term.kind === 'number' ? over('count(*)', where, `NOT (${isWhole(table.dialect, term)})`) : '0',
    );
    const isWholeColumn = term.kind === 'number' && Number(fractions) === 0;
    const types: readonly TypeName[] = isWholeColumn ? ['integer', 'number'] : term.types;
    if (Number(values) === 0) return observed(rule, null, true);
    return observed(rule, types[0] ?? null, types.includes(wanted));
  },

  expect_column_to_exist: judgeShape,
  expect_table_columns_to_match_ordered_list: judgeShape,
  expect_table_columns_to_match_set: judgeShape,
  expect_table_column_count_to_equal: judgeShape,
  expect_table_column_count_to_be_between: judgeShape,
  expect_table_row_count_to_equal: function* judgeRows(rule, table) {
    const [rows] = yield* measure(over('count(*)', conditionOf(rule, table)));
    return observed(rule, Number(rows), Number(rows) === rule.kwargs.value);
  },
  expect_table_row_count_to_be_between: function* judgeRowCounts(rule, table) {
    const [rows] = yield* measure(over('count(*)', conditionOf(rule, table)));
    return observed(rule, Number(rows), within(Number(rows), rule.kwargs) === true);
  },
  expect_table_row_count_to_equal_other_table: (rule, table) => judgeOtherTable(rule, conditionOf(rule, table)),
  unexpected_rows_expectation: judgeUnexpectedRows,
  expect_query_results_to_match_comparison: judgeComparison,
  expect_column_freshness_to_be_within: function* judgeFresh(rule, table, { now }) {
    const { column, epoch_unit: unit = 'milliseconds' } = rule.kwargs;
    const term = scalar(rule, table.term(column));
    if (term.kind === 'text') throw new OptionError(rule.id, 'a rule about a column of dates or numbers', term.name);
    const where = conditionOf(rule, table);
    const newest = term.kind === 'boolean' ? 'NULL' : over(`max(${term.sql})`, where);
    const [written, values] = yield* measure(
      table.dialect.written({ ...term, sql: newest }),
      over(`count(${term.sql})`, where),
    );
    if (Number(values) === 0) return { result: freshness(rule, undefined, now ?? Date.now()) };
    const moment = momentOf(decode(term.kind, written), unit === 'seconds' ? 1000 : 1);
    if (Number.isNaN(moment)) return failed(rule, `${nounOf(term)} is no moment`);
    return { result: freshness(rule, moment, now ?? Date.now()) };
  },
} satisfies Judges;

/** Rows are asked the same of no rows, of a table with these columns. */
function judgeShape(rule: Rule, _: Table, { columns }: JudgeOptions): Judged {
  const [result] = createRowsCheck([rule], { keepIndexes: false, columns }).finish().results;
  return result === undefined ? failed(rule, 'there is no result') : { result };
}

function observed(rule: Rule, value: unknown, success: boolean): Judged {
  return { result: { rule, kind: 'observed', success, observed: value, details: undefined } };
}

function failure(rule: Rule, error: string): FailedResult {
  return { rule, kind: 'error', success: false, error, unexpectedIndexes: [] };
}

function failed(rule: Rule, error: string): Judged {
  return { result: failure(rule, error) };
}

/** Nothing observed is within no bounds, not even within none. */
function bounded(rule: Rule, value: unknown, bounds: Bounds<Ordered>): Judged {
  if (isNull(value)) return observed(rule, null, false);
  const is = within(value, bounds);
  if (is === undefined)
    return failed(rule, `${show(value)} has no order with ${show(bounds.min_value ?? bounds.max_value)}`);
  return observed(rule, value, is);
}

/** A column of which values can be told apart and have types. */
function typed(rule: Rule, term: Term): Term {
  if (term.kind !== 'other' || term.types.length > 0) return term;
  throw new OptionError(rule.id, 'a rule that a column of this type can be asked', term.name);
}

function* judgeUnique(
  rule: Rule,
  table: Table,
  options: JudgeOptions,
  columns: readonly string[],
  skip: MapQuestion['skip'],
): Steps<Judged> {
  const terms = columns.map((column) => scalar(rule, table.term(column)));
  const where = conditionOf(rule, table);
  const nulls = nullsOf(terms, skip);
  const asked = all(where, nulls === undefined ? undefined : not(nulls));
  const grouping = groupingOf(rule, table);
  const names = grouping.with(...terms.map(({ sql }) => sql));
  const [elementCount = 0, missingCount = 0] = yield* countRows([where], [where, nulls ?? 'FALSE']);
  const [[unexpected] = []] = yield* ask(
    `SELECT ${grouping.select('coalesce(sum(n), 0)')} FROM (SELECT ${grouping.with('count(*) AS n')} FROM ${table.rows()} ` +
      `WHERE ${asked} GROUP BY ${names} HAVING count(*) > 1) AS g${grouping.groupBy}`,
  );
  const window = table.window(`count(*) OVER (PARTITION BY coalesce(${asked}, FALSE), ${names})`);
  const tally = { elementCount, missingCount, unexpectedCount: Number(unexpected ?? 0) };
  const flag = { columns, condition: all(asked, `${window.name} > 1`), windows: [window] };
  return yield* tellMap(rule, options, tally, flag);
}

function* judgeOrder(
  rule: ColumnRule,
  table: Table,
  options: JudgeOptions,
  operator: '>' | '>=' | '<' | '<=',
): Steps<Judged> {
  if (table.key.length === 0) {
    throw new OptionError(
      `${rule.id}.expectation`,
      'one without an order, or the table given a `key`',
      rule.expectation,
    );
  }
  const { column } = rule.kwargs;
  const term = scalar(rule, table.term(column));
  const where = conditionOf(rule, table);
  const asked = all(where, `${term.sql} IS NOT NULL`);
  const { partition } = groupingOf(rule, table);
  const before = table.window(`lag(${term.sql}) OVER (${partition(`coalesce(${asked}, FALSE)`)} ORDER BY place)`);
  const keeps = ordered(term, operator, { ...term, sql: before.name }) ?? 'TRUE';
  const condition = all(asked, not(keeps));
  const [elements, values] = yield* measure(over('count(*)', where), over(`count(${term.sql})`, where));
  const unexpectedCount = yield* countPlaced(rule, table, condition, [before]);
  const elementCount = Number(elements);
  const tally = { elementCount, missingCount: elementCount - Number(values), unexpectedCount };
  return yield* tellMap(rule, options, tally, { columns: [column], condition, windows: [before] });
}

function* ofNumbers(rule: ColumnRule, table: Table, verdict: (numbers: Numbers) => Judged): Steps<Judged> {
  const numbers = yield* numbersOf(rule, table);
  return numbers.trouble === undefined ? verdict(numbers) : failed(rule, numbers.trouble);
}

function* judgeExtreme(
  rule: RuleOf<'expect_column_min_to_be_between' | 'expect_column_max_to_be_between'>,
  table: Table,
  which: 'min' | 'max',
): Steps<Judged> {
  const term = scalar(rule, table.term(rule.kwargs.column));
  const isBoolean = term.kind === 'boolean';
  const sql = `${which}(${isBoolean ? `CAST(${term.sql} AS INTEGER)` : term.sql})`;
  const aggregate = over(sql, conditionOf(rule, table));
  const [value] = yield* measure(table.dialect.written({ ...term, sql: aggregate }));
  const found = decode(isBoolean ? 'integer' : term.kind, value);
  return bounded(rule, isBoolean && found !== null ? found === 1 : found, rule.kwargs);
}

/** How many distinct values there are, and how many values. */
function* distinctOf(rule: ColumnRule, table: Table): Steps<readonly [number, number]> {
  const { select, groupBy } = groupingOf(rule, table);
  const { counts } = countsOf(rule, table);
  const [[distinct, total] = []] = yield* ask(
    `SELECT ${select('count(*)', 'coalesce(sum(n), 0)')} FROM ${counts}${groupBy}`,
  );
  return [Number(distinct ?? 0), Number(total ?? 0)];
}

/** Each value and how often it is there. */
function countsOf(rule: ColumnRule, table: Table): { readonly term: Term; readonly counts: string } {
  const term = scalar(rule, table.term(rule.kwargs.column));
  const columns = groupingOf(rule, table).with(term.sql);
  const asked = all(conditionOf(rule, table), `${term.sql} IS NOT NULL`);
  const counts = `(SELECT ${columns}, count(*) AS n FROM ${table.rows()} WHERE ${asked} GROUP BY ${columns}) AS g`;
  return { term, counts };
}

type SetRule = RuleOf<
  | 'expect_column_distinct_values_to_be_in_set'
  | 'expect_column_distinct_values_to_contain_set'
  | 'expect_column_distinct_values_to_equal_set'
>;

function* judgeSet(rule: SetRule & ColumnRule, table: Table, closed: boolean, whole: boolean): Steps<Judged> {
  const { value_set: set } = rule.kwargs;
  const { term, counts } = countsOf(rule, table);
  const { select, partition } = groupingOf(rule, table);
  const isKnown = isIn(table.dialect, term, set);
  const written = table.dialect.written(term);
  const found = whole ? yield* ask(`SELECT ${select(written)} FROM ${counts} WHERE ${isKnown}`) : [];
  const ranked =
    `(SELECT *, row_number() OVER (${partition()} ORDER BY ${term.sql}) AS nth, count(*) OVER (${partition()}) AS total ` +
    `FROM ${counts} WHERE NOT (${isKnown})) AS r`;
  const unknown = closed
    ? yield* ask(`SELECT ${select(written, 'total')} FROM ${ranked} WHERE nth <= ${mostTold} ORDER BY nth`)
    : [];
  const keys = new Set(found.map(([value]) => keyOf(decode(term.kind, value))));
  const lost = whole
    ? set.filter((value) => value === null || ![...keysOfSet([value])].some((key) => keys.has(key)))
    : [];
  const unexpected = Number(unknown[0]?.[1] ?? 0);
  const details = {
    ...(closed && {
      unexpected_count: unexpected,
      partial_unexpected_list: unknown.map(([value]) => decode(term.kind, value)),
    }),
    ...(whole && { missing_count: lost.length, partial_missing_list: lost.slice(0, mostTold) }),
  };
  const success = unexpected === 0 && lost.length === 0;
  return { result: { rule, kind: 'observed', success, observed: null, details } };
}

function* judgeDivergence(rule: RuleOf<'expect_column_kl_divergence_to_be_less_than'>, table: Table): Steps<Judged> {
  const { partition_object: partition, threshold } = rule.kwargs;
  const verdict = ({ observed: found, details }: Spread): Judged => ({
    result: { rule, kind: 'observed', success: found !== null && found <= threshold, observed: found, details },
  });
  if ('values' in partition) {
    const { term, counts } = countsOf(rule, table);
    const { select } = groupingOf(rule, table);
    const rows = yield* ask(`SELECT ${select(table.dialect.written(term), 'n')} FROM ${counts}`);
    const counted = rows.map(([written, n]) => ({ value: decode(term.kind, written), count: Number(n) }));
    const byKey = new Map(counted.map((entry) => [keyOf(entry.value), entry]));
    const total = counted.reduce((sum, { count }) => sum + count, 0);
    return verdict(ofValues({ byKey, total }, rule.kwargs, partition));
  }
  const numbers = yield* numbersOf(rule, table);
  const { double } = table.dialect;
  const where = conditionOf(rule, table);
  const { bins } = partition;
  const last = bins.length - 2;
  const counted = yield* measure(
    over(`count(${numbers.sql})`, where),
    over('count(*)', where, `${numbers.sql} < ${double(bins[0] ?? 0)}`),
    over('count(*)', where, `${numbers.sql} > ${double(bins.at(-1) ?? 0)}`),
    ...bins.slice(0, -1).map((bin, at) => {
      const below = `${numbers.sql} ${at === last ? '<=' : '<'} ${double(bins[at + 1] ?? 0)}`;
      return over('count(*)', where, `${numbers.sql} >= ${double(bin)}`, below);
    }),
  );
  const [total = 0, below = 0, above = 0, ...counts] = counted.map(Number);
  if (numbers.trouble !== undefined) return failed(rule, numbers.trouble);
  return verdict(ofBins({ counts, total, below, above }, rule.kwargs, partition));
}

function quantileVerdict(
  values: readonly number[],
  { quantile_ranges: ranges }: KwargsOf<'expect_column_quantile_values_to_be_between'>,
) {
  const details = ranges.value_ranges.map((range, index) => isNearly(values[index] ?? Number.NaN, range));
  return {
    success: details.every(Boolean),
    observed: { quantiles: ranges.quantiles, values: values.map((value) => (Number.isNaN(value) ? null : value)) },
    details: { success_details: details },
  };
}
