import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { HistoryError } from '../errors.ts';
import {
  checkAppend,
  checkPath,
  checkQuery,
  checkRetention,
  type HistoryStore,
  type RetentionOptions,
} from './history-store.ts';
import { readRun, writeRun } from './run.ts';

const LOCKED_MS = 5_000;
const RETRY_MS = 20;

/**
 * Keeps runs in a SQLite database, in its table `dex_runs`; both are made if they are not there. The database is open
 * only while something is read or written, and what another connection has locked is waited for, 5 s at most, without
 * holding up anything else. Nothing is held between calls, so there is nothing to close.
 *
 * ```ts
 * import { join } from 'node:path';
 * import { tempDir } from '@dataenginex/resources';
 * import { contract, toRun } from '@dataenginex/quality';
 * import { sqliteHistory } from '@dataenginex/quality/sqlite';
 * import { z } from 'zod';
 *
 * await using folder = await tempDir();
 * const Daily = contract('daily', z.object({ tempMax: z.number() }));
 * const history = sqliteHistory(join(folder.path, 'history.db'));
 * await history.append(toRun(await Daily.check([{ tempMax: 12.8 }]), { partition: '2012-01-01' }));
 * (await history.runs({ contract: 'daily' })).length; // => 1
 * ```
 *
 * @param path Of a file: a database in memory would be gone between two calls.
 * @throws {OptionError} At once, when `path` is none or an option out of range.
 * @throws {HistoryError} From both calls, when the database stays locked, or is none; `cause` is SQLite's error.
 * @throws {SavedDataError} From `runs`, when what is in the table is no run.
 * @throws From both calls, the signal's reason.
 */
export function sqliteHistory(path: string, options: RetentionOptions = {}): HistoryStore {
  checkPath('sqliteHistory', path);
  const { maxRuns, maxAgeMs } = checkRetention('sqliteHistory', options);
  const using = <R>(work: (database: DatabaseSync) => R): R => {
    const database = new DatabaseSync(path);
    try {
      database.exec(`PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL;
        CREATE TABLE IF NOT EXISTS dex_runs (id INTEGER PRIMARY KEY, contract TEXT NOT NULL, partition TEXT,
          at INTEGER NOT NULL, run TEXT NOT NULL, report TEXT, state TEXT);
        CREATE INDEX IF NOT EXISTS dex_runs_by_contract ON dex_runs (contract, at, id)`);
      return work(database);
    } finally {
      database.close();
    }
  };
  const since = (): number => (maxAgeMs === Infinity ? -Infinity : Date.now() - maxAgeMs);
  const most = maxRuns === Infinity ? -1 : maxRuns;
  return {
    async append(run, { signal } = {}) {
      checkAppend(run, signal);
      const { report, state, ...head } = run;
      const { contract, partition = null } = head;
      const values = [contract, partition, run.at.getTime(), writeRun(head), textOf(report), textOf(state)];
      await onceUnlocked(path, signal, () =>
        using((database) => {
          database.exec('BEGIN IMMEDIATE');
          database
            .prepare('INSERT INTO dex_runs (contract, partition, at, run, report, state) VALUES (?, ?, ?, ?, ?, ?)')
            .run(...values);
          database.prepare('DELETE FROM dex_runs WHERE at < ?').run(since());
          database
            .prepare(
              `DELETE FROM dex_runs WHERE id IN
                (SELECT id FROM dex_runs WHERE contract = ? ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?)`,
            )
            .run(contract, most === -1 ? Number.MAX_SAFE_INTEGER : most);
          database.exec('COMMIT');
        }),
      );
    },
    async runs(query = {}, { signal } = {}) {
      checkQuery(query, signal);
      const { contract = null, partition = null, from, to, latest = -1, whole = false } = query;
      const long = whole ? 'report, state' : 'NULL AS report, NULL AS state';
      const rows = await onceUnlocked(path, signal, () =>
        using((database) =>
          database
            .prepare(
              `WITH kept AS (SELECT *, row_number() OVER (PARTITION BY contract ORDER BY at DESC, id DESC) AS place
                FROM dex_runs WHERE at >= :since AND (:contract IS NULL OR contract = :contract))
              SELECT run, ${long} FROM kept
              WHERE (:most = -1 OR place <= :most) AND (:partition IS NULL OR partition = :partition)
                AND at >= :from AND at < :to ORDER BY at DESC, id DESC LIMIT :latest`,
            )
            .all({
              since: since(),
              contract,
              partition,
              most,
              latest,
              from: from?.getTime() ?? -Infinity,
              to: to?.getTime() ?? Infinity,
            }),
        ),
      );
      return rows.toReversed().map(({ run, report, state }) => ({
        ...readRun(jsonOf(run)),
        ...(report !== null && { report: jsonOf(report) }),
        ...(state !== null && { state: jsonOf(state) }),
      }));
    },
  };
}

function textOf(json: unknown): string | null {
  return json === undefined ? null : JSON.stringify(json);
}

/** What is no JSON is itself, which is then refused where it is read. */
function jsonOf(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return text;
  }
}

/** SQLite's own waiting would block the event loop. */
async function onceUnlocked<R>(path: string, signal: AbortSignal | undefined, work: () => R): Promise<R> {
  const begun = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    try {
      return work();
    } catch (cause) {
      if (!isBusy(cause)) {
        throw new HistoryError(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
      }
      if (performance.now() - begun >= LOCKED_MS) {
        throw new HistoryError(`${path}: another connection has kept it locked for ${LOCKED_MS} ms`, { cause });
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
