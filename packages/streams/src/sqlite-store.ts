import { DatabaseSync } from 'node:sqlite';
import { OptionError } from '@dataenginex/core';
import type { CheckpointStore } from './checkpoint.ts';

export interface SqliteStoreOptions {
  /**
   * Which pipe's checkpoint it is: one database may keep those of several.
   *
   * @default 'default'
   */
  name?: string | undefined;
}

/**
 * Keeps the last checkpoint in a SQLite database, in its table `dex_checkpoints`; both are made if they are not there.
 * The database is open only while something is read or written, and what another connection has locked is waited for,
 * 5 s at most. Delete the row to begin anew.
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
 * @throws {OptionError} At once, when `name` is not a string.
 * @throws From the run, SQLite's errors as they are.
 */
export function sqliteStore(path: string, options: SqliteStoreOptions = {}): CheckpointStore {
  const { name = 'default' } = options;
  if (typeof name !== 'string') throw new OptionError('sqliteStore.name', 'a string', name);
  const using = <R>(work: (database: DatabaseSync) => R): R => {
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL');
      database.exec('CREATE TABLE IF NOT EXISTS dex_checkpoints (name TEXT PRIMARY KEY, checkpoint TEXT NOT NULL)');
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    load: async () =>
      using((database) => {
        const row = database.prepare('SELECT checkpoint FROM dex_checkpoints WHERE name = ?').get(name);
        return row === undefined ? undefined : String(row['checkpoint']);
      }),
    save: async (checkpoint) =>
      using((database) => {
        database.prepare('INSERT OR REPLACE INTO dex_checkpoints VALUES (?, ?)').run(name, checkpoint);
      }),
  };
}
