import { Stream } from 'node:stream';
import { OptionError } from '@dataenginex/core';
import { type CheckpointOptions, Checkpoints } from '../checkpoints/checkpoint.ts';
import { checkSource, iterate, openReader, type PipeSource } from './pipe.ts';
import type { Reader } from './reader.ts';
import { CLEANUP_MS, REACT_MS, settlesWithin } from './settle.ts';
import type { Sink } from './sink.ts';

export interface RunOptions {
  /** Stops the run, which then rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /**
   * Notes from time to time how far the run has come, so that after a crash the same call goes on from there. The sink
   * must be a `Sink`, or be left out. A run that has been completed is not done again: it reads nothing.
   *
   * @default undefined
   */
  checkpoint?: CheckpointOptions | undefined;
}

export interface RunResult<R> {
  /** How many items reached the end of the pipe, in a resumed run those before the checkpoint included. */
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
 * @throws {CheckpointError} When a checkpoint cannot be taken, or is of another pipe; an error of the store as it is.
 * @throws {OptionError} When the sink is none or cannot take part in a `checkpoint`, or an option of that is out of range.
 */
export function run(pipe: PipeSource<unknown>, sink?: undefined, options?: RunOptions): Promise<RunResult<undefined>>;
export function run<T, R>(
  pipe: PipeSource<T>,
  sink: Sink<T, R> | ((items: AsyncIterable<T>) => R | Promise<R>),
  options?: RunOptions,
): Promise<RunResult<R>>;
export async function run<T>(
  pipe: PipeSource<T>,
  sink: AnySink<T>,
  options: RunOptions = {},
): Promise<RunResult<unknown>> {
  const { signal, checkpoint } = options;
  checkSink(sink);
  let work: Work | undefined;
  try {
    signal?.throwIfAborted();
    checkSource('run.pipe', pipe);
    work = checkpoint === undefined ? begin(pipe, sink) : resume(pipe, sink, checkpoint, signal);
    return await orAbort(work.finished, signal);
  } catch (error) {
    const abort = async (): Promise<void> => (typeof sink === 'function' ? undefined : sink?.abort?.(error));
    const stopped = Promise.allSettled([work?.close(error), abort()]);
    await Promise.all([settlesWithin(CLEANUP_MS, stopped), settlesWithin(REACT_MS, work?.finished ?? stopped)]);
    throw error;
  }
}

interface Work {
  readonly finished: Promise<RunResult<unknown>>;
  /** Stops reading. */
  readonly close: (reason: unknown) => Promise<void>;
}

type AnySink<T> = Sink<T, unknown> | ((items: AsyncIterable<T>) => unknown) | undefined;

/** From JavaScript anything may come. */
function checkSink(sink: Partial<Sink<never, unknown>> | ((items: never) => unknown) | null | undefined): void {
  if (sink === undefined || typeof sink === 'function') return;
  if (sink instanceof Stream || sink instanceof WritableStream) {
    throw new OptionError('run.sink', 'a Sink, such as toWritable of this stream', sink);
  }
  if (typeof sink !== 'object' || sink === null) throw new OptionError('run.sink', 'a Sink or a function', sink);
  if (typeof sink.write === 'function' && typeof sink.close === 'function') return;
  const wanted = 'a Sink, which has write and close (an operator goes into the pipe, options come third)';
  throw new OptionError('run.sink', wanted, sink);
}

function begin<T>(pipe: PipeSource<T>, sink: AnySink<T>): Work {
  const reader = openReader(pipe);
  return {
    finished: typeof sink === 'function' ? feed(reader, sink) : write(reader, sink),
    close: (reason) => reader.close(reason),
  };
}

function resume<T>(
  pipe: PipeSource<T>,
  sink: AnySink<T>,
  options: CheckpointOptions,
  signal: AbortSignal | undefined,
): Work {
  if (typeof sink === 'function') {
    throw new OptionError('run.sink', 'a Sink, since a function does not tell what it is done with', sink);
  }
  const checkpoints = new Checkpoints(pipe, sink, options, signal);
  const finish = async (): Promise<RunResult<unknown>> => {
    const reader = await checkpoints.open();
    let { items } = checkpoints;
    if (reader !== undefined) items = await writeEach(reader, sink, checkpoints);
    const end = async (): Promise<void> => (reader === undefined ? undefined : checkpoints.end(items));
    // A sink that cannot prepare has taken everything only when it is closed.
    if (sink?.prepare !== undefined) await end();
    signal?.throwIfAborted();
    const result = await sink?.close();
    if (sink?.prepare === undefined) await end();
    return { items, result };
  };
  return { finished: finish(), close: (reason) => checkpoints.close(reason) };
}

async function write<T>(reader: Reader<T>, sink: Sink<T, unknown> | undefined): Promise<RunResult<unknown>> {
  return { items: await writeEach(reader, sink), result: await sink?.close() };
}

async function writeEach<T>(
  reader: Reader<T>,
  sink: Sink<T, unknown> | undefined,
  checkpoints?: Checkpoints<T>,
): Promise<number> {
  let count = checkpoints?.items ?? 0;
  await reader.each(
    (items) => {
      count += items.length;
      return sink?.write(items);
    },
    (barrier) => checkpoints?.pass(barrier, count) ?? Promise.resolve(),
  );
  return count;
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
