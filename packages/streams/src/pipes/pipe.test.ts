import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { delay, sources, watched } from '../../test/sources.ts';
import { batch, filter, fromChunks, map, mapAsync, pipe } from '../index.ts';

describe('pipe', () => {
  it('does nothing until it is read, and begins anew each time', async () => {
    let opened = 0;
    const rows = pipe(
      fromChunks(() => {
        opened += 1;
        return [[1, 2], [3]];
      }),
      map((n) => n * 2),
    );
    expect(opened).toBe(0);
    expect(await Array.fromAsync(rows)).toEqual([2, 4, 6]);
    expect(await Array.fromAsync(rows)).toEqual([2, 4, 6]);
    expect(opened).toBe(2);
  });

  it('takes strings, sets, Node streams and Web streams', async () => {
    expect(
      await Array.fromAsync(
        pipe(
          'ab',
          map((c) => c + c),
        ),
      ),
    ).toEqual(['aa', 'bb']);
    expect(await Array.fromAsync(pipe(new Set([1, 2])))).toEqual([1, 2]);
    expect(await Array.fromAsync(pipe(Readable.from(['a', 'b'])))).toEqual(['a', 'b']);
    expect(await Array.fromAsync(pipe(ReadableStream.from(['a', 'b'])))).toEqual(['a', 'b']);
  });

  it.each(['slow items', 'slow chunks'])('passes an item on when it is there: %s', async (kind) => {
    const slow = async function* () {
      yield 1;
      await new Promise(() => {});
    };
    const source = kind === 'slow items' ? slow() : fromChunks(() => pipe(slow(), batch(1)));
    const iterator = pipe(
      source,
      map((n) => n + 1),
      mapAsync(async (n) => n),
    )[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 2 });
  });

  it('does not hold the first items of a generator back for a full chunk', async () => {
    let made = 0;
    const iterator = pipe(
      (function* () {
        for (;;) yield (made += 1);
      })(),
    )[Symbol.asyncIterator]();
    await iterator.next();
    expect(made).toBe(1);
    for (let n = 0; n < 10_000; n += 1) await iterator.next();
    expect(made).toBeLessThanOrEqual(10_001 + 512);
  });

  it('answers calls of next() that did not wait for each other in order, and keeps answering at the end', async () => {
    const iterator = pipe(sources['async generator']([[1, 2], [3]]))[Symbol.asyncIterator]();
    const results = await Promise.all([
      iterator.next(),
      iterator.next(),
      iterator.next(),
      iterator.next(),
      iterator.next(),
    ]);
    expect(results.map(({ value }) => value)).toEqual([1, 2, 3, undefined, undefined]);
    expect(results.map(({ done }) => done)).toEqual([false, false, false, true, true]);
  });

  it('is over once it has failed', async () => {
    const failing = map((n: number): number => {
      throw new RangeError(`No ${n}.`);
    });
    const iterator = pipe([1, 2], failing)[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toThrow('No 1.');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it.each([
    ['break', undefined],
    ['throw', new Error('consumer')],
  ])('runs every finally behind it when the loop is left: %s', async (_how, error) => {
    const { seen, items } = watched(1000);
    const read = async () => {
      for await (const _ of pipe(
        items(),
        filter((n) => n % 2 === 0),
        mapAsync(async (n) => n),
      )) {
        if (error) throw error;
        break;
      }
    };
    await (error ? expect(read()).rejects.toBe(error) : read());
    expect(seen.closed).toBe(1);
  });

  it('closes a synchronous source too', async () => {
    let closed = 0;
    const source = (function* () {
      try {
        for (;;) yield 1;
      } finally {
        closed += 1;
      }
    })();
    for await (const _ of pipe(source)) break;
    expect(closed).toBe(1);
  });

  it('reports what a source throws while it closes', async () => {
    async function* source() {
      try {
        yield 1;
        yield 2;
      } finally {
        await Promise.reject(new Error('close'));
      }
    }
    const leave = async () => {
      for await (const _ of pipe(source())) break;
    };
    await expect(leave()).rejects.toThrow('close');
  });

  it('leaves the source before it reports a failure of an operator', async () => {
    const { seen, items } = watched(10);
    const failing = pipe(
      items(),
      map(() => {
        throw new Error('bad');
      }),
    );
    await expect(Array.fromAsync(failing)).rejects.toThrow('bad');
    expect(seen.closed).toBe(1);
  });

  it('tells the maker of chunks by its signal that nobody reads any more', async () => {
    let reason: unknown;
    const source = fromChunks(async function* ({ signal }) {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      for (;;) yield [1];
    });
    for await (const _ of pipe(source)) break;
    expect(reason).toMatchObject({ name: 'AbortError' });
    reason = undefined;
    await Array.fromAsync(fromChunks(({ signal }) => [[1, signal.aborted ? 1 : 2]]));
    await delay(1);
    expect(reason).toBeUndefined();
  });

  it('cancels a Web stream and destroys a Node stream', async () => {
    let cancelled = false;
    const web = new ReadableStream<number>({
      pull: (controller) => controller.enqueue(1),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const _ of pipe(web)) break;
    expect(cancelled).toBe(true);
    expect(web.locked).toBe(false);
    const node = Readable.from([1, 2, 3]);
    for await (const _ of pipe(node)) break;
    expect(node.destroyed).toBe(true);
  });
});
