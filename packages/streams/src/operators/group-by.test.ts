import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, sources, watched } from '../../test/sources.ts';
import {
  batch,
  dedupe,
  filter,
  groupBy,
  KeyLimitError,
  map,
  mapAsync,
  OperatorError,
  pipe,
  reduce,
  run,
  scan,
  take,
} from '../index.ts';

const chunked = fc
  .tuple(fc.array(fc.integer({ min: -9, max: 9 })), fc.array(fc.nat(40)))
  .map(([items, places]) => cut(items, places));
const key = (n: number) => Math.abs(n % 3);
const add = (sum: number, n: number) => sum + n;

const grouped = (items: readonly number[]) => [...Map.groupBy(items, key)];

describe.each(Object.entries(sources))('groupBy over %s', (_name, from) => {
  it('does for each key what the operators do for an array', () =>
    fc.assert(
      fc.asyncProperty(chunked, fc.integer({ min: 1, max: 4 }), async (chunks, count) => {
        const items = chunks.flat();
        const sums = pipe(from(chunks), groupBy({ key }, reduce(add, 0)));
        expect(await Array.fromAsync(sums)).toEqual(grouped(items).map(([id, ns]) => [id, ns.reduce(add, 0)]));

        const running = await Array.fromAsync(pipe(from(chunks), groupBy({ key }, scan(add, 0))));
        const batches = await Array.fromAsync(pipe(from(chunks), groupBy({ key }, batch(count))));
        const firsts = await Array.fromAsync(
          pipe(
            from(chunks),
            groupBy(
              { key },
              filter((n) => n !== 4),
              take(count),
              batch(2),
            ),
          ),
        );
        for (const [id, ns] of grouped(items)) {
          expect(running.filter(([of]) => of === id).map(([, sum]) => sum)).toEqual(
            ns.map((_, index) => ns.slice(0, index + 1).reduce(add, 0)),
          );
          const own = batches.filter(([of]) => of === id).map(([, group]) => group);
          expect(own.flat()).toEqual(ns);
          expect(own.slice(0, -1).every(({ length }) => length === count)).toBe(true);
          const taken = firsts.filter(([of]) => of === id).flatMap(([, pair]) => pair);
          expect(taken).toEqual(ns.filter((n) => n !== 4).slice(0, count));
        }
        expect(running.map(([id]) => id)).toEqual(items.map(key));
      }),
      { numRuns: 50 },
    ));
});

describe('groupBy', () => {
  it('ends the pipe with one key too many', async () => {
    const { seen, items } = watched(100);
    const rows = pipe(items(), groupBy({ key: (n) => n, maxKeys: 2 }, take(1)));
    const got: unknown[] = [];
    const read = async () => {
      for await (const pair of rows) got.push(pair);
    };
    const error: unknown = await read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KeyLimitError);
    expect(error).toMatchObject({ operator: 'groupBy', place: 1, position: { index: 2 }, maxKeys: 2 });
    expect(String(error)).toContain('groupBy (operator 1) met more than 2 keys at index 2');
    expect(got).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(seen.closed).toBe(1);
  });

  it('lets a take behind it close the source, and one inside only its group', async () => {
    const { seen, items } = watched(100);
    expect(await Array.fromAsync(pipe(items(), groupBy({ key }, take(1)), take(3)))).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(seen).toEqual({ pulled: 3, closed: 1 });
  });

  it('ends a group once', async () => {
    const counted = pipe(
      [0, 1, 2, 3, 4, 5],
      groupBy(
        { key },
        take(1),
        reduce((n) => n + 1, 0),
      ),
    );
    expect(await Array.fromAsync(counted)).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  it('names itself, its place and the item when its key or an operator of a group throws', async () => {
    const cause = new Error('bad');
    const fail = (n: number): number => {
      if (n === 2) throw cause;
      return n;
    };
    for (const operator of [groupBy({ key: fail }, take(9)), groupBy({ key }, map(fail))]) {
      const rows = pipe(
        [1, 2],
        map((n) => n),
        operator,
      );
      const error: unknown = await run(rows).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OperatorError);
      expect(error).toMatchObject({ operator: 'groupBy', place: 2, position: { index: 1 }, cause });
    }
    const behind = pipe([1], groupBy({ key }, batch(2)), map(() => fail(2))); // prettier-ignore
    await expect(run(behind)).rejects.toMatchObject({ operator: 'map', place: 2, cause });
  });

  it('gives each run groups of its own', async () => {
    const rows = pipe([1, 1, 4], groupBy({ key }, dedupe()));
    expect(await Array.fromAsync(rows)).toEqual([
      [1, 1],
      [1, 4],
    ]);
    expect(await Array.fromAsync(rows)).toHaveLength(2);
  });

  it('refuses what cannot work and names it', () => {
    // @ts-expect-error a column is no function
    expect(() => groupBy({ key: 'station' }, take(1))).toThrow('Option "groupBy.key" must be a function');
    expect(() => groupBy({ key, maxKeys: 0 }, take(1))).toThrow('Option "groupBy.maxKeys"');
    // @ts-expect-error no operator
    expect(() => groupBy({ key })).toThrow('Option "groupBy.operators"');
    const waits = mapAsync(async (n: number) => n);
    expect(() => groupBy({ key }, take(1), waits)).toThrow('Option "groupBy.operators[1]" must be an operator');
  });
});
