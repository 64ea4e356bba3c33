import { checkInteger } from '@dataenginex/core';
import { HttpCache, type HttpCacheOptions } from './cache.ts';
import { MemoryStore } from './memory-store.ts';

export interface MemoryCacheOptions extends HttpCacheOptions {
  /** Bodies, fields and what goes with them; the least recently used goes first. @default 64 MiB */
  maxBytes?: number | undefined;
}

/**
 * A cache in the memory of this process.
 *
 * ```ts no-run
 * import { createClient, memoryCache } from '@dataenginex/http';
 *
 * await using api = createClient({ cache: memoryCache({ maxBytes: 64 * 2 ** 20 }) });
 * ```
 *
 * @throws {OptionError} When an option is out of range.
 */
export function memoryCache(options: MemoryCacheOptions = {}): HttpCache {
  const { maxBytes = 64 * 2 ** 20 } = options;
  checkInteger('memoryCache.maxBytes', maxBytes, { min: 1 });
  const { maxEntryBytes = Math.min(8 * 2 ** 20, maxBytes) } = options;
  return new HttpCache('memoryCache', new MemoryStore(maxBytes), { ...options, maxEntryBytes });
}
