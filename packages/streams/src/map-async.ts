import { checkFunction, checkInteger } from '@dataenginex/core';
import type { Chunk } from './input.ts';
import type { LinkContext, Operator } from './operator.ts';
import type { Reader } from './reader.ts';
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
    link: (reader, context) => new Calls(reader, context, fn, concurrency, ordered).results(),
  };
}

interface Call<R> {
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
  #waiting: Iterator<I, undefined> = [].values();
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
        const items = this.#take();
        if (items.length > 0) yield { items };
        else if (!this.#isOver()) await this.#change();
      }
      await settlesWithin(CLEANUP_MS, this.#idle());
      const last = this.#take();
      if (last.length > 0) yield { items: last };
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
      const item = this.#waiting.next();
      if (item.done !== true) void this.#call(item.value);
      else if (this.#ended) return;
      else void this.#read();
    }
  }

  async #call(item: I): Promise<void> {
    const call: Call<Awaited<O>> = {};
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
      else this.#waiting = chunk.items.values();
    } catch (error) {
      this.#sourceFailure = { error };
      this.#ended = true;
    }
    this.#reading = false;
    this.#fill();
    this.#wake?.();
  }

  #take(): Awaited<O>[] {
    const pending = this.#calls.findIndex((call) => call.outcome === undefined);
    const ready = this.#ordered && pending >= 0 ? this.#calls.slice(0, pending) : this.#calls;
    const values: Awaited<O>[] = [];
    for (const { outcome } of ready) if (outcome !== undefined) values.push(outcome.value);
    this.#calls = this.#ordered
      ? this.#calls.slice(ready.length)
      : this.#calls.filter((call) => call.outcome === undefined);
    return values;
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
