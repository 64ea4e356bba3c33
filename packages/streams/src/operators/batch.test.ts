import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crash, memory } from '../../test/checkpoints.ts';
import { cut, delay, sources, timersEnd, watched } from '../../test/sources.ts';
import { anyText } from '../../test/texts.ts';
import {
  batch,
  count,
  eventTime,
  filter,
  fromChunks,
  map,
  mapAsync,
  OperatorError,
  pipe,
  run,
  take,
  tumbling,
} from '../index.ts';

const texts = fc
  .tuple(fc.array(anyText({ maxLength: 6 })), fc.array(fc.nat(40)))
  .map(([items, places]) => cut(items, places));

const bytesOf = (items: readonly string[]): number => Buffer.byteLength(items.join(''));

describe.each(Object.entries(sources))('batch over %s', (_name, from) => {
  it.each([undefined, 60_000])(
    'keeps to size and bytes, in order, no batch smaller than it must be: %s ms',
    (maxWaitMs) =>
      fc.assert(
        fc.asyncProperty(
          texts,
          fc.integer({ min: 1, max: 10 }),
          fc.integer({ min: 1, max: 20 }),
          async (chunks, size, maxBytes) => {
            // Lone surrogates are bytes of their own apart, and one character together.
            const whole = chunks.map((chunk) => chunk.map((text) => text.toWellFormed()));
            const batches = await Array.fromAsync(pipe(from(whole), batch({ size, maxBytes, maxWaitMs })));
            expect(batches.flat()).toEqual(whole.flat());
            for (const [index, items] of batches.entries()) {
              expect(items.length).toBeGreaterThan(0);
              expect(items.length).toBeLessThanOrEqual(size);
              if (items.length > 1) expect(bytesOf(items)).toBeLessThanOrEqual(maxBytes);
              const next = batches[index + 1]?.[0];
              if (next === undefined || items.length === size) continue;
              expect(bytesOf([...items, next]) > maxBytes || bytesOf(items) >= maxBytes).toBe(true);
            }
          },
        ),
        { numRuns: 50 },
      ),
  );
});

describe('batch in time', () => {
  async function* bursts() {
    yield 1;
    yield 2;
    await delay(80);
    yield 3;
    yield 4;
    yield 5;
    await delay(80);
    yield 6;
  }

  it('passes on what has waited long enough, and begins anew', async () => {
    const begun = performance.now();
    const arrived: number[] = [];
    const rows = pipe(
      bursts(),
      batch({ size: 10, maxWaitMs: 20 }),
      map((items) => {
        arrived.push(performance.now() - begun);
        return items;
      }),
    );
    expect(await Array.fromAsync(rows)).toEqual([[1, 2], [3, 4, 5], [6]]);
    expect(arrived[0]).toBeGreaterThanOrEqual(20);
    expect(arrived[0]).toBeLessThan(75);
  });

  it('never passes it on early, though timers may fire early', async () => {
    for (let round = 0; round < 20; round += 1) {
      let begun = Infinity;
      async function* pausing() {
        begun = performance.now();
        yield 1;
        await delay(10);
      }
      const waits: number[] = [];
      const rows = pipe(
        pausing(),
        batch({ maxWaitMs: 4.6 }),
        map(() => waits.push(performance.now() - begun)),
      );
      await Array.fromAsync(rows);
      expect(waits[0]).toBeGreaterThanOrEqual(4.6);
    }
  });

  it('counts from the first item, however steadily others come', async () => {
    async function* steady() {
      for (let n = 0; n < 20; n += 1) {
        await delay(5);
        yield n;
      }
    }
    const batches = await Array.fromAsync(pipe(steady(), batch({ maxWaitMs: 25 })));
    expect(batches.length).toBeGreaterThan(2);
    expect(batches.flat()).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it('keeps its time when the source never waits', async () => {
    const begun = performance.now();
    const batches: number[][] = [];
    async function* busy() {
      while (batches.length < 4 && performance.now() - begun < 2_000) yield 1;
    }
    for await (const gathered of pipe(busy(), batch({ size: 10_000_000, maxWaitMs: 20 }))) batches.push(gathered);
    expect(batches.length).toBeGreaterThan(3);
  });

  it('is full before its time, too', async () => {
    expect(await Array.fromAsync(pipe(bursts(), batch({ size: 2, maxWaitMs: 1_000 })))).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  it('reads no further than the batch it holds and one chunk', async () => {
    const { seen, items } = watched(100);
    let taken = 0;
    for await (const { length } of pipe(items(), batch({ size: 5, maxWaitMs: 1_000 }))) {
      taken += length;
      await delay(0);
      expect(seen.pulled - taken).toBeLessThanOrEqual(5 + 1);
    }
    expect(taken).toBe(100);
  });

  it('hands on full batches before a failure, and drops the one it holds', async () => {
    const source = fromChunks<number>(async function* () {
      yield [1, 2, 3];
      throw new Error('source');
    });
    for (const maxWaitMs of [undefined, 1_000]) {
      const seen: number[][] = [];
      const read = async () => {
        for await (const items of pipe(source, batch({ size: 2, maxWaitMs }))) seen.push(items);
      };
      await expect(read()).rejects.toThrow('source');
      expect(seen).toEqual([[1, 2]]);
    }
  });

  it('lets no watermark overtake what it holds', async () => {
    const late: unknown[] = [];
    const perSecond = pipe(
      fromChunks(() => [[100], [600], [3_000], [2_990]]),
      eventTime((at) => at, { outOfOrderMs: 20 }),
      filter((at) => at !== 3_000),
      batch({ size: 3, maxWaitMs: 1_000 }),
      tumbling({ sizeMs: 1_000, aggregate: { batches: count() }, late: (items) => void late.push(items) }),
    );
    // A batch has the time of its last item.
    const rows = await Array.fromAsync(perSecond);
    expect(rows.map(({ start, batches }) => [start, batches])).toEqual([[2_000, 1]]);
    const alone = pipe(
      fromChunks(() => [[600], [3_000]]),
      eventTime((at) => at),
      filter((at) => at !== 3_000),
      batch({ size: 3, maxWaitMs: 1_000 }),
      tumbling({ sizeMs: 1_000, aggregate: { batches: count() }, late: (items) => void late.push(items) }),
    );
    expect((await Array.fromAsync(alone)).map(({ start, batches }) => [start, batches])).toEqual([[0, 1]]);
    expect(late).toEqual([]);
  });

  it('stops at once when the run is aborted, and leaves no timer behind, however it ends', async () => {
    const { seen, items } = watched(3);
    async function* slow() {
      yield* items();
      await delay(60);
      yield 3;
    }
    const controller = new AbortController();
    setTimeout(() => controller.abort('stop'), 30);
    const begun = performance.now();
    await expect(run(pipe(slow(), batch({ maxWaitMs: 100_000 })), undefined, controller)).rejects.toBe('stop');
    expect(performance.now() - begun).toBeLessThan(400);
    expect(seen.closed).toBe(1);
    expect(await timersEnd()).toBe(true);

    const hanging = new AbortController();
    const hangs = run(pipe(watched(3, { hangs: true }).items(), batch({ maxWaitMs: 100_000 })), undefined, hanging);
    await delay(20);
    hanging.abort('stop');
    await expect(hangs).rejects.toBe('stop');
    expect(await timersEnd()).toBe(true);

    const failing = fromChunks<number>(async function* () {
      yield [1];
      await delay(5);
      throw new Error('source');
    });
    await expect(run(pipe(failing, batch({ maxWaitMs: 100_000 })))).rejects.toThrow('source');
    expect(await timersEnd()).toBe(true);
    expect(await Array.fromAsync(pipe(watched(3).items(), batch({ maxWaitMs: 100_000 })))).toEqual([[0, 1, 2]]);
    expect(await timersEnd()).toBe(true);
  });
});

describe('a batch that is smaller when a run goes on', () => {
  it.each([1, 2, 10])('is full as often as it must be, also before a take(%s)', async (wanted) => {
    const { kept, store, exactSink } = memory();
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    const left = new Set([9]);
    const open = (size: number) =>
      pipe(
        fromChunks(() => numbers.map((n) => [n])),
        map((n) => {
          if (left.delete(n)) throw new Crash();
          return n;
        }),
        batch(size),
        take(wanted),
      );
    const checkpoint = { store, everyItems: 1 };
    await expect(run(open(100), exactSink(), { checkpoint })).rejects.toMatchObject({ cause: new Crash() });
    await run(open(4), exactSink(), { checkpoint });
    const batches = [0, 4, 8, 12, 16].map((at) => numbers.slice(at, at + 4));
    expect(kept.items).toEqual(batches.slice(0, wanted));
  });

  it('is not lost when nothing comes after it', async () => {
    const { kept, store, exactSink } = memory();
    const open = (fails: boolean, size: number) =>
      pipe(
        fromChunks<number>(function* () {
          yield [1, 2, 3];
          if (fails) throw new Crash();
        }),
        batch(size),
      );
    await expect(run(open(true, 100), exactSink(), { checkpoint: { store, everyItems: 1 } })).rejects.toThrow(Crash);
    await run(open(false, 2), exactSink(), { checkpoint: { store } });
    expect(kept.items).toEqual([[1, 2], [3]]);
  });
});

describe('the bytes of an item', () => {
  it('are those of strings in UTF-8 and of buffers, or what bytesOf says', async () => {
    expect(await Array.fromAsync(pipe(['ä', 'b', 'c'], batch({ maxBytes: 3 })))).toEqual([['ä', 'b'], ['c']]);
    const buffers = [new Uint8Array(2), new Uint8Array(2), new Uint8Array(5), new Uint8Array(1)];
    const sizes = pipe(
      buffers,
      batch({ maxBytes: 4 }),
      map((items) => items.map(({ length }) => length)),
    );
    expect(await Array.fromAsync(sizes)).toEqual([[2, 2], [5], [1]]);
    const rows = pipe([{ n: 1 }, { n: 2 }, { n: 3 }], batch({ maxBytes: 3, bytesOf: ({ n }) => n }));
    expect(await Array.fromAsync(rows)).toEqual([[{ n: 1 }, { n: 2 }], [{ n: 3 }]]);
  });

  it.each([undefined, 1_000])('must be known: %s ms', async (maxWaitMs) => {
    const operators = [
      batch<object>({ maxBytes: 5, maxWaitMs }),
      batch<object>({ maxBytes: 5, maxWaitMs, bytesOf: () => NaN }),
      batch<object>({ maxBytes: 5, maxWaitMs, bytesOf: () => -1 }),
    ];
    for (const operator of operators) {
      const rows = pipe(
        fromChunks(() => [[{}]]),
        mapAsync(async (row) => row),
        operator,
      );
      const error: unknown = await run(rows).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OperatorError);
      expect(error).toMatchObject({ operator: 'batch', place: 2, position: { index: 0 } });
      expect(String(error)).toContain('bytesOf');
    }
  });
});

describe('construction', () => {
  it('refuses what cannot work and names it', () => {
    expect(() => batch({ size: 0 })).toThrow('Option "batch.size" must be an integer from 1, got 0.');
    expect(() => batch({ maxBytes: 0.5 })).toThrow('Option "batch.maxBytes"');
    expect(() => batch({ maxWaitMs: 2 ** 31 })).toThrow('Option "batch.maxWaitMs"');
    // @ts-expect-error not a function
    expect(() => batch({ bytesOf: 5 })).toThrow('Option "batch.bytesOf"');
    // @ts-expect-error not a number
    expect(() => batch('5')).toThrow('Option "batch.size" must be an integer from 1, got "5".');
  });
});
