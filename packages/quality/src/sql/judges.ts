import { OptionError } from '@dataenginex/core';
import { within } from '../rules/bounds.ts';
import type { Bounds, Expectation, KwargsOf, Ordered, TypeName } from '../rules/expectations.ts';
import { createRowsCheck } from '../rows/check-rows.ts';
import type { Interpolation } from '../rows/collect.ts';
import { type Spread, ofBins, ofValues } from '../rows/kl-divergence.ts';
import { freshness } from '../rows/freshness.ts';
import { skipOf } from '../rows/map-tests.ts';
import type { RuleResult } from '../report/result.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
import { isNull, keyOf, keysOfSet, momentOf, show } from '../values.ts';
import { decode, isNumeric, type Term } from './dialect.ts';
import { isWhole, type MapQuestion, mapQuestions } from './map-rules.ts';
import { judgeComparison, judgeOtherTable, judgeUnexpectedRows } from './query-rules.ts';
import { all, type Answer, ask, type Flag, measure, not, numberOf, over, type Steps } from './steps.ts';
import type { Table } from './table.ts';
import { isIn, ordered, whereOf } from './terms.ts';

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
  if (rule.groupBy !== undefined) {
    throw new OptionError(`${rule.id}.groupBy`, 'left out, as a database is not asked by groups', rule.groupBy.columns);
  }
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

function columnsOf({ kwargs, where = {} }: Rule): readonly string[] {
  return [
    ...('column' in kwargs ? [kwargs.column] : []),
    ...('column_A' in kwargs ? [kwargs.column_A, kwargs.column_B] : []),
    ...('column_list' in kwargs && 'ignore_row_if' in kwargs ? kwargs.column_list : []),
    ...Object.keys(where),
  ];
}

function missing(rule: Rule, column: string): Judged {
  const error = `the table has no column "${column}"`;
  const isOfRows =
    rule.expectation in mapQuestions || /unique$|increasing$|decreasing$|than$|outliers$/.test(rule.expectation);
  const flag = isOfRows ? { columns: [], condition: 'TRUE', windows: [] } : undefined;
  return { result: { rule, kind: 'error', success: false, error, unexpectedIndexes: [] }, flag };
}

function conditionOf(rule: Rule, table: Table): string | undefined {
  return rule.where === undefined ? undefined : whereOf(table.dialect, rule.where, table.term, rule.id);
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

function* judgeMap(rule: Rule, table: Table, options: JudgeOptions, question: MapQuestion): Steps<Judged> {
  const { columns, skip, breaks, trouble, troubled } = question;
  const where = conditionOf(rule, table);
  const nulls = nullsOf(columns.map(table.term), skip);
  // Of one column, `breaks` is of no null already.
  const asked = nulls === undefined || columns.length === 1 ? undefined : not(nulls);
  const condition = all(where, asked, breaks);
  const [elementCount = 0, missingCount = 0, unexpectedCount = 0, inTrouble = 0] = yield* countRows(
    [where],
    [where, nulls ?? 'FALSE'],
    [condition],
    troubled === undefined ? ['FALSE'] : [where, asked, troubled],
  );
  const tally = { elementCount, missingCount, unexpectedCount };
  const why = troubled === undefined || inTrouble > 0 ? trouble : undefined;
  return yield* tellMap(rule, options, tally, { columns, condition, windows: [] }, why);
}

/** The result of a rule about single rows, with the first of those that break it. */
function* tellMap(
  rule: Rule,
  { keepIndexes }: JudgeOptions,
  tally: Tally,
  flag: Flag,
  trouble?: string,
): Steps<Judged> {
  const { elementCount, missingCount, unexpectedCount } = tally;
  const told = unexpectedCount === 0 ? undefined : flag;
  const rows: Answer = told === undefined ? [] : yield { kind: 'examples', ...told };
  const first = keepIndexes ? rows : rows.slice(0, mostTold);
  const unexpectedIndexes = first.flatMap(([at]) => (typeof at === 'number' ? [at] : []));
  const unexpectedKeys = first.flatMap(([, key]) => (isRecord(key) ? [key] : []));
  const keys = unexpectedKeys.length === 0 ? {} : { unexpectedKeys };
  if (trouble !== undefined && unexpectedCount > 0) {
    return { result: { rule, kind: 'error', success: false, error: trouble, unexpectedIndexes, ...keys }, flag: told };
  }
  const asked = elementCount - missingCount;
  const mostly = 'mostly' in rule.kwargs ? (rule.kwargs.mostly ?? 1) : 1;
  const success = asked === 0 || (asked - unexpectedCount) / asked >= mostly;
  const unexpectedValues = first.map(([, , value]) => value);
  const result = { rule, kind: 'map', success, ...tally, unexpectedValues, unexpectedIndexes, ...keys } as const;
  return { result, flag: told };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
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
    const { mean, deviation } = numbers;
    const score = `(${numbers.sql} - ${table.dialect.double(mean)}) / ${table.dialect.double(deviation)}`;
    const breaks = doubleSided
      ? `abs(${score}) >= ${table.dialect.double(Math.abs(threshold))}`
      : `${score} >= ${table.dialect.double(threshold)}`;
    return yield* judgeMap(rule, table, options, numbers.question(deviation > 0 ? breaks : 'FALSE'));
  },
  expect_column_values_to_not_be_outliers: function* judgeOutliers(rule, table, options) {
    const { method = 'iqr', multiplier = 1.5 } = rule.kwargs;
    const numbers = yield* numbersOf(rule, table);
    const { double } = table.dialect;
    if (method === 'std') {
      const most = multiplier * numbers.deviation;
      const distance = `abs(${numbers.sql} - ${double(numbers.mean)})`;
      const breaks = !(numbers.deviation > 0) ? 'FALSE' : `${distance} ${most > 0 ? '>=' : '>'} ${double(most)}`;
      return yield* judgeMap(rule, table, options, numbers.question(breaks));
    }
    const [low = Number.NaN, high = Number.NaN] = yield* numbers.quantiles([0.25, 0.75], 'linear');
    const reach = multiplier * (high - low);
    const breaks = Number.isNaN(reach)
      ? 'FALSE'
      : `(${numbers.sql} < ${double(low - reach)} OR ${numbers.sql} > ${double(high + reach)})`;
    return yield* judgeMap(rule, table, options, numbers.question(breaks));
  },

  expect_column_min_to_be_between: (rule, table) => judgeExtreme(rule, table, 'min'),
  expect_column_max_to_be_between: (rule, table) => judgeExtreme(rule, table, 'max'),
  expect_column_mean_to_be_between: (rule, table) =>
    ofNumbers(rule, table, ({ mean }) => bounded(rule, mean, rule.kwargs)),
  expect_column_sum_to_be_between: (rule, table) =>
    ofNumbers(rule, table, ({ sum }) => bounded(rule, sum, rule.kwargs)),
  expect_column_stdev_to_be_between: (rule, table) =>
    ofNumbers(rule, table, ({ deviation }) => bounded(rule, deviation, rule.kwargs)),
  expect_column_median_to_be_between: function* judgeMedian(rule, table) {
    const numbers = yield* numbersOf(rule, table);
    const [median] = yield* numbers.quantiles([0.5], 'midpoint');
    return numbers.failure ?? bounded(rule, median, rule.kwargs);
  },
  expect_column_quantile_values_to_be_between: function* judgeQuantiles(rule, table) {
    const { quantile_ranges: ranges, allow_relative_error: error = 'nearest' } = rule.kwargs;
    const numbers = yield* numbersOf(rule, table);
    const values = yield* numbers.quantiles(ranges.quantiles, typeof error === 'boolean' ? 'nearest' : error);
    return numbers.failure ?? { result: { rule, kind: 'observed', ...quantileVerdict(values, rule.kwargs) } };
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
    const { term, groups } = groupsOf(rule, table);
    const modes = yield* ask(
      `SELECT ${table.dialect.written(term)} FROM (SELECT *, max(n) OVER () AS most FROM ${groups}) AS m ` +
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
    if (Number.isNaN(moment)) return failed(rule, `a ${term.kind} is no moment`);
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

function failed(rule: Rule, error: string): Judged {
  return { result: { rule, kind: 'error', success: false, error, unexpectedIndexes: [] } };
}

/** Nothing observed is within no bounds, not even within none. */
function bounded(rule: Rule, value: unknown, bounds: Bounds<Ordered>): Judged {
  if (isNull(value)) return observed(rule, null, false);
  const is = within(value, bounds);
  if (is === undefined)
    return failed(rule, `${show(value)} has no order with ${show(bounds.min_value ?? bounds.max_value)}`);
  return observed(rule, value, is);
}

type ColumnRule = Rule & { readonly kwargs: { readonly column: string } };

/** A column of which values can be told apart and have types. */
function typed(rule: Rule, term: Term): Term {
  if (term.kind !== 'other' || term.types.length > 0) return term;
  throw new OptionError(rule.id, 'a rule that a column of this type can be asked', term.name);
}

function scalar(rule: Rule, term: Term): Term {
  if (term.kind !== 'other') return term;
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
  const names = terms.map(({ sql }) => sql).join(', ');
  const [elementCount = 0, missingCount = 0] = yield* countRows([where], [where, nulls ?? 'FALSE']);
  const [[unexpected] = []] = yield* ask(
    `SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM ${table.rows()} WHERE ${asked} ` +
      `GROUP BY ${names} HAVING count(*) > 1) AS g`,
  );
  const window = table.window();
  const partition = `count(*) OVER (PARTITION BY coalesce(${asked}, FALSE), ${names})`;
  const tally = { elementCount, missingCount, unexpectedCount: Number(unexpected) };
  const flag = { columns, condition: all(asked, `${window} > 1`), windows: [[window, partition]] as const };
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
  const window = table.window();
  const lag = `lag(${term.sql}) OVER (PARTITION BY coalesce(${asked}, FALSE) ORDER BY place)`;
  const keeps = ordered(term, operator, { ...term, sql: window }) ?? 'TRUE';
  const condition = all(asked, not(keeps));
  const [elements, values] = yield* measure(over('count(*)', where), over(`count(${term.sql})`, where));
  const [[unexpected] = []] = yield* ask(
    `SELECT count(*) FROM ${table.placed([`${lag} AS ${window}`])} WHERE ${condition}`,
  );
  const elementCount = Number(elements);
  const tally = { elementCount, missingCount: elementCount - Number(values), unexpectedCount: Number(unexpected) };
  return yield* tellMap(rule, options, tally, { columns: [column], condition, windows: [[window, lag]] });
}

interface NumbersOf {
  readonly sql: string;
  readonly sum: number;
  readonly mean: number;
  readonly deviation: number;
  /** Of values that are no numbers. */
  readonly failure: Judged | undefined;
  question(breaks: string): MapQuestion;
  quantiles(shares: readonly number[], interpolation: Interpolation): Steps<readonly number[]>;
}

/** What the values of a column have in common; booleans count as 0 and 1. */
function* numbersOf(rule: ColumnRule, table: Table): Steps<NumbersOf> {
  const { dialect } = table;
  const { column } = rule.kwargs;
  const term = scalar(rule, table.term(column));
  const where = conditionOf(rule, table);
  const areNumbers = isNumeric(term) || term.kind === 'boolean';
  const number: Term = !areNumbers
    ? { ...term, kind: 'number', sql: dialect.null('number') }
    : term.kind === 'boolean'
      ? { ...term, kind: 'integer', sql: `CAST(${term.sql} AS INTEGER)` }
      : term;
  const { sql } = number;
  const infinity = dialect.double(Infinity);
  const isFinite = number.kind === 'number' ? `abs(${sql}) < ${infinity}` : undefined;
  const [values, sum, deviation, above, below] = yield* measure(
    over(`count(${term.sql})`, where),
    over(dialect.sum(number), where, isFinite),
    over(dialect.deviation(number.kind === 'number' ? sql : `CAST(${sql} AS DOUBLE PRECISION)`), where, isFinite),
    number.kind === 'number' ? over('count(*)', where, `${sql} = ${infinity}`) : '0',
    number.kind === 'number' ? over('count(*)', where, `${sql} = ${dialect.double(-Infinity)}`) : '0',
  );
  const count = Number(values);
  const infinite = (Number(above) > 0 ? Infinity : 0) + (Number(below) > 0 ? -Infinity : 0);
  const total = (sum === null ? 0 : numberOf(sum)) + infinite;
  const isInfinite = Number(above) + Number(below) > 0;
  const trouble = areNumbers || term.kind === 'none' ? undefined : `a ${term.kind} is no number`;
  return {
    sql,
    sum: total,
    mean: total / count,
    deviation: isInfinite ? Number.NaN : numberOf(deviation),
    failure: trouble !== undefined && count > 0 ? failed(rule, trouble) : undefined,
    question: (breaks) => ({
      columns: [column],
      skip: 'any',
      breaks: trouble === undefined ? breaks : `${term.sql} IS NOT NULL`,
      trouble,
    }),
    *quantiles(shares, interpolation) {
      if (count === 0 || !areNumbers) return shares.map(() => Number.NaN);
      const places = shares.flatMap((share) => [Math.floor(share * (count - 1)), Math.ceil(share * (count - 1))]);
      const written = places.map((place) =>
        over(dialect.quantile(sql, (place + 0.5) / count), where, `${sql} IS NOT NULL`),
      );
      const found = (yield* measure(...written)).map(numberOf);
      return shares.map((share, index) => {
        const at = share * (count - 1);
        const [low = Number.NaN, high = Number.NaN] = [found[index * 2], found[index * 2 + 1]];
        return interpolate(low, high, at, interpolation);
      });
    },
  };
}

/** As `quantile` of rows/collect.ts, between two neighbours. */
function interpolate(low: number, high: number, at: number, interpolation: Interpolation): number {
  const part = at - Math.floor(at);
  if (low === high || part === 0 || interpolation === 'lower') return low;
  if (interpolation === 'higher') return high;
  if (interpolation === 'midpoint') return (low + high) / 2;
  if (interpolation === 'linear') return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
  const odd = Math.floor(at) % 2 === 1;
  return part > 0.5 || (part === 0.5 && odd) ? high : low;
}

function* ofNumbers(rule: ColumnRule, table: Table, verdict: (numbers: NumbersOf) => Judged): Steps<Judged> {
  const numbers = yield* numbersOf(rule, table);
  return numbers.failure ?? verdict(numbers);
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
  const { groups } = groupsOf(rule, table);
  const [[distinct, total] = []] = yield* ask(`SELECT count(*), coalesce(sum(n), 0) FROM ${groups}`);
  return [Number(distinct), Number(total)];
}

/** Each value and how often it is there. */
function groupsOf(rule: ColumnRule, table: Table): { readonly term: Term; readonly groups: string } {
  const term = scalar(rule, table.term(rule.kwargs.column));
  const asked = all(conditionOf(rule, table), `${term.sql} IS NOT NULL`);
  const groups = `(SELECT ${term.sql}, count(*) AS n FROM ${table.rows()} WHERE ${asked} GROUP BY ${term.sql}) AS g`;
  return { term, groups };
}

type SetRule = RuleOf<
  | 'expect_column_distinct_values_to_be_in_set'
  | 'expect_column_distinct_values_to_contain_set'
  | 'expect_column_distinct_values_to_equal_set'
>;

function* judgeSet(rule: SetRule & ColumnRule, table: Table, closed: boolean, whole: boolean): Steps<Judged> {
  const { value_set: set } = rule.kwargs;
  const { term, groups } = groupsOf(rule, table);
  const isKnown = isIn(table.dialect, term, set);
  const written = table.dialect.written(term);
  const found = whole ? yield* ask(`SELECT ${written} FROM ${groups} WHERE ${isKnown}`) : [];
  const unknown = closed
    ? yield* ask(
        `SELECT ${written}, count(*) OVER () FROM ${groups} WHERE NOT (${isKnown}) ORDER BY ${term.sql} LIMIT ${mostTold}`,
      )
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
    const { term, groups } = groupsOf(rule, table);
    const rows = yield* ask(`SELECT ${table.dialect.written(term)}, n FROM ${groups}`);
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
  return numbers.failure ?? verdict(ofBins({ counts, total, below, above }, rule.kwargs, partition));
}

/** The tolerance of Great Expectations: 0.01 % of the bound. */
function near(value: number, bound: number | null): boolean {
  return bound !== null && Math.abs(value - bound) <= 1e-8 + 1e-4 * Math.abs(bound);
}

function quantileVerdict(
  values: readonly number[],
  { quantile_ranges: ranges }: KwargsOf<'expect_column_quantile_values_to_be_between'>,
) {
  const details = ranges.value_ranges.map(([min, max], index) => {
    const value = values[index] ?? Number.NaN;
    return near(value, min) || near(value, max) || (value >= (min ?? -Infinity) && value <= (max ?? Infinity));
  });
  return {
    success: details.every(Boolean),
    observed: { quantiles: ranges.quantiles, values: values.map((value) => (Number.isNaN(value) ? null : value)) },
    details: { success_details: details },
  };
}
