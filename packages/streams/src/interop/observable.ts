import { checkFunction, checkInteger, checkOneOf, OptionError } from '@dataenginex/core';
import { OverflowError } from '../errors.ts';
import { fromChunks } from '../pipes/from-chunks.ts';
import { pipe, type Pipe, type PipeSource } from '../pipes/pipe.ts';
import { run } from '../pipes/run.ts';

/** Where an observable's values go. */
export interface Observer<T> {
  readonly next: (value: T) => void;
  readonly error: (error: unknown) => void;
  readonly complete: () => void;
}

/** Whatever can be subscribed to: an rxjs `Observable` or `Subject`, or an object made by hand. */
export interface Subscribable<T> {
  /** @returns What ends the subscription. */
  subscribe(observer: Observer<T>): { unsubscribe(): void } | (() => void);
}

/** rxjs overloads `subscribe` in a way that hides the type of its values from TypeScript; `forEach` shows it. */
export interface Enumerable<T> extends Subscribable<T> {
  forEach(next: (value: T) => void): Promise<void>;
}

export interface FromObservableOptions<T> {
  /**
   * Values that may wait for the pipe.
   *
   * @default 1024
   */
  capacity?: number | undefined;
  /**
   * What becomes of one more: the pipe fails, or the oldest or newest is dropped.
   *
   * @default 'error'
   */
  overflow?: 'error' | 'dropOldest' | 'dropNewest' | undefined;
  /** Told every value that is dropped. */
  onDrop?: ((value: T) => void) | undefined;
}

/**
 * Reads what is pushed: an observable, or anything with `subscribe`. It is subscribed to when the pipe is run, and
 * unsubscribed from when that ends. Since nothing holds an observable back, what waits is bounded, and what is to
 * happen then is said by `overflow`.
 *
 * ```ts
 * import { fromObservable, type Observer } from '@dataenginex/streams';
 *
 * const readings = {
 *   subscribe({ next, complete }: Observer<number>) {
 *     for (const celsius of [12.8, 10.6, 11.7]) next(celsius);
 *     complete();
 *     return { unsubscribe() {} };
 *   },
 * };
 * await Array.fromAsync(fromObservable(readings)); // => [12.8, 10.6, 11.7]
 * await Array.fromAsync(fromObservable(readings, { capacity: 2, overflow: 'dropOldest' })); // => [10.6, 11.7]
 * await Array.fromAsync(fromObservable(readings, { capacity: 2 })); // throws more than 2 values were waiting
 * ```
 *
 * @throws {OptionError} At once, when there is no `subscribe` or an option is out of range.
 * @throws {OverflowError} From the pipe, after the values that waited.
 * @throws The observable's error as it is, after the values before it.
 */
export function fromObservable<T>(source: Enumerable<T>, options?: FromObservableOptions<NoInfer<T>>): Pipe<T>;
export function fromObservable<T>(source: Subscribable<T>, options?: FromObservableOptions<NoInfer<T>>): Pipe<T>;
export function fromObservable<T>(source: Subscribable<T>, options: FromObservableOptions<T> = {}): Pipe<T> {
  const { capacity = 1024, overflow = 'error', onDrop } = options;
  // From JavaScript anything may come.
  const given: Partial<Subscribable<T>> | undefined | null = source;
  if (typeof given?.subscribe !== 'function') throw new OptionError('fromObservable.source', 'an observable', source);
  checkInteger('fromObservable.capacity', capacity, { min: 1 });
  checkOneOf('fromObservable.overflow', overflow, ['error', 'dropOldest', 'dropNewest']);
  checkFunction('fromObservable.onDrop', onDrop);
  return fromChunks(async function* ({ signal }) {
    let waiting: T[] = [];
    /** Where the oldest is, once others have taken the places of those dropped. */
    let oldest = 0;
    let end: { readonly failure?: { readonly error: unknown } } | undefined;
    let wake = idle;
    const stop = (error?: { readonly error: unknown }): void => {
      end ??= error === undefined ? {} : { failure: error };
      wake();
    };
    const next = (value: T): void => {
      if (end !== undefined) return;
      if (waiting.length < capacity) {
        waiting.push(value);
        wake();
      } else if (overflow === 'error') stop({ error: new OverflowError(capacity) });
      else drop(value);
    };
    const drop = (value: T): void => {
      const dropped = overflow === 'dropNewest' ? [value] : waiting.splice(oldest, 1, value);
      if (overflow === 'dropOldest') oldest = (oldest + 1) % capacity;
      try {
        for (const each of dropped) onDrop?.(each);
      } catch (error) {
        stop({ error });
      }
    };
    signal.addEventListener('abort', () => stop({ error: signal.reason }));
    const subscription = source.subscribe({ next, error: (error) => stop({ error }), complete: () => stop() });
    try {
      for (;;) {
        const values = oldest === 0 ? waiting : [...waiting.slice(oldest), ...waiting.slice(0, oldest)];
        waiting = [];
        oldest = 0;
        if (values.length > 0) yield values;
        else if (end === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else break;
      }
    } finally {
      if (typeof subscription === 'function') subscription();
      else subscription.unsubscribe();
    }
    if (end.failure !== undefined) throw end.failure.error;
  });
}

function idle(): void {}

/** What `toObservable` makes: to be subscribed to, or given to rxjs's `from`. */
export interface PipeObservable<T> extends AsyncIterable<T, void, undefined> {
  /** Runs the pipe; `unsubscribe` aborts it. Without `error`, a failure is an unhandled rejection. */
  subscribe(observer: Partial<Observer<T>> | ((value: T) => void)): { unsubscribe(): void };
}

/**
 * Makes an observable of a pipe, for rxjs's `from` among others. The pipe is run anew for each subscriber, its `signal`
 * aborts and its source closes as soon as that unsubscribes. There is no backpressure beyond what `next` does at once.
 *
 * ```ts
 * import { pipe, toObservable } from '@dataenginex/streams';
 *
 * const seen: number[] = [];
 * const { promise: complete, resolve } = Promise.withResolvers<void>();
 * toObservable(pipe([12.8, 10.6])).subscribe({ next: (celsius) => void seen.push(celsius), complete: resolve });
 * await complete;
 * seen; // => [12.8, 10.6]
 * ```
 *
 * @see https://github.com/tc39/proposal-observable
 */
export function toObservable<T>(source: PipeSource<T>): PipeObservable<T> {
  const pipeline = pipe(source);
  const observable: PipeObservable<T> = {
    [Symbol.asyncIterator]: () => pipeline[Symbol.asyncIterator](),
    subscribe(observer) {
      // Called as methods: rxjs's have a `this`.
      const to: Partial<Observer<T>> = typeof observer === 'function' ? { next: observer } : observer;
      const controller = new AbortController();
      const { signal } = controller;
      const write = (items: readonly T[]): void => {
        for (const item of items) if (!signal.aborted) to.next?.(item);
      };
      const fail = (reason: unknown): void => {
        if (signal.aborted) return;
        if (to.error === undefined) throw reason;
        to.error(reason);
      };
      void run(pipeline, { write, close() {} }, { signal }).then(() => to.complete?.(), fail);
      return { unsubscribe: () => controller.abort() };
    },
  };
  // Libraries look for the symbol, and for this where the platform has none.
  const symbol = 'observable' in Symbol && typeof Symbol.observable === 'symbol' ? Symbol.observable : '@@observable';
  return Object.assign(observable, { [symbol]: () => observable });
}
