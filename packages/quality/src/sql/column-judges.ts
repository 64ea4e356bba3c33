import { OptionError } from '@dataenginex/core';
import type { KwargsOf, TypeName } from '../rules/expectations.ts';
import { isNearly } from '../rows/aggregates.ts';
import { type Spread, ofBins, ofValues } from '../rows/kl-divergence.ts';
import { freshness } from '../rows/freshness.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
import { keyOf, keysOfSet, momentOf } from '../values.ts';
import { decode, nounOf, type Term } from './dialect.ts';
import { groupingOf } from './groups.ts';
import { bounded, failed, type Judged, type Judges, mostTold, observed } from './judged.ts';
import { isWhole, scalar } from './map-rules.ts';
import { type ColumnRule, type Numbers, numbersOf } from './numbers.ts';
import { all, ask, measure, over, type Steps } from './steps.ts';
import type { Table } from './table.ts';
import { conditionOf, isIn } from './terms.ts';

/** Rules about what a column comes to. */
export const columnJudges = {
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

/** A column of which values can be told apart and have types. */
function typed(rule: Rule, term: Term): Term {
  if (term.kind !== 'other' || term.types.length > 0) return term;
  throw new OptionError(rule.id, 'a rule that a column of this type can be asked', term.name);
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
