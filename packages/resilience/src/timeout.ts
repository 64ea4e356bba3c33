import { checkNumber } from '@dataenginex/core';
import { Call } from './call.ts';
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
      const own = {
        at: performance.now() + ms,
        expire: (): void => {
          call.unlink(own);
          count(expired, call);
          own.abort(new TimeoutError(ms));
        },
        abort(reason: unknown): void {
          clearTimeout(timer);
          inner.abort(reason);
          reject(reason);
        },
        /** What the function left behind is bound by no timeout that has settled. */
        settle(): void {
          clearTimeout(timer);
          call.unlink(own);
          own.at = Infinity;
        },
      };
      const inner = new Call(call.run, call.attempt, own.at < call.deadline.at ? own : call.deadline);
      const timer = setTimeout(own.expire, ms);
      call.link(own);
      next(inner).then(
        (value) => {
          own.settle();
          resolve(value);
        },
        (error: unknown) => {
          own.settle();
          reject(error);
        },
      );
    });
  });
}
