import type { KeyedArguments } from '../key.ts';
import { createPolicy, type Policy } from '../policy.ts';
import { RateLimiter, type RateOptions } from './rate-limiter.ts';

/** Options of `rateLimit`. */
export interface RateLimitOptions<K extends readonly unknown[] = readonly unknown[]> extends RateOptions<K> {
  /** Calls of one key that wait for their turn, from 0; one more is refused. @default 128 */
  maxQueued?: number | undefined;
}

/** A policy that bounds how often calls begin. */
export interface RateLimit<P extends readonly unknown[] = readonly unknown[]> extends Policy<P>, AsyncDisposable {
  /** Calls that wait now, of all keys. */
  readonly queued: number;
  /** Rejects what waits, and every later call, with `PolicyClosedError`. Calls that run go on. */
  close(): Promise<void>;
}

/**
 * Lets `limit` calls begin in `perMs` milliseconds, and `burst` of them at once, by the generic cell rate algorithm: in
 * any window of `w` milliseconds no more than `burst + w * limit / perMs`. Others wait in a bounded queue, first come,
 * first served. A call whose turn would come after its deadline is refused at once.
 *
 * ```ts
 * import { rateLimit } from '@dataenginex/resilience';
 *
 * const daily = rateLimit({ limit: 2, perMs: 60_000, maxQueued: 0 })(async (city: string) => `${city}: rain`);
 * await daily('Seattle'); // => 'Seattle: rain'
 * await daily('New York'); // => 'New York: rain'
 * await daily('Oslo'); // throws The limit of 2 calls in 60000 ms is reached
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {RateLimitError} From the wrapped function, when the call cannot wait. Its `retryAfterMs` makes a `retry`
 *   around it wait.
 * @throws {KeyError} From the wrapped function, when there is a `key` option and it gives none.
 * @throws {PolicyClosedError} From the wrapped function, once the policy is closed.
 * @see https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
export function rateLimit<K extends readonly unknown[] = readonly unknown[]>(
  options: RateLimitOptions<K>,
): RateLimit<KeyedArguments<K>> {
  const limiter = new RateLimiter('rateLimit', options, options.maxQueued ?? 128);
  const close = async (): Promise<void> => limiter.close();
  return createPolicy((next) => (call) => limiter.run(next, call), {
    get queued() {
      return limiter.queued;
    },
    close,
    [Symbol.asyncDispose]: close,
  });
}
