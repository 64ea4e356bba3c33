import { checkNumber, instrument } from '@dataenginex/core';
import { Call, settleWith, start } from './call.ts';
import { TimeoutError } from './errors.ts';
import { createPolicy, type Policy } from './policy.ts';

const expired = instrument('@dataenginex/resilience').counter('dex.timeout.expired', {
  unit: '{timeout}',
  description: 'Timeouts that expired before the wrapped function settled.',
});

/**
 * Bounds how long a call takes. On expiry the attempt's signal aborts with the error, and the call rejects at once,
 * also when the function ignores its signal.
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
  checkNumber('timeout.ms', ms, { min: 1, max: 2 ** 31 - 1 });
  return createPolicy(
    (next, call) =>
      new Promise((resolve, reject) => {
        const inner = new Call(call.attempt);
        const release = (): void => {
          clearTimeout(timer);
          call.offAbort(stop);
        };
        const stop = (reason: unknown): void => {
          release();
          inner.abort(reason);
          reject(reason);
        };
        const timer = setTimeout(() => {
          expired.add(1);
          stop(new TimeoutError(ms));
        }, ms);
        call.onAbort(stop);
        settleWith(start(next, inner), release, resolve, reject);
      }),
  );
}
