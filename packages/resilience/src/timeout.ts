import { checkNumber } from '@dataenginex/core';
import { Call, type Deadline } from './call.ts';
import { TimeoutError } from './errors.ts';
import { createPolicy, type Policy } from './policy.ts';
import { longestTimerMs } from './sleep.ts';
import { count, telemetry } from './telemetry.ts';

const expired = telemetry.counter('dex.timeout.expired', {
  unit: '{timeout}',
  description: 'Timeouts that expired before the wrapped function settled.',
});

/**
 * Bounds how long a call takes. On expiry the attempt's signal aborts with the error, and the call rejects at once,
 * also when the function ignores its signal.
 *
 * The deadline goes with the attempt: `remainingMs` tells it, a `retry` inside begins no wait that would outlast it,
 * and a policy that is handed the attempt's signal is bound by it as well.
 *
 * ```ts
 * import { timeout } from '@dataenginex/resilience';
 *
 * const never = () => new Promise<string>(() => {});
 * await timeout(5).run(never); // throws Timed out after 5 ms.
 * ```
 *
 * @param ms Milliseconds, from 1 to 2 ** 31 - 1.
 * @throws {OptionError} At once, when `ms` is out of range.
 * @throws {TimeoutError} From the wrapped function.
 */
export function timeout(ms: number): Policy {
  checkNumber('timeout.ms', ms, { min: 1, max: longestTimerMs });
  return createPolicy((next) => (call) => {
    if (call.aborted) return Promise.reject(call.aborted.reason);
    return new Promise((resolve, reject) => {
      const expiry = new Expiry(call, ms, reject);
      next(expiry.inner).then(
        (value) => {
          expiry.settle();
          resolve(value);
        },
        (error: unknown) => {
          expiry.settle();
          reject(error);
        },
      );
    });
  });
}

/** What bounds one call. */
class Expiry<R> implements Deadline {
  at: number;
  /** The call as it goes on within the deadline. */
  readonly inner: Call<R>;
  readonly #outer: Call<R>;
  readonly #ms: number;
  readonly #reject: (reason: unknown) => void;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(outer: Call<R>, ms: number, reject: (reason: unknown) => void) {
    this.at = performance.now() + ms;
    this.inner = new Call(outer.run, outer.attempt, this.at < outer.deadline.at ? this : outer.deadline);
    this.#outer = outer;
    this.#ms = ms;
    this.#reject = reject;
    this.#timer = setTimeout(() => this.expire(), ms);
    outer.link(this);
  }

  expire(): void {
    this.#outer.unlink(this);
    count(expired, this.#outer);
    this.abort(new TimeoutError(this.#ms));
  }

  abort(reason: unknown): void {
    clearTimeout(this.#timer);
    this.inner.abort(reason);
    this.#reject(reason);
  }

  /** What the function left behind is bound by no timeout that has settled. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#outer.unlink(this);
    this.at = Infinity;
  }
}
