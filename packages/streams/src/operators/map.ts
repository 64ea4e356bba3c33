import { checkFunction } from '@dataenginex/core';
import type { Operator } from '../pipes/operator.ts';
import { checkRejects, issuesOf, type RejectOptions } from '../pipes/rejects.ts';
import { screen } from '../pipes/screen.ts';

/**
 * Turns every item into another. For functions that return promises there is `mapAsync`.
 *
 * With `rejects`, an item for which `fn` throws is set aside, as by `parse`, with the error as `cause` of the reject.
 *
 * ```ts
 * import { map, pipe, type Reject } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([1, 2, 3], map((n) => n * 2))); // => [2, 4, 6]
 *
 * const refused: Reject[] = [];
 * const rejects = (reject: Reject) => void refused.push(reject);
 * await Array.fromAsync(pipe(['1', 'one'], map(BigInt, { rejects }))); // => [1n]
 * refused[0]?.reason; // => 'Cannot convert one to a BigInt'
 * ```
 *
 * @throws {OptionError} At once, when `fn` is not a function or an option is out of range.
 * @throws {OperatorError} From the pipe, when `fn` throws and there is no `rejects`, or when `rejects` throws.
 * @throws {RejectLimitError} From the pipe, when more than `maxRejects` items are refused.
 */
export function map<I, O>(fn: (item: I) => O, options: RejectOptions = {}): Operator<I, O> {
  checkFunction('map.fn', fn);
  const createRefuse = checkRejects('map', options);
  if (createRefuse === undefined) return mapEach(fn);
  return {
    name: 'map',
    carries: true,
    link: (reader, context) => screen(reader, context, { operator: 'map', judge: tried(fn), refuse: createRefuse() }),
  };
}

function mapEach<I, O>(fn: (item: I) => O): Operator<I, O> {
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

const tried =
  <I, O>(fn: (item: I) => O) =>
  (item: I) => {
    try {
      return { value: fn(item) };
    } catch (cause) {
      return { issues: issuesOf(cause).issues, cause };
    }
  };
