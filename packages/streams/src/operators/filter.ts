import { checkFunction } from '@dataenginex/core';
import type { Operator } from '../pipes/operator.ts';

/**
 * Keeps the items for which `test` holds. A type guard narrows the items that follow.
 *
 * ```ts
 * import { filter, pipe } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([1, null, 3], filter((n) => n !== null))); // => [1, 3]
 * ```
 *
 * @throws {OperatorError} From the pipe, when `test` throws.
 */
export function filter<I, O extends I>(test: (item: I) => item is O): Operator<I, O>;
export function filter<I>(test: (item: I) => boolean): Operator<I, I>;
export function filter<I>(test: (item: I) => boolean): Operator<I, I> {
  checkFunction('filter.test', test);
  return {
    name: 'filter',
    fuse: (push, fail) => ({
      push(item) {
        let kept: boolean;
        try {
          kept = test(item);
        } catch (error) {
          throw fail(error);
        }
        if (kept) push(item);
      },
    }),
  };
}
