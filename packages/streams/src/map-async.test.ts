import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { cut, delay, sources, watched } from '../test/sources.ts';
import { fromChunks, fromCsv, map, mapAsync, pipe, run } from './index.ts';

const ticks = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await Promise.resolve();
};

describe('mapAsync', () => {
  it('keeps the order however long each call takes, and without the order loses nothing', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(20)),
        fc.array(fc.nat(30)),
        fc.integer({ min: 1, max: 10 }),
        async (durations, places, concurrency) => {
          const items = durations.map((duration, index) => ({ duration, index }));
          for (const from of Object.values(sources)) {
            const finish = async ({ duration, index }: (typeof items)[number]) => {
              await ticks(duration);
              return index;
            };
            const indices = items.map(({ index }) => index);
            const ordered = pipe(from(cut(items, places)), mapAsync(finish, { concurrency }));
            expect(await Array.fromAsync(ordered)).toEqual(indices);
            const unordered = pipe(from(cut(items, places)), mapAsync(finish, { concurrency, ordered: false }));
            expect((await Array.fromAsync(unordered)).toSorted((a, b) => a - b)).toEqual(indices);
          }
        },
      ),
      { numRuns: 30 },
    ));

  it('hands results on as they are ready when the order does not matter', async () => {
    const slowFirst = mapAsync(async (ms: number) => delay(ms).then(() => ms), { ordered: false });
    expect(await Array.fromAsync(pipe([30, 1], slowFirst))).toEqual([1, 30]);
  });

  it('takes a function that returns no promise', async () => {
    expect(
      await Array.fromAsync(
        pipe(
          [1, 2],
          mapAsync((n) => n * 2),
        ),
      ),
    ).toEqual([2, 4]);
  });

  it('runs as many calls as it may, not one more', async () => {
    let running = 0;
    let most = 0;
    await run(
      pipe(
        Array.from({ length: 50 }, (_, index) => index),
        mapAsync(
          async () => {
            running += 1;
            most = Math.max(most, running);
            await delay(1);
            running -= 1;
          },
          { concurrency: 5 },
        ),
      ),
    );
    expect(most).toBe(5);
  });

  it('never reads further ahead than the concurrency and one chunk', async () => {
    for (const ordered of [true, false]) {
      const { seen, items } = watched(100);
      let taken = 0;
      for await (const _ of pipe(
        items(),
        mapAsync(async (n) => n, { concurrency: 4, ordered }),
      )) {
        taken += 1;
        await delay(0);
        expect(seen.pulled - taken).toBeLessThanOrEqual(4 + 1);
      }
      expect(taken).toBe(100);
    }
  });

  it('starts calls on what has come while more is still on its way', async () => {
    const started: number[] = [];
    const source = fromChunks(async function* () {
      yield [1, 2];
      await delay(20);
      expect(started).toEqual([1, 2]);
      yield [3];
    });
    await run(
      pipe(
        source,
        mapAsync(async (n) => {
          started.push(n);
        }),
      ),
    );
    expect(started).toEqual([1, 2, 3]);
  });

  it('cancels the other calls when one fails, waits for them, and closes the source', async () => {
    const { seen, items } = watched(100);
    let cancelled = 0;
    const fail = new Error('503');
    const rows = pipe(
      items(),
      mapAsync(
        async (n, { signal }) => {
          if (n === 2) {
            await delay(10);
            throw fail;
          }
          if (n < 2) return n;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          expect(signal.reason).toBe(fail);
          await delay(20);
          cancelled += 1;
          throw signal.reason;
        },
        { concurrency: 4 },
      ),
    );
    const got: number[] = [];
    await expect(
      run(
        pipe(
          rows,
          map((n) => got.push(n)),
        ),
      ),
    ).rejects.toMatchObject({
      operator: 'mapAsync',
      place: 1,
      cause: fail,
    });
    expect(got).toEqual([0, 1]);
    expect(cancelled).toBeGreaterThan(0);
    expect(seen.closed).toBe(1);
  });

  it('aborts the calls in flight when the run is aborted or the loop is left, and not when all went well', async () => {
    const signals: AbortSignal[] = [];
    const call = (ms: number) =>
      mapAsync(async (n: number, { signal }) => {
        signals.push(signal);
        await delay(ms);
        return n;
      });
    const controller = new AbortController();
    setTimeout(() => controller.abort('stop'), 10);
    await expect(run(pipe([1], call(50)), undefined, controller)).rejects.toBe('stop');
    expect(signals[0]?.reason).toBe('stop');
    for await (const _ of pipe([1, 2, 3], call(1))) break;
    expect(signals[1]?.aborted).toBe(true);
    signals.length = 0;
    await run(pipe([1, 2], call(1)));
    expect(signals[0]?.aborted).toBe(false);
  });

  it('does not wait for ever for calls that ignore their signal', async () => {
    const begun = performance.now();
    const controller = new AbortController();
    setTimeout(() => controller.abort('stop'), 5);
    const stuck = pipe(
      [1, 2],
      mapAsync(() => new Promise(() => {})),
    );
    await expect(run(stuck, undefined, controller)).rejects.toBe('stop');
    expect(performance.now() - begun).toBeLessThan(900);
  });

  it.each([true, false])(
    'waits for such calls 5 s after a failure, not once more for it: ordered %s',
    async (ordered) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const { promise: failed, resolve: fail } = Promise.withResolvers<void>();
      try {
        const stuck = mapAsync<number, number | Promise<never>>(
          (n) => {
            if (n === 4) {
              fail();
              throw new RangeError('Too warm.');
            }
            return n === 3 ? new Promise<never>(() => {}) : n;
          },
          { ordered },
        );
        const got: number[] = [];
        const sink = { write: (items: readonly number[]) => void got.push(...items), close() {} };
        let failure: unknown;
        void run(pipe([1, 2, 3, 4], stuck), sink).catch((error: unknown) => (failure = error));
        await failed;
        await setImmediate();
        await vi.advanceTimersByTimeAsync(4_900);
        expect(failure).toBeUndefined();
        await vi.advanceTimersByTimeAsync(200);
        await setImmediate();
        expect(failure).toMatchObject({ cause: new RangeError('Too warm.') });
        expect(got).toEqual([1, 2]);
      } finally {
        vi.useRealTimers();
      }
    },
  );

  it('delivers the calls before the failure of the source', async () => {
    const source = fromChunks<number>(async function* () {
      yield [1, 2];
      throw new Error('source');
    });
    const got: number[] = [];
    const read = async () => {
      for await (const n of pipe(
        source,
        mapAsync(async (item) => delay(5).then(() => item)),
      ))
        got.push(n);
    };
    await expect(read()).rejects.toThrow('source');
    expect(got).toEqual([1, 2]);
  });

  it.each([true, false])(
    'tells the item it failed on, and keeps the positions behind it: ordered %s',
    async (ordered) => {
      const csv = fromCsv('n\n1\n22\n333\n4444\n');
      const wait = async ({ n = '' }: Record<string, string>) => {
        await ticks(10 - n.length);
        if (n === '4444') throw new Error('four');
        return n;
      };
      await expect(run(pipe(csv, mapAsync(wait, { ordered })))).rejects.toMatchObject({
        operator: 'mapAsync',
        position: { index: 3, line: 5, byte: 11 },
      });
      const behind = pipe(
        csv,
        mapAsync(async ({ n }) => n, { ordered }),
        map((n) => {
          if (n === '333') throw new Error('three');
          return n;
        }),
      );
      await expect(run(behind)).rejects.toMatchObject({ operator: 'map', position: { index: 2, line: 4, byte: 7 } });
    },
  );

  it('counts every item once, also when calls throw or answer at once', async () => {
    const failing = pipe(
      [1, 2, 3, 4],
      mapAsync((n) => {
        if (n === 3) throw new Error('at once');
        return n === 1 ? Promise.resolve(-n) : -n;
      }),
    );
    const got: unknown[] = [];
    const read = async () => {
      for await (const n of failing) got.push(n);
    };
    await expect(read()).rejects.toMatchObject({ operator: 'mapAsync', position: { index: 2 } });
    expect(got).toEqual([-1, -2]);
  });

  it('can have more calls in flight than there are items', async () => {
    const rows = pipe(
      [1, 2, 3],
      mapAsync(async (n) => n, { concurrency: Number.MAX_SAFE_INTEGER }),
    );
    expect(await Array.fromAsync(rows)).toEqual([1, 2, 3]);
  });
});
