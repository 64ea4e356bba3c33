import { OptionError } from '@dataenginex/core';
import type { ColumnType, Dialect, Term } from './dialect.ts';
import type { Window } from './steps.ts';

/** What a check needs of the session with a database. */
export interface Session {
  readonly dialect: Dialect;
  /** The columns of a query. */
  describe(sql: string): Promise<readonly (readonly [name: string, type: ColumnType])[]>;
  /** All rows, each a list of values as `Dialect.written` has them. */
  query(sql: string): Promise<readonly Row[]>;
}

export type Row = readonly unknown[];

/** The table of one check: columns as rules ask for them, and the queries that have them. */
export class Table {
  readonly dialect: Dialect;
  /** A query of all that it has. */
  readonly source: string;
  readonly types: ReadonlyMap<string, ColumnType>;
  /** Columns that tell and order its rows. */
  readonly key: readonly string[];
  readonly #terms = new Map<string, Term>();
  readonly #optional: readonly string[];
  readonly #windows = new Map<string, Window>();

  constructor(
    dialect: Dialect,
    source: string,
    types: ReadonlyMap<string, ColumnType>,
    { key, optional }: { readonly key: readonly string[]; readonly optional: readonly string[] },
  ) {
    this.dialect = dialect;
    this.source = source;
    this.types = types;
    this.key = key;
    this.#optional = optional;
    for (const column of key) {
      if (!types.has(column))
        throw new OptionError('key', `columns of the table, ${[...types.keys()].join(', ')}`, column);
    }
  }

  /** Whether a column is there, or may be missing. */
  has(column: string): boolean {
    return this.types.has(column) || this.#optional.includes(column);
  }

  /** A column's value, in each query of `rows`. */
  readonly term = (column: string): Term => {
    const known = this.#terms.get(column);
    if (known !== undefined) return known;
    const type = this.types.get(column) ?? { kind: 'none', types: [], name: 'none' };
    const term: Term = { ...type, sql: `c${this.#terms.size}` };
    this.#terms.set(column, term);
    return term;
  };

  /** A query of `rows` with what they are: the terms that it mentions, and with `raw` the columns as they are. */
  query(sql: string, hasRaw = false): string {
    const mentioned = new Set(sql.match(/\bc\d+\b/g));
    const terms = [...this.#terms].filter(([, term]) => mentioned.has(term.sql));
    const columns = terms.map(([column, { sql: name, ...type }]) => {
      const isThere = this.types.has(column);
      const value = isThere ? this.dialect.read(`t.${this.dialect.quote(column)}`, type) : this.dialect.null('none');
      return `${value} AS ${name}`;
    });
    const raw = [...this.types.keys()].map((column, at) => `t.${this.dialect.quote(column)} AS raw${at}`);
    const list = [...(hasRaw ? raw : []), ...columns, '1 AS c'].join(', ');
    return `WITH dex_rows AS (SELECT ${list} FROM (${this.source}\n) AS t) ${sql}`;
  }

  /** The rows with the terms of all rules. */
  rows(): string {
    return 'dex_rows AS r';
  }

  /** A window with a name that no other has. */
  window(sql: string, isLate = false): Window {
    const window = this.#windows.get(sql) ?? { name: `w${this.#windows.size}`, sql, isLate };
    this.#windows.set(sql, window);
    return window;
  }

  /** The same with windows, and `place`, the row's place by the key; null without a key. */
  placed(windows: readonly Window[]): string {
    const order = this.key.map((column) => `${this.term(column).sql} NULLS FIRST`).join(', ');
    const at = order === '' ? 'NULL' : `row_number() OVER (ORDER BY ${order}) - 1`;
    let rows = `(SELECT *, ${at} AS place FROM ${this.rows()}) AS p`;
    for (const isLate of [false, true]) {
      const some = new Set(windows.filter((window) => window.isLate === isLate));
      const named = [...some].map(({ name, sql }) => `${sql} AS ${name}`);
      if (some.size > 0) rows = `(SELECT *, ${named.join(', ')} FROM ${rows}) AS w`;
    }
    return rows;
  }
}
