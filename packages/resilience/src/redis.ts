import { checkFunction, checkInteger, checkOneOf, OptionError } from '@dataenginex/core';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Call, Next } from './call.ts';
import { RateLimitStoreError } from './errors.ts';
import { type KeyedArguments, keyOf } from './key.ts';
import { createPolicy, type Policy } from './policy.ts';
import { type Pace, paceOf, RateLimiter, type RateOptions, refuse } from './limits/rate-limiter.ts';
import { longestTimerMs } from './sleep.ts';
import { count, telemetry } from './telemetry.ts';

export type { RateOptions } from './limits/rate-limiter.ts';

/** What is used of a client of `redis`, which the caller connects and closes. */
export interface RedisClient {
  readonly isReady: boolean;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** Options of `redisRateLimit`. */
export interface RedisRateLimitOptions<K extends readonly unknown[] = readonly unknown[]> extends RateOptions<K> {
  client: RedisClient;
  /** Names the limit in Redis. Every process with the same one shares it, and has to give the same rate. */
  keyPrefix: string;
  /** How long Redis may take to answer, in milliseconds; from 1. @default 500 */
  storeTimeoutMs?: number | undefined;
  /**
   * What happens while Redis does not answer. `local`: each process keeps to the rate by itself. `allow`: calls are let
   * through. `refuse`: calls reject with `RateLimitStoreError`.
   * @default 'local'
   */
  onStoreDown?: 'local' | 'allow' | 'refuse' | undefined;
  /** Told of each call that Redis did not answer for. What it throws, the call rejects with. */
  onStoreError?: ((event: { readonly error: unknown }) => void) | undefined;
}

const storeErrors = telemetry.counter('dex.rate_limit.store_errors', {
  unit: '{call}',
  description: 'Calls for which the store of a shared rate limit did not answer.',
});

/**
 * The same limit as `rateLimit`, shared by all processes through Redis, and kept by its clock. A call that is one too
 * many is refused at once: a `retry` around it waits for the time that the error names.
 *
 * It never waits for Redis longer than `storeTimeoutMs`, nor at all while the client is not connected or has not
 * answered 10,000 calls.
 *
 * ```ts no-run
 * import { policy, retry } from '@dataenginex/resilience';
 * import { redisRateLimit } from '@dataenginex/resilience/redis';
 * import { createClient } from 'redis';
 *
 * const client = await createClient({ url: 'redis://localhost:6379' }).connect();
 * const shared = redisRateLimit({ client, keyPrefix: 'weather-api', limit: 600, perMs: 60_000 });
 * const daily = policy(retry(), shared)(async (city: string) => `${city}: rain`);
 * await daily('Seattle');
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {RateLimitError} From the wrapped function, when the limit is reached.
 * @throws {RateLimitStoreError} From the wrapped function, when Redis does not answer and `onStoreDown` is `refuse`.
 * @throws {KeyError} From the wrapped function, when there is a `key` option and it gives none.
 */
export function redisRateLimit<K extends readonly unknown[] = readonly unknown[]>(
  options: RedisRateLimitOptions<K>,
): Policy<KeyedArguments<K>> {
  const { client, keyPrefix, key, storeTimeoutMs = 500, onStoreDown = 'local', onStoreError } = options;
  const pace = paceOf('redisRateLimit', options);
  const local = new RateLimiter('redisRateLimit', options, 0);
  checkInteger('redisRateLimit.storeTimeoutMs', storeTimeoutMs, { min: 1, max: longestTimerMs });
  checkOneOf('redisRateLimit.onStoreDown', onStoreDown, ['local', 'allow', 'refuse']);
  checkFunction('redisRateLimit.onStoreError', onStoreError);
  if (typeof keyPrefix !== 'string' || keyPrefix === '') {
    throw new OptionError('redisRateLimit.keyPrefix', 'the name of the limit', keyPrefix);
  }
  const limiter = new RateLimiterRedis({
    storeClient: client,
    useRedisPackage: true,
    rejectIfRedisNotReady: true,
    keyPrefix,
    points: 1, // the script answers 1 for a call that is let through, and 2 for another
    duration: 1,
    customIncrTtlLuaScript: scriptOf(pace),
  });

  let asked = 0;
  const consume = async (name: string): Promise<void> => {
    if (asked >= maxAsked) throw new Error(`Redis has not answered ${maxAsked} calls yet.`);
    asked += 1;
    try {
      const { consumedPoints } = await limiter.consume(name);
      // The limiter takes what it cannot read for a call that is let through.
      if (consumedPoints !== 1) throw new TypeError('Redis answered something else than the script does.');
    } finally {
      asked -= 1;
    }
  };
  const withoutStore = <R>(next: Next, call: Call<R>, error: unknown): Promise<R> => {
    count(storeErrors, call);
    onStoreError?.({ error });
    if (onStoreDown === 'refuse') return Promise.reject(new RateLimitStoreError({ cause: error }));
    return onStoreDown === 'local' ? local.run(next, call) : next(call);
  };

  return createPolicy((next) => async (call) => {
    if (call.aborted) throw call.aborted.reason;
    const name = key === undefined ? undefined : keyOf(call, key, 'redisRateLimit');
    return answer(consume(name ?? ''), storeTimeoutMs, call, (refusal) => {
      if (refusal === undefined) return next(call);
      const { error } = refusal;
      if (error instanceof RateLimiterRes) {
        const { msBeforeNext }: { msBeforeNext: unknown } = error; // a client may map numbers to something else
        return refuse(pace, Number(msBeforeNext), call, name);
      }
      return withoutStore(next, call, error);
    });
  });
}

/** A client keeps what it has asked until it is answered, which a Redis that hangs does not do. */
const maxAsked = 10_000;

/** The generic cell rate algorithm; `rate-limiter-flexible` by itself counts in windows, of whole seconds. */
function scriptOf({ intervalMs, toleranceMs }: Pace): string {
  return `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = arrival - ${toleranceMs} - now
if wait > 0 then return { 2, math.ceil(wait) } end
arrival = arrival + ${intervalMs}
redis.call('SET', KEYS[1], string.format('%.3f', arrival), 'PX', math.ceil(arrival - now))
return { 1, 0 }`;
}

/** Goes on in the step in which the store has answered, or has not in time; an abort in between ends it. */
function answer<R>(
  asked: Promise<unknown>,
  ms: number,
  call: Call<unknown>,
  proceed: (failure: { error: unknown } | undefined) => Promise<R>,
): Promise<R> {
  return new Promise((resolve, reject) => {
    let isOpen = true;
    const end = (): boolean => {
      const wasOpen = isOpen;
      isOpen = false;
      clearTimeout(timer);
      call.unlink(waiting);
      return wasOpen;
    };
    const goOn = (failure?: { error: unknown }): void => {
      if (!end()) return;
      try {
        resolve(proceed(failure));
      } catch (error) {
        reject(error); // of onStoreError
      }
    };
    const waiting = {
      abort(reason: unknown): void {
        end();
        reject(reason);
      },
    };
    const timer = setTimeout(() => goOn({ error: new Error(`Redis did not answer within ${ms} ms.`) }), ms);
    call.link(waiting);
    asked.then(
      () => goOn(),
      (error: unknown) => goOn({ error }),
    );
  });
}
