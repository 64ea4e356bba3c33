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
    const deadline = performance.now() + ms;
    if (deadline >= call.deadline) return next(call); // the one around it expires first
    return new Promise((resolve, reject) => {
      const inner = new Call(call.run, call.attempt, deadline);
      const waiting = {
        abort(reason: unknown): void {
          clearTimeout(timer);
          inner.abort(reason);
          reject(reason);
        },
      };
      const timer = setTimeout(() => {
        call.unlink(waiting);
        count(expired, call);
        waiting.abort(new TimeoutError(ms));
      }, ms);
      call.link(waiting);
      next(inner).then(
        (value) => {
          clearTimeout(timer);
          call.unlink(waiting);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          call.unlink(waiting);
          reject(error);
        },
      );
    });
  });
}
