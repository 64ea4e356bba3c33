import { connect } from 'node:net';
import { DatabaseError } from './errors.ts';
import type { ColumnType, Dialect } from './sql/dialect.ts';
import { postgresDialect } from './sql/postgres-dialect.ts';
import { createSqlSource, type Database, type TableName, type TableOptions } from './sql/sql-source.ts';
import type { Row, Session } from './sql/table.ts';
import type { TableSource } from './table-source.ts';

export type { TableName, TableOptions } from './sql/sql-source.ts';

/** What is needed of a `Client` of pg. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<PostgresResult>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** What is needed of a `Pool` of pg. */
export interface PostgresPool {
  connect(): Promise<PostgresClient & { release(destroy?: boolean): void }>;
  readonly totalCount: number;
}

export interface PostgresQuery {
  readonly text: string;
  readonly rowMode: 'array';
  readonly types: { getTypeParser(): (value: string) => string };
}

export interface PostgresResult {
  readonly rows: readonly Row[];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

/**
 * A table of PostgreSQL, or what a query finds there: rules are judged in the database.
 *
 * ```ts no-run
 * import { contract } from '@dataenginex/quality';
 * import { postgres } from '@dataenginex/quality/postgres';
 * import { Pool } from 'pg';
 * import { z } from 'zod';
 *
 * const pool = new Pool({ connectionString: 'postgres://localhost/weather' });
 * const Daily = contract('daily', z.object({ date: z.date(), tempMax: z.number() }), (c) => [c.tempMax.toBeBetween(-60, 60)]);
 * const report = await Daily.check(postgres(pool, 'weather.daily', { key: 'date' }));
 * ```
 *
 * @param pool Of pg, or one of its clients, which no one else asks meanwhile. A pool's client is given back at the end, and
 *   all is asked of one moment of the table: in a transaction that only reads.
 * @throws {OptionError} When the table is no name and no query.
 */
export function postgres(
  pool: PostgresPool | PostgresClient,
  table: TableName,
  options: TableOptions = {},
): TableSource {
  return createSqlSource(databaseOf(pool, table), table, options);
}

const ignoreError = (): void => {};
const raw: PostgresQuery['types'] = { getTypeParser: () => (value) => value };
const batchSize = 1000;
/** How long a query may take to notice that it is cancelled, until its connection is given up. */
const patienceMs = 1000;
let cursors = 0;

/** A connection for some queries, of which an abort ends the one that runs. */
interface Connection {
  readonly query: (sql: string) => Promise<PostgresResult>;
  /** Whether it is in a transaction of its own. */
  readonly isOwn: boolean;
  /** Gives it back; what went wrong is undone. */
  readonly end: (isGood: boolean) => Promise<void>;
}

function databaseOf(pool: PostgresPool | PostgresClient, table: TableName): Database {
  const withConnection = async <T>(
    signal: AbortSignal | undefined,
    use: (connection: Connection) => Promise<T>,
  ): Promise<T> => {
    const connection = await open(pool, table, signal);
    try {
      const result = await use(connection);
      await connection.end(true);
      return result;
    } catch (error) {
      await connection.end(false);
      throw error;
    }
  };
  return {
    withSession: (signal, use) => withConnection(signal, async (connection) => use(await sessionOf(connection))),
    async *stream(sql, signal) {
      const connection = await open(pool, table, signal);
      let isDone = false;
      try {
        const cursor = `dex_cursor_${++cursors}`;
        // A client may be in a transaction of its user, or in none, where only a cursor that is held stays open.
        await connection.query(`DECLARE ${cursor} NO SCROLL CURSOR ${connection.isOwn ? '' : 'WITH HOLD '}FOR ${sql}`);
        try {
          while (!isDone) {
            const { rows } = await connection.query(`FETCH ${batchSize} FROM ${cursor}`);
            isDone = rows.length < batchSize;
            yield rows;
          }
        } finally {
          if (!connection.isOwn) await connection.query(`CLOSE ${cursor}`);
        }
      } finally {
        await connection.end(isDone);
      }
    },
  };
}

async function open(
  pool: PostgresPool | PostgresClient,
  table: TableName,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  signal?.throwIfAborted();
  const fail = (sql: string, error: unknown): never => {
    signal?.throwIfAborted();
    throw new DatabaseError('PostgreSQL', table, sql, error);
  };
  const isPool = 'totalCount' in pool;
  const client = isPool ? await lease(pool, signal).catch((error: unknown) => fail('a connection', error)) : pool;
  // A connection that breaks tells so by an event, too, which is an uncaught error where no one listens.
  client.on('error', ignoreError);
  let isUsable = true;
  const query = async (sql: string): Promise<PostgresResult> => {
    signal?.throwIfAborted();
    try {
      return await untilAborted(client, client.query({ text: sql, rowMode: 'array', types: raw }), signal);
    } catch (error) {
      if (!isSurvived(error)) isUsable = false;
      return fail(sql, error);
    }
  };
  const end = async (isGood: boolean): Promise<void> => {
    try {
      if (isPool && isUsable)
        await client.query({ text: isGood ? 'COMMIT' : 'ROLLBACK', rowMode: 'array', types: raw });
    } catch {
      isUsable = false;
    } finally {
      client.off('error', ignoreError);
      if (isLeased(client)) client.release(!isUsable);
    }
  };
  if (isPool) {
    try {
      await query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    } catch (error) {
      await end(false);
      throw error;
    }
  }
  return { query, isOwn: isPool, end };
}

type Leased = Awaited<ReturnType<PostgresPool['connect']>>;

function isLeased(client: PostgresClient | Leased): client is Leased {
  return 'release' in client;
}

/** A client of the pool; one that comes too late for an abort is given back. */
async function lease(pool: PostgresPool, signal: AbortSignal | undefined): Promise<Leased> {
  const leasing = pool.connect();
  if (signal === undefined) return await leasing;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(signal.reason);
    leasing.then((client) => client.release()).catch(() => {});
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([leasing, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Whether the server goes on after it: what is fatal, or does not come from it, is the end of the connection. */
function isSurvived(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'severity' in error && error.severity === 'ERROR';
}

/** The answer to a query, which an abort cancels at the server. */
async function untilAborted<T>(
  client: PostgresClient,
  answer: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await answer;
  const { promise: late, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  let cancelled: Promise<void> | undefined;
  const stop = (): void => {
    cancelled = cancel(client);
    timer = setTimeout(() => reject(new Error('The query did not end.')), patienceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([answer, late]);
  } finally {
    signal.removeEventListener('abort', stop);
    answer.catch(() => {});
    // What arrives after the end of its query would cancel the next one.
    await Promise.race([cancelled, late]).finally(() => clearTimeout(timer));
  }
}

/**
 * Asks the server to end what a connection runs, by a connection of its own, which the server closes once it has done so.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
async function cancel(client: object): Promise<void> {
  const [processID, secretKey, host, port] = ['processID', 'secretKey', 'host', 'port'].map((name): unknown =>
    Reflect.get(client, name),
  );
  if (typeof processID !== 'number' || typeof secretKey !== 'number' || typeof host !== 'string') return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(80_877_102, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${String(port)}`) : connect(Number(port), host);
  socket.on('error', () => {});
  socket.end(request);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}

async function sessionOf({ query }: Connection): Promise<Session> {
  const { rows: version } = await query('SHOW server_version_num');
  const dialect = postgresDialect(Number(version[0]?.[0]) >= 160_000);
  return {
    dialect,
    query: async (sql) => (await query(sql)).rows,
    async describe(sql) {
      const { fields } = await query(`SELECT * FROM (${sql}\n) AS t LIMIT 0`);
      const oids = [...new Set(fields.map(({ dataTypeID }) => dataTypeID))].join(', ');
      const { rows: types } = await query(
        `SELECT oid, format_type(oid, NULL), typtype, typcategory FROM pg_catalog.pg_type WHERE oid IN (${oids === '' ? 0 : oids})`,
      );
      const byOid = new Map(types.map(([oid, ...facts]) => [Number(oid), typeOf(dialect, facts.map(String))]));
      return fields.map(({ name, dataTypeID }) => [name, byOid.get(dataTypeID) ?? dialect.typeOf('unknown')]);
    },
  };
}

/** Types are told by what they are like where they are not built in: an enum is a text. */
function typeOf(dialect: Dialect, [name = '', type, category]: readonly string[]): ColumnType {
  const like = { S: 'text', E: 'text', A: 'array', C: 'record' }[category ?? ''];
  if (name === 'uuid') return { ...dialect.typeOf('text'), name };
  return like === undefined || (category === 'C' && type !== 'c')
    ? dialect.typeOf(name)
    : { ...dialect.typeOf(like), name };
}
