import { checkFunction, checkInteger, checkNumber } from '@dataenginex/core';
import type { OperatorError } from '../errors.ts';
import type { Chunk } from '../pipes/input.ts';
import type { Clock, FuseContext, LinkContext, Operator, Step } from '../pipes/operator.ts';
import type { LocatedChunk, Reader } from '../pipes/reader.ts';
import { Alarm, MAX_TIMER_MS } from '../pipes/settle.ts';

export interface BatchOptions<T> {
  /**
   * Items in a batch at most.
   *
   * @default 1000
   */
  size?: number | undefined;
  /**
   * Bytes in a batch at most. An item that alone has more makes a batch of its own.
   *
   * @default Infinity
   */
  maxBytes?: number | undefined;
  /**
   * How many bytes an item counts for.
   *
   * @default those of a `Uint8Array`, or of a string in UTF-8; anything else has to be told
   */
  bytesOf?: ((item: T) => number) | undefined;
  /**
   * How long the first item of a batch waits for others, in milliseconds.
   *
   * @default Infinity
   */
  maxWaitMs?: number | undefined;
}

/**
 * Gathers items into arrays, in order. A batch is passed on when it is full, when it has waited long enough, and at the
 * end; none is empty. Behind `eventTime` a batch happened when its latest item did, and the watermark waits for it.
 *
 * ```ts
 * import { batch, pipe } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([1, 2, 3], batch(2))); // => [[1, 2], [3]]
 * await Array.fromAsync(pipe(['ab', 'c', 'def'], batch({ maxBytes: 3, maxWaitMs: 50 }))); // => [['ab', 'c'], ['def']]
 * ```
 *
 * @param options The size, from 1, or a `BatchOptions`.
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, when `bytesOf` throws or returns no number from 0.
 */
export function batch<T>(options: number | BatchOptions<T>): Operator<T, T[]> {
  const {
    size = 1000,
    maxBytes = Infinity,
    bytesOf = byteLength,
    maxWaitMs = Infinity,
  } = typeof options === 'object' ? options : { size: options };
  checkInteger('batch.size', size, { min: 1 });
  checkInteger('batch.maxBytes', maxBytes, { min: 1, max: Infinity });
  checkFunction('batch.bytesOf', bytesOf);
  if (maxWaitMs !== Infinity) checkNumber('batch.maxWaitMs', maxWaitMs, { min: 0, max: MAX_TIMER_MS });
  const limits = { size, maxBytes, bytesOf };
  if (maxWaitMs === Infinity) return { name: 'batch', holds: true, fuse: (...context) => gather(limits, ...context) };
  return {
    name: 'batch',
    carries: true,
    link: (reader, context) => gatherInTime(reader, context, limits, maxWaitMs),
  };
}

interface Limits<T> {
  readonly size: number;
  readonly maxBytes: number;
  readonly bytesOf: (item: T) => number;
}

function gather<T>(
  limits: Limits<T>,
  push: (items: T[]) => void,
  fail: (error: unknown) => OperatorError,
  { clock, out, restored }: FuseContext,
): Step<T> {
  const held = new Held(limits, clock, out, push, fail);
  let saved = isSaved<T>(restored) ? restored : undefined;
  /** Only once the steps behind are made: the batch is full when `size` is smaller now. */
  const catchUp = ({ items, ...before }: Saved<T>): void => {
    saved = undefined;
    for (const item of items) held.add(item, before);
  };
  return {
    push(item) {
      if (saved !== undefined) catchUp(saved);
      held.add(item);
    },
    end() {
      if (saved !== undefined) catchUp(saved);
      held.flush();
    },
    save: () => saved ?? { items: [...held.items], time: out.time, watermark: out.watermark },
  };
}

interface Saved<T> extends Clock {
  readonly items: readonly T[];
}

function isSaved<T>(restored: unknown, _item?: T): restored is Saved<T> {
  return restored !== undefined;
}

async function* gatherInTime<T>(
  reader: Reader<T>,
  { fail, controller }: LinkContext,
  limits: Limits<T>,
  maxWaitMs: number,
): AsyncGenerator<Chunk<T[]>, void, undefined> {
  /** The last chunk that had items, and the index of the last item in it that was looked at. */
  let last: LocatedChunk<T> | undefined;
  let at = 0;
  let due = Infinity;
  const alarm = new Alarm();
  controller.signal.addEventListener('abort', () => alarm.stop());
  /** The clock of the item that is looked at, and of the batch that is held: no watermark may overtake it. */
  const clock = { time: NaN, watermark: -Infinity };
  const out = { ...clock };
  let after = -Infinity;
  let full: T[][] = [];
  let origins: number[] = [];
  let times: number[] = [];
  let watermarks: number[] = [];
  const held = new Held(
    limits,
    clock,
    out,
    (items) => {
      full.push(items);
      origins.push(at);
      times.push(out.time);
      watermarks.push(out.watermark);
    },
    (error) => fail(error, last?.position(at)),
  );
  const release = (from: LocatedChunk<T>): Chunk<T[]> => {
    const chunk = from.with(full, origins);
    const clocks = chunk.clocks && { times, watermarks, after: held.items.length > 0 ? out.watermark : after };
    full = [];
    origins = [];
    times = [];
    watermarks = [];
    return { ...chunk, clocks };
  };
  for (;;) {
    const next = reader.read();
    if (last !== undefined && held.items.length > 0 && !(await alarm.settlesBefore(due, next))) {
      held.flush();
      yield release(last);
    }
    const chunk = await next;
    if (chunk === undefined) break;
    const { items, clocks, barrier } = chunk;
    if (items.length > 0) last = chunk;
    after = clocks?.after ?? after;
    const now = performance.now();
    try {
      for (const [index, item] of items.entries()) {
        at = index;
        if (clocks !== undefined) {
          clock.time = clocks.times[index] ?? NaN;
          clock.watermark = clocks.watermarks[index] ?? -Infinity;
        }
        held.add(item);
        if (held.items.length <= 1) due = now + maxWaitMs;
      }
    } catch (error) {
      if (full.length > 0) yield { ...release(chunk), barrier: undefined };
      throw error;
    }
    // A barrier tells that all before it has been passed on; and no timer fires while nothing waits.
    if (barrier !== undefined || now >= due) held.flush();
    if (full.length > 0 || clocks !== undefined || barrier !== undefined) yield release(chunk);
  }
  alarm.stop();
  held.flush();
  if (full.length > 0 && last !== undefined) yield release(last);
}

/** The items of the batch that is not full yet. */
class Held<T> {
  items: T[] = [];
  readonly #limits: Limits<T>;
  readonly #clock: Readonly<Clock>;
  readonly #out: Clock;
  readonly #push: (items: T[]) => void;
  readonly #fail: (error: unknown) => OperatorError;
  #bytes = 0;
  #isTimed = false;

  /** @param out Becomes the clock of the batch: the time of its latest item, and the watermark before its first. */
  constructor(
    limits: Limits<T>,
    clock: Readonly<Clock>,
    out: Clock,
    push: (items: T[]) => void,
    fail: (error: unknown) => OperatorError,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#out = out;
    this.#push = push;
    this.#fail = fail;
  }

  add(item: T, clock = this.#clock): void {
    const { size, maxBytes } = this.#limits;
    if (maxBytes !== Infinity) {
      const bytes = this.#measure(item);
      if (this.#bytes + bytes > maxBytes) this.flush();
      this.#bytes += bytes;
    }
    if (this.items.length === 0) this.#begin(clock);
    else if (this.#isTimed && clock.time > this.#out.time) this.#out.time = clock.time;
    this.items.push(item);
    if (this.items.length === size || this.#bytes >= maxBytes) this.flush();
  }

  flush(): void {
    const { items } = this;
    if (items.length === 0) return;
    this.items = [];
    this.#bytes = 0;
    this.#push(items);
  }

  #begin({ time, watermark }: Readonly<Clock>): void {
    this.#out.time = time;
    this.#out.watermark = watermark;
    this.#isTimed = !Number.isNaN(time);
  }

  #measure(item: T): number {
    try {
      const bytes = this.#limits.bytesOf(item);
      if (bytes >= 0) return bytes;
      throw new TypeError(`bytesOf must return a number from 0, got ${String(bytes)}`);
    } catch (error) {
      throw this.#fail(error);
    }
  }
}

function byteLength(item: unknown): number {
  if (typeof item === 'string') return Buffer.byteLength(item);
  if (item instanceof Uint8Array) return item.byteLength;
  throw new TypeError('maxBytes needs bytesOf for items that are neither strings nor bytes');
}
