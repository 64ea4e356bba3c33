import { checkFunction, checkInteger } from '@dataenginex/core';
import { detach } from '../pipes/detach.ts';
import { KeyLimitError } from '../errors.ts';
import type { Operator } from '../pipes/operator.ts';

export interface DistinctOptions<T> {
  /**
   * What tells items apart, compared as the keys of a `Map` are: an object is only itself, so make a string of several
   * fields.
   *
   * @default the item itself
   */
  key?: ((item: T) => unknown) | undefined;
  /**
   * How many different keys there may be, at most 2 ** 24; one more ends the pipe with a `KeyLimitError`.
   *
   * @default 100_000
   */
  maxKeys?: number | undefined;
}

/**
 * Passes on the first item of each key. It remembers every key, so it is exact and has a limit; where forgetting the
 * oldest is right, use `dedupe`.
 *
 * ```ts
 * import { distinct, pipe } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([3, 1, 3, 2, 1], distinct())); // => [3, 1, 2]
 * await Array.fromAsync(pipe(['fog', 'sun', 'rain'], distinct({ key: (word) => word.length }))); // => ['fog', 'rain']
 * await Array.fromAsync(pipe([1, 2, 3], distinct({ maxKeys: 2 }))); // throws distinct (operator 1) met more than 2 keys
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {KeyLimitError} From the pipe, when there are more than `maxKeys` keys.
 * @throws {OperatorError} From the pipe, when `key` throws.
 */
export function distinct<T>(options: DistinctOptions<T> = {}): Operator<T, T> {
  const { key = (item: T): unknown => item, maxKeys = 100_000 } = options;
  checkFunction('distinct.key', key);
  checkInteger('distinct.maxKeys', maxKeys, { min: 1, max: 2 ** 24 });
  return {
    name: 'distinct',
    fuse(push, fail, { place, position, restored }) {
      const seen = new Set<unknown>(Array.isArray(restored) ? restored : []);
      return {
        push(item) {
          let id: unknown;
          try {
            id = key(item);
          } catch (error) {
            throw fail(error);
          }
          if (seen.has(id)) return;
          if (seen.size === maxKeys) throw new KeyLimitError('distinct', place, position(), maxKeys);
          seen.add(detach(id));
          push(item);
        },
        save: () => [...seen],
      };
    },
  };
}
