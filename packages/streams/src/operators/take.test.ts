import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, delay, sources, watched } from '../../test/sources.ts';
import { batch, filter, fromChunks, map, mapAsync, pipe, run, take, takeWhile } from '../index.ts';

const chunked = fc.tuple(fc.array(fc.integer()), fc.array(fc.nat(40))).map(([items, places]) => cut(items, places));

describe.each(Object.entries(sources))('take and takeWhile over %s', (_name, from) => {
  it('do what slice and a search for the first stranger do, also in front of and behind others', () =>
    fc.assert(
      fc.asyncProperty(chunked, fc.nat(50), fc.integer({ min: 1, max: 7 }), async (chunks, count, size) => {
        const items = chunks.flat();
        const small = (n: number) => n < 1_000_000;
        const stranger = items.findIndex((n) => !small(n));
        expect(await Array.fromAsync(pipe(from(chunks), take(count)))).toEqual(items.slice(0, count));
        expect(await Array.fromAsync(pipe(from(chunks), takeWhile(small)))).toEqual(
          stranger === -1 ? items : items.slice(0, stranger),
        );
        const groups: number[][] = [];
        const mixed = pipe(
          from(chunks),
          batch(size),
          take(3),
          map((group) => groups.push(group)),
          batch(2),
          take(1),
          mapAsync(async (pair) => pair),
        );
        const taken = Math.min(2, Math.ceil(items.length / size));
        expect(await Array.fromAsync(mixed)).toEqual(taken === 0 ? [] : [taken === 1 ? [1] : [1, 2]]);
        expect(groups.flat()).toEqual(items.slice(0, taken * size));
      }),
      { numRuns: 50 },
    ));
});

describe('take', () => {
  it('closes the source with the last item it wants, and before the pipe is over', async () => {
    const { seen, items } = watched(100);
    expect(await run(pipe(items(), take(3)))).toEqual({ items: 3, result: undefined });
    expect(seen).toEqual({ pulled: 3, closed: 1 });
  });

  it('does not keep the source open while its last items are looked at', async () => {
    const { seen, items } = watched(100);
    for await (const n of pipe(items(), take(2))) {
      await delay(20);
      expect(seen.closed).toBe(n);
    }
  });

  it('of none asks for none', async () => {
    let asked = 0;
    const source = (function* () {
      yield (asked += 1);
    })();
    expect(await Array.fromAsync(pipe(source, take(0)))).toEqual([]);
    expect(asked).toBe(0);
    const { seen, items } = watched(1, { hangs: true });
    expect(
      await Array.fromAsync(
        pipe(
          items(),
          map((n) => n),
          take(0),
        ),
      ),
    ).toEqual([]);
    expect(seen.pulled).toBe(0);
  });

  it('calls no function in front of it for an item it does not want', async () => {
    const seen: number[] = [];
    const rows = pipe(
      fromChunks(() => [[1, 2, 3, 4]]),
      map((n) => seen.push(n)),
      take(2),
    );
    expect(await Array.fromAsync(rows)).toEqual([1, 2]);
    expect(await Array.fromAsync(rows)).toEqual([3, 4]);
    expect(seen).toEqual([1, 2, 1, 2]);
  });

  it('drops what an operator in front of it holds back, and gets what one behind it holds back out', async () => {
    const rows = pipe([1, 2, 3, 4, 5], batch(2), take(2), batch(2), take(2), batch(3));
    expect(await Array.fromAsync(rows)).toEqual([
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ]);
  });

  it('ends operators that wait in front of it', async () => {
    const { seen, items } = watched(1000);
    const signals: AbortSignal[] = [];
    const rows = pipe(
      items(),
      mapAsync(async (n, { signal }) => {
        signals.push(signal);
        return n;
      }),
      take(2),
    );
    expect(await Array.fromAsync(rows)).toEqual([0, 1]);
    expect(seen.closed).toBe(1);
    expect(signals[0]?.aborted).toBe(true);
  });

  it('reports what the source throws while it closes, after the items', async () => {
    async function* source() {
      try {
        yield 1;
        yield 2;
      } finally {
        await Promise.reject(new Error('close'));
      }
    }
    const seen: number[] = [];
    const read = async () => {
      for await (const n of pipe(source(), take(1))) seen.push(n);
    };
    await expect(read()).rejects.toThrow('close');
    expect(seen).toEqual([1]);
  });

  it('lets an error behind it through', async () => {
    const { seen, items } = watched(10);
    const failing = pipe(
      items(),
      take(1),
      batch(2),
      map(() => {
        throw new Error('bad');
      }),
    );
    await expect(run(failing)).rejects.toMatchObject({ operator: 'map', place: 3, position: { index: 0 } });
    expect(seen.closed).toBe(1);
  });

  it('refuses what is no count', () => {
    expect(() => take(-1)).toThrow('Option "take.count" must be an integer from 0, got -1.');
    expect(() => take(1.5)).toThrow('Option "take.count"');
  });
});

describe('takeWhile', () => {
  it('closes the source with the first item that does not pass', async () => {
    const { seen, items } = watched(100);
    const rows = pipe(
      items(),
      filter((n) => n !== 1),
      takeWhile((n) => n < 3),
    );
    expect(await Array.fromAsync(rows)).toEqual([0, 2]);
    expect(seen).toEqual({ pulled: 4, closed: 1 });
  });

  it('names itself when its test throws', async () => {
    const cause = new Error('bad');
    const rows = pipe(
      [1],
      takeWhile(() => {
        throw cause;
      }),
    );
    await expect(run(rows)).rejects.toMatchObject({ operator: 'takeWhile', place: 1, cause });
    // @ts-expect-error not a function
    expect(() => takeWhile(3)).toThrow('Option "takeWhile.test" must be a function, got 3.');
  });
});
