import { CheckpointError } from '../errors.ts';
import type { Position } from './position.ts';

/** Items on their way, in order; never changed once passed on. */
export interface Chunk<T> {
  readonly items: readonly T[];
  /** Where the item at an index of this chunk came from; asked only when something is to be reported. */
  readonly position?: ((index: number) => Position) | undefined;
  /**
   * Where the source can be opened anew behind so many of these items: what the `open` of `pipeFrom` then takes, in
   * plain data. Left out where it cannot.
   */
  readonly resume?: ((count: number) => unknown) | undefined;
  /** Called when a checkpoint behind these items has been saved, unless that of a later chunk is. */
  readonly commit?: (() => void | Promise<void>) | undefined;
  /** Behind an `eventTime`. */
  readonly clocks?: Clocks | undefined;
  /** Comes after the items; what is made of them must be passed on before it. */
  readonly barrier?: Barrier | undefined;
}

/** The event time of each item, the watermark before it, and the watermark after them all. */
export interface Clocks {
  readonly times: readonly number[];
  readonly watermarks: readonly number[];
  readonly after: number;
}

/** Flows from the source to the sink to gather the states of a checkpoint: each as of the items before the barrier. */
export interface Barrier {
  save(place: number, operator: string, state: unknown): void;
}

type Awaitable<T> = T | PromiseLike<T>;

interface Closable {
  /** Stops early. May be called while `next()` hangs, and settles when everything behind it is released. */
  close(reason: unknown): Promise<void>;
  /** Releases what stands behind it after `next()` has rejected. */
  fail?(error: unknown): Promise<void>;
}

interface ItemInput<T> extends Closable {
  readonly chunked: false;
  next(): Awaitable<IteratorResult<T, unknown>>;
}

interface ChunkInput<T> extends Closable {
  readonly chunked: true;
  next(): Awaitable<IteratorResult<Chunk<T>, unknown>>;
}

/** An open source. Foreign iterables stay item by item: a wrapper around each `next()` would cost as much as they do. */
export type Input<T> = ItemInput<T> | ChunkInput<T>;

/** @param from How many items of an array to pass over. */
export function openInput<T>(source: Iterable<T> | AsyncIterable<T>, from?: unknown): Input<T> {
  if (source instanceof ReadableStream) return openWebStream<T>(source);
  if (typeof source !== 'string' && Symbol.asyncIterator in source) return openAsync(source);
  if (Array.isArray(source)) return openArray<T>(source, typeof from === 'number' ? from : 0);
  return openSync(source);
}

/** A stream's own iterator cannot be closed while a read is pending; its reader can. */
function openWebStream<T>(stream: ReadableStream<T>): Input<T> {
  const reader = stream.getReader();
  return {
    chunked: false,
    async next() {
      const result = await reader.read();
      if (result.done) reader.releaseLock();
      return result;
    },
    async fail() {
      reader.releaseLock();
    },
    async close(reason) {
      try {
        await reader.cancel(reason);
      } finally {
        reader.releaseLock();
      }
    },
  };
}

function openAsync<T>(source: AsyncIterable<T>): Input<T> {
  const iterator = source[Symbol.asyncIterator]();
  return {
    chunked: false,
    next: () => iterator.next(),
    async close() {
      // A Node stream: destroying it is what settles a pending read.
      if ('destroy' in source && typeof source.destroy === 'function') source.destroy();
      await iterator.return?.();
    },
  };
}

const MAX_CHUNK = 512;

/** Chunks that grow from 1, as those of other iterables do. */
function openArray<T>(source: readonly T[], from: number): Input<T> {
  if (from > source.length) {
    throw new CheckpointError(`the array has ${source.length} items, and ${from} had been read`);
  }
  let at = from;
  let size = 1;
  return {
    chunked: true,
    next() {
      const start = at;
      const items = source.slice(start, start + size);
      if (items.length === 0) return { done: true, value: undefined };
      at += items.length;
      size = Math.min(size * 2, MAX_CHUNK);
      return {
        done: false,
        value: { items, position: (index) => ({ index: start + index }), resume: (count) => start + count },
      };
    },
    async close() {},
  };
}

/** Chunks that grow from 1, so that the first item of a slow generator is not held back by the next 511. */
function openSync<T>(source: Iterable<T>): Input<T> {
  const iterator = source[Symbol.iterator]();
  let size = 1;
  let done = false;
  let failure: { error: unknown } | undefined;
  return {
    chunked: true,
    next() {
      const items: T[] = [];
      try {
        while (!done && items.length < size) {
          const result = iterator.next();
          if (result.done === true) done = true;
          else items.push(result.value);
        }
      } catch (error) {
        done = true;
        failure = { error };
      }
      size = Math.min(size * 2, MAX_CHUNK);
      if (items.length > 0) return { done: false, value: { items } };
      if (failure !== undefined) throw failure.error;
      return { done: true, value: undefined };
    },
    async close() {
      iterator.return?.();
    },
  };
}

/** Chunks made by a generator that watches the controller's signal and may read from `upstream`. */
export function openChunks<T>(
  generator: AsyncIterator<Chunk<T>>,
  controller: AbortController,
  upstream?: { close(reason: unknown): Promise<void> },
): Input<T> {
  const fail = async (reason: unknown): Promise<void> => {
    controller.abort(reason);
    await upstream?.close(reason);
  };
  return {
    chunked: true,
    next: () => generator.next(),
    fail,
    async close(reason) {
      try {
        await fail(reason);
      } finally {
        await generator.return?.();
      }
    },
  };
}
