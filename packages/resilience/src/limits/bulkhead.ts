import { checkFunction, checkInteger, checkNumber } from '@dataenginex/core';
import { type AdaptiveConcurrency, AdaptiveLimit } from './adaptive-limit.ts';
import type { Call, Next } from '../call.ts';
import { BulkheadFullError, PolicyClosedError } from '../errors.ts';
import type { KeyedArguments } from '../key.ts';
import { createPolicy, type Policy } from '../policy.ts';
import { count, telemetry } from '../telemetry.ts';
import { WaitQueue } from './wait-queue.ts';

/** Options of `bulkhead`. */
export interface BulkheadOptions<A extends readonly unknown[] = readonly unknown[]> {
  /** Calls that run at once, from 1; or the bounds between which the limit finds itself. @default 32 */
  concurrent?: number | AdaptiveConcurrency | undefined;
  /** Calls that wait for their turn, from 0; one more is refused. @default 128 */
  maxQueued?: number | undefined;
  /**
   * The priority of a wrapped function's call, asked only when it has to wait; `run` takes one among its options. A
   * higher one goes first, and takes the last place of a lower one in a full queue.
   * @default 0 for all
   */
  priority?: ((...args: A) => number) | undefined;
}

/** A policy that bounds how many calls run at once. */
export interface Bulkhead<P extends readonly unknown[] = readonly unknown[]> extends Policy<P>, AsyncDisposable {
  /** Calls that run now. */
  readonly active: number;
  /** Calls that wait now. */
  readonly queued: number;
  /** How many calls may run at once; it moves where the limit is adaptive. */
  readonly concurrent: number;
  /** Rejects what waits, and every later call, with `PolicyClosedError`. Calls that run go on. */
  close(): Promise<void>;
}

const refused = telemetry.counter('dex.bulkhead.refused', {
  unit: '{call}',
  description: 'Calls that a full bulkhead refused.',
});
const waited = telemetry.counter('dex.bulkhead.queued', {
  unit: '{call}',
  description: 'Calls that had to wait for their turn.',
});

/**
 * Runs at most `concurrent` calls at once; others wait in a bounded queue, first come, first served.
 *
 * A place is held until the function has settled, even after its caller was aborted, since until then the work goes on.
 * A `timeout` inside the bulkhead frees the place of one that ignores its signal. A waiting call that is aborted leaves
 * the queue at once; one whose deadline passes is not begun.
 *
 * ```ts
 * import { bulkhead } from '@dataenginex/resilience';
 *
 * const two = bulkhead({ concurrent: 2, maxQueued: 10 });
 * const reports = Promise.all(['Seattle', 'New York', 'Oslo'].map((city) => two.run(async () => `${city}: rain`)));
 * [two.active, two.queued]; // => [2, 1]
 * await reports; // => ['Seattle: rain', 'New York: rain', 'Oslo: rain']
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {BulkheadFullError} From the wrapped function, when the queue is full.
 * @throws {PolicyClosedError} From the wrapped function, once the bulkhead is closed.
 */
export function bulkhead<A extends readonly unknown[] = readonly unknown[]>(
  options: BulkheadOptions<A> = {},
): Bulkhead<KeyedArguments<A>> {
  const { concurrent = 32, maxQueued = 128, priority } = options;
  checkInteger('bulkhead.maxQueued', maxQueued, { min: 0 });
  checkFunction('bulkhead.priority', priority);
  const adaptive = typeof concurrent === 'object' && concurrent !== null ? new AdaptiveLimit(concurrent) : undefined;
  let limit = adaptive?.limit ?? checkInteger('bulkhead.concurrent', concurrent, { min: 1 });
  let active = 0;
  let isClosed = false;
  const queue = new WaitQueue();

  const leave = (): void => {
    active -= 1;
    if (adaptive) limit = adaptive.limit;
    for (;;) if (active >= limit || !queue.startNext()) return;
  };
  const onValue = <R>(value: R): R => {
    leave();
    return value;
  };
  const onError = (error: unknown): never => {
    leave();
    throw error;
  };
  const enter = <R>(next: Next, call: Call<R>): Promise<R> => {
    active += 1;
    return next(call).then(onValue, onError);
  };
  const enterMeasured = (adapt: AdaptiveLimit) => {
    return <R>(next: Next, call: Call<R>): Promise<R> => {
      active += 1;
      const begin = adapt.begin(active);
      return next(call).then(
        (value) => {
          adapt.succeeded(begin);
          return onValue(value);
        },
        (error: unknown) => {
          try {
            if (adapt.overloadIf(error)) adapt.overloaded(begin);
          } finally {
            leave();
          }
          throw error;
        },
      );
    };
  };
  const start = adaptive ? enterMeasured(adaptive) : enter;

  const priorityOf = ({ run }: Call<unknown>): number => {
    if (run.priority !== undefined) return checkNumber('run.priority', run.priority, { max: Infinity });
    if (priority === undefined || run.wrapped === undefined) return 0;
    return checkNumber('bulkhead.priority()', Reflect.apply(priority, undefined, run.args), { max: Infinity });
  };
  const wait = async <R>(next: Next, call: Call<R>): Promise<R> => {
    const order = priorityOf(call);
    if (queue.size >= maxQueued) {
      count(refused, call);
      if ((queue.lowest ?? Infinity) >= order) throw new BulkheadFullError(limit, maxQueued, call.run.key);
      queue.rejectLast(new BulkheadFullError(limit, maxQueued, undefined));
    }
    count(waited, call);
    return queue.wait(call, order, () => start(next, call));
  };

  const close = async (): Promise<void> => {
    isClosed = true;
    queue.rejectAll(new PolicyClosedError());
  };
  return createPolicy(
    (next) => (call) => {
      if (isClosed) return Promise.reject(new PolicyClosedError());
      if (call.aborted) return Promise.reject(call.aborted.reason);
      return active < limit && queue.size === 0 ? start(next, call) : wait(next, call);
    },
    {
      get active() {
        return active;
      },
      get queued() {
        return queue.size;
      },
      get concurrent() {
        return limit;
      },
      close,
      [Symbol.asyncDispose]: close,
    },
  );
}
