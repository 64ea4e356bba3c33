import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Daily, rows } from '../../test/great-expectations/contract.ts';
import { contract, fromExpectationSuite, type Rule, toExpectationSuite } from '../index.ts';
import { isObject } from '../schema/json-schema.ts';

interface Suites {
  readonly written: { suite: unknown; loaded: unknown; verdicts: Record<string, boolean | string> };
  readonly own: { suite: { expectations: { meta: { place: string } }[] }; verdicts: Record<string, boolean | string> };
}

function readJson(name: string) {
  return JSON.parse(readFileSync(new URL(`../../test/great-expectations/${name}`, import.meta.url), 'utf8'));
}

const { written, own }: Suites = readJson('suites.json');
const suiteOf = (...expectations: readonly object[]) => ({ name: 'suite', expectations });
const one = (expectation: object) => {
  const { contract: read, unmapped } = fromExpectationSuite(suiteOf(expectation));
  return { rule: read.rules[0], unmapped };
};
const between = (more: object) =>
  one({ type: 'expect_column_values_to_be_between', kwargs: { column: 'n', min_value: 0, ...more } });
const whereOf = (row_condition: unknown, more: object = {}) => between({ row_condition, ...more });

describe('toExpectationSuite', () => {
  const { suite, unmapped } = toExpectationSuite(Daily);

  it('writes a suite that Great Expectations loads, with the verdicts of the contract', async () => {
    expect(suite).toEqual(written.suite);
    const report = await Daily.check(rows);
    const ours = report.results.map(({ rule, success }) => [rule.id, success]);
    const said = ours.filter(([id]) => String(id) in written.verdicts);
    expect(Object.fromEntries(said)).toEqual(written.verdicts);
    expect(said.length + unmapped.length).toBe(ours.length);
  });

  it('says what has no word there, and why', () => {
    expect(unmapped.map(({ rule, place }) => [rule, place])).toEqual([
      ['station.toSatisfy(is upper case)', undefined],
      ['rowsToSatisfy(a row)', undefined],
      ['texts', undefined],
      ['by station', undefined],
    ]);
    expect(unmapped[2]).toEqual({
      place: undefined,
      expectation: 'expect_column_values_to_be_between',
      column: 'station',
      reason: 'Option "min_value" must be a number or a date, as texts are no bounds there, got "A".',
      rule: 'texts',
    });
  });

  it('says what the schema demands and no rule asks, and what is otherwise there', () => {
    const Loose = contract(
      'loose',
      z.object({
        at: z.date(),
        day: z
          .string()
          .nullable()
          .refine(() => true),
        big: z.bigint(),
      }),
      (c) => [
        c.day.toBeBetween('2024-01-01', null),
        c.day.toExist({ columnIndex: 0 }),
        c.at.toBeBetween(new Date('2024-01-31T12:30:00Z'), null, { where: { day: { in: ['a', 'b'] } } }),
        c.big.toBeInSet([5n, 2n ** 60n], { id: 'large' }),
        c.big.toBeInSet([5n], { where: { big: { ne: 7n }, day: null } }),
        c.day.toMatchRegex('\\p{L}'),
      ],
    );
    const loose = toExpectationSuite(Loose);
    expect(loose.unmapped.map(({ place, rule, reason }) => [place, rule, reason])).toEqual([
      [undefined, undefined, 'the schema demands a refinement, and no rule asks it'],
      ['expectations.6', 'day.toBeBetween', 'min_value is a date there, and the column has to be one of dates'],
      ['expectations.7', 'day.toExist', 'column_index 0 is not looked at there'],
      [undefined, 'large', expect.stringContaining('must be a number that is exact')],
      [undefined, 'day.toMatchRegex', expect.stringContaining('must be one that Python has')],
    ]);
    expect(loose.suite.expectations.slice(8).map(({ kwargs }) => kwargs)).toEqual([
      {
        column: 'at',
        min_value: '2024-01-31T12:30:00',
        row_condition: { type: 'comparison', column: { name: 'day' }, operator: 'IN', parameter: ['a', 'b'] },
      },
      {
        column: 'big',
        value_set: [5],
        row_condition: {
          type: 'and',
          conditions: [
            { type: 'comparison', column: { name: 'big' }, operator: '!=', parameter: 7 },
            { type: 'nullity', column: { name: 'day' }, is_null: true },
          ],
        },
      },
    ]);
  });
});

describe('fromExpectationSuite', () => {
  it('reads a suite of Great Expectations, and judges as it does', async () => {
    const { contract: Orders, unmapped } = fromExpectationSuite(own.suite, { parameters: { most: 60 } });
    expect(unmapped).toEqual([
      {
        place: 'expectations.16.kwargs.row_condition',
        expectation: 'expect_column_median_to_be_between',
        column: 'tempMin',
        reason: 'Option "row_condition" must be conditions that all hold, as there is no or, got "an or".',
        rule: undefined,
      },
    ]);
    expect(Orders.unchecked).toHaveLength(1);
    expect(Orders.name).toBe('orders');
    const { results } = await Orders.check(rows);
    const places = own.suite.expectations.map(({ meta }) => meta.place).filter((place) => place !== '16');
    const { '16': _, ...verdicts } = own.verdicts;
    expect(Object.fromEntries(results.map(({ success }, at) => [places[at], success]))).toEqual(verdicts);
    expect(Orders.rules[0]).toMatchObject({ id: 'date.toNotBeNull', tags: ['key'], notes: 'Key.\nAlways.' });
    expect(Orders.rules[1]).toMatchObject({ severity: 'warning', kwargs: { max_value: 60, strict_max: true } });
    expect(Orders.rules[7]).toMatchObject({ notes: 'Not too warm', where: { tempMax: { isNull: false } } });
  });

  it('reads what toExpectationSuite wrote, once Great Expectations has kept it', () => {
    const { contract: again, unmapped } = fromExpectationSuite(written.loaded);
    expect(unmapped).toEqual([]);
    const said = Daily.rules.filter(({ id }) => id in written.verdicts);
    expect(again.rules.map(({ id }) => id)).toEqual(said.map(({ id }) => id));
    const defaults = new Set<unknown>([false, 'any', 'iqr']);
    const leaveOutDefaults = (_: string, value: unknown) => (defaults.has(value) ? undefined : value);
    // These say otherwise what is the same: an infinite bound, a default, Python's named groups.
    const otherwise = new Set(['tempMax.sumToBeBetween', 'tempMax.zScoresToBeLessThan', 'named group']);
    const comparable = (rules: readonly Rule[]): unknown[] =>
      rules
        .filter(({ id, expectation }) => !expectation.includes('_type') && !otherwise.has(id))
        .map(({ where = {}, ...rule }) => {
          const tests = Object.entries(where).map(([column, test]) => [column, isObject(test) ? test : { eq: test }]);
          return JSON.parse(JSON.stringify({ ...rule, where: Object.fromEntries(tests) }, leaveOutDefaults));
        });
    expect(comparable(again.rules)).toEqual(comparable(said));
  });

  it('gives the arguments of every case to the rule of its name', () => {
    interface Case {
      expectation: string;
      kwargs: Record<string, unknown>;
      case: string;
    }
    const { cases }: { cases: Case[] } = readJson('cases.json');
    const plain = cases.filter(
      ({ expectation, kwargs }) => !/type/.test(expectation) && !/\$|row_condition/.test(JSON.stringify(kwargs)),
    );
    const read = new Set<string>();
    for (const { expectation, kwargs } of plain) {
      const { rule, unmapped } = one({ type: expectation, kwargs });
      if (rule === undefined || 'quantile_ranges' in kwargs) {
        if (rule === undefined) expect(unmapped.length, expectation).toBeGreaterThan(0);
        else read.add(expectation);
        continue;
      }
      read.add(expectation);
      const given = Object.entries(kwargs).filter(
        ([key, value]) => value !== null && !(key === 'allow_relative_error' && value === false),
      );
      expect(JSON.parse(JSON.stringify({ ...rule.kwargs, expectation: rule.expectation }))).toEqual(
        JSON.parse(JSON.stringify({ ...Object.fromEntries(given), expectation })),
      );
    }
    const all = new Set(cases.map(({ expectation }) => expectation).filter((name) => !/type/.test(name)));
    expect([...all].filter((name) => !read.has(name))).toEqual([]);
  });

  it('reads versions before 1', () => {
    const { contract: read, unmapped } = fromExpectationSuite({
      expectation_suite_name: 'taxi.warning',
      data_asset_type: 'Dataset',
      ge_cloud_id: null,
      evaluation_parameters: { most: 6 },
      expectations: [
        {
          expectation_type: 'expect_column_pair_values_A_to_be_greater_than_B',
          kwargs: { column_A: 'a', column_B: 'b', result_format: 'BASIC', catch_exceptions: true },
          meta: { notes: { format: 'markdown', content: ['**First**', 'then'] } },
        },
        {
          expectation_type: 'expect_column_values_to_be_between',
          kwargs: {
            column: 'n',
            min_value: '1',
            max_value: { $PARAMETER: 'most' },
            parse_strings_as_datetimes: true,
          },
          meta: { notes: 'a text' },
        },
        { expectation_type: 'expect_multicolumn_values_to_be_unique', kwargs: { column_list: ['a', 'b'] } },
        {
          expectation_type: 'expect_column_max_to_be_between',
          kwargs: { column: 'n', max_value: { $PARAMETER: 'none', '$PARAMETER.none': 3 } },
        },
      ],
    });
    expect(read.name).toBe('taxi.warning');
    expect(read.rules).toMatchObject([
      { id: 'pairAToBeGreaterThanB(a, b)', notes: '**First**\nthen' },
      { kwargs: { min_value: 1, max_value: 6 }, notes: 'a text' },
      { expectation: 'expect_select_column_values_to_be_unique_within_record' },
      { kwargs: { max_value: 3 } },
    ]);
    expect(unmapped).toEqual([
      {
        place: 'expectations.1.kwargs.parse_strings_as_datetimes',
        expectation: 'expect_column_values_to_be_between',
        column: 'n',
        reason: 'texts are compared as dates only where they are ISO 8601',
        rule: 'n.toBeBetween',
      },
    ]);
  });

  it.each([
    ["n > 1 and k != 'c'", { n: { gt: 1 }, k: { ne: 'c' } }],
    ['(n >= -1.5) & (`my k` == "c")', { n: { gte: -1.5 }, 'my k': { eq: 'c' } }],
    ['col("n") > 1 and col("n") < 3', { n: { gt: 1, lt: 3 } }],
    ['col("k").notNull()', { k: { isNull: false } }],
    ['k.isna() and 3 > n', { k: { isNull: true }, n: { lt: 3 } }],
    ['date > date("2024-01-01")', { date: { gt: '2024-01-01' } }],
    ['date("2024-01-01") <= date', { date: { gte: '2024-01-01' } }],
    ["k in ['a', 'b'] and n not in (1, 2)", { k: { in: ['a', 'b'] }, n: { notIn: [1, 2] } }],
    ['k == "a" or k == "b" or k in ["c"]', { k: { in: ['a', 'b', 'c'] } }],
    ['k != "a" and k != "b" and k != "c"', { k: { notIn: ['a', 'b', 'c'] } }],
    ['n BETWEEN 1 AND 3 AND k IS NOT NULL', { n: { gte: 1, lte: 3 }, k: { isNull: false } }],
    ['ok == True', { ok: { eq: true } }],
    ["k = 'it\\'s'", { k: { eq: "it's" } }],
  ])('reads the condition %s', (text, where) => {
    expect(whereOf(text).unmapped).toEqual([]);
    expect(whereOf(text).rule?.where).toEqual(where);
    expect(whereOf({ type: 'pass_through', pass_through_filter: text }).rule?.where).toEqual(where);
  });

  it('leaves nulls out where Spark would', () => {
    const { rule } = whereOf("k <> 'a' AND n > 1", { condition_parser: 'spark' });
    expect(rule?.where).toEqual({ k: { ne: 'a', isNull: false }, n: { gt: 1 } });
  });

  it.each([
    'n + 1 > 2',
    'n > m',
    'not k == "a"',
    'a == 1 or b == 1',
    '1 < n < 3',
    'k.str.len() > 1',
    'n >',
    'k == "a',
    'n > 1 n < 2',
    'n > 1 and n > 2',
    'constructor(n)',
    'n constructor 1',
    '',
    { type: 'comparison', column: 'n', operator: '==', parameter: 1 },
    { type: 'comparison', column: { name: 'n' }, operator: 'toString', parameter: 1 },
    { type: 'comparison', column: { name: 'n' }, operator: '==', parameter: { a: 1 } },
    7,
  ])('says that it cannot read the condition %j', (condition) => {
    const { rule, unmapped } = whereOf(condition);
    if (condition === '') expect(rule?.where).toBeUndefined();
    else {
      expect(rule).toBeUndefined();
      expect(unmapped).toMatchObject([{ rule: undefined, column: 'n' }]);
    }
  });

  it('knows the types of pandas, Spark and databases', () => {
    const typeOf = (name: string) => {
      const { rule } = one({ type: 'expect_column_values_to_be_of_type', kwargs: { column: 'n', type_: name } });
      return rule?.kwargs;
    };
    expect(typeOf('VARCHAR(20)')).toMatchObject({ type_: 'string' });
    expect(typeOf('datetime64[ns]')).toMatchObject({ type_: 'date' });
    expect(typeOf('DOUBLE PRECISION')).toMatchObject({ type_: 'number' });
    expect(typeOf('LongType')).toMatchObject({ type_list: ['integer', 'bigint'] });
    expect(typeOf('object')).toBeUndefined();
    const kwargs = { column: 'n', type_list: ['INT', 'FLOAT', 'NUMBER_OF_SOMETHING'] };
    const { rule, unmapped } = one({ type: 'expect_column_values_to_be_in_type_list', kwargs });
    expect(rule?.kwargs).toMatchObject({ type_list: ['integer', 'bigint', 'number'] });
    expect(unmapped).toMatchObject([{ place: 'expectations.0.kwargs.type_list', rule: 'n.toBeInTypeList' }]);
  });

  it('reports, and never drops without a word', () => {
    expect(one({ type: 'expect_column_values_to_be_valid_iban', kwargs: { column: 'n' } })).toEqual({
      rule: undefined,
      unmapped: [
        {
          place: 'expectations.0.type',
          expectation: 'expect_column_values_to_be_valid_iban',
          column: 'n',
          reason: 'there is no such rule',
          rule: undefined,
        },
      ],
    });
    expect(between({ frobnicate: 1 }).unmapped).toMatchObject([{ place: 'expectations.0.kwargs.frobnicate' }]);
    expect(between({ max_value: { $PARAMETER: 'a' } }).unmapped).toMatchObject([
      { reason: 'the parameter a has no value', rule: undefined },
    ]);
    expect(between({ max_value: -1 }).unmapped).toMatchObject([{ reason: expect.stringContaining('at least min') }]);
    const odds = [null, 'a', 1].map((name) => ({
      type: 'expect_compound_columns_to_be_unique',
      kwargs: { column_list: ['n', 'm', name, {}] },
    }));
    for (const odd of [
      ...odds,
      null,
      1,
      'a',
      {},
      { type: 'constructor' },
      { type: 'expect_column_values_to_be_null' },
    ]) {
      expect(fromExpectationSuite({ name: 'odd', expectations: [odd] }).unmapped).toHaveLength(1);
    }
  });

  it('takes the escape of lists of patterns', () => {
    for (const not of ['', 'not_']) {
      const kwargs = { column: 'n', like_pattern_list: ['50!%'], escape: '!' };
      const { rule } = one({ type: `expect_column_values_to_${not}match_like_pattern_list`, kwargs });
      expect(rule?.kwargs).toMatchObject(kwargs);
    }
  });

  it('gives rules of one name ids of their own', () => {
    const { contract: read } = fromExpectationSuite(
      suiteOf(...[1, 2, 3].map((value) => ({ type: 'expect_table_row_count_to_equal', kwargs: { value } }))),
    );
    expect(read.rules.map(({ id }) => id)).toEqual(['rowCountToEqual', 'rowCountToEqual.2', 'rowCountToEqual.3']);
  });

  it('refuses what is no suite', () => {
    for (const none of [null, [], {}, { name: 'x' }, { name: 'x', expectations: {} }]) {
      expect(() => fromExpectationSuite(none)).toThrow('must be a suite of Great Expectations');
    }
    expect(() => fromExpectationSuite({ expectations: [] })).toThrow('Option "name" must be given');
    expect(fromExpectationSuite({ expectations: [] }, { name: 'given' }).contract.name).toBe('given');
  });
});
