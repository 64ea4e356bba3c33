import { checkFunction, checkInteger } from '@dataenginex/core';
import type { Operator } from '../pipes/operator.ts';
import type { Reader } from '../pipes/reader.ts';

/**
 * Lets the first `count` items through, then closes the source: it is asked for nothing more, and the pipe ends as if
 * the source had.
 *
 * ```ts
 * import { pipe, take } from '@dataenginex/streams';
 *
 * const naturals = function* () {
 *   for (let n = 0; ; n += 1) yield n;
 * };
 * await Array.fromAsync(pipe(naturals(), take(3))); // => [0, 1, 2]
 * ```
 *
 * @param count How many, from 0, which closes the source without asking it at all.
 * @throws {OptionError} At once, when `count` is not a whole number from 0.
 */
export function take<T>(count: number): Operator<T, T> {
  checkInteger('take.count', count, { min: 0 });
  if (count === 0) return { name: 'take', carries: true, link: takeNone };
  return {
    name: 'take',
    fuse(push, _fail, { stop, restored }) {
      let left = typeof restored === 'number' ? restored : count;
      return {
        push(item) {
          left -= 1;
          push(item);
          if (left === 0) stop();
        },
        save: () => left,
      };
    },
  };
}

async function* takeNone(reader: Reader<unknown>): AsyncGenerator<never, void, undefined> {
  await reader.close(new DOMException('Nothing is wanted of the source.', 'AbortError'));
  yield* [];
}

/**
 * Lets items through as long as `test` holds. The first for which it does not is dropped, and closes the source. A type
 * guard narrows the items that follow.
 *
 * ```ts
 * import { pipe, takeWhile } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([1, 2, 9, 3], takeWhile((n) => n < 5))); // => [1, 2]
 * ```
 *
 * @throws {OperatorError} From the pipe, when `test` throws.
 */
export function takeWhile<I, O extends I>(test: (item: I) => item is O): Operator<I, O>;
export function takeWhile<I>(test: (item: I) => boolean): Operator<I, I>;
export function takeWhile<I>(test: (item: I) => boolean): Operator<I, I> {
  checkFunction('takeWhile.test', test);
  return {
    name: 'takeWhile',
    fuse: (push, fail, { stop }) => ({
      push(item) {
        let goesOn: boolean;
        try {
          goesOn = test(item);
        } catch (error) {
          throw fail(error);
        }
        if (!goesOn) stop();
        push(item);
      },
    }),
  };
}
