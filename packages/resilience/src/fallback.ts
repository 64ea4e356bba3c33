import { checkFunction } from '@dataenginex/core';
import type { Attempt, Call, Layer } from './call.ts';
import { KeyError } from './errors.ts';
import type { KeyedArguments } from './key.ts';
import { createPolicy, type RunOptions } from './policy.ts';
import { count, telemetry } from './telemetry.ts';

/** Told when an error was replaced. */
export interface FallbackEvent {
  readonly error: unknown;
}

/** Options of `fallback`. */
export interface FallbackOptions {
  /** Which errors are replaced. @default all but a `KeyError`, which is a mistake, and those named "AbortError" */
  fallbackIf?: ((error: unknown) => boolean) | undefined;
  /** Told before the fallback is made. What it throws, the call rejects with. */
  onFallback?: ((event: FallbackEvent) => void) | undefined;
}

/**
 * A policy that may answer with a `T` of its own, so that what it wraps returns `R | T`. As a decorator it takes methods
 * whose type has room for a `T`. It wraps what `policy(…)` made: the policies in there give back what they were given.
 */
export interface FallbackPolicy<out T, in P extends readonly unknown[] = readonly unknown[]> {
  <This, A extends P, R>(
    fn: (this: This, ...args: A) => Promise<R>,
    context?: ClassMethodDecoratorContext<This>,
  ): (this: This, ...args: A) => Promise<R | T>;
  /** Runs `fn` once. Not for a fallback made from arguments, since there are none. */
  run<R>(this: FallbackPolicy<T>, fn: (attempt: Attempt) => Promise<R>, options?: RunOptions): Promise<R | T>;
}

const used = telemetry.counter('dex.fallback.used', {
  unit: '{run}',
  description: 'Errors that were replaced by a fallback.',
});

/**
 * Answers in place of an error: with a value, or with what a function makes of the error and the arguments. A value that
 * is a function is taken for the second.
 *
 * An abort by the caller is never replaced. Of a signal that the policy does not see (see `Policy`) it knows by the name
 * of the error, "AbortError", unless `fallbackIf` says otherwise.
 *
 * ```ts
 * import { fallback } from '@dataenginex/resilience';
 *
 * const fetchDaily = async (city: string): Promise<string> => {
 *   throw new Error(`No forecast for ${city}.`);
 * };
 * await fallback(null)(fetchDaily)('Seattle'); // => null
 *
 * const lastGood = new Map([['Seattle', '12.8 °C']]);
 * const daily = fallback((_error, city: string) => lastGood.get(city) ?? 'unknown')(fetchDaily);
 * await daily('Seattle'); // => '12.8 °C'
 * await daily('Paris'); // => 'unknown'
 * ```
 *
 * @throws {OptionError} At once, when an option is no function.
 */
export function fallback<T, A extends readonly unknown[] = readonly []>(
  make: (error: unknown, ...args: A) => T | Promise<T>,
  options?: FallbackOptions,
): FallbackPolicy<T, KeyedArguments<A>>;
export function fallback<T>(
  value: T extends (...args: never) => unknown ? never : T,
  options?: FallbackOptions,
): FallbackPolicy<T>;
export function fallback(value: unknown, options: FallbackOptions = {}): FallbackPolicy<unknown> {
  const { fallbackIf = isFailure, onFallback } = options;
  checkFunction('fallback.fallbackIf', fallbackIf);
  checkFunction('fallback.onFallback', onFallback);

  // Its type says R for what is R | T; that it is, `FallbackPolicy` tells.
  function replace<R>(error: unknown, call: Call<R>): Promise<R>;
  async function replace(error: unknown, call: Call<unknown>): Promise<unknown> {
    if (call.aborted || !fallbackIf(error)) throw error;
    onFallback?.({ error });
    count(used, call);
    return typeof value === 'function' ? Reflect.apply(value, undefined, [error, ...call.run.args]) : value;
  }
  const layer: Layer = (next) => (call) => next(call).catch((error: unknown) => replace(error, call));
  return createPolicy(layer);
}

function isFailure(error: unknown): boolean {
  return !(error instanceof KeyError || (error instanceof Error && error.name === 'AbortError'));
}
