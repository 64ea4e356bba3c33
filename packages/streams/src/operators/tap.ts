import { checkFunction } from '@dataenginex/core';
import type { Operator } from '../pipes/operator.ts';

/**
 * Shows every item to `fn` and passes it on as it is. What `fn` returns is not looked at, a promise not waited for; to
 * wait, use `mapAsync`.
 *
 * ```ts
 * import { pipe, tap } from '@dataenginex/streams';
 *
 * let warmest = -Infinity;
 * const temps = pipe([12.8, 10.6], tap((temp) => { warmest = Math.max(warmest, temp); }));
 * await Array.fromAsync(temps); // => [12.8, 10.6]
 * warmest; // => 12.8
 * ```
 *
 * @throws {OperatorError} From the pipe, when `fn` throws.
 */
export function tap<T>(fn: (item: T) => void): Operator<T, T> {
  checkFunction('tap.fn', fn);
  return {
    name: 'tap',
    fuse: (push, fail) => ({
      push(item) {
        try {
          fn(item);
        } catch (error) {
          throw fail(error);
        }
        push(item);
      },
    }),
  };
}
