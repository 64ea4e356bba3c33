import { checkFunction } from '@dataenginex/core';
import type { Operator } from '../pipes/operator.ts';

/**
 * Goes from state to state and passes every one on: after each item, what `fn` makes of the state so far and the item.
 *
 * ```ts
 * import { pipe, scan } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([3, 1, 4], scan((sum, n) => sum + n, 0))); // => [3, 4, 8]
 * ```
 *
 * @param fn Must return a new state instead of changing the one it is given, which has been passed on.
 * @param initial The state before the first item.
 * @throws {OperatorError} From the pipe, when `fn` throws.
 */
export function scan<I, S>(fn: (state: S, item: I) => S, initial: S): Operator<I, S> {
  checkFunction('scan.fn', fn);
  return {
    name: 'scan',
    fuse(push, fail, { restored }) {
      let state = isSaved(restored, initial) ? restored.state : initial;
      return {
        push(item) {
          try {
            state = fn(state, item);
          } catch (error) {
            throw fail(error);
          }
          push(state);
        },
        save: () => ({ state }),
      };
    },
  };
}

/**
 * Makes one result of all items, and passes it on when the source has ended; of no items, the initial state.
 *
 * ```ts
 * import { pipe, reduce } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([3, 1, 4], reduce((sum, n) => sum + n, 0))); // => [8]
 *
 * const byLength = reduce(
 *   (counts, word: string) => counts.set(word.length, (counts.get(word.length) ?? 0) + 1),
 *   () => new Map<number, number>(),
 * );
 * await Array.fromAsync(pipe(['sun', 'rain', 'fog'], byLength)); // => [new Map([[3, 2], [4, 1]])]
 * ```
 *
 * @param initial The state before the first item, or a function that makes one for each run, so that `fn` may change it.
 * @throws {OperatorError} From the pipe, when `fn` or `initial` throws.
 */
export function reduce<I, S>(fn: (state: S, item: I) => S, initial: S | (() => S)): Operator<I, S> {
  checkFunction('reduce.fn', fn);
  const isMaker = (value: S | (() => S)): value is () => S => typeof value === 'function';
  return {
    name: 'reduce',
    holds: true,
    fuse(push, fail, { clock, out, restored }) {
      let state: S;
      try {
        state = isMaker(initial) ? initial() : initial;
      } catch (error) {
        throw fail(error);
      }
      if (isSaved(restored, state)) ({ state } = restored);
      return {
        push(item) {
          try {
            state = fn(state, item);
          } catch (error) {
            throw fail(error);
          }
        },
        end() {
          out.time = clock.time;
          push(state);
        },
        save: () => ({ state }),
      };
    },
  };
}

/** In an object, since the state itself may be `undefined`. */
function isSaved<S>(restored: unknown, _initial: S): restored is { readonly state: S } {
  return restored !== undefined;
}
