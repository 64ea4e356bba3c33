import { checkFunction, checkInteger } from '@dataenginex/core';
import type { Barrier, Chunk } from './input.ts';
import type { Clock, LinkContext, Operator } from './operator.ts';
import type { LocatedChunk, Reader } from './reader.ts';
import { CLEANUP_MS, REACT_MS, settlesWithin } from './settle.ts';

export interface MapAsyncOptions {
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
 * ```ts
 * import { mapAsync, pipe } from '@dataenginex/streams';
 *
 * const weather = async (city: string, { signal }: { signal: AbortSignal }) => {
 *   signal.throwIfAborted(); // pass it on to whatever does the work
 *   return `${city}: rain`;
 * };
 * await Array.fromAsync(pipe(['Seattle', 'New York'], mapAsync(weather, { concurrency: 2 })));
 * // => ['Seattle: rain', 'New York: rain']
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, when a call fails.
 */
export function mapAsync<I, O>(
  fn: (item: I, context: { signal: AbortSignal }) => O | PromiseLike<O>,
  options: MapAsyncOptions = {},
): Operator<I, Awaited<O>> {
  const { concurrency = 8, ordered = true } = options;
  checkFunction('mapAsync.fn', fn);
  checkInteger('mapAsync.concurrency', concurrency, { min: 1 });
  return {
    name: 'mapAsync',
    carries: true,
    link: (reader, context) => new Calls(reader, context, fn, concurrency, ordered).results(),
  };
}

interface Call<R> {
  /** Of its item, if that has one. */
  readonly clock: Clock | undefined;
  outcome?: { readonly value: R };
}

class Calls<I, O> {
  readonly #reader: Reader<I>;
  readonly #controller: AbortController;
  readonly #fail: LinkContext['fail'];
  readonly #fn: (item: I, context: { signal: AbortSignal }) => O;
  readonly #concurrency: number;
  readonly #ordered: boolean;
  /** In the order of their items, until their results are taken. */
  #calls: Call<Awaited<O>>[] = [];
  #running = 0;
  /** What was last read, and its items that wait for a call. */
  #chunk: LocatedChunk<I> | undefined;
  #waiting: Iterator<[number, I], undefined> = [].entries();
  #left = 0;
  /** Read and not yet passed on; nothing more is read before it is. */
  #barrier: Barrier | undefined;
  #reading = false;
  #ended = false;
  #sourceFailure: { readonly error: unknown } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(
    reader: Reader<I>,
    { controller, fail }: LinkContext,
    fn: (item: I, context: { signal: AbortSignal }) => O,
    concurrency: number,
    ordered: boolean,
  ) {
    this.#reader = reader;
    this.#controller = controller;
    this.#fail = fail;
    this.#fn = fn;
    this.#concurrency = concurrency;
    this.#ordered = ordered;
  }

  async *results(): AsyncGenerator<Chunk<Awaited<O>>, void, undefined> {
    const { signal } = this.#controller;
    signal.addEventListener('abort', () => {
      this.#failure ??= { error: signal.reason };
      this.#wake?.();
    });
    try {
      while (!this.#isOver()) {
        this.#fill();
        const chunk = this.#take();
        if (chunk !== undefined) yield chunk;
        else if (!this.#isOver()) await this.#change();
      }
      await settlesWithin(CLEANUP_MS, this.#idle());
      const last = this.#take();
      if (last !== undefined) yield { ...last, barrier: undefined };
    } finally {
      await settlesWithin(REACT_MS, this.#idle());
    }
    const failure = this.#failure ?? this.#sourceFailure;
    if (failure !== undefined) throw failure.error;
  }

  #isOver(): boolean {
    return this.#failure !== undefined || (this.#ended && this.#calls.length === 0);
  }

  /** Results that were not taken count as in flight, so that a slow consumer holds the source back. */
  #fill(): void {
    while (this.#failure === undefined && this.#calls.length < this.#concurrency && !this.#reading) {
      const next = this.#waiting.next();
      if (next.done !== true) {
        const [index, item] = next.value;
        const clocks = this.#chunk?.clocks;
        this.#left -= 1;
        void this.#call(
          item,
          clocks && { time: clocks.times[index] ?? NaN, watermark: clocks.watermarks[index] ?? -Infinity },
        );
      } else if (this.#ended || this.#barrier !== undefined) return;
      else void this.#read();
    }
  }

  async #call(item: I, clock: Clock | undefined): Promise<void> {
    const call: Call<Awaited<O>> = { clock };
    this.#calls.push(call);
    this.#running += 1;
    try {
      call.outcome = { value: await this.#fn(item, { signal: this.#controller.signal }) };
    } catch (error) {
      this.#failure ??= { error: this.#fail(error) };
      this.#controller.abort(error);
    }
    this.#running -= 1;
    this.#wake?.();
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      const chunk = await this.#reader.read();
      if (chunk === undefined) this.#ended = true;
      else {
        this.#chunk = chunk;
        this.#waiting = chunk.items.entries();
        this.#left = chunk.items.length;
        this.#barrier = chunk.barrier;
      }
    } catch (error) {
      this.#sourceFailure = { error };
      this.#ended = true;
    }
    this.#reading = false;
    this.#fill();
    this.#wake?.();
  }

  /** What is ready, if anything is. */
  #take(): Chunk<Awaited<O>> | undefined {
    const pending = this.#calls.findIndex((call) => call.outcome === undefined);
    const ready = this.#ordered && pending >= 0 ? this.#calls.slice(0, pending) : this.#calls;
    const oldest = this.#calls[0]?.clock?.watermark ?? -Infinity;
    const items: Awaited<O>[] = [];
    const times: number[] = [];
    const watermarks: number[] = [];
    for (const { outcome, clock } of ready) {
      if (outcome === undefined) continue;
      items.push(outcome.value);
      if (clock === undefined) continue;
      times.push(clock.time);
      // A watermark must not overtake an item that is still in flight.
      watermarks.push(this.#ordered ? clock.watermark : oldest);
    }
    this.#calls = this.#ordered
      ? this.#calls.slice(ready.length)
      : this.#calls.filter((call) => call.outcome === undefined);
    const isThrough = this.#calls.length === 0 && this.#left === 0;
    const barrier = isThrough ? this.#barrier : undefined;
    if (items.length === 0 && barrier === undefined) return undefined;
    if (barrier !== undefined) this.#barrier = undefined;
    const clocks = this.#chunk?.clocks;
    const after = (isThrough ? clocks?.after : this.#calls[0]?.clock?.watermark) ?? watermarks.at(-1) ?? -Infinity;
    return { items, clocks: clocks && { times, watermarks, after }, barrier };
  }

  async #idle(): Promise<void> {
    while (this.#running > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
