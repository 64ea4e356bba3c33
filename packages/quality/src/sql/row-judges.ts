import { OptionError } from '@dataenginex/core';
import { skipOf } from '../rows/map-tests.ts';
import type { MapResult } from '../report/result.ts';
import type { Rule } from '../rules/rule.ts';
import type { Term } from './dialect.ts';
import { groupingOf, withRows } from './groups.ts';
import { failure, type Judged, type JudgeOptions, type Judges, mostTold } from './judged.ts';
import { type MapQuestion, scalar } from './map-rules.ts';
import { type ColumnRule, numbersOf } from './numbers.ts';
import { all, type Answer, ask, type Flag, measure, not, over, type Steps, type Window } from './steps.ts';
import type { Table } from './table.ts';
import { conditionOf, ordered } from './terms.ts';

/** Rules about single rows that take the whole column to judge. */
export const rowJudges = {
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
} satisfies Judges;

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

export function* judgeMap(
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
