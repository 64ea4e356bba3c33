import { checkFunction, checkInteger, checkNumber, checkOneOf } from '@dataenginex/core';
import { addBounded } from './bounded-set.ts';
import { CacheEntry } from './entry.ts';
import type { CacheMode } from './freshness.ts';
import type { CacheStore } from './store.ts';
import { redact } from '../facts.ts';
import { isPromise } from '../layers/until-aborted.ts';

/** Something that went wrong behind a request that was answered all the same. */
export interface CacheErrorEvent {
  /** What the store failed at, or the refresh of a stale response in the background. */
  readonly operation: 'get' | 'set' | 'delete' | 'refresh';
  /** Redacted. */
  readonly url: string;
  readonly error: unknown;
}

export interface HttpCacheOptions {
  /**
   * Whose requests it serves: those of one user, or of many. A `shared` cache does not store what is `private`, nor answers
   * to a request with `Authorization` unless the server lets it. A `private` one keeps the answers to different
   * credentials, cookies and keys apart.
   *
   * @default 'private'
   */
  mode?: CacheMode | undefined;
  /** The largest body that is stored. @default 8 MiB */
  maxEntryBytes?: number | undefined;
  /** Responses kept under one URL, where `Vary` makes several; the oldest goes first. @default 16 */
  maxVariants?: number | undefined;
  /**
   * How long after it a stale response is still given when the server fails or cannot be reached, where the response does
   * not say it itself. Never one that was not to be stored or is to be revalidated. 0 for not at all.
   *
   * @default 3_600_000, an hour
   */
  staleIfErrorMs?: number | undefined;
  /** How long a store may take to find an entry; afterwards it counts as none. @default 500 */
  storeTimeoutMs?: number | undefined;
  /** Told when the store fails, and when a refresh in the background does. What it throws is an uncaught exception. */
  onError?: ((event: CacheErrorEvent) => void) | undefined;
}

const none: readonly CacheEntry[] = [];

/** So much may be on its way to a store that does not settle what it promised: Redis keeps a queue of it in memory. */
const maxUnsettledBytes = 64 * 2 ** 20;

const maxUndropped = 1_000;

/** A write that an invalidation may overtake. */
export interface PendingWrite {
  readonly key: string;
  isValid: boolean;
}

/** Made by `memoryCache` and its like, for `createClient({ cache })`. Several clients may have the same. */
export class HttpCache implements AsyncDisposable {
  /** @internal */
  readonly mode: CacheMode;
  /** @internal */
  readonly maxEntryBytes: number;
  /** @internal */
  readonly staleIfErrorMs: number;
  readonly #store: CacheStore;
  readonly #maxVariants: number;
  readonly #storeTimeoutMs: number;
  readonly #onError: HttpCacheOptions['onError'];
  readonly #pending = new Set<PendingWrite>();
  /** What the store failed to drop, and is not asked for before it has. */
  readonly #undropped = new Set<string>();
  #unsettledBytes = 0;
  #isClosed = false;

  /** @internal */
  constructor(owner: string, store: CacheStore, options: HttpCacheOptions) {
    const {
      mode = 'private',
      maxEntryBytes = 8 * 2 ** 20,
      maxVariants = 16,
      staleIfErrorMs = 3_600_000,
      storeTimeoutMs = 500,
      onError,
    } = options;
    this.mode = checkOneOf(`${owner}.mode`, mode, ['private', 'shared']);
    this.maxEntryBytes = checkInteger(`${owner}.maxEntryBytes`, maxEntryBytes, { min: 1 });
    this.staleIfErrorMs = checkNumber(`${owner}.staleIfErrorMs`, staleIfErrorMs, { min: 0 });
    this.#maxVariants = checkInteger(`${owner}.maxVariants`, maxVariants, { min: 1 });
    this.#storeTimeoutMs = checkInteger(`${owner}.storeTimeoutMs`, storeTimeoutMs, { min: 1, max: 2 ** 31 - 1 });
    this.#onError = checkFunction(`${owner}.onError`, onError);
    this.#store = store;
  }

  /** Drops what is stored for a URL; answers on their way are not stored either. */
  async delete(url: string | URL): Promise<void> {
    await this.drop(keyOf(new URL(url)));
  }

  /** Lets go of the store. Clients go on without it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#store.close?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal What is stored under the key, at once where the store can. A store that fails or is slow has nothing. */
  read(key: string): readonly CacheEntry[] | Promise<readonly CacheEntry[]> {
    if (this.#isClosed) return none;
    if (this.#undropped.has(key)) {
      void this.#delete(key);
      return none;
    }
    try {
      const found = this.#store.get(key);
      if (found === undefined) return none;
      if (!('then' in found)) return this.#accept(key, found);
      const accepted = found.then((entries) => (entries === undefined ? none : this.#accept(key, entries)));
      return this.#inTime(accepted).catch((error: unknown) => {
        this.fail('get', key, error);
        return none;
      });
    } catch (error) {
      this.fail('get', key, error);
      return none;
    }
  }

  /** @internal */
  begin(key: string): PendingWrite {
    const write = { key, isValid: !this.#isClosed };
    this.#pending.add(write);
    return write;
  }

  /** @internal Stores the entry, unless its key was invalidated since the write began. Nobody waits for it. */
  write(pending: PendingWrite, entry: CacheEntry): boolean {
    this.#pending.delete(pending);
    if (!pending.isValid || this.#isClosed) return false;
    if (this.#unsettledBytes >= maxUnsettledBytes) {
      this.fail('set', pending.key, new Error('The store is too far behind.'));
      return false;
    }
    void this.#try('set', pending.key, () => this.#settling(entry, this.#store.set(pending.key, entry)));
    return true;
  }

  /** @internal */
  giveUp(pending: PendingWrite): void {
    this.#pending.delete(pending);
  }

  /** @internal Drops one variant, or all and what is on its way. */
  async drop(key: string, variant?: string): Promise<void> {
    if (variant === undefined) {
      for (const pending of this.#pending) if (pending.key === key) pending.isValid = false;
    }
    await this.#delete(key, variant);
  }

  async #delete(key: string, variant?: string): Promise<void> {
    if (this.#isClosed) return;
    const isDropped = await this.#try('delete', key, () => this.#store.delete(key, variant));
    if (!isDropped) addBounded(this.#undropped, key, maxUndropped);
    else if (variant === undefined) this.#undropped.delete(key);
  }

  /** @internal */
  fail(operation: CacheErrorEvent['operation'], key: string, error: unknown): void {
    const onError = this.#onError;
    if (onError === undefined) return;
    const url = redact(new URL(key));
    queueMicrotask(() => onError({ operation, url, error }));
  }

  #accept(key: string, entries: readonly CacheEntry[]): readonly CacheEntry[] {
    for (const entry of entries) {
      if (!(entry instanceof CacheEntry)) throw new TypeError('The store gave something else than an entry.');
    }
    if (entries.length <= this.#maxVariants) return entries;
    const newestFirst = entries.toSorted((a, b) => b.respondedAt - a.respondedAt);
    for (const { variant } of newestFirst.slice(this.#maxVariants)) void this.drop(key, variant);
    return newestFirst.slice(0, this.#maxVariants);
  }

  #settling({ bytes }: CacheEntry, done: unknown): unknown {
    if (!isPromise(done)) return done;
    this.#unsettledBytes += bytes;
    const settled = (): void => {
      this.#unsettledBytes -= bytes;
    };
    done.then(settled, settled);
    return done;
  }

  /** Whether the store did it. */
  async #try(operation: 'set' | 'delete', key: string, work: () => unknown): Promise<boolean> {
    try {
      const done = work();
      if (isPromise(done)) await this.#inTime(done);
      return true;
    } catch (error) {
      this.fail(operation, key, error);
      return false;
    }
  }

  async #inTime<T>(work: PromiseLike<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      const late = (): void => reject(new Error(`The store did not answer within ${this.#storeTimeoutMs} ms.`));
      timer = setTimeout(late, this.#storeTimeoutMs);
    });
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * A cache over a store of your own.
 *
 * ```ts
 * import { type CacheEntry, type CacheStore, createClient, createHttpCache } from '@dataenginex/http';
 *
 * const kept = new Map<string, Map<string, CacheEntry>>();
 * const store: CacheStore = {
 *   get: (key) => [...(kept.get(key)?.values() ?? [])],
 *   set: (key, entry) => void kept.set(key, (kept.get(key) ?? new Map()).set(entry.variant, entry)),
 *   delete: (key, variant) => void (variant === undefined ? kept.delete(key) : kept.get(key)?.delete(variant)),
 * };
 * await using api = createClient({ cache: createHttpCache(store, { mode: 'shared' }) });
 * ```
 *
 * @throws {OptionError} When an option is out of range.
 */
export function createHttpCache(store: CacheStore, options: HttpCacheOptions = {}): HttpCache {
  return new HttpCache('createHttpCache', store, options);
}

/** What a response is kept under. Only those to GET are kept, so the method need not be in it. */
export function keyOf(url: URL): string {
  const { href } = url;
  const end = href.indexOf('#');
  return end === -1 ? href : href.slice(0, end);
}
