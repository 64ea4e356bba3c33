import type { DuckDBConnection } from '@duckdb/node-api';
import { DatabaseError } from './errors.ts';
import { duckdbDialect } from './sql/duckdb-dialect.ts';
import { createSqlSource, type Database, type TableName, type TableOptions } from './sql/sql-source.ts';
import type { Row } from './sql/table.ts';
import type { TableSource } from './table-source.ts';

export type { TableName, TableOptions } from './sql/sql-source.ts';

/**
 * A table of DuckDB, or what a query finds there, such as files of Parquet: rules are judged in the database.
 *
 * ```ts
 * import { contract } from '@dataenginex/quality';
 * import { duckdb } from '@dataenginex/quality/duckdb';
 * import { DuckDBInstance } from '@duckdb/node-api';
 * import { z } from 'zod';
 *
 * const instance = await DuckDBInstance.create(':memory:');
 * const connection = await instance.connect();
 * await connection.run(`CREATE TABLE temps AS SELECT * FROM (VALUES ('SEA', 12.8), ('SEA', 128.0)) AS t(station, temp)`);
 *
 * const Temps = contract('temps', z.object({ station: z.string(), temp: z.number() }), (c) => [c.temp.toBeBetween(-60, 60)]);
 * const report = await Temps.check(duckdb(connection, 'temps'));
 * report.failures.map(({ rule }) => rule.id); // => ['temp.toBeBetween']
 * connection.closeSync();
 * ```
 *
 * @param connection One for this check alone while it runs and while its rows are read: an abort interrupts whatever runs
 *   on it, and another query ends what it reads with a `DatabaseError`.
 * @throws {OptionError} When the table is no name and no query.
 */
export function duckdb(connection: DuckDBConnection, table: TableName, options: TableOptions = {}): TableSource {
  return createSqlSource(databaseOf(connection, table), table, options);
}

function databaseOf(connection: DuckDBConnection, table: TableName): Database {
  /** Runs a query, which an abort interrupts. */
  const during = async <T>(sql: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    let again: NodeJS.Timeout | undefined;
    // What has not begun yet is not interrupted, so it is told until it ends.
    const stop = (): void => {
      connection.interrupt();
      again ??= setInterval(() => connection.interrupt(), 5);
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      throw new DatabaseError(duckdbDialect.name, table, sql, error);
    } finally {
      signal?.removeEventListener('abort', stop);
      clearInterval(again);
    }
  };
  const query = (sql: string, signal: AbortSignal | undefined): Promise<readonly Row[]> =>
    during(sql, signal, async () => (await connection.runAndReadAll(sql)).getRowsJS());
  return {
    async withSession(signal, use) {
      const result = await use({
        dialect: duckdbDialect,
        query: (sql) => query(sql, signal),
        async describe(sql) {
          const columns = await query(`DESCRIBE ${sql}`, signal);
          return columns.map(([name, type]) => [String(name), duckdbDialect.typeOf(String(type))]);
        },
      });
      signal?.throwIfAborted();
      return result;
    },
    async *stream(sql, signal) {
      // Rows end without an error when another query runs on the connection: only a last row tells that these were all.
      const ended = `FROM (${sql}\n) UNION ALL BY NAME SELECT TRUE AS dex_end`;
      const result = await during(sql, signal, () => connection.stream(ended));
      const batches = result.yieldRowsJs();
      let isWhole = false;
      while (true) {
        const batch = await during(sql, signal, () => batches.next());
        if (batch.done === true) break;
        isWhole = batch.value.at(-1)?.at(-1) === true;
        yield isWhole ? batch.value.slice(0, -1) : batch.value;
      }
      if (isWhole) return;
      const cause = new Error('another query ran on the connection before all rows were read');
      throw new DatabaseError(duckdbDialect.name, table, sql, cause);
    },
  };
}
