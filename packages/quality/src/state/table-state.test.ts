import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { columns, TableState } from '../index.ts';

const row = fc.record(
  {
    id: fc.nat({ max: 500 }),
    temp: fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(null), fc.constant(Number.NaN)),
    weather: fc.constantFrom('sun', 'rain', 'Zürich', '2012-01-01'),
    any: fc.oneof(
      fc.boolean(),
      fc.bigInt({ min: -5n, max: 5n }),
      fc.constantFrom(new Date(0), [1], { a: 1 }, Infinity),
    ),
  },
  { requiredKeys: ['id'] },
);

const stateOf = (rows: readonly unknown[]): TableState => {
  const state = new TableState();
  state.push(rows);
  return state;
};

/** What must be the same however states were merged; means and the order of columns may differ a little. */
const factsOf = (state: TableState) => ({
  rows: state.rows,
  columns: Object.fromEntries(
    Array.from(state.columns, ([name, column]) => [
      name,
      {
        count: column.count,
        nulls: column.nulls,
        types: column.types,
        distinct: column.distinct.toJSON(),
        frequent: column.frequent.items(),
        shapes: column.shapes.toJSON(),
        extremes: [column.moments.min, column.moments.max, column.first, column.last, column.times.max],
        lengths: [column.lengths.count, column.lengths.min, column.lengths.max],
        quantiles: column.quantiles.quantiles([0, 0.1, 0.5, 0.9, 1]),
      },
    ]),
  ),
});

describe('TableState', () => {
  it('knows the columns of rows', () => {
    const state = stateOf([
      { temp: 12.8, weather: 'sun' },
      { temp: null, weather: 'snow', at: new Date(86_400_000) },
      'no row',
      { temp: 10, weather: '😀😀😀' },
    ]);
    expect([state.rows, [...state.columns.keys()]]).toEqual([4, ['temp', 'weather', 'at']]);
    const [temp, weather, at] = [...state.columns.values()];
    expect([temp?.count, temp?.nulls, temp?.types.integer, temp?.types.number]).toEqual([2, 2, 1, 1]);
    expect([temp?.moments.mean, temp?.quantiles.quantile(0.5)]).toEqual([11.4, 10]);
    expect([weather?.lengths.min, weather?.lengths.max, weather?.first, weather?.last]).toEqual([
      3,
      4,
      'snow',
      '😀😀😀',
    ]);
    expect([at?.nulls, at?.types.date, at?.times.max]).toEqual([3, 1, 86_400_000]);
  });

  it('is the same in any order and any grouping, saved or not', () => {
    const shards = fc.array(fc.array(row, { maxLength: 20 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shards, (lists) => {
        const all = factsOf(stateOf(lists.flat()));
        const forth = lists.map(stateOf).reduce((a, b) => (a.merge(b), a), new TableState());
        const back = lists.map(stateOf).reduceRight((b, a) => (a.merge(b), a), new TableState());
        expect(factsOf(forth)).toEqual(all);
        expect(factsOf(back)).toEqual(all);
        expect(factsOf(TableState.from(JSON.parse(JSON.stringify(forth))))).toEqual(all);
      }),
      { numRuns: 25 },
    );
  });

  it('is of rows, columns and streams alike', async () => {
    const rows = Array.from({ length: 3000 }, (_, id) => ({ id, temp: id / 7 }));
    const wanted = factsOf(stateOf(rows));
    const table = columns({ id: rows.map(({ id }) => id), temp: Float64Array.from(rows, ({ temp }) => temp) });
    async function* stream() {
      yield* rows;
    }
    for (const source of [rows, table, stream(), new Set(rows)]) {
      expect(factsOf(await TableState.of(source))).toEqual(wanted);
    }
    // @ts-expect-error A number has no rows.
    await expect(TableState.of(5)).rejects.toThrow('"source" must be');
  });

  it('stops when it is told to', async () => {
    const reason = new Error('enough');
    await expect(TableState.of([], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const control = new AbortController();
    const rows = Array.from({ length: 60_000 }, (_, id) => ({ id: `${id}`, name: `name ${id}` }));
    setImmediate(() => control.abort(reason));
    await expect(TableState.of(rows, { signal: control.signal })).rejects.toBe(reason);
    async function* endless() {
      for (let id = 0; ; id++) {
        if (id === 2000) control.abort(reason);
        yield { id };
      }
    }
    await expect(TableState.of(endless(), { signal: control.signal })).rejects.toBe(reason);
  });

  it('survives rows of every kind', () => {
    const proto: unknown = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}');
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const state = stateOf([proto, null, 5, [1], { a: Symbol('s') }, circular, { b: () => 1 }, { c: 'x'.repeat(1e6) }]);
    expect(state.columns.get('__proto__')?.moments.mean).toBe(1);
    expect(factsOf(TableState.from(JSON.parse(JSON.stringify(state))))).toEqual(factsOf(state));
  });

  it('refuses more columns than it can hold', () => {
    const wide = Object.fromEntries(Array.from({ length: 5001 }, (_, index) => [`c${index}`, null]));
    expect(() => stateOf([wide])).toThrow('at most 5000 columns');
  });

  it('holds the beginning of long bigints, and the mean of numbers whose distance is no number', () => {
    const state = stateOf(Array.from({ length: 60 }, (_, at) => ({ long: 10n ** 20_000n + BigInt(at) })));
    expect(JSON.stringify(state).length).toBeLessThan(40 * 1024);
    expect(state.columns.get('long')?.distinct.estimate()).toBe(60);
    const halves = [stateOf([{ a: 1e308 }, { a: -1e308 }, { a: 3 }]), stateOf([{ a: 1e308 }, { a: -1e308 }])];
    expect(halves.map((half) => half.columns.get('a')?.moments.mean)).toEqual([1, 0]);
    const [low, high] = [stateOf([{ a: -1e308 }]), stateOf([{ a: 1e308 }])];
    low.merge(high);
    expect(low.columns.get('a')?.moments.mean).toBe(0);
  });

  it('refuses JSON that is not its own, and says where', () => {
    const json = JSON.parse(JSON.stringify(stateOf([{ a: 1 }, { a: 'x' }])));
    const read = (change: (copy: typeof json) => void) => () => {
      const copy = structuredClone(json);
      change(copy);
      return TableState.from(copy);
    };
    expect(read(() => undefined)().rows).toBe(2);
    expect(read((copy) => (copy.version = 2))).toThrow('version must be 1, got 2');
    expect(read((copy) => (copy.rows = 3))).toThrow('columns.0.state must be of 3 rows');
    expect(read((copy) => copy.columns.push(copy.columns[0]))).toThrow('columns.1.name must be there once');
    expect(() => TableState.from('{')).toThrow('it must be an object');
    const sketches = (copy: typeof json) => copy.columns[0].state;
    expect(read((copy) => (sketches(copy).quantiles.k = 512))).toThrow('columns.0.state.quantiles.k must be 256');
    const nested = JSON.parse(`${'['.repeat(1e5)}${']'.repeat(1e5)}`);
    expect(read((copy) => (sketches(copy).first = nested))).toThrow('less deep');
    expect(read((copy) => (sketches(copy).first = { $number: { toString: 1, valueOf: 1 } }))).toThrow(
      'as it is written',
    );
    // Whatever is missing is missed.
    const paths = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
      typeof value === 'object' && value !== null && path.length < 5
        ? Object.entries(value).flatMap(([key, item]) => [[...path, key], ...paths(item, [...path, key])])
        : [];
    const keys = paths(json).filter((path) => !['first', 'last'].includes(path.at(-1) ?? '') && path.length !== 2);
    expect(keys.length).toBeGreaterThan(20);
    for (const path of keys) {
      const without = read((copy) => {
        const holder = path.slice(0, -1).reduce((item, key) => item[key], copy);
        delete holder[path.at(-1) ?? ''];
      });
      expect(without, path.join('.')).toThrow('saved table state');
    }
  });

  it('takes at most 40 KB a column, in memory and as JSON', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    const used = async (): Promise<number> => {
      for (let round = 0; round < 3; round++) {
        if (typeof collect === 'function') collect();
        // What buffers held is given back a little later.
        await sleep(10);
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    // As much as a column can be made to hold: texts of two bytes a character, of many shapes, and numbers.
    const worst = (index: number): unknown =>
      index % 2 === 0 ? index / 7 : `${'ä-'.repeat(index % 30)}${'中'.repeat(index % 50)}${index}`;
    const makeColumn = (): TableState => {
      const state = new TableState();
      for (let index = 0; index < 2500; index++) state.push([{ a: worst(index) }]);
      return state;
    };
    const states = Array.from({ length: 20 }, makeColumn);
    const before = await used();
    for (let index = 0; index < 60; index++) states.push(makeColumn());
    expect(((await used()) - before) / 60).toBeLessThan(40 * 1024);
    for (const state of states) expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(40 * 1024);
  });
});
