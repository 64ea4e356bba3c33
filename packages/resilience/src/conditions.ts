import { checkNumber } from '@dataenginex/core';
import type { RetryState } from './retry.ts';

type Condition<A extends readonly unknown[]> = (...args: A) => boolean;

/**
 * True when one of the conditions is. Made for `stop` and `retryIf`, and good for any predicate.
 *
 * ```ts
 * import { allOf, anyOf, isError, not, retry, stopAfterMs } from '@dataenginex/resilience';
 *
 * const isNetwork = (error: unknown) => error instanceof Error && error.message.includes('ECONN');
 * const upstream = retry({
 *   attempts: 20,
 *   baseDelayMs: 1,
 *   retryIf: anyOf(isNetwork, allOf(isError(RangeError), not((error) => error === undefined))),
 *   stop: anyOf(stopAfterMs(5_000), ({ attempt, error }) => attempt === 2 && error instanceof RangeError),
 * });
 * let attempts = 0;
 * await upstream.run(async () => {
 *   attempts += 1;
 *   throw attempts < 3 ? new RangeError('Page 7 of 6.') : new TypeError('No such city.');
 * }); // throws Page 7 of 6.
 * attempts; // => 2
 * ```
 */
export function anyOf<A extends readonly unknown[]>(...conditions: readonly Condition<A>[]): Condition<A> {
  return (...args) => conditions.some((condition) => condition(...args));
}

/** True when all the conditions are. */
export function allOf<A extends readonly unknown[]>(...conditions: readonly Condition<A>[]): Condition<A> {
  return (...args) => conditions.every((condition) => condition(...args));
}

/** True when the condition is not. */
export function not<A extends readonly unknown[]>(condition: Condition<A>): Condition<A> {
  return (...args) => !condition(...args);
}

/** For `retryIf`: true for errors of one of the classes. */
export function isError(...classes: readonly (abstract new (...args: never) => Error)[]): Condition<[error: unknown]> {
  return (error) => classes.some((type) => error instanceof type);
}

/**
 * For `stop`: true when the next attempt would begin `ms` milliseconds or more after the first did.
 *
 * @throws {OptionError} When `ms` is negative or no number.
 */
export function stopAfterMs(ms: number): Condition<[state: RetryState]> {
  checkNumber('stopAfterMs.ms', ms, { min: 0 });
  return ({ elapsedMs }) => elapsedMs >= ms;
}
