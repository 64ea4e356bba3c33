import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRowsCheck } from './check-rows.ts';
import type { ColumnCondition, RowCondition } from '../rules/row-condition.ts';
import type { Rule } from '../rules/rule.ts';
import { type ExpectationResult, type ResultFormat, toResult } from '../report/to-result.ts';

/** What Great Expectations answers, as test/great-expectations/make-cases.py computed it. */
interface Case {
  readonly expectation: string;
  readonly case: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly table: {
    readonly columns: readonly { readonly name: string; readonly type: string }[];
    readonly rows: readonly (readonly unknown[])[];
  };
  /** More tables of the same database. */
  readonly others?: Readonly<Record<string, { readonly rows: readonly unknown[] }>>;
  readonly results?: Readonly<Record<ResultFormat, ExpectationResult>>;
  /** Where it raises instead: of arguments at their construction, which is what `contract()` checks, or of values. */
  readonly exception?: string;
  readonly raisedAt?: 'construction' | 'validation';
}

const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('../../test/great-expectations/cases.json', import.meta.url), 'utf8'),
);

/** What rows are not asked: databases are, or will be. */
const unclaimed = new Set(['expect_query_results_to_match_comparison', 'unexpected_rows_expectation']);

/** Why we answer otherwise, on purpose, by what of `expectation: case` tells where. */
const deviations: readonly (readonly [why: string, where: RegExp])[] = [
  // What Python and pandas are like.
  ['values have types, not columns dtypes: those are named as in JSON Schema', /_of_type|_in_type_list|_type_to_be/],
  ['true is not 1: in Python it is', /1 and '1' and true in one column|true and 1/],
  ['a whole number has no text "7.0"', /numbers: the length of their text/],
  ['\\d is about ASCII, as in databases', /digits of other scripts/],
  ['$ is the end of the text, as in databases', /\$ before a last newline/],
  ['JSON is what its RFC says, so NaN is none', /not JSON by its RFC/],
  ['LIKE tells letters by case: SQLite does not', /LIKE: ASCII letters without case/],
  ['LIKE is there without SQL', /pandas has no LIKE/],
  ['the count of no rows is 0: SQL says null', /like_pattern.*: empty/],
  ['a text that is no JSON breaks a schema: it is no error', /json_schema: a value that is no JSON/],
  // Where we take more.
  ['texts have an order', /(in|de)creasing: strings|ISO dates as strings/],
  ['an ISO date is a bound of dates', /datetimes, bounds as ISO dates/],
  [
    'an ISO text in a set is the date it names: there only in some expectations',
    /_be_in_set: datetimes, set of strings/,
  ],
  ['sums are compensated', /cancellation/],
  ['what is beside an infinity is no NaN', /Infinity \(iqr\)/],
  // What it gets wrong.
  ['index 0 is an index', /index 0 is not looked at/],
  ['a row condition takes rows of pairs, too', /be_in_set: with a row condition: a bug of GX/],
  ['both sides of an `and` count', /old grammar.*and/],
  // Arguments: `contract()` refuses them, or asks for them.
  ['arguments are refused by contract()', /bounds crossed|that is none|allow_relative_error true|a quantile above 1/],
  [
    'arguments are refused by contract()',
    /kl_.*(, internal_weight_holdout$|do not sum to 1|and tail_weight|data false)/,
  ],
  ['what is expected has to be given', /the default regex|no threshold|no partition|: no (list|set)/],
  ['a row condition has no `or`: write two rules', /row condition: or/],
];

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (!isRecord(value)) return value;
  if ('$number' in value) return Number(value.$number);
  if ('$date' in value) return new Date(String(value.$date));
  if ('$datetime' in value) return new Date(`${String(value.$datetime)}Z`);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const written: Readonly<Record<string, RowCondition>> = {
  'col("k") == "a"': { k: 'a' },
  'col("n") > 1.5': { n: { gt: 1.5 } },
  'col("k").notnull()': { k: { isNull: false } },
  'col("n") > 1 and col("n") < 3': { n: { gt: 1, lt: 3 } },
  "n > 1 and k != 'c'": { n: { gt: 1 }, k: { ne: 'c' } },
};

const operators: Readonly<Record<string, keyof ColumnCondition>> = {
  '==': 'eq',
  '!=': 'ne',
  '>': 'gt',
  '>=': 'gte',
  '<': 'lt',
  '<=': 'lte',
  IN: 'in',
  NOT_IN: 'notIn',
};

/** A condition of Great Expectations as one of ours; undefined where ours cannot say it. */
function whereOf(condition: unknown): RowCondition | undefined {
  if (typeof condition === 'string') return written[condition];
  if (!isRecord(condition)) return undefined;
  const { type, column, operator, parameter, conditions, is_null: isNull } = condition;
  if (type === 'and' && Array.isArray(conditions)) return Object.assign({}, ...conditions.map(whereOf));
  if (!isRecord(column)) return undefined;
  const one = type === 'nullity' ? { isNull } : { [operators[String(operator)]!]: parameter };
  return Object.fromEntries([[column.name, one]]);
}

function ruleOf({ expectation, kwargs }: Case): Rule {
  const {
    row_condition: condition,
    condition_parser: _,
    ...rest
  } = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, revive(value)]));
  const where = condition === undefined ? undefined : whereOf(condition);
  return Object.assign(Object.create(null), {
    id: 'rule',
    expectation,
    kwargs: rest,
    where,
    severity: 'critical',
    tags: [],
    notes: undefined,
  });
}

function judge(entry: Case) {
  const names = entry.table.columns.map(({ name }) => name);
  const tables = Object.fromEntries(Object.entries(entry.others ?? {}).map(([name, { rows }]) => [name, rows.length]));
  const check = createRowsCheck([ruleOf(entry)], { keepIndexes: true, columns: names, tables });
  check.push(entry.table.rows.map((row) => Object.fromEntries(names.map((name, index) => [name, revive(row[index])]))));
  return check.finish().results[0]!;
}

/**
 * Results as they can be compared: dates written one way, numbers to 12 digits, and in one order what comes from a set
 * there: distinct values, modes, and counts of values, in which nulls of several columns are not one value to pandas.
 */
function comparable(value: unknown, key = ''): unknown {
  if (value instanceof Date) return { date: value.getTime() };
  if (typeof value === 'number') return Number.isNaN(value) ? null : Number(value.toPrecision(12)) + 0;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\S+)?$/.test(value)) {
    return { date: Date.parse(value.length > 10 ? `${value.slice(0, 19)}Z` : value) };
  }
  if (Array.isArray(value))
    return key === 'partial_unexpected_counts' ? merged(value) : value.map((item) => comparable(item));
  if (!isRecord(value)) return value;
  if ('$number' in value) return Number(value.$number);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, comparable(item, name)]));
}

function merged(counts: readonly { readonly value: unknown; readonly count: number }[]): unknown {
  const all = new Map<string, number>();
  for (const { value, count } of counts) {
    const key = JSON.stringify(comparable(value));
    all.set(key, (all.get(key) ?? 0) + count);
  }
  return Object.fromEntries(all);
}

/** Fields that one of the two may leave out: there are no indexes in SQL, no counts of what Python cannot sort. */
const ours = new Set(['partial_unexpected_counts', 'partial_unexpected_index_list', 'unexpected_index_list']);
const unordered = new Set(['observed_value', 'partial_unexpected_list', 'partial_missing_list']);

function alike(expectation: string, got: ExpectationResult, wanted: ExpectationResult): readonly [unknown, unknown] {
  const fields = (of: ExpectationResult) =>
    Object.entries(of.result)
      .filter(([key]) => key !== 'unexpected_index_query' && (key in wanted.result || !ours.has(key)))
      .map(([key, value]) => {
        const set = /_distinct_|_most_common_/.test(expectation) && unordered.has(key) && Array.isArray(value);
        return [key, comparable(set ? value.map((item) => JSON.stringify(comparable(item))).toSorted() : value, key)];
      });
  return [
    { success: got.success, result: Object.fromEntries(fields(got)) },
    { success: wanted.success, result: Object.fromEntries(fields(wanted)) },
  ];
}

function compareAll(entry: Case): void {
  if (entry.results === undefined) {
    expect(judgeOrThrow(entry)).toBe('error');
    return;
  }
  const result = judge(entry);
  for (const format of ['BOOLEAN_ONLY', 'BASIC', 'SUMMARY', 'COMPLETE'] as const) {
    const [got, wanted] = alike(entry.expectation, toResult(result, format), entry.results[format]);
    expect(got, format).toEqual(wanted);
  }
}

function judgeOrThrow(entry: Case): string {
  try {
    return judge(entry).kind;
  } catch {
    return 'error';
  }
}

const nameOf = (entry: Case): string => `${entry.expectation}: ${entry.case}`;
const claimed = cases.filter((entry) => !unclaimed.has(entry.expectation) && entry.raisedAt !== 'construction');
const deviates = (entry: Case): boolean => deviations.some(([, where]) => where.test(nameOf(entry)));

describe('rules on rows, as Great Expectations judges them', () => {
  it.each(claimed.filter((entry) => !deviates(entry)).map((entry) => [nameOf(entry), entry] as const))(
    '%s',
    (_, entry) => {
      compareAll(entry);
    },
  );

  it.each(deviations)('but %s (%s)', (_, where) => {
    const otherwise = claimed.filter((entry) => where.test(nameOf(entry))).map(differs);
    expect(otherwise).toContain(true);
  });
});

function differs(entry: Case): boolean {
  try {
    compareAll(entry);
    return false;
  } catch {
    return true;
  }
}
