import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { columns, contract, contractOf, type Report } from '../index.ts';

const any = z.unknown().optional();
const number = z.number().optional();
const names = ['a', 'b', 'n', 'm', 'gone', '__proto__'] as const;
const Anything = z.object({ a: any, b: any, n: any, m: any, gone: any, ['__proto__']: any });
const Table = z.object({ a: z.string(), b: z.string().nullable(), n: number, m: number, gone: any });

/** Rules of every kind, over columns that hold anything. */
const rules = [
  ...contract('of columns', Anything, (c) =>
    names.flatMap((name) => {
      const of = c[name];
      return [
        of.toBeNull(),
        of.toNotBeNull(),
        of.toBeUnique(),
        of.toBeInSet([1, 'a', 2n, true]),
        of.toNotBeInSet([3, 'b']),
        of.toBeBetween(0, 2, { strictMax: true, mostly: 0.5 }),
        of.toBeBetween(null, 1, { id: `${name} below` }),
        of.toBeBetween('a', 'b', { id: `${name} text` }),
        of.toBeIncreasing(),
        of.toBeDecreasing({ strictly: true }),
        of.toMatchRegex('^[ab1]$'),
        of.lengthsToEqual(1),
        of.toBeOfType('number'),
        of.toBeOfType('integer', { id: `${name} integer`, where: { a: { notIn: ['b'] } } }),
        of.toBeInTypeList(['string', 'bigint']),
        of.toSatisfy('is no 2', (value) => value !== 2),
        of.toBeBetween(0, 1, { id: `${name} where`, where: { n: { gte: 1 } } }),
        of.toBeUnique({ id: `${name} unique where`, where: { gone: null, b: 'b' } }),
        of.typeToBe('number'),
        of.toExist(),
        of.toBeBetween(0, 1, { id: `${name} groups`, groupBy: 'b', where: { n: { gte: 0 } } }),
        of.minToBeBetween(0, 1),
        of.maxToBeBetween(0, 1, { where: { n: { gte: 1 } } }),
        of.meanToBeBetween(0, 1),
        of.medianToBeBetween(0, 1),
        of.sumToBeBetween(0, 1),
        of.stdevToBeBetween(0, 1),
        of.quantileValuesToBeBetween({ 0.5: [0, 1] }),
        of.zScoresToBeLessThan(1),
        of.toNotBeOutliers(),
        of.uniqueValueCountToBeBetween(1, 2),
        of.proportionOfUniqueValuesToBeBetween(0, 0.5),
        of.proportionOfNonNullValuesToBeBetween(0, 0.5),
        of.mostCommonValueToBeInSet([1]),
        of.distinctValuesToEqualSet([1, 'a']),
        of.klDivergenceToBeLessThan({ bins: [0, 1, 2], weights: [0.5, 0.5] }, 0.1),
      ];
    }),
  ).rules,
  ...contract('of the table', Table, (_, t) => [
    t.pairToBeEqual('a', 'b'),
    t.pairAToBeGreaterThanB('n', 'm', { orEqual: true, ignoreRowIf: 'either_value_is_missing' }),
    t.pairToBeInSet('b', 'n', [['a', 1]], { where: { b: { isNull: false } } }),
    t.unique('a', 'n'),
    t.unique('b', 'gone', { where: { n: { lt: 2 } } }),
    t.uniqueWithinRecord(['a', 'b', 'n']),
    t.multicolumnValuesToBeEqual(['n', 'm']),
    t.multicolumnSumToEqual(['n', 'm'], 2),
    t.rowsToSatisfy('has an a that is b', (row) => row.a === row.b),
    t.rowsToSatisfy('knows its keys', (row) => Object.keys(row).length === 5, { where: { a: 'a' } }),
    t.rowCountToEqual(3),
    t.rowCountToEqual(3, { id: 'groups', groupBy: ['a', 'n'] }),
    t.rowCountToBeBetween(1, 2, { where: { a: 'a' } }),
    t.columnCountToEqual(4),
    t.columnsToMatchSet(['a', 'b', 'x']),
    t.columnsToMatchOrderedList(['a', 'b']),
  ]).rules,
];

const value = fc.oneof(
  fc.constantFrom<unknown>(1, 2, 0, -0, 1.5, Number.NaN, Infinity, null, undefined, 'a', 'b', '1'),
  fc.constantFrom<unknown>(2n, true, new Date(0), new Date(Number.NaN), [1]),
);
const float = fc.constantFrom(0, 1, 2, 3, 1.5, Number.NaN, -1, Infinity);
const typed = {
  Float64Array: (values: number[]) => Float64Array.from(values),
  Float32Array: (values: number[]) => Float32Array.from(values),
  Int32Array: (values: number[]) => Int32Array.from(values),
  Uint8Array: (values: number[]) => Uint8Array.from(values),
  BigInt64Array: (values: number[]) => BigInt64Array.from(values.map((one) => BigInt(Math.trunc(one) || 0) % 9n)),
  Array: (values: number[]) => values,
};
const integer = fc.constantFrom(0, 1, 2, 3, -1);
const tables = fc.integer({ min: 1, max: 40 }).chain((length) => {
  const of = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: length, maxLength: length });
  const numbers = fc
    .constantFrom(
      'Float64Array' as const,
      'Float32Array' as const,
      'Int32Array' as const,
      'Uint8Array' as const,
      'BigInt64Array' as const,
      'Array' as const,
    )
    .chain((kind) => of(kind.startsWith('Float') ? float : integer).map((values) => typed[kind](values)));
  return fc.record({
    a: of(value),
    b: of(fc.constantFrom('a', 'b', null)),
    n: numbers,
    m: numbers,
    ['__proto__']: of(value),
  });
});

/** What a report says, but for how long it took. */
const said = ({ rows, statistics, results }: Report) => ({ rows, statistics, results });
const rowsOf = (table: Readonly<Record<string, ArrayLike<unknown>>>, length: number) =>
  Array.from({ length }, (_, at) => Object.fromEntries(Object.entries(table).map(([name, of]) => [name, of[at]])));

async function compareBoth(runs: number): Promise<void> {
  const picks = fc.array(fc.boolean(), { minLength: 17, maxLength: 17 });
  await fc.assert(
    fc.asyncProperty(tables, picks, fc.boolean(), async (table, picked, keepIndexes) => {
      const Some = contractOf(
        'some',
        rules.filter((_, at) => picked[at % 17]),
      );
      const rows = rowsOf(table, table.a.length);
      const byColumns = await Some.check(columns(table), { keepIndexes });
      expect(said(byColumns)).toEqual(said(await Some.check(rows, { keepIndexes })));
    }),
    { numRuns: runs },
  );
}

describe('columns', () => {
  it('get the results that their rows get', async () => compareBoth(50));

  it('get them without generated code, too', async () => {
    const construct = vi.spyOn(Reflect, 'construct').mockImplementation(() => {
      throw new EvalError('Code generation from strings disallowed for this context');
    });
    try {
      await compareBoth(15);
      expect(construct).toHaveBeenCalled();
    } finally {
      construct.mockRestore();
    }
  });

  it('are a table of rows, too', () => {
    const table = columns({ a: [1, 2], b: Uint8Array.of(3, 4), ['__proto__']: ['x', 'y'] });
    expect([...table]).toEqual(rowsOf({ a: [1, 2], b: [3, 4], ['__proto__']: ['x', 'y'] }, 2));
    expect(table.length).toBe(2);
    const { a }: { a: number; b: number } = table.row(1);
    expect(a).toBe(2);
  });

  it('show which they are without rows', async () => {
    const Shape = contract('shape', z.object({ a: z.number(), b: z.number() }), (c, t) => [
      c.b.toExist(),
      t.columnsToMatchSet(['a', 'b']),
    ]);
    const { results, rows } = await Shape.check(columns({ a: new Float64Array(0) }));
    expect(rows).toBe(0);
    expect(results.slice(-2)).toMatchObject([{ success: false }, { success: false, observed: ['a'] }]);
    expect((await Shape.check(columns({}))).rows).toBe(0);
  });

  it('have any names, and any tags of arrays', async () => {
    const tagged = Object.assign([1, 2], { [Symbol.toStringTag]: '"; throw 1; //\n\u2028throw 2' });
    const name = '"]; throw 3; //\u2028';
    const Odd = contract('odd', z.object({ [name]: z.number().max(1) }));
    expect((await Odd.check(columns({ [name]: tagged }))).failures).toMatchObject([{ unexpectedIndexes: [1] }]);
  });

  it('are refused where they are no table', () => {
    expect(() => columns([])).toThrow('Option "columns" must be an object of arrays');
    // @ts-expect-error -- no array
    expect(() => columns({ a: 'text' })).toThrow('Option "columns.a" must be an array or a typed array, got "text"');
    // @ts-expect-error -- a view, but no array
    expect(() => columns({ a: new DataView(new ArrayBuffer(8)) })).toThrow('Option "columns.a"');
    expect(() => columns({ a: [1], b: [] })).toThrow('Option "columns.b.length" must be 1, as that of "a" is, got 0');
  });

  it('let the event loop run, and stop when they are told', async () => {
    const Slow = contract('slow', z.object({ a: z.number() }), (c) => [
      c.a.toSatisfy('slowly', () => {
        const start = performance.now();
        while (performance.now() - start < 0.02);
        return true;
      }),
    ]);
    const controller = new AbortController();
    let turns = 0;
    const timer = setInterval(() => ++turns === 3 && controller.abort(new Error('enough')), 1);
    const table = columns({ a: new Float64Array(100_000) });
    await expect(Slow.check(table, { signal: controller.signal })).rejects.toThrow('enough');
    clearInterval(timer);
    expect(turns).toBe(3);
  });
});
