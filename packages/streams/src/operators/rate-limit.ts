import { OptionError } from '@dataenginex/core';
import type { Chunk } from '../pipes/input.ts';
import type { LinkContext, Operator } from '../pipes/operator.ts';
import type { Reader } from '../pipes/reader.ts';

/** What lets one call through at a time of its choosing, such as the policies of `@dataenginex/resilience`. */
export interface RateLimiter {
  run(fn: () => Promise<void>, options: { signal: AbortSignal }): Promise<unknown>;
}

/**
 * Passes items on at the pace of a policy: each when `policy.run` calls the function it is given, one after the other.
 * A policy that can be shared holds several pipes to one rate.
 *
 * ```ts
 * import { setTimeout } from 'node:timers/promises';
 * import { pipe, rateLimit } from '@dataenginex/streams';
 *
 * // or rateLimit({ limit: 100, perMs: 1_000 }) of @dataenginex/resilience
 * const policy = {
 *   async run(fn: () => Promise<void>, { signal }: { signal: AbortSignal }) {
 *     await setTimeout(10, undefined, { signal });
 *     await fn();
 *   },
 * };
 * await Array.fromAsync(pipe(['Seattle', 'New York'], rateLimit(policy))); // => ['Seattle', 'New York']
 * ```
 *
 * @throws {OptionError} At once, when the policy has no `run`.
 * @throws {OperatorError} From the pipe, when the policy rejects, such as for a queue that is full.
 */
export function rateLimit<T>(policy: RateLimiter): Operator<T, T> {
  // A policy may be a function: those of resilience are.
  if (typeof (policy as RateLimiter | undefined)?.run !== 'function') {
    throw new OptionError('rateLimit.policy', 'a policy with a run method', policy);
  }
  return {
    name: 'rateLimit',
    carries: true,
    link: (reader, context) => passInTime(reader, context, policy),
  };
}

const pass = async (): Promise<void> => {};

async function* passInTime<T>(
  reader: Reader<T>,
  { controller: { signal }, fail }: LinkContext,
  policy: RateLimiter,
): AsyncGenerator<Chunk<T>, void, undefined> {
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
    const last = chunk.items.length - 1;
    if (last === -1) yield chunk;
    for (const [index, item] of chunk.items.entries()) {
      try {
        await policy.run(pass, { signal });
      } catch (error) {
        throw fail(error, chunk.position(index));
      }
      const single = chunk.with([item], [index]);
      if (index === last) yield single;
      else {
        const { clocks } = single;
        const after = clocks?.watermarks[0] ?? -Infinity;
        yield { ...single, clocks: clocks && { ...clocks, after }, barrier: undefined };
      }
    }
  }
}
