import { iterate, openReader, type PipeSource } from './pipe.ts';
import type { Reader } from './reader.ts';
import { CLEANUP_MS, REACT_MS, settlesWithin } from './settle.ts';
import type { Sink } from './sink.ts';

export interface RunOptions {
  /** Stops the run, which then rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

export interface RunResult<R> {
  /** How many items reached the end of the pipe. */
  readonly items: number;
  /** What the sink returned. */
  readonly result: R;
}

/**
 * Drives a pipe to its end, into a sink or into a function that reads it.
 *
 * It settles when everything is over: the source is closed, every `finally` behind has run, the sink is closed or
 * aborted. So that an abort stays prompt, what hangs is given a bounded time (500 ms where nothing reacts, 5 s for
 * cleaning up that has begun) and then left behind.
 *
 * ```ts
 * import { map, pipe, run } from '@dataenginex/streams';
 *
 * const sum = { total: 0, write(ns: readonly number[]) { for (const n of ns) this.total += n; }, close() { return this.total; } };
 * await run(pipe([1, 2, 3], map((n) => n * 2)), sum); // => { items: 3, result: 12 }
 *
 * await run(pipe(['a', 'b']), (letters) => Array.fromAsync(letters)); // => { items: 2, result: ['a', 'b'] }
 * ```
 *
 * @param sink A `Sink`, or a function that gets the items as an async iterable. Without one the items are dropped.
 * @throws The source's error as it is, an `OperatorError`, the sink's error as it is, or `signal.reason`.
 */
export function run(pipe: PipeSource<unknown>, sink?: undefined, options?: RunOptions): Promise<RunResult<undefined>>;
export function run<T, R>(
  pipe: PipeSource<T>,
  sink: Sink<T, R> | ((items: AsyncIterable<T>) => R | Promise<R>),
  options?: RunOptions,
): Promise<RunResult<R>>;
export async function run<T>(
  pipe: PipeSource<T>,
  sink: Sink<T, unknown> | ((items: AsyncIterable<T>) => unknown) | undefined,
  options: RunOptions = {},
): Promise<RunResult<unknown>> {
  const { signal } = options;
  signal?.throwIfAborted();
  const reader = openReader(pipe);
  const work = typeof sink === 'function' ? feed(reader, sink) : write(reader, sink);
  try {
    return await orAbort(work, signal);
  } catch (error) {
    const abort = async (): Promise<void> => (typeof sink === 'function' ? undefined : sink?.abort?.(error));
    const stopped = Promise.allSettled([reader.close(error), abort()]);
    await Promise.all([settlesWithin(CLEANUP_MS, stopped), settlesWithin(REACT_MS, work)]);
    throw error;
  }
}

async function write<T>(reader: Reader<T>, sink: Sink<T, unknown> | undefined): Promise<RunResult<unknown>> {
  let count = 0;
  await reader.each((items) => {
    count += items.length;
    return sink?.write(items);
  });
  return { items: count, result: await sink?.close() };
}

async function feed<T>(reader: Reader<T>, sink: (items: AsyncIterable<T>) => unknown): Promise<RunResult<unknown>> {
  let items = 0;
  const iterator = iterate(reader);
  const counted: AsyncIterator<T> = {
    ...iterator,
    next: async () => {
      const next = await iterator.next();
      if (next.done !== true) items += 1;
      return next;
    },
  };
  const result = await sink({ [Symbol.asyncIterator]: () => counted });
  await iterator.return?.();
  return { items, result };
}

function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
