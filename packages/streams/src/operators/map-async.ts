import { checkFunction, checkInteger } from '@dataenginex/core';
import { RejectLimitError } from '../errors.ts';
import type { Barrier, Chunk } from '../pipes/input.ts';
import type { LinkContext, Operator } from '../pipes/operator.ts';
import type { Position } from '../pipes/position.ts';
import type { LocatedChunk, Reader } from '../pipes/reader.ts';
import { checkRejects, issuesOf, type Refuse, type RejectOptions } from '../pipes/rejects.ts';
import { CLEANUP_MS, REACT_MS, settlesWithin } from '../pipes/settle.ts';

export interface MapAsyncOptions extends RejectOptions {
  /**
   * Calls in flight at most, results not yet taken included.
   *
   * @default 8
   */
  concurrency?: number | undefined;
  /**
   * Whether results keep the order of the items, or come as they are ready.
   *
   * @default true
   */
  ordered?: boolean | undefined;
}

/**
 * Calls an async function for every item, several at a time. The source is never read further ahead than
 * `concurrency` items and one chunk. When a call fails, the signal of the others aborts, they are waited for (5 s at
 * most), and what came before the failure is still handed on.
 *
 * With `rejects`, an item whose call fails is set aside, as by `map`, and the other calls go on: told in the order of
 * the items, or, with `ordered: false`, as they fail. An abort of the run is never a reject.
 *
 * ```ts
 * import { mapAsync, pipe, type Reject } from '@dataenginex/streams';
 *
 * const weather = async (city: string, { signal }: { signal: AbortSignal }) => {
 *   signal.throwIfAborted(); // pass it on to whatever does the work
 *   return `${city}: rain`;
 * };
 * await Array.fromAsync(pipe(['Seattle', 'New York'], mapAsync(weather, { concurrency: 2 })));
 * // => ['Seattle: rain', 'New York: rain']
 *
 * const refused: unknown[] = [];
 * const known = async (city: string) => (city === 'Seattle' ? 12.8 : Promise.reject(new Error('404')));
 * const rejects = ({ value, reason }: Reject) => void refused.push([value, reason]);
 * await Array.fromAsync(pipe(['Atlantis', 'Seattle'], mapAsync(known, { rejects }))); // => [12.8]
 * refused; // => [['Atlantis', '404']]
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, when a call fails and there is no `rejects`, or when `rejects` throws.
 * @throws {RejectLimitError} From the pipe, when more than `maxRejects` items are refused.
 */
export function mapAsync<I, O>(
  fn: (item: I, context: { signal: AbortSignal }) => O | PromiseLike<O>,
  options: MapAsyncOptions = {},
): Operator<I, Awaited<O>> {
  const { concurrency = 8, ordered = true } = options;
  checkFunction('mapAsync.fn', fn);
  checkInteger('mapAsync.concurrency', concurrency, { min: 1 });
  const createRefuse = checkRejects('mapAsync', options);
  return {
    name: 'mapAsync',
    carries: true,
    link: (reader, context) => new Calls(reader, context, { fn, concurrency, ordered, refuse: createRefuse?.() }),
  };
}

interface Calling<I, O> {
  readonly fn: (item: I, context: { signal: AbortSignal }) => O;
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly refuse: Refuse | undefined;
}

/** A place for one call, used again when its result has been taken. */
interface Slot<I, R> {
  readonly settle: (value: R) => void;
  readonly fail: (error: unknown) => void;
  /** What its item came with, and the item's index there; `undefined` as long as the slot is free. */
  from: LocatedChunk<I> | undefined;
  index: number;
  result: { readonly value: R } | undefined;
  /** Why its item is to be refused. */
  failure: { readonly cause: unknown } | undefined;
}

/** Not a generator: each `yield` would cost as much as a call does here. */
class Calls<I, O> implements AsyncIterator<Chunk<Awaited<O>>, void, undefined> {
  readonly #reader: Reader<I>;
  readonly #controller: AbortController;
  readonly #context: { readonly signal: AbortSignal };
  readonly #fail: LinkContext['fail'];
  readonly #fn: (item: I, context: { signal: AbortSignal }) => O;
  readonly #concurrency: number;
  readonly #ordered: boolean;
  readonly #refuse: Refuse | undefined;
  readonly #slots: Slot<I, Awaited<O>>[] = [];
  readonly #free: Slot<I, Awaited<O>>[] = [];
  /** Whose results are taken next: in the order of their items, or as they are ready. */
  readonly #queue: Slot<I, Awaited<O>>[] = [];
  #running = 0;
  /** What was last read, its items that wait for a call, and how many no longer do. */
  #chunk: LocatedChunk<I> | undefined;
  #waiting: Iterator<I, undefined> = [].values();
  #begun = 0;
  /** Read and not yet passed on; nothing more is read before it is. */
  #barrier: Barrier | undefined;
  /** The watermark that was last passed on. */
  #passed = -Infinity;
  #isReading = false;
  #ended = false;
  #sourceFailure: { readonly error: unknown } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  /** Begun once, though `next` is asked for the results before a failure and then for that. */
  #waited: Promise<boolean> | undefined;

  constructor(
    reader: Reader<I>,
    { controller, fail }: LinkContext,
    { fn, concurrency, ordered, refuse }: Calling<I, O>,
  ) {
    this.#reader = reader;
    this.#controller = controller;
    this.#context = { signal: controller.signal };
    this.#fail = fail;
    this.#fn = fn;
    this.#concurrency = concurrency;
    this.#ordered = ordered;
    this.#refuse = refuse;
    controller.signal.addEventListener('abort', () => {
      this.#failure ??= { error: controller.signal.reason };
      this.#wake?.();
    });
  }

  async next(): Promise<IteratorResult<Chunk<Awaited<O>>, void>> {
    while (!this.#isOver()) {
      this.#fill();
      const value = this.#take();
      if (value !== undefined) return { done: false, value };
      const next = this.#queue[0];
      if (next?.failure !== undefined) {
        await this.#setAside(next, next.failure.cause);
        continue;
      }
      if (this.#isOver()) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#waited ??= settlesWithin(CLEANUP_MS, this.#whenIdle());
    await this.#waited;
    const last = this.#take();
    if (last !== undefined) return { done: false, value: { ...last, barrier: undefined } };
    const failure = this.#failure ?? this.#sourceFailure;
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Chunk<Awaited<O>>, void>> {
    await settlesWithin(REACT_MS, this.#whenIdle());
    return { done: true, value: undefined };
  }

  /** Results that were not taken count as in flight, so that a slow consumer holds the source back. */
  #isBusy(): boolean {
    return this.#free.length < this.#slots.length;
  }

  #isOver(): boolean {
    return this.#failure !== undefined || (this.#ended && !this.#isBusy());
  }

  #fill(): void {
    while (this.#failure === undefined && this.#slots.length - this.#free.length < this.#concurrency) {
      const next = this.#waiting.next();
      if (next.done !== true) this.#call(next.value);
      else {
        if (!this.#ended && !this.#isReading && this.#barrier === undefined) this.#read();
        return;
      }
    }
  }

  #call(item: I): void {
    const slot = this.#free.pop() ?? this.#createSlot();
    slot.from = this.#chunk;
    slot.index = this.#begun;
    this.#begun += 1;
    this.#running += 1;
    if (this.#ordered) this.#queue.push(slot);
    let called: O;
    try {
      called = this.#fn(item, this.#context);
    } catch (error) {
      slot.fail(error);
      return;
    }
    Promise.resolve(called).then(slot.settle, slot.fail);
  }

  #createSlot(): Slot<I, Awaited<O>> {
    const slot: Slot<I, Awaited<O>> = {
      from: undefined,
      index: 0,
      result: undefined,
      failure: undefined,
      settle: (value) => {
        slot.result = { value };
        if (!this.#ordered) this.#queue.push(slot);
        this.#settled(slot === this.#queue[0]);
      },
      fail: (cause) => {
        if (this.#refuse === undefined) {
          this.#stop(this.#fail(cause, slot.from?.position(slot.index)), cause);
          this.#settled(true);
          return;
        }
        slot.failure = { cause };
        if (!this.#ordered) this.#queue.push(slot);
        this.#settled(slot === this.#queue[0]);
      },
    };
    this.#slots.push(slot);
    return slot;
  }

  #stop(error: unknown, reason: unknown): void {
    this.#failure ??= { error };
    this.#controller.abort(reason);
  }

  /** A slot that cannot be refused stays where it is, so that nothing behind it is taken. */
  async #setAside(slot: Slot<I, Awaited<O>>, cause: unknown): Promise<void> {
    const { from, index } = slot;
    const position = from?.position(index) ?? { index };
    try {
      await this.#refuse?.({ operator: 'mapAsync', position, ...issuesOf(cause), value: from?.items[index], cause });
    } catch (error) {
      this.#stop(error instanceof RejectLimitError ? error : this.#fail(error, position), error);
      return;
    }
    slot.failure = undefined;
    this.#leave(slot);
  }

  #leave(slot: Slot<I, Awaited<O>>): void {
    slot.from = undefined;
    this.#queue.shift();
    this.#free.push(slot);
  }

  #settled(isNews: boolean): void {
    this.#running -= 1;
    if (this.#running === 0) this.#idle?.resolve();
    if (!isNews || this.#wake === undefined) return;
    // Ticks come after microtasks: what is ready by then goes in one chunk, which a source and calls that answer at once
    // would otherwise pay for item by item.
    process.nextTick(this.#wake);
    this.#wake = undefined;
  }

  #read(): void {
    this.#isReading = true;
    this.#reader.read().then(this.#arrived, this.#failed);
  }

  readonly #arrived = (chunk: LocatedChunk<I> | undefined): void => {
    if (chunk === undefined) this.#ended = true;
    else {
      this.#chunk = chunk;
      this.#waiting = chunk.items.values();
      this.#begun = 0;
      this.#barrier = chunk.barrier;
    }
    this.#isReading = false;
    this.#fill();
    if (!this.#isBusy()) this.#wake?.();
  };

  readonly #failed = (error: unknown): void => {
    this.#sourceFailure = { error };
    this.#arrived(undefined);
  };

  /** What is ready, if anything is. */
  #take(): Chunk<Awaited<O>> | undefined {
    const clocks = this.#chunk?.clocks;
    const oldest = clocks && this.#oldestWatermark();
    const items: Awaited<O>[] = [];
    const chunks: (LocatedChunk<I> | undefined)[] = [];
    const indices: number[] = [];
    for (let slot = this.#queue[0]; slot?.result !== undefined; slot = this.#queue[0]) {
      items.push(slot.result.value);
      chunks.push(slot.from);
      indices.push(slot.index);
      slot.result = undefined;
      this.#leave(slot);
    }
    const isThrough = !this.#isBusy() && this.#begun === (this.#chunk?.items.length ?? 0);
    const barrier = isThrough ? this.#barrier : undefined;
    const hasNews = isThrough && clocks !== undefined && clocks.after > this.#passed;
    if (items.length === 0 && barrier === undefined && !hasNews) return undefined;
    if (barrier !== undefined) this.#barrier = undefined;
    const position = (index: number): Position => chunks[index]?.position(indices[index] ?? 0) ?? { index };
    if (clocks === undefined) return { items, position, barrier };
    const times = chunks.map((chunk, at) => chunk?.clocks?.times[indices[at] ?? 0] ?? NaN);
    // A watermark must not overtake an item that is still in flight.
    const watermarks = chunks.map((chunk, at) =>
      this.#ordered ? (chunk?.clocks?.watermarks[indices[at] ?? 0] ?? -Infinity) : (oldest ?? -Infinity),
    );
    const after = (isThrough ? clocks.after : this.#oldestWatermark()) ?? watermarks.at(-1) ?? -Infinity;
    this.#passed = after;
    return { items, position, clocks: { times, watermarks, after }, barrier };
  }

  #oldestWatermark(): number | undefined {
    let oldest: number | undefined;
    for (const { from, index } of this.#slots) {
      const watermark = from?.clocks?.watermarks[index];
      if (watermark !== undefined) oldest = Math.min(watermark, oldest ?? watermark);
    }
    return oldest;
  }

  #whenIdle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }
}
