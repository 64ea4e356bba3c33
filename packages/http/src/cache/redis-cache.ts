import { OptionError } from '@dataenginex/core';
import { HttpCache, type HttpCacheOptions } from './cache.ts';
import { decodeEntry, encodeEntry } from './codec.ts';
import type { CacheEntry } from './entry.ts';
import type { CacheStore } from './store.ts';

/** What is used of a client of `redis`, which the caller connects and closes. */
export interface RedisClient {
  readonly isReady: boolean;
  sendCommand(args: readonly (string | Buffer)[], options?: { typeMapping?: { 36?: typeof Buffer } }): Promise<unknown>;
}

export interface RedisCacheOptions extends HttpCacheOptions {
  /** What keys begin with. Every process with the same one shares the cache. @default 'dex:http:' */
  keyPrefix?: string | undefined;
}

/**
 * A cache in Redis, which several machines may share. Each key is a hash of the responses for one URL, and expires when the
 * last of them is of no use; its bound is Redis' own: set `maxmemory` and a policy such as `allkeys-lru` there.
 *
 * While the client is not connected, or Redis does not answer within `storeTimeoutMs`, requests go on without it.
 *
 * ```ts no-run
 * import { createClient } from '@dataenginex/http';
 * import { redisCache } from '@dataenginex/http/redis';
 * import { createClient as createRedis } from 'redis';
 *
 * const redis = await createRedis({ url: 'redis://localhost:6379' }).connect();
 * await using api = createClient({ cache: redisCache(redis, { mode: 'shared' }) });
 * ```
 *
 * @throws {OptionError} When an option is out of range.
 */
export function redisCache(client: RedisClient, options: RedisCacheOptions = {}): HttpCache {
  const { keyPrefix = 'dex:http:' } = options;
  if (typeof keyPrefix !== 'string') throw new OptionError('redisCache.keyPrefix', 'a string', keyPrefix);
  return new HttpCache('redisCache', new RedisStore(client, keyPrefix), options);
}

/** One step, so that a key neither outlives its entries nor goes before them. */
const storeScript = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end`;

/** Blob strings, of which bodies are made, come as bytes. */
const asBytes = { typeMapping: { 36: Buffer } };

class RedisStore implements CacheStore {
  readonly #client: RedisClient;
  readonly #keyPrefix: string;

  constructor(client: RedisClient, keyPrefix: string) {
    this.#client = client;
    this.#keyPrefix = keyPrefix;
  }

  async get(key: string): Promise<readonly CacheEntry[]> {
    const values = await this.#send(['HVALS', this.#keyPrefix + key]);
    if (!Array.isArray(values)) return [];
    try {
      return values.map((value: unknown) => decodeEntry(value instanceof Uint8Array ? value : new Uint8Array()));
    } catch (error) {
      await this.delete(key);
      throw error;
    }
  }

  set(key: string, entry: CacheEntry): Promise<unknown> {
    const ttlMs = Math.max(1, Math.ceil(entry.keepUntil - Date.now()));
    const args = ['EVAL', storeScript, '1', this.#keyPrefix + key, entry.variant, encodeEntry(entry), String(ttlMs)];
    return this.#send(args);
  }

  delete(key: string, variant?: string): Promise<unknown> {
    const name = this.#keyPrefix + key;
    return this.#send(variant === undefined ? ['UNLINK', name] : ['HDEL', name, variant]);
  }

  /** The client would keep the command until it is connected. */
  #send(args: readonly (string | Buffer)[]): Promise<unknown> {
    if (!this.#client.isReady) return Promise.reject(new Error('The Redis client is not connected.'));
    return this.#client.sendCommand(args, asBytes);
  }
}
