import { checkFunction, checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { LRUCache } from 'lru-cache';
import { Call, type Next, noDeadline } from '../call.ts';
import { PolicyClosedError, TimeoutError } from '../errors.ts';
import { type KeyedArguments, keyOf } from '../key.ts';
import { createPolicy, type Policy } from '../policy.ts';
import { ResultScopes } from '../result-scope.ts';
import { type SharedCall, SharedCalls } from './shared-calls.ts';
import { longestTimerMs } from '../sleep.ts';
import { count, telemetry } from '../telemetry.ts';

/** Told when a refresh in the background failed. */
export interface RefreshErrorEvent {
  readonly key: string;
  readonly error: unknown;
}

/** Options of `cache`. */
export interface CacheOptions<K extends readonly unknown[] = readonly unknown[]> {
  /** How long a result is fresh, in milliseconds; `Infinity` for good. @default 60_000 */
  ttlMs?: number | undefined;
  /** Results kept; the least recently used goes first. @default 1_000 */
  maxEntries?: number | undefined;
  /** What results are kept under. @default made of the arguments, which must all be primitive then */
  key?: ((...args: K) => string) | undefined;
  /** How long after it a stale result is still given while a new one is fetched, in milliseconds. @default 0 */
  staleWhileRevalidateMs?: number | undefined;
  /** How long after it a stale result is given when fetching a new one fails, in milliseconds. @default 0 */
  staleIfErrorMs?: number | undefined;
  /** Results that mean "there is none", to be kept for `negativeTtlMs`. @default no result is */
  negativeIf?: ((result: unknown) => boolean) | undefined;
  /** Errors that are an answer, to be kept for `negativeTtlMs` and thrown again. @default no error is kept */
  cacheErrorIf?: ((error: unknown) => boolean) | undefined;
  /** How long negative results and errors are kept, in milliseconds. @default 10_000, at most `ttlMs` */
  negativeTtlMs?: number | undefined;
  /** Refreshes in the background at a time; beyond them a stale result is given without one. @default 16 */
  maxRefreshes?: number | undefined;
  /** When a refresh in the background is given up, in milliseconds. @default 30_000 */
  refreshTimeoutMs?: number | undefined;
  /** Told when a refresh in the background failed. What it throws is an unhandled rejection, since nobody waits for it. */
  onRefreshError?: ((event: RefreshErrorEvent) => void) | undefined;
}

/** Made by `cache`. */
export interface CachePolicy<in P extends readonly unknown[] = readonly unknown[]> extends Policy<P>, AsyncDisposable {
  /** Results held, stale ones included. */
  readonly size: number;
  /** Drops what is kept under the key, or everything; a call under way is not kept either. */
  invalidate(key?: string): void;
  /** Rejects those who wait and whoever comes with a `PolicyClosedError`, and aborts the calls under way. */
  close(): Promise<void>;
}

interface Entry {
  readonly key: string;
  readonly outcome: { readonly result: unknown } | { readonly error: unknown };
  readonly freshUntil: number;
  /** Until when it is given while a new one is fetched, and until when in place of an error. */
  readonly revalidateUntil: number;
  readonly errorUntil: number;
}

const lookups = telemetry.counter('dex.cache.lookups', {
  unit: '{run}',
  description: 'Runs under a cache, by whether it had a fresh result, a stale one, or none to give.',
});
const staleIfError = telemetry.counter('dex.cache.stale_if_error', {
  unit: '{run}',
  description: 'Misses that got a stale result in place of an error.',
});
const hit = { 'dex.cache.result': 'hit' };
const stale = { 'dex.cache.result': 'stale' };
const miss = { 'dex.cache.result': 'miss' };

/**
 * Keeps results, `undefined` and `null` among them, and gives them to all: treat them as read-only. Calls for the same
 * key at the same time become one, as under `coalesce`: an abort or a deadline rejects its own caller alone.
 *
 * A stale result may be given while one call in the background fetches a new one, or in place of an error. Errors are
 * not kept, unless `cacheErrorIf` says that one is an answer.
 *
 * ```ts
 * import { cache } from '@dataenginex/resilience';
 *
 * let calls = 0;
 * const daily = cache({ ttlMs: 60_000, maxEntries: 500 });
 * const readDaily = daily(async (city: string) => {
 *   calls += 1;
 *   return `${city}: 12.8 °C`;
 * });
 * await readDaily('Seattle');
 * await readDaily('Seattle'); // => 'Seattle: 12.8 °C'
 * calls; // => 1
 * daily.invalidate('Seattle');
 * await readDaily('Seattle');
 * calls; // => 2
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range, or `negativeTtlMs` is given and nothing is negative.
 * @throws {KeyError} From the wrapped function, when there is nothing to make a key from.
 * @throws {PolicyClosedError} From the wrapped function, after `close()`.
 * @see https://www.rfc-editor.org/rfc/rfc5861 for stale-while-revalidate and stale-if-error
 */
export function cache<K extends readonly unknown[] = readonly unknown[]>(
  options: CacheOptions<K> = {},
): CachePolicy<KeyedArguments<K>> {
  const {
    ttlMs = 60_000,
    maxEntries = 1_000,
    key: keyOption,
    staleWhileRevalidateMs = 0,
    staleIfErrorMs = 0,
    negativeIf,
    cacheErrorIf,
    negativeTtlMs = Math.min(ttlMs, 10_000),
    maxRefreshes = 16,
    refreshTimeoutMs = 30_000,
    onRefreshError,
  } = options;
  for (const [name, ms] of Object.entries({ ttlMs, staleWhileRevalidateMs, staleIfErrorMs, negativeTtlMs })) {
    checkNumber(`cache.${name}`, ms, { min: 0, max: Infinity });
  }
  checkInteger('cache.maxEntries', maxEntries, { min: 1, max: 2 ** 24 });
  checkInteger('cache.maxRefreshes', maxRefreshes, { min: 1 });
  checkNumber('cache.refreshTimeoutMs', refreshTimeoutMs, { min: 1, max: longestTimerMs });
  const functions = { key: keyOption, negativeIf, cacheErrorIf, onRefreshError };
  for (const [name, callback] of Object.entries(functions)) checkFunction(`cache.${name}`, callback);
  if (options.negativeTtlMs !== undefined && negativeIf === undefined && cacheErrorIf === undefined) {
    throw new OptionError('cache.negativeTtlMs', 'left out without negativeIf or cacheErrorIf', negativeTtlMs);
  }

  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  const calls = new SharedCalls();
  const scopes = new ResultScopes();
  const refreshes = new Set<Promise<void>>();
  let closed = false;

  const keep = (id: string, key: string, outcome: Entry['outcome'], isNegative: boolean): void => {
    const freshUntil = performance.now() + (isNegative ? negativeTtlMs : ttlMs);
    const revalidateUntil = isNegative ? freshUntil : freshUntil + staleWhileRevalidateMs;
    const errorUntil = isNegative ? freshUntil : freshUntil + staleIfErrorMs;
    entries.set(id, { key, outcome, freshUntil, revalidateUntil, errorUntil });
  };

  const load = <R>(next: Next, call: Call<R>, id: string, key: string): SharedCall => {
    const fetchAndKeep = (own: Call<R>, shared: SharedCall): Promise<R> =>
      next(own).then(
        (result) => {
          if (calls.get(id) === shared) keep(id, key, { result }, negativeIf?.(result) === true);
          return result;
        },
        (error: unknown) => {
          if (calls.get(id) === shared && cacheErrorIf?.(error) === true) keep(id, key, { error }, true);
          throw error;
        },
      );
    return calls.get(id) ?? calls.begin(id, key, call, fetchAndKeep);
  };

  const refresh = (next: Next, call: Call<unknown>, id: string, key: string): void => {
    if (refreshes.size >= maxRefreshes || calls.get(id)) return;
    const background = new Call(call.run, call.attempt, noDeadline);
    const timer = setTimeout(() => background.abort(new TimeoutError(refreshTimeoutMs)), refreshTimeoutMs).unref();
    const refreshed = load(next, background, id, key)
      .join(background)
      .then(
        () => {},
        (error: unknown) => {
          if (!closed) onRefreshError?.({ key, error });
        },
      )
      .finally(() => {
        clearTimeout(timer);
        refreshes.delete(refreshed);
      });
    refreshes.add(refreshed);
  };

  const layer = (next: Next): Next => {
    const fetchOrStale = async <R>(call: Call<R>, id: string, key: string): Promise<R> => {
      try {
        return await load(next, call, id, key).join(call);
      } catch (error) {
        const entry = entries.peek(id);
        const isCovered = entry && performance.now() < entry.errorUntil && !('error' in entry.outcome);
        if (!isCovered || call.aborted || closed) throw error;
        count(staleIfError, call);
        return outcomeOf(entry);
      }
    };

    return <R>(call: Call<R>): Promise<R> => {
      if (call.aborted) return Promise.reject(call.aborted.reason);
      if (closed) return Promise.reject(new PolicyClosedError());
      let key: string;
      try {
        key = keyOf(call, keyOption, 'cache');
      } catch (error) {
        return Promise.reject(error);
      }
      const id = scopes.prefixOf(call) + key;
      const entry = entries.get(id);
      if (entry) {
        const now = performance.now();
        if (now < entry.freshUntil) {
          count(lookups, call, hit);
          return outcomeOf(entry);
        }
        if (now < entry.revalidateUntil) {
          count(lookups, call, stale);
          refresh(next, call, id, key);
          return outcomeOf(entry);
        }
      }
      count(lookups, call, miss);
      return entry && staleIfErrorMs > 0 ? fetchOrStale(call, id, key) : load(next, call, id, key).join(call);
    };
  };

  const close = async (): Promise<void> => {
    closed = true;
    entries.clear();
    calls.abort(new PolicyClosedError());
    await Promise.all(refreshes);
  };
  return createPolicy(layer, {
    get size() {
      return entries.size;
    },
    invalidate(key?: string): void {
      calls.forget(key);
      if (key === undefined) entries.clear();
      else for (const [id, entry] of entries.entries()) if (entry.key === key) entries.delete(id);
    },
    close,
    [Symbol.asyncDispose]: close,
  });
}

/** What is kept under an id has the type of what is asked for under it. */
function outcomeOf<R>(entry: Entry): Promise<R>;
function outcomeOf({ outcome }: Entry): Promise<unknown> {
  return 'error' in outcome ? Promise.reject(outcome.error) : Promise.resolve(outcome.result);
}
