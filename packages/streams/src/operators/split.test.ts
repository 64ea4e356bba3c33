import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, delay, sources, watched } from '../../test/sources.ts';
import { fromChunks, map, partition, pipe, type Pipe, run, take, tee } from '../index.ts';

const chunked = fc.tuple(fc.array(fc.integer()), fc.array(fc.nat(40))).map(([items, places]) => cut(items, places));
const isOdd = (n: number) => n % 2 !== 0;

const both = (branches: readonly [Pipe<number>, Pipe<number>]): Promise<number[][]> =>
  Promise.all(branches.map((branch) => Array.fromAsync(branch)));

describe.each(Object.entries(sources))('over %s', (_name, from) => {
  it('tee gives everything to both, partition each item to one', () =>
    fc.assert(
      fc.asyncProperty(chunked, fc.integer({ min: 1, max: 5 }), async (chunks, maxAhead) => {
        const items = chunks.flat();
        expect(await both(tee(from(chunks), { maxAhead }))).toEqual([items, items]);
        expect(await both(partition(from(chunks), isOdd, { maxAhead }))).toEqual([
          items.filter(isOdd),
          items.filter((n) => !isOdd(n)),
        ]);
      }),
      { numRuns: 50 },
    ));
});

describe.each([
  ['tee', (source: AsyncIterable<number>, maxAhead?: number) => tee(source, { maxAhead })],
  ['partition', (source: AsyncIterable<number>, maxAhead?: number) => partition(source, isOdd, { maxAhead })],
] as const)('%s', (name, split) => {
  it('opens the source once, with the first branch that is read, and anew when both are read again', async () => {
    let opened = 0;
    const branches = split(
      fromChunks(() => {
        opened += 1;
        return [[1, 2], [3]];
      }),
    );
    expect(opened).toBe(0);
    const first = await both(branches);
    expect(opened).toBe(1);
    expect(await both(branches)).toEqual(first);
    expect(opened).toBe(2);
  });

  it('can be read one branch after the other as long as little waits', async () => {
    const [a, b] = split(
      fromChunks(() => [[1, 2], [3]]),
      10,
    );
    expect(await Array.fromAsync(a)).toEqual(name === 'tee' ? [1, 2, 3] : [1, 3]);
    expect(await Array.fromAsync(b)).toEqual(name === 'tee' ? [1, 2, 3] : [2]);
  });

  it('holds the faster reader, and the source, back for the slower one', async () => {
    const { seen, items } = watched(200);
    const [fast, slow] = split(items(), 5);
    let taken = 0;
    const crawl = async () => {
      for await (const _ of slow) {
        taken += 1;
        await delay(0);
        const share = name === 'tee' ? taken : 2 * taken;
        expect(seen.pulled - share).toBeLessThanOrEqual(name === 'tee' ? 7 : 14);
      }
    };
    await Promise.all([run(fast), crawl()]);
    expect(taken).toBe(name === 'tee' ? 200 : 100);
  });

  it('goes on for one branch alone when the other is left, and closes the source with the last', async () => {
    const { seen, items } = watched(100);
    const [a, b] = split(items(), 3);
    const leave = async () => {
      for await (const _ of a) break;
    };
    const [, rest] = await Promise.all([leave(), Array.fromAsync(pipe(b, take(20)))]);
    expect(rest).toHaveLength(20);
    expect(seen.closed).toBe(1);
    expect(seen.pulled).toBeLessThan(60);
  });

  it('lets the faster branch go on when the one it waits for is left', async () => {
    const [slow, fast] = split(watched(50).items(), 3);
    const reading = slow[Symbol.asyncIterator]();
    const rest = Array.fromAsync(fast);
    await reading.next();
    await delay(5);
    await reading.return?.();
    expect(await rest).toHaveLength(name === 'tee' ? 50 : 25);
  });

  it('closes the source when the only branch that was read is left; the other then begins anew', async () => {
    const all: ReturnType<typeof watched>['seen'][] = [];
    const source = fromChunks(async function* () {
      const { seen, items } = watched(10);
      all.push(seen);
      for await (const n of items()) yield [n];
    });
    const [a, b] = split(source, 3);
    for await (const _ of a) break;
    expect(all).toEqual([{ pulled: expect.any(Number), closed: 1 }]);
    const rest = Array.fromAsync(b);
    const again = Array.fromAsync(a);
    expect((await rest).length + (await again).length).toBe(name === 'tee' ? 20 : 10);
    expect(all).toHaveLength(2);
  });

  it('tells both of a failure of the source, after what came before', async () => {
    const error = new Error('source');
    const got: number[][] = [[], []];
    const branches = split(
      fromChunks<number>(async function* () {
        yield [1, 2];
        throw error;
      }),
    );
    const read = async (branch: Pipe<number>, index: number) => {
      for await (const n of branch) got[index]?.push(n);
    };
    const results = await Promise.allSettled(branches.map(read));
    expect(results).toEqual([
      { status: 'rejected', reason: error },
      { status: 'rejected', reason: error },
    ]);
    expect(got).toEqual(name === 'tee' ? [[1, 2], [1, 2]] : [[1], [2]]); // prettier-ignore
  });

  it('lets an abort of one branch wait for nothing, though the other is never read', async () => {
    const { seen, items } = watched(100);
    const [a] = split(items(), 2);
    const controller = new AbortController();
    setTimeout(() => controller.abort('stop'), 20);
    const begun = performance.now();
    await expect(run(a, undefined, controller)).rejects.toBe('stop');
    expect(performance.now() - begun).toBeLessThan(400);
    expect(seen.closed).toBe(1);
    expect(seen.pulled).toBeLessThan(8);
  });
});

describe('partition', () => {
  it('drops what belongs to a branch that was left', async () => {
    const { items } = watched(100);
    const [odd, even] = partition(items(), isOdd, { maxAhead: 2 });
    const leave = async () => {
      for await (const _ of even) break;
    };
    const [all] = await Promise.all([Array.fromAsync(odd), leave()]);
    expect(all).toHaveLength(50);
  });

  it('names itself, its place and the item when its test throws, to both', async () => {
    const cause = new Error('bad');
    const source = pipe(
      fromChunks(() => [[1, 2, 3]]),
      map((n) => n),
    );
    const branches = partition(source, (n) => {
      if (n === 3) throw cause;
      return isOdd(n);
    });
    const results = await Promise.allSettled(branches.map((branch) => run(branch)));
    for (const result of results) {
      expect(result).toMatchObject({ reason: { operator: 'partition', place: 2, position: { index: 2 }, cause } });
    }
  });

  it('keeps the positions of the items', async () => {
    const [odd, even] = partition(
      fromChunks(() => [
        [1, 2, 3],
        [4, 5],
      ]),
      isOdd,
    );
    const fail = (at: number) =>
      map((n: number) => {
        if (n === at) throw new Error('bad');
        return n;
      });
    const results = await Promise.allSettled([run(pipe(odd, fail(5))), run(pipe(even, fail(4)))]);
    expect(results).toMatchObject([{ reason: { position: { index: 4 } } }, { reason: { position: { index: 3 } } }]);
  });
});

describe('construction', () => {
  it('refuses what cannot work and names it', () => {
    // @ts-expect-error not iterable
    expect(() => tee(5)).toThrow('Option "tee.source" must be an iterable or async iterable, got 5.');
    expect(() => tee([1], { maxAhead: 0 })).toThrow('Option "tee.maxAhead" must be an integer from 1, got 0.');
    // @ts-expect-error not a function
    expect(() => partition([1], 'odd')).toThrow('Option "partition.test"');
    expect(() => partition([1], isOdd, { maxAhead: Infinity })).toThrow('Option "partition.maxAhead"');
  });
});
