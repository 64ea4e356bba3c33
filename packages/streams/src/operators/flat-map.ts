import { checkFunction } from '@dataenginex/core';
import type { Operator } from '../pipes/operator.ts';

/**
 * Turns every item into any number of others: those of the array, set or generator that `fn` returns. One result is
 * read to its end before the next item is looked at, and held in memory for as long, so it must end, unless a `take`
 * behind it does. A string is refused, since who returns one seldom wants its characters.
 *
 * ```ts
 * import { flatMap, pipe } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe(['rain,fog', 'sun'], flatMap((line) => line.split(',')))); // => ['rain', 'fog', 'sun']
 * ```
 *
 * @throws {OperatorError} From the pipe, when `fn` or what it returned throws, or it returned no iterable object.
 */
export function flatMap<I, O>(fn: (item: I) => Iterable<O> & object): Operator<I, O> {
  checkFunction('flatMap.fn', fn);
  return {
    name: 'flatMap',
    fuse: (push, fail) => ({
      push(item) {
        let isOurs = false;
        try {
          const results = fn(item);
          if (typeof results === 'string') throw new TypeError('expected an array or iterable object, got a string');
          for (const result of results) {
            isOurs = true;
            push(result);
            isOurs = false;
          }
        } catch (error) {
          throw isOurs ? error : fail(error);
        }
      },
    }),
  };
}
