import { checkNumber } from '@dataenginex/core';
import type { RetryState } from './retry.ts';

type Condition<A extends readonly unknown[]> = (...args: A) => boolean;

/**
 * True when one of the conditions is. Made for `stop` and `retryIf`, and good for any predicate.
 *
 * ```ts
 * import { allOf, anyOf, isError, not, retry, stopAfterMs } from '@dataenginex/resilience';
 *
 * const isClient = (error: unknown) => error instanceof Error && error.message.startsWith('4');
 * const upstream = retry({
 *   attempts: 20,
 *   retryIf: allOf(isError(Error), not(isClient)),
 *   stop: anyOf(stopAfterMs(5_000), ({ remainingMs }) => remainingMs < 200),
 * });
 * await upstream.run(() => Promise.reject(new Error('404 No such city.'))); // throws 404 No such city.
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
