import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { OptionError } from '@dataenginex/core';
import type { CheckpointStore } from './checkpoint.ts';
import { CheckpointError } from '../errors.ts';

export interface SqliteStoreOptions {
  /**
   * Which pipe's checkpoint it is: one database may keep those of several.
   *
   * @default 'default'
   */
  name?: string | undefined;
}

const LOCKED_MS = 5_000;
const RETRY_MS = 20;

/**
 * Keeps the last checkpoint in a SQLite database, in its table `dex_checkpoints`; both are made if they are not there.
 * The database is open only while something is read or written, and what another connection has locked is waited for,
 * 5 s at most, without holding up anything else. Delete the row to begin anew.
 *
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { pipe, run } from '@dataenginex/streams';
 * import { sqliteStore } from '@dataenginex/streams/sqlite';
 *
 * const folder = await mkdtemp(join(tmpdir(), 'dex-'));
 * const store = sqliteStore(join(folder, 'checkpoints.db'), { name: 'weather' });
 * await run(pipe([1, 2, 3]), undefined, { checkpoint: { store } }); // => { items: 3, result: undefined }
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param path Of a file: a database in memory would be gone with the process that is to be resumed.
 * @throws {OptionError} At once, when `name` is not a string, or `path` not that of a file.
 * @throws {CheckpointError} From the run, when the database stays locked; `cause` is SQLite's error.
 * @throws From the run, SQLite's other errors as they are.
 */
export function sqliteStore(path: string, options: SqliteStoreOptions = {}): CheckpointStore {
  const { name = 'default' } = options;
  if (typeof name !== 'string') throw new OptionError('sqliteStore.name', 'a string', name);
  if (typeof path !== 'string' || path === '' || path.includes(':memory:')) {
    throw new OptionError('sqliteStore.path', 'the path of a file, which outlives the process', path);
  }
  const using = <R>(work: (database: DatabaseSync) => R): R => {
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL');
      database.exec('CREATE TABLE IF NOT EXISTS dex_checkpoints (name TEXT PRIMARY KEY, checkpoint TEXT NOT NULL)');
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    load: ({ signal }) =>
      onceUnlocked(signal, () =>
        using((database) => {
          const row = database.prepare('SELECT checkpoint FROM dex_checkpoints WHERE name = ?').get(name);
          return row === undefined ? undefined : String(row['checkpoint']);
        }),
      ),
    save: (checkpoint, { signal }) =>
      onceUnlocked(signal, () =>
        using((database) => {
          database.prepare('INSERT OR REPLACE INTO dex_checkpoints VALUES (?, ?)').run(name, checkpoint);
        }),
      ),
  };
}

/** SQLite's own waiting would block the event loop. */
async function onceUnlocked<R>(signal: AbortSignal | undefined, work: () => R): Promise<R> {
  const begun = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    try {
      return work();
    } catch (cause) {
      if (!isBusy(cause)) throw cause;
      if (performance.now() - begun >= LOCKED_MS) {
        throw new CheckpointError(`another connection has kept the database locked for ${LOCKED_MS} ms`, { cause });
      }
    }
    await setTimeout(RETRY_MS, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

const SQLITE_BUSY = 5;

/** The higher bits say why it is. */
function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & 0xff) === SQLITE_BUSY
  );
}
