import { checkFunction, checkInteger } from '@dataenginex/core';
import type { Operator } from '../pipes/operator.ts';

/**
 * Leaves the first `count` items out.
 *
 * ```ts
 * import { drop, pipe } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([1, 2, 3], drop(2))); // => [3]
 * ```
 *
 * @param count How many, from 0.
 * @throws {OptionError} At once, when `count` is not a whole number from 0.
 */
export function drop<T>(count: number): Operator<T, T> {
  checkInteger('drop.count', count, { min: 0 });
  return {
    name: 'drop',
    fuse(push, _fail, { restored }) {
      let left = typeof restored === 'number' ? restored : count;
      return {
        push(item) {
          if (left === 0) push(item);
          else left -= 1;
        },
        save: () => left,
      };
    },
  };
}

/**
 * Leaves items out as long as `test` holds; it is not asked again after the first that stays.
 *
 * ```ts
 * import { dropWhile, pipe } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([1, 2, 9, 3], dropWhile((n) => n < 5))); // => [9, 3]
 * ```
 *
 * @throws {OperatorError} From the pipe, when `test` throws.
 */
export function dropWhile<T>(test: (item: T) => boolean): Operator<T, T> {
  checkFunction('dropWhile.test', test);
  return {
    name: 'dropWhile',
    fuse(push, fail, { restored }) {
      let isDropping = restored !== false;
      return {
        push(item) {
          try {
            isDropping &&= test(item);
          } catch (error) {
            throw fail(error);
          }
          if (!isDropping) push(item);
        },
        save: () => isDropping,
      };
    },
  };
}
