import { OptionError } from '@dataenginex/core';
import type {
  BadTableRow,
  Judgement,
  JudgeOptions,
  TableRow,
  TableRows,
  TableSource,
  TableSplitting,
} from '../table-source.ts';
import { decode, type Term } from './dialect.ts';
import { judgeTable } from './judge-table.ts';
import { quoteQualified } from './quote.ts';
import type { Flag } from './steps.ts';
import { type Row, type Session, Table } from './table.ts';

/** A table by its name, such as `daily` or `weather.daily`, or a query. */
export type TableName = string | { readonly sql: string };

export interface TableOptions {
  /**
   * The columns that tell rows apart, such as `date` and `station`. With it rows have an order, and so places; results
   * name them by their keys.
   *
   * @default none: rows are told by their values alone
   */
  key?: string | readonly string[] | undefined;
}

/** How a database is reached: sessions for some queries, and rows one after the other. */
export interface Database {
  /** Runs with a session, which it ends however that ends. */
  withSession<T>(signal: AbortSignal | undefined, use: (session: Session) => Promise<T>): Promise<T>;
  /** Rows in batches, of a query; what it holds is let go when iteration ends. */
  stream(sql: string, signal: AbortSignal | undefined): AsyncIterable<readonly Row[]>;
}

/** What several databases have in common as sources. */
export function createSqlSource(database: Database, name: TableName, options: TableOptions = {}): TableSource {
  const source = queryOf(name);
  const key = typeof options.key === 'string' ? [options.key] : (options.key ?? []);
  const judge = async (session: Session, rules: Parameters<TableSource['judge']>[0], asked: JudgeOptions) => {
    const columns = await session.describe(source);
    const facts = { key, optional: asked.optionalColumns };
    const table = new Table(session.dialect, source, new Map(columns), facts);
    const names = columns.map(([column]) => column);
    const judged = await judgeTable(session, table, rules, { ...asked, columns: names });
    return { ...judged, table };
  };
  return {
    judge: (rules, asked): Promise<Judgement> =>
      database.withSession(asked.signal, async (session) => {
        const { rows, results } = await judge(session, rules, asked);
        return { rows, results };
      }),
    split: (rules, { breaks, ...asked }): Promise<TableSplitting> =>
      database.withSession(asked.signal, async (session) => {
        const { rows, results, flags, table } = await judge(session, rules, asked);
        const broken = rules.flatMap((rule, at) => {
          const flag = flags[at];
          return flag === undefined || !breaks(rule) ? [] : [{ id: rule.id, flag }];
        });
        return { rows, results, ...splitting(database, table, broken, asked.signal) };
      }),
  };
}

function queryOf(name: TableName): string {
  if (typeof name === 'string') return `SELECT * FROM ${quoteQualified('table', name)}`;
  if (typeof name?.sql === 'string' && name.sql.trim() !== '') return name.sql.trim().replace(/;$/, '');
  throw new OptionError('table', 'the name of a table, or { sql }', name);
}

/** Two queries, of which each row is in one: whether it is bad is told alike in both. */
function splitting(
  database: Database,
  table: Table,
  broken: readonly { readonly id: string; readonly flag: Flag }[],
  signal: AbortSignal | undefined,
): Pick<TableSplitting, 'good' | 'bad'> {
  const { dialect } = table;
  const names = [...table.types.keys()];
  const isBroken = broken.map(({ flag }) => `coalesce(${flag.condition}, FALSE)`);
  const flagged = (list: string, where: string): string => {
    const rows = table.placed(broken.flatMap(({ flag }) => flag.windows));
    const order = table.key.length === 0 ? '' : ' ORDER BY place';
    return table.query(`SELECT ${list} FROM ${rows} WHERE ${where}${order}`, true);
  };
  const isBad = ['FALSE', ...isBroken].join(' OR ');
  const ids = dialect.listOf(broken.map(({ id, flag }) => ({ condition: flag.condition, text: id })));
  const rawOf = (column: string, at: number): Term => {
    const type = table.types.get(column) ?? { kind: 'none', types: [], name: 'none' };
    return { ...type, sql: `raw${at}` };
  };
  const written = names.map((column, at) => dialect.written(rawOf(column, at)));
  const plain = names.map((column, at) => `raw${at} AS ${dialect.quote(column)}`);
  const read = (row: Row): TableRow =>
    Object.fromEntries(names.map((column, at) => [column, decode(rawOf(column, at).kind, row[at])]));
  const rowsOf = <T>(
    where: string,
    more: readonly string[],
    shown: readonly string[],
    of: (row: Row) => T,
  ): TableRows<T> => ({
    sql: flagged([...plain, ...shown].join(', '), where),
    async *[Symbol.asyncIterator]() {
      const sql = flagged([...written, ...more].map((column, at) => `${column} AS o${at}`).join(', '), where);
      for await (const batch of database.stream(sql, signal)) for (const row of batch) yield of(row);
    },
  });
  return {
    good: rowsOf(`NOT (${isBad})`, [], [], read),
    bad: rowsOf(isBad, ['place', ids], [`${ids} AS ${dialect.quote(unusedName(names))}`], (row): BadTableRow => {
      const [at, rules] = row.slice(names.length);
      return { row: read(row), index: at === null ? undefined : Number(at), rules: textsOf(decode('other', rules)) };
    }),
  };
}

function unusedName(names: readonly string[]): string {
  let name = 'broken_rules';
  while (names.includes(name)) name += '_';
  return name;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
