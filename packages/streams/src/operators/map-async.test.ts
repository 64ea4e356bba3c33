import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { cut, delay, sources, watched } from '../../test/sources.ts';
import {
  count,
  eventTime,
  filter,
  fromChunks,
  fromCsv,
  map,
  mapAsync,
  OperatorError,
  pipe,
  type Reject,
  RejectLimitError,
  run,
  tumbling,
} from '../index.ts';

const ticks = async (times: number): Promise<void> => {
  for (let n = 0; n < times; n += 1) await Promise.resolve();
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

describe('mapAsync with rejects', () => {
  const odd = new RangeError('No odd numbers.');
  const even = (n: number): string => {
    if (n % 2 === 1) throw odd;
    return `${n}`;
  };

  it('tells every failure in order, and hands on what came before one too many', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ ticks: fc.nat(20), fails: fc.boolean(), atOnce: fc.boolean() })),
        fc.array(fc.nat(30)),
        fc.integer({ min: 1, max: 10 }),
        fc.nat(10),
        async (calls, places, concurrency, maxRejects) => {
          const items = calls.map((call, index) => ({ ...call, index }));
          const reason = (index: number) => `no ${index}`;
          const fn = (item: (typeof items)[number]) => {
            const answer = () => {
              if (item.fails) throw new Error(reason(item.index));
              return item.index;
            };
            return item.atOnce ? answer() : ticks(item.ticks).then(answer);
          };
          const failing = items.filter(({ fails }) => fails);
          const tooMany = failing[maxRejects];
          const told = failing.slice(0, maxRejects);
          const good = items.filter(({ fails, index }) => !fails && index < (tooMany?.index ?? Infinity));
          const oneOf = { operator: 'mapAsync', cause: expect.any(Error) };
          for (const ordered of [true, false]) {
            for (const from of Object.values(sources)) {
              const rejects: Reject[] = [];
              const got: number[] = [];
              const set = async (reject: Reject) => {
                await ticks(reject.position.index % 3);
                rejects.push(reject);
              };
              const done = run(
                pipe(from(cut(items, places)), mapAsync(fn, { concurrency, ordered, rejects: set, maxRejects })),
                { write: (results) => void got.push(...results), close() {} },
              );
              if (tooMany === undefined) await done;
              else await expect(done).rejects.toBeInstanceOf(RejectLimitError);
              if (ordered || tooMany === undefined) {
                const inOrder = ordered ? rejects : rejects.toSorted((a, b) => a.position.index - b.position.index);
                expect(inOrder).toEqual(
                  told.map((item) => ({
                    ...oneOf,
                    position: { index: item.index },
                    reason: reason(item.index),
                    issues: [{ message: reason(item.index) }],
                    value: item,
                  })),
                );
                expect(ordered ? got : got.toSorted((a, b) => a - b)).toEqual(good.map(({ index }) => index));
              } else {
                expect(rejects).toHaveLength(maxRejects);
                expect(got.filter((index) => items[index]?.fails !== false)).toEqual([]);
                expect(new Set(got).size).toBe(got.length);
              }
            }
          }
        },
      ),
      { numRuns: 30 },
    ));

  it('without the order tells of a failure when it comes', async () => {
    const seen: unknown[] = [];
    const call = async (ms: number) => {
      await delay(ms);
      if (ms < 30) throw new Error('quick');
      return ms;
    };
    const rejects = ({ value }: Reject) => void seen.push(value);
    const sink = { write: (items: readonly number[]) => void seen.push(...items), close() {} };
    await run(pipe([40, 1], mapAsync(call, { ordered: false, rejects })), sink);
    expect(seen).toEqual([1, 40]);
  });

  it('knows the place of the row and tells of what is thrown and is no error', async () => {
    const seen: Reject[] = [];
    const rejects = (reject: Reject) => void seen.push(reject);
    const fail = ({ n }: Record<string, string>) => Promise.reject(n);
    await run(pipe(fromCsv('n\n1\n22\n'), mapAsync(fail, { rejects })));
    expect(seen).toMatchObject([
      { position: { index: 0, line: 2, byte: 2 }, value: { n: '1' }, reason: '1', cause: '1' },
      { position: { index: 1, line: 3, byte: 4 }, value: { n: '22' }, reason: '22', cause: '22' },
    ]);
  });

  it('stops past maxRejects: says so, cancels the other calls, waits for them and closes the source', async () => {
    const { seen, items } = watched(100);
    let cancelled = 0;
    const call = async (n: number, { signal }: { signal: AbortSignal }) => {
      if (n === 1) return n;
      if (n === 0 || n === 2) throw odd;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await delay(20);
      cancelled += 1;
      throw signal.reason;
    };
    const told: unknown[] = [];
    const got: number[] = [];
    const rejects = ({ value }: Reject) => void told.push(value);
    const error: unknown = await run(pipe(items(), mapAsync(call, { concurrency: 4, rejects, maxRejects: 1 })), {
      write: (results) => void got.push(...results),
      close() {},
    }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RejectLimitError);
    expect(error).toMatchObject({
      operator: 'mapAsync',
      maxRejects: 1,
      reject: { value: 2, position: { index: 2 }, cause: odd },
    });
    expect([told, got, seen.closed]).toEqual([[0], [1], 1]);
    expect(cancelled).toBeGreaterThan(0);
  });

  it.each([true, false])('takes no abort for a reject, nor tells of any after it: ordered %s', async (ordered) => {
    const told: unknown[] = [];
    const controller = new AbortController();
    const { promise: sameTick, reject: failInSameTick } = Promise.withResolvers<never>();
    const call = async (n: number, { signal }: { signal: AbortSignal }) => {
      if (n === 0) return sameTick;
      const stopped = n === 1 ? signal : controller.signal;
      await new Promise((resolve) => stopped.addEventListener('abort', resolve));
      throw stopped.reason;
    };
    const rejects = ({ value }: Reject) => void told.push(value);
    const done = run(pipe([0, 1, 2], mapAsync(call, { ordered, rejects })), undefined, controller);
    await delay(5);
    failInSameTick(odd);
    controller.abort('stop');
    await expect(done).rejects.toBe('stop');
    await delay(5);
    expect(told).toEqual([]);
  });

  it('waits for rejects, reads no further meanwhile, and does not let it hold up an abort', async () => {
    const { seen, items } = watched(100);
    const told: unknown[] = [];
    const rejects = ({ value }: Reject) => {
      told.push(value);
      return new Promise<void>(() => {});
    };
    const controller = new AbortController();
    const call = async () => Promise.reject(odd);
    const done = run(pipe(items(), mapAsync(call, { concurrency: 4, rejects })), undefined, controller);
    await delay(20);
    expect(told).toEqual([0]);
    expect(seen.pulled).toBeLessThanOrEqual(4 + 1);
    const begun = performance.now();
    controller.abort('stop');
    await expect(done).rejects.toBe('stop');
    expect(performance.now() - begun).toBeLessThan(900);
    expect(seen.closed).toBe(1);
  });

  it('fails when rejects does, and without it as ever', async () => {
    const rejects = () => Promise.reject(new Error('Disk full.'));
    const full = pipe([0, 1], mapAsync(even, { rejects }));
    await expect(run(full)).rejects.toMatchObject({
      operator: 'mapAsync',
      position: { index: 1 },
      cause: new Error('Disk full.'),
    });
    await expect(run(pipe([1], mapAsync(even, { maxRejects: 5 })))).rejects.toBeInstanceOf(OperatorError);
    expect(() => mapAsync(even, { maxRejects: -1 })).toThrow('mapAsync.maxRejects');
  });

  it('tells the rejects before a failure of the source', async () => {
    const told: unknown[] = [];
    const source = fromChunks<number>(async function* () {
      yield [1, 3];
      throw new Error('source');
    });
    const rejects = ({ value }: Reject) => void told.push(value);
    await expect(run(pipe(source, mapAsync(even, { rejects })))).rejects.toThrow('source');
    expect(told).toEqual([1, 3]);
  });
});

describe('mapAsync behind an eventTime', () => {
  const isEven = (n: number) => n % 2 === 0;
  it.each([
    ['it refused', () => true],
    ['was left out before it', isEven],
  ])('passes the watermark on though the item that moved it %s', async (_, keeps) => {
    const { promise: isOut, resolve: out } = Promise.withResolvers<void>();
    async function* waits() {
      yield 2;
      yield 13;
      await isOut;
    }
    const refuse = async (n: number) => (isEven(n) ? n : Promise.reject(new Error('odd')));
    const windows = pipe(
      waits(),
      eventTime((n) => n),
      filter(keeps),
      mapAsync(refuse, { rejects() {} }),
      tumbling({ sizeMs: 10, aggregate: { items: count() } }),
    );
    for await (const window of windows) {
      expect(window).toMatchObject({ start: 0, items: 1 });
      out();
    }
  });
});
