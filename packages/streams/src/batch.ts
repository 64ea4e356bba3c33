import { checkInteger } from '@dataenginex/core';
import type { Operator } from './operator.ts';

/**
 * Gathers items into arrays of `size`, in order; the last may be shorter, and none is empty.
 *
 * ```ts
 * import { batch, pipe } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([1, 2, 3], batch(2))); // => [[1, 2], [3]]
 * ```
 *
 * @param size Items in a batch, from 1.
 * @throws {OptionError} At once, when `size` is not a positive integer.
 */
export function batch<T>(size: number): Operator<T, T[]> {
  checkInteger('batch.size', size, { min: 1 });
  return {
    name: 'batch',
    fuse(push) {
      let items: T[] = [];
      const flush = (): void => {
        const full = items;
        items = [];
        push(full);
      };
      return {
        push(item) {
          items.push(item);
          if (items.length === size) flush();
        },
        end() {
          if (items.length > 0) flush();
        },
      };
    },
  };
}
