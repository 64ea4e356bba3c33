import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { checkInteger, OptionError } from '@dataenginex/core';
import { HttpCache, type HttpCacheOptions } from './cache.ts';
import { decodeEntry, encodeEntry } from './codec.ts';
import type { CacheEntry } from './entry.ts';
import type { CacheStore } from './store.ts';

export interface SqliteCacheOptions extends Omit<HttpCacheOptions, 'storeTimeoutMs'> {
  /** What the database may take; from 64 KiB. What was stored first goes first. @default 256 MiB */
  maxBytes?: number | undefined;
}

/**
 * A cache in a SQLite database, in its table `dex_http_cache`: it outlives the process, and several may have the same. The
 * database is open until `close()`. A file that is damaged, or locked for longer than 20 ms, is as good as empty; it is not
 * touched, and `onError` is told.
 *
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { createClient } from '@dataenginex/http';
 * import { sqliteCache } from '@dataenginex/http/sqlite';
 *
 * const folder = await mkdtemp(join(tmpdir(), 'dex-'));
 * const cache = sqliteCache(join(folder, 'http.db'), { maxBytes: 64 * 2 ** 20 });
 * await using api = createClient({ cache });
 * await cache.close();
 * await rm(folder, { recursive: true });
 * ```
 *
 * @throws {OptionError} When an option is out of range, or the file can be neither opened nor made.
 */
export function sqliteCache(path: string, options: SqliteCacheOptions = {}): HttpCache {
  const { maxBytes = 256 * 2 ** 20 } = options;
  checkInteger('sqliteCache.maxBytes', maxBytes, { min: 2 ** 16 });
  const { maxEntryBytes = Math.min(8 * 2 ** 20, maxBytes) } = options;
  const { mode, maxVariants, staleIfErrorMs, onError } = options;
  return new HttpCache('sqliteCache', new SqliteStore(path, maxBytes), {
    mode,
    maxEntryBytes,
    maxVariants,
    staleIfErrorMs,
    onError,
  });
}

interface Statements {
  readonly get: StatementSync;
  readonly set: StatementSync;
  readonly deleteAll: StatementSync;
  readonly deleteOne: StatementSync;
  readonly deleteOutdated: StatementSync;
  readonly deleteOldest: StatementSync;
  readonly size: StatementSync;
}

/** SQLite's own error does not name the file. */
function openDatabase(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OptionError('sqliteCache.path', `a file that can be opened or made (${reason})`, path);
  }
}

class SqliteStore implements CacheStore {
  readonly #database: DatabaseSync;
  readonly #maxBytes: number;
  #prepared: Statements | undefined;

  constructor(path: string, maxBytes: number) {
    this.#database = openDatabase(path);
    this.#maxBytes = maxBytes;
  }

  get(key: string): readonly CacheEntry[] {
    const entries: CacheEntry[] = [];
    for (const { variant, entry } of this.#statements.get.all(key)) {
      if (!(entry instanceof Uint8Array)) continue;
      try {
        entries.push(decodeEntry(entry));
      } catch (error) {
        this.delete(key, String(variant));
        throw error;
      }
    }
    return entries;
  }

  set(key: string, entry: CacheEntry): void {
    const statements = this.#statements;
    statements.set.run(key, entry.variant, encodeEntry(entry), entry.keepUntil);
    if (this.#bytes(statements) <= this.#maxBytes) return;
    statements.deleteOutdated.run(Date.now());
    while (this.#bytes(statements) > this.#maxBytes) {
      if (statements.deleteOldest.run().changes === 0) break;
    }
  }

  delete(key: string, variant?: string): void {
    const { deleteAll, deleteOne } = this.#statements;
    if (variant === undefined) deleteAll.run(key);
    else deleteOne.run(key, variant);
  }

  close(): void {
    this.#database.close();
  }

  /** What the pages in use take, of this and every other process. */
  #bytes({ size }: Statements): number {
    return Number(size.get()?.['bytes']);
  }

  /** Not before it is used: a file that is no database must not keep anybody from sending requests. */
  get #statements(): Statements {
    this.#prepared ??= prepare(this.#database);
    return this.#prepared;
  }
}

function prepare(database: DatabaseSync): Statements {
  // A cache may lose what it wrote last, but must not keep the process waiting.
  database.exec('PRAGMA busy_timeout = 20; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
  database.exec(`CREATE TABLE IF NOT EXISTS dex_http_cache (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, variant TEXT NOT NULL, entry BLOB NOT NULL, keep_until REAL NOT NULL,
    UNIQUE (key, variant))`);
  // without it every row would be read, and its body before it, to find what is outdated
  database.exec('CREATE INDEX IF NOT EXISTS dex_http_cache_keep_until ON dex_http_cache (keep_until)');
  return {
    get: database.prepare('SELECT variant, entry FROM dex_http_cache WHERE key = ?'),
    set: database.prepare(
      'INSERT OR REPLACE INTO dex_http_cache (key, variant, entry, keep_until) VALUES (?, ?, ?, ?)',
    ),
    deleteAll: database.prepare('DELETE FROM dex_http_cache WHERE key = ?'),
    deleteOne: database.prepare('DELETE FROM dex_http_cache WHERE key = ? AND variant = ?'),
    deleteOutdated: database.prepare('DELETE FROM dex_http_cache WHERE keep_until <= ?'),
    deleteOldest: database.prepare('DELETE FROM dex_http_cache WHERE id = (SELECT min(id) FROM dex_http_cache)'),
    size: database.prepare(`SELECT (page_count - freelist_count) * page_size AS bytes
      FROM pragma_page_count, pragma_freelist_count, pragma_page_size`),
  };
}
