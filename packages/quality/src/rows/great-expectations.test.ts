import { describe, expect, it } from 'vitest';
import { createRowsCheck } from './check-rows.ts';
import { toResult } from '../report/to-result.ts';
import { alike, type Case, cases, nameOf, revive, ruleOf } from '../../test/great-expectations/read-cases.ts';

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

function judge(entry: Case) {
  const names = entry.table.columns.map(({ name }) => name);
  const tables = Object.fromEntries(Object.entries(entry.others ?? {}).map(([name, { rows }]) => [name, rows.length]));
  const check = createRowsCheck([ruleOf(entry)], { keepIndexes: true, columns: names, tables });
  check.push(entry.table.rows.map((row) => Object.fromEntries(names.map((name, index) => [name, revive(row[index])]))));
  return check.finish().results[0]!;
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
