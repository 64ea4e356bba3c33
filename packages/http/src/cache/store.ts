import type { CacheEntry } from './entry.ts';

type Awaitable<T> = T | PromiseLike<T>;

/**
 * Where a cache keeps its responses; one of your own goes to `createHttpCache`. The cache decides what is stored, matched
 * and fresh: a store keeps entries under two strings, bounds what it keeps, and may forget any of them at any time.
 *
 * What it throws or rejects with is told to `onError`, and the request goes on as if nothing were stored.
 */
export interface CacheStore {
  /**
   * All entries under the key, of each variant one; `undefined` or none where there are none. A store that can answer at
   * once should, without a promise.
   */
  get(key: string): Awaitable<readonly CacheEntry[] | undefined>;
  /**
   * Keeps the entry under the key and `entry.variant`, in place of the one before. It may be dropped from
   * `entry.keepUntil` on.
   */
  set(key: string, entry: CacheEntry): Awaitable<unknown>;
  /** Drops all entries under the key, or the one of a variant. */
  delete(key: string, variant?: string): Awaitable<unknown>;
  /** Lets go of what the store holds open. */
  close?(): Awaitable<unknown>;
}
