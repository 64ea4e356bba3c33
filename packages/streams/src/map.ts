import { checkFunction } from '@dataenginex/core';
import type { Operator } from './operator.ts';

/**
 * Turns every item into another. For functions that return promises there is `mapAsync`.
 *
 * ```ts
 * import { map, pipe } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([1, 2, 3], map((n) => n * 2))); // => [2, 4, 6]
 * ```
 *
 * @throws {OperatorError} From the pipe, when `fn` throws.
 */
export function map<I, O>(fn: (item: I) => O): Operator<I, O> {
  checkFunction('map.fn', fn);
  return {
    name: 'map',
    fuse: (push, fail) => ({
      push(item) {
        let mapped: O;
        try {
          mapped = fn(item);
        } catch (error) {
          throw fail(error);
        }
        push(mapped);
      },
    }),
  };
}
