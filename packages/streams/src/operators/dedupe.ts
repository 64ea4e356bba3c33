import { checkFunction, checkInteger, checkNumber } from '@dataenginex/core';
import { detach } from '../pipes/detach.ts';
import type { Operator } from '../pipes/operator.ts';

export interface DedupeOptions<T> {
  /**
   * What tells items apart, compared as the keys of a `Map` are: an object is only itself, so make a string of several
   * fields.
   *
   * @default the item itself
   */
  key?: ((item: T) => unknown) | undefined;
  /**
   * How many keys are remembered, at most 2 ** 24; the one that was passed on longest ago is forgotten for a new one.
   *
   * @default 100_000
   */
  maxKeys?: number | undefined;
  /**
   * For how long a key is remembered, in milliseconds: of event time behind `eventTime`, where it is forgotten once the
   * watermark is so far past it; else of the clock on the wall.
   *
   * @default Infinity
   */
  withinMs?: number | undefined;
}

/**
 * Leaves out what was passed on not long ago: an item with the key of one of the last `maxKeys` that came through, less
 * than `withinMs` before or, in event time, after it. A repetition does not prolong the memory. Bounded, hence not
 * exact: what repeats later than that comes through again. `distinct` is exact, and has a limit.
 *
 * ```ts
 * import { dedupe, pipe } from '@dataenginex/streams';
 *
 * const key = ({ id }: { id: number }) => id;
 * const events = [{ id: 1, try: 1 }, { id: 2, try: 1 }, { id: 1, try: 2 }];
 * await Array.fromAsync(pipe(events, dedupe({ key, withinMs: 60_000 }))); // => [{ id: 1, try: 1 }, { id: 2, try: 1 }]
 * await Array.fromAsync(pipe([1, 1, 2, 1], dedupe({ maxKeys: 1 }))); // => [1, 2, 1]
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, when `key` throws.
 */
export function dedupe<T>(options: DedupeOptions<T> = {}): Operator<T, T> {
  const { key = (item: T): unknown => item, maxKeys = 100_000, withinMs = Infinity } = options;
  checkFunction('dedupe.key', key);
  checkInteger('dedupe.maxKeys', maxKeys, { min: 1, max: 2 ** 24 });
  checkNumber('dedupe.withinMs', withinMs, { min: 0, max: Infinity });
  return {
    name: 'dedupe',
    fuse(push, fail, { clock, restored }) {
      /** When each key was passed on, the oldest first. */
      const seen = new Map<unknown, number>(Array.isArray(restored) ? restored : []);
      const forget = (until: number): void => {
        for (const [id, time] of seen) {
          if (time > until && seen.size <= maxKeys) return;
          seen.delete(id);
        }
      };
      return {
        push(item) {
          let id: unknown;
          try {
            id = key(item);
          } catch (error) {
            throw fail(error);
          }
          const isTimed = !Number.isNaN(clock.time);
          const now = isTimed ? clock.time : Date.now();
          const before = seen.get(id);
          if (before !== undefined && Math.abs(now - before) < withinMs) return;
          seen.delete(id);
          seen.set(detach(id), now);
          // In event time, what is late may still be a repetition of what came in time.
          forget((isTimed ? clock.watermark : now) - withinMs);
          push(item);
        },
        save: () => [...seen],
      };
    },
  };
}
