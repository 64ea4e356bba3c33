import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OptionError } from '@dataenginex/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type RowsCheckOptions, createRowsCheck } from './check-rows.ts';
import type { Expectation, KwargsOf } from '../rules/expectations.ts';
import type { RuleResult } from '../report/result.ts';
import type { RowCondition } from '../rules/row-condition.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';

function rule<E extends Expectation>(expectation: E, kwargs: KwargsOf<E>, where?: RowCondition): RuleOf<E> {
  const fields = { id: 'x.rule', expectation, kwargs, where, severity: 'critical', tags: [], notes: undefined };
  return Object.assign(Object.create(null), fields);
}

function judgeAll(
  rules: readonly Rule[],
  rows: readonly unknown[],
  options?: Partial<RowsCheckOptions>,
): readonly RuleResult[] {
  const check = createRowsCheck(rules, { keepIndexes: true, ...options });
  check.push(rows);
  return check.finish().results;
}

const judge = (one: Rule, rows: readonly unknown[], options?: Partial<RowsCheckOptions>) =>
  judgeAll([one], rows, options)[0]!;
const xs = (...values: readonly unknown[]) => values.map((x) => ({ x }));
const broken = (one: Rule, rows: readonly unknown[]) => {
  const result = judge(one, rows);
  return result.kind === 'observed' ? [] : result.unexpectedIndexes;
};

describe('createRowsCheck', () => {
  it('takes rows in any number of batches', () => {
    const rules = [
      rule('expect_column_values_to_be_unique', { column: 'x' }),
      rule('expect_column_values_to_be_increasing', { column: 'x' }),
      rule('expect_table_row_count_to_equal', { value: 5 }),
    ];
    const check = createRowsCheck(rules, { keepIndexes: false });
    check.push(xs(1, 3));
    check.push([]);
    check.push(xs(2, 3, 9));
    const { rows, results } = check.finish();
    expect(rows).toBe(5);
    expect(results).toMatchObject([
      { unexpectedIndexes: [1, 3], unexpectedValues: [3, 3] },
      { unexpectedIndexes: [2], unexpectedValues: [2] },
      { success: true, observed: 5 },
    ]);
  });

  it('takes some of the rows of an array', () => {
    const rows = xs(9, 1, 2, 9, 9);
    const check = createRowsCheck(
      [
        rule('expect_column_values_to_be_between', { column: 'x', max_value: 5 }),
        rule('expect_table_column_count_to_equal', { value: 1 }),
      ],
      { keepIndexes: false },
    );
    check.push(rows, 1, 3);
    check.push(rows, 3, 4);
    expect(check.finish()).toMatchObject({
      rows: 3,
      results: [{ elementCount: 3, unexpectedIndexes: [2] }, { observed: 1 }],
    });
  });

  it('keeps the first 20 rows that break a rule, or all', () => {
    const rows = Array.from({ length: 100 }, (_, x) => ({ x }));
    const rules = [
      rule('expect_column_values_to_be_between', { column: 'x', max_value: 9 }),
      rule('expect_column_values_to_be_unique', { column: 'y' }),
    ];
    const first = judgeAll(
      rules,
      rows.map((row) => ({ ...row, y: 1 })),
      { keepIndexes: false },
    );
    expect(first[0]).toMatchObject({
      unexpectedCount: 90,
      unexpectedIndexes: Array.from({ length: 20 }, (_, i) => i + 10),
    });
    expect(first[1]).toMatchObject({
      unexpectedCount: 100,
      unexpectedIndexes: Array.from({ length: 20 }, (_, i) => i),
    });
    const all = judgeAll(
      rules,
      rows.map((row) => ({ ...row, y: 1 })),
    );
    expect(all[0]).toMatchObject({ unexpectedCount: 90, unexpectedIndexes: rows.map(({ x }) => x).slice(10) });
    expect(all[1]).toMatchObject({ unexpectedIndexes: rows.map(({ x }) => x) });
  });

  it('finds no columns in rows that are no objects', () => {
    const rows = [{ x: 1 }, null, undefined, 7, 'text', true, 1n];
    expect(judge(rule('expect_column_values_to_not_be_null', { column: 'x' }), rows)).toMatchObject({
      elementCount: 7,
      unexpectedIndexes: [1, 2, 3, 4, 5, 6],
    });
    expect(judge(rule('expect_column_values_to_be_between', { column: 'x', min_value: 0 }), rows)).toMatchObject({
      success: true,
      missingCount: 6,
    });
    expect(
      broken(rule('expect_column_value_lengths_to_be_between', { column: 'length', min_value: 0 }), ['four', {}]),
    ).toEqual([0, 1]);
  });

  it('gives rows as they are to functions', () => {
    const seen: unknown[] = [];
    const rows = [null, 1, { x: 1 }];
    const satisfies = (row: unknown) => seen.push(row) > 1;
    expect(broken(rule('expect_rows_to_satisfy', { name: 'seen', satisfies }), rows)).toEqual([0]);
    expect(seen).toEqual(rows);
  });

  it('keeps rows for which a function throws, and says what it threw', () => {
    const satisfies = (value: unknown) => {
      if (value === 2) throw new TypeError('no twos');
      return true;
    };
    const one = rule('expect_column_values_to_satisfy', { column: 'x', name: 'odd', satisfies });
    expect(judge(one, xs(1, 2, null, 2))).toMatchObject({
      kind: 'error',
      error: 'its function threw TypeError: no twos',
      unexpectedIndexes: [1, 3],
    });
  });

  it('cannot judge a column that no row has, unless it is optional or there are no rows', () => {
    const one = rule('expect_column_values_to_be_between', { column: 'y', min_value: 0 });
    expect(judge(one, xs(1, 2))).toMatchObject({
      kind: 'error',
      success: false,
      error: 'no row has the column "y"',
      unexpectedIndexes: [0, 1],
    });
    expect(judge(one, xs(1, 2), { optionalColumns: ['y'] })).toMatchObject({ success: true, missingCount: 2 });
    expect(judge(one, [])).toMatchObject({ success: true, elementCount: 0 });
    expect(judge(one, [{ x: 1 }, { y: undefined }])).toMatchObject({ success: true, missingCount: 2 });
    const mean = rule('expect_column_mean_to_be_between', { column: 'x', min_value: 0 }, { k: 1 });
    expect(judge(mean, xs(1))).toMatchObject({ error: 'no row has the column "k"', unexpectedIndexes: [] });
    const count = rule('expect_table_row_count_to_equal', { value: 0 }, { k: 1 });
    expect(judge(count, xs(1))).toMatchObject({ kind: 'error', unexpectedIndexes: [] });
  });

  it.each(['constructor', '__proto__', 'toString', 'a "b"', '\u2028', "');throw 1;//", '${x}', ''])(
    'reads the column %j, and only of the row itself',
    (column) => {
      const row = Object.fromEntries([[column, 1]]);
      expect(judge(rule('expect_column_values_to_be_null', { column }), [row, {}])).toMatchObject({
        unexpectedValues: [1],
        unexpectedIndexes: [0],
      });
    },
  );

  it('lists columns in the order in which rows bring them up', () => {
    const ordered = rule('expect_table_columns_to_match_ordered_list', { column_list: ['a', 'b', 'c'] });
    expect(judge(ordered, [{ a: 1 }, null, { c: 1, b: 2 }, { b: 1, a: 2 }])).toMatchObject({
      observed: ['a', 'c', 'b'],
    });
    expect(judge(ordered, [], { columns: ['a', 'b', 'c'] })).toMatchObject({ success: true });
    expect(judge(ordered, [])).toMatchObject({ success: false, observed: [] });
  });

  it('refuses what it cannot judge', () => {
    const make = (one: Rule) => () => createRowsCheck([one], { keepIndexes: false });
    expect(
      make(Object.assign(rule('expect_column_to_exist', { column: 'x' }), { expectation: 'expect_magic' })),
    ).toThrow('Option "x.rule.expectation" must be one that rows can be asked');
    expect(make(rule('expect_column_values_to_match_regex', { column: 'x', regex: '(' }))).toThrow(OptionError);
    expect(make(rule('expect_compound_columns_to_be_unique', { column_list: ['x'] }))).toThrow('two columns or more');
    expect(make(rule('expect_multicolumn_sum_to_equal', { column_list: [], sum_total: 0 }))).toThrow(
      'two columns or more',
    );
  });
});

describe('values', () => {
  const none = new Date(Number.NaN);

  it('are null when null, undefined, NaN or no date at all', () => {
    const rows = xs(null, undefined, Number.NaN, none, 0, '', false);
    expect(broken(rule('expect_column_values_to_not_be_null', { column: 'x' }), rows)).toEqual([0, 1, 2, 3]);
    expect(broken(rule('expect_column_values_to_be_null', { column: 'x' }), rows)).toEqual([4, 5, 6]);
    expect(judge(rule('expect_column_values_to_be_unique', { column: 'x' }), rows)).toMatchObject({
      missingCount: 4,
      success: true,
    });
    expect(
      judge(rule('expect_column_values_to_be_in_set', { column: 'x', value_set: [0, '', false] }), rows),
    ).toMatchObject({
      missingCount: 4,
      success: true,
    });
  });

  it('are in bounds as numbers, booleans and bigints are', () => {
    const between = rule('expect_column_values_to_be_between', {
      column: 'x',
      min_value: 0,
      max_value: 1,
      strict_max: true,
    });
    expect(broken(between, xs(0, -0, 0.5, 1, 0n, 1n, true, false, Infinity, -Infinity))).toEqual([3, 5, 6, 8, 9]);
    const big = rule('expect_column_values_to_be_between', { column: 'x', max_value: 9007199254740993n });
    expect(broken(big, xs(9007199254740993n, 9007199254740994n, 1))).toEqual([1]);
  });

  it('are an error without an order, with the rows they are in', () => {
    const between = rule('expect_column_values_to_be_between', { column: 'x', min_value: 0, max_value: 1 });
    expect(judge(between, xs(1, 'a', 5, new Date(0), [], {}))).toMatchObject({
      kind: 'error',
      error: '"a" has no order with 0 and 1',
      unexpectedIndexes: [1, 2, 3, 4, 5],
    });
    expect(judge(rule('expect_column_max_to_be_between', { column: 'x' }), xs(1, 'a'))).toMatchObject({
      kind: 'error',
    });
    expect(judge(rule('expect_column_sum_to_be_between', { column: 'x' }), xs(1, 'a'))).toMatchObject({
      error: '"a" is no number',
    });
    const scores = rule('expect_column_value_z_scores_to_be_less_than', { column: 'x', threshold: 3 });
    expect(judge(scores, xs(1, 'a', 2))).toMatchObject({ error: '"a" is no number', unexpectedIndexes: [1] });
    const outliers = rule('expect_column_values_to_not_be_outliers', { column: 'x' });
    expect(judge(outliers, xs(1, 2, 3, 99, 'a', 2))).toMatchObject({ kind: 'error', unexpectedIndexes: [4] });
  });

  it('are dates by their moment, also beside ISO texts', () => {
    const day = (text: string) => new Date(`${text}T00:00:00Z`);
    const rows = xs(day('2024-01-01'), day('2024-01-02'), day('2024-01-02'), day('2024-01-03'));
    const bounds = { column: 'x', min_value: '2024-01-02', max_value: day('2024-01-02') };
    expect(broken(rule('expect_column_values_to_be_between', bounds), rows)).toEqual([0, 3]);
    expect(
      broken(
        rule('expect_column_values_to_be_in_set', { column: 'x', value_set: ['2024-01-02T00:00', day('2024-01-01')] }),
        rows,
      ),
    ).toEqual([3]);
    expect(broken(rule('expect_column_values_to_be_unique', { column: 'x' }), rows)).toEqual([1, 2]);
    expect(judge(rule('expect_column_values_to_be_between', { column: 'x', min_value: 'soon' }), rows)).toMatchObject({
      kind: 'error',
    });
    expect(judge(rule('expect_column_min_to_be_between', { column: 'x' }), rows)).toMatchObject({
      observed: day('2024-01-01'),
    });
  });

  it('are equal when they are the same value, not the same text', () => {
    const unique = rule('expect_column_values_to_be_unique', { column: 'x' });
    expect(broken(unique, xs(1, '1', true, 1n, 2, [1], '[1]', [1], { a: 1n }, { a: 1n }))).toEqual([0, 3, 5, 7, 8, 9]);
    expect(broken(unique, xs(0, -0, Infinity, -Infinity))).toEqual([0, 1]);
    const round: Record<string, unknown> = {};
    round.self = round;
    expect(broken(unique, xs(round, { ...round }, round))).toEqual([0, 2]);
    const pairs = rule('expect_compound_columns_to_be_unique', { column_list: ['a', 'b'] });
    expect(
      broken(pairs, [
        { a: 'x","y', b: 'z' },
        { a: 'x', b: 'y","z' },
        { a: Infinity, b: null },
        { a: null, b: Infinity },
        { a: Infinity },
      ]),
    ).toEqual([2, 4]);
  });

  it('have types as JSON Schema names them, and two more', () => {
    const rows = xs('a', 1, 1.5, true, [], {}, new Date(0), 1n, null);
    const types = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'date', 'bigint'] as const;
    const kept = types.map((type_) => {
      const out = new Set(broken(rule('expect_column_values_to_be_of_type', { column: 'x', type_ }), rows));
      return [0, 1, 2, 3, 4, 5, 6, 7].filter((index) => !out.has(index));
    });
    expect(kept).toEqual([[0], [1, 2], [1], [3], [4], [5], [6], [7]]);
    expect(
      broken(rule('expect_column_values_to_be_in_type_list', { column: 'x', type_list: ['integer', 'date'] }), rows),
    ).toEqual([0, 2, 3, 4, 5, 7]);
    const whole = (values: readonly unknown[], type_: (typeof types)[number]) =>
      judge(rule('expect_column_type_to_be', { column: 'x', type_ }), xs(...values));
    expect(whole([1, 2, null], 'number')).toMatchObject({ success: true, observed: 'integer' });
    expect(whole([1, 2.5], 'integer')).toMatchObject({ success: false, observed: 'number' });
    expect(whole([1, 'a'], 'integer')).toMatchObject({ success: false, observed: ['integer', 'string'] });
    expect(whole([null], 'integer')).toMatchObject({ success: true, observed: null });
  });

  it('have a length in code points, however long they are', () => {
    const lengths = rule('expect_column_value_lengths_to_be_between', { column: 'x', min_value: 2, max_value: 3 });
    expect(
      broken(lengths, xs('é', 'ab', '😀', '😀😀😀', '😀😀😀😀', 'a'.repeat(1_000_000), 12, '\ud83d\ud83d')),
    ).toEqual([0, 2, 4, 5]);
  });
});

describe('a proxy of a date, which passes for one', () => {
  it('is an object, and no date', () => {
    const proxy = new Proxy(new Date(0), {});
    const rules = [
      rule('expect_column_values_to_be_of_type', { column: 'x', type_: 'date' }),
      rule('expect_column_values_to_be_unique', { column: 'x' }),
      rule('expect_column_values_to_match_regex', { column: 'x', regex: 'a' }),
      rule('expect_column_values_to_be_between', { column: 'x', min_value: 0 }),
      rule('expect_column_max_to_be_between', { column: 'x', max_value: 0 }),
    ];
    expect(judgeAll(rules, xs(proxy, proxy)).map(({ kind, success }) => [kind, success])).toEqual([
      ['map', false],
      ['map', false],
      ['map', false],
      ['error', false],
      ['error', false],
    ]);
  });
});

describe('rules that need all numbers', () => {
  it('keep as many as there are, with their rows', () => {
    const rows = Array.from({ length: 10_001 }, (_, index) => ({
      x: index === 7000 ? 1e6 : index % 2 ? null : index % 10,
    }));
    const results = judgeAll(
      [
        rule('expect_column_median_to_be_between', { column: 'x' }),
        rule('expect_column_values_to_not_be_outliers', { column: 'x' }),
        rule('expect_column_value_z_scores_to_be_less_than', { column: 'x', threshold: 10 }),
        rule('expect_column_quantile_values_to_be_between', {
          column: 'x',
          quantile_ranges: {
            quantiles: [0, 0.5, 1],
            value_ranges: [
              [0, 0],
              [4, 4],
              [1e6, null],
            ],
          },
        }),
      ],
      rows,
    );
    expect(results).toMatchObject([
      { observed: 4 },
      { unexpectedIndexes: [7000], unexpectedValues: [1e6], missingCount: 5000 },
      { unexpectedIndexes: [7000] },
      { success: true, observed: { values: [0, 4, 1e6] } },
    ]);
  });
});

describe('where', () => {
  const rows = [
    { x: 9, k: 'a', n: 1 },
    { x: 9, k: 'b', n: 2 },
    { x: 9, k: null, n: 3 },
    { x: 9, k: 'a', n: null },
  ];
  const taken = (where: RowCondition) =>
    broken(rule('expect_column_values_to_be_between', { column: 'x', max_value: 5 }, where), rows);

  it('takes rows for which all holds', () => {
    expect(taken({ k: 'a' })).toEqual([0, 3]);
    expect(taken({ k: { eq: 'a' }, n: { isNull: false } })).toEqual([0]);
    expect(taken({ n: { gt: 1, lte: 3 } })).toEqual([1, 2]);
    expect(taken({ n: { gte: 2, lt: 3 } })).toEqual([1]);
    expect(taken({ k: { in: ['b', 'c'] } })).toEqual([1]);
    expect(taken({ n: { gt: 'a' } })).toEqual([]);
  });

  it('lets nulls pass what a value must not be, and nothing else', () => {
    expect(taken({ k: { ne: 'a' } })).toEqual([1, 2]);
    expect(taken({ k: { notIn: ['a', 'c'] } })).toEqual([1, 2]);
    expect(taken({ k: null })).toEqual([2]);
    expect(taken({ k: { ne: null } })).toEqual([0, 1, 3]);
    expect(taken({ k: { isNull: true } })).toEqual([2]);
    expect(taken({ k: { isNull: false, ne: 'a' } })).toEqual([1]);
    expect(taken({ k: {} })).toEqual([0, 1, 2, 3]);
  });

  it('tells a date from its text, and infinities from null', () => {
    const at = new Date('2024-01-01T00:00:00Z');
    const dated = [
      { x: 9, d: at, n: Infinity },
      { x: 9, d: at.toISOString(), n: null },
    ];
    const conditions: RowCondition[] = [{ d: at }, { d: at.toISOString() }, { n: Infinity }, { n: null }];
    const rules = conditions.map((where) => rule('expect_column_values_to_be_null', { column: 'x' }, where));
    const found = judgeAll(rules, dated).map((result) => result.kind === 'map' && result.unexpectedIndexes);
    expect(found).toEqual([[0], [0, 1], [0], [1]]);
  });

  it('makes order and uniqueness those of the rows it takes', () => {
    const some = [1, 5, 2, 5, 3].map((x, index) => ({ x, odd: index % 2 === 1 }));
    expect(broken(rule('expect_column_values_to_be_increasing', { column: 'x' }, { odd: false }), some)).toEqual([]);
    expect(broken(rule('expect_column_values_to_be_unique', { column: 'x' }, { odd: false }), some)).toEqual([]);
    expect(broken(rule('expect_column_values_to_be_unique', { column: 'x' }, { odd: true }), some)).toEqual([1, 3]);
  });
});

const numbers = fc.option(
  fc.constantFrom<unknown>(0, -0, 1, 2, 3, 2.5, Infinity, -Infinity, true, Number.NaN, undefined),
);
const texts = fc.option(fc.constantFrom<unknown>('', 'a', 'b', 'ab', undefined));
const tables = fc.array(fc.record({ n: numbers, m: numbers, t: texts, u: texts, k: fc.constantFrom('x', 'y') }), {
  maxLength: 30,
});
const conditions = fc.constantFrom<RowCondition | undefined>(undefined, undefined, { k: 'x' }, { k: 'y' });
const number = fc.constantFrom('n', 'm');
const text = fc.constantFrom('t', 'u');
const anyColumn = fc.oneof(number, text);
const someRules = fc.array(
  fc.oneof(
    fc
      .tuple(anyColumn, conditions)
      .map(([of, where]) => rule('expect_column_values_to_not_be_null', { column: of }, where)),
    fc
      .tuple(anyColumn, conditions)
      .map(([of, where]) => rule('expect_column_values_to_be_null', { column: of }, where)),
    fc
      .tuple(anyColumn, conditions)
      .map(([of, where]) =>
        rule('expect_column_values_to_be_in_set', { column: of, value_set: [0, 2, 'a', ''] }, where),
      ),
    fc
      .tuple(number, conditions, fc.boolean())
      .map(([of, where, strict_max]) =>
        rule('expect_column_values_to_be_between', { column: of, min_value: 0, max_value: 2, strict_max }, where),
      ),
    fc
      .tuple(text, conditions)
      .map(([of, where]) => rule('expect_column_values_to_match_regex', { column: of, regex: 'a' }, where)),
    fc
      .tuple(anyColumn, conditions)
      .map(([of, where]) => rule('expect_column_values_to_be_unique', { column: of }, where)),
    fc
      .tuple(number, conditions)
      .map(([of, where]) => rule('expect_column_values_to_be_increasing', { column: of }, where)),
    conditions.map((where) => rule('expect_compound_columns_to_be_unique', { column_list: ['n', 't'] }, where)),
    conditions.map((where) =>
      rule(
        'expect_column_pair_values_to_be_equal',
        { column_A: 't', column_B: 'u', ignore_row_if: 'either_value_is_missing' },
        where,
      ),
    ),
    conditions.map((where) =>
      rule('expect_multicolumn_values_to_be_equal', { column_list: ['n', 'm'], ignore_row_if: 'never' }, where),
    ),
  ),
  { minLength: 1, maxLength: 12 },
);

type Asked = typeof someRules extends fc.Arbitrary<(infer R)[]> ? R : never;

/** Counts and broken rows of one rule, asked on its own of each row in the plainest way. */
function naive(one: Asked, rows: readonly Record<string, unknown>[]): { missing: number; broken: number[] } {
  const isNull = (value: unknown) => value === undefined || value === null || Number.isNaN(value);
  const same = (a: unknown, b: unknown) => (isNull(a) && isNull(b)) || a === b;
  const taken = rows
    .map((row, index) => ({ row, index }))
    .filter(({ row }) => one.where === undefined || row.k === one.where.k);
  const mapped = (
    columns: readonly string[],
    skips: (nulls: readonly boolean[]) => boolean,
    breaks: (values: unknown[], others: unknown[][], at: number) => boolean,
  ) => {
    const all = taken.map(({ row, index }) => ({ values: columns.map((column) => row[column]), index }));
    const asked = all.filter(({ values }) => !skips(values.map(isNull)));
    const values = asked.map((entry) => entry.values);
    return {
      missing: all.length - asked.length,
      broken: asked.filter((entry, at) => breaks(entry.values, values, at)).map(({ index }) => index),
    };
  };
  const any = (nulls: readonly boolean[]) => nulls.includes(true);
  const all = (nulls: readonly boolean[]) => !nulls.includes(false);
  const never = () => false;
  switch (one.expectation) {
    case 'expect_column_values_to_not_be_null':
      return mapped([one.kwargs.column], never, ([value]) => isNull(value));
    case 'expect_column_values_to_be_null':
      return mapped([one.kwargs.column], never, ([value]) => !isNull(value));
    case 'expect_column_values_to_be_in_set': {
      const { column, value_set: set } = one.kwargs;
      return mapped([column], any, ([value]) => !set.some((wanted) => wanted === value));
    }
    case 'expect_column_values_to_be_between': {
      const { column, min_value: min, strict_max: strict, max_value: max } = one.kwargs;
      return mapped(
        [column],
        any,
        ([value]) =>
          !(Number(value) >= Number(min) && (strict ? Number(value) < Number(max) : Number(value) <= Number(max))),
      );
    }
    case 'expect_column_values_to_match_regex':
      return mapped([one.kwargs.column], any, ([value]) => !String(value).includes('a'));
    case 'expect_column_values_to_be_unique':
      return mapped([one.kwargs.column], any, ([value], others, at) =>
        others.some(([other], index) => index !== at && same(other, value)),
      );
    case 'expect_column_values_to_be_increasing':
      return mapped(
        [one.kwargs.column],
        any,
        ([value], others, at) => at > 0 && Number(others[at - 1]![0]) > Number(value),
      );
    case 'expect_compound_columns_to_be_unique':
      return mapped(one.kwargs.column_list, all, (values, others, at) =>
        others.some((other, index) => index !== at && other.every((value, column) => same(value, values[column]))),
      );
    case 'expect_column_pair_values_to_be_equal':
      return mapped([one.kwargs.column_A, one.kwargs.column_B], any, ([a, b]) => a !== b);
    case 'expect_multicolumn_values_to_be_equal':
      break;
  }
  return mapped(one.kwargs.column_list, never, ([a, b]) => !same(a, b));
}

function pushed(rules: readonly Rule[], rows: readonly unknown[], batch: number) {
  const check = createRowsCheck(rules, { keepIndexes: true });
  for (let at = 0; at < rows.length; at += batch) check.push(rows.slice(at, at + batch));
  return check
    .finish()
    .results.map((result) =>
      result.kind === 'map' ? { missing: result.missingCount, broken: result.unexpectedIndexes } : result,
    );
}

describe('the pass over all rules', () => {
  it('finds what each rule finds on its own', () => {
    fc.assert(
      fc.property(someRules, tables, fc.integer({ min: 1, max: 31 }), (rules, rows, batch) => {
        expect(pushed(rules, rows, batch)).toEqual(rules.map((one) => naive(one, rows)));
      }),
      { numRuns: 500 },
    );
  });

  it('finds the same without generated code', () => {
    const construct = vi.spyOn(Reflect, 'construct').mockImplementation(() => {
      throw new EvalError('Code generation from strings disallowed for this context');
    });
    try {
      fc.assert(
        fc.property(someRules, tables, (rules, rows) => {
          const renamed = rules.map((one) => ({ ...one, where: one.where && { ...one.where, rare: null } }));
          expect(
            pushed(
              renamed,
              rows.map((row) => ({ ...row, rare: null })),
              7,
            ),
          ).toEqual(rules.map((one) => naive(one, rows)));
        }),
        { numRuns: 200 },
      );
      expect(construct).toHaveBeenCalled();
    } finally {
      construct.mockRestore();
    }
  });

  it('finds the same in wide tables', () => {
    const names = Array.from({ length: 150 }, (_, index) => `c${index}`);
    const rows = Array.from({ length: 600 }, (_, row) =>
      Object.fromEntries(names.map((name, at) => [name, (row * at) % 7 || null])),
    );
    const rules = names.flatMap((of, at) => [
      rule('expect_column_values_to_be_between', { column: of, min_value: 0, max_value: 5 }),
      rule('expect_column_values_to_not_be_null', { column: of }, at % 2 ? { c149: 3 } : undefined),
      rule('expect_compound_columns_to_be_unique', { column_list: [of, 'c1', 'c70'] }, { c149: 3 }),
    ]);
    const check = createRowsCheck(rules, { keepIndexes: true });
    check.push(rows, 0, 300);
    check.push(rows, 300);
    const pass = check.finish().results;
    expect(pass).toEqual(rules.map((one) => judge(one, rows)));
    expect(
      judgeAll(
        rules.map((one) => ({ ...one, where: { c149: 3, gone: null } })),
        rows,
      )[0],
    ).toMatchObject({ kind: 'error' });
  });

  it('runs where Node allows no code from strings', async () => {
    const script = `
      import { createRowsCheck } from ${JSON.stringify(new URL('check-rows.ts', import.meta.url).href)};
      try { new Function('return 1')(); throw new Error('allowed'); } catch (error) { if (!(error instanceof EvalError)) throw error; }
      const rule = { id: 'x', expectation: 'expect_column_values_to_be_between', kwargs: { column: 'x', min_value: 2 }, severity: 'critical', tags: [] };
      const check = createRowsCheck([rule], { keepIndexes: false });
      check.push([{ x: 1 }, { x: 2 }, {}, null]);
      console.log(JSON.stringify(check.finish()));`;
    const flags = [
      '--disallow-code-generation-from-strings',
      '--conditions=@dataenginex/source',
      '--input-type=module',
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', script]);
    expect(JSON.parse(stdout).results).toMatchObject([{ missingCount: 2, unexpectedCount: 1, unexpectedIndexes: [0] }]);
  });
});
