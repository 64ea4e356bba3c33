import { OptionError } from '@dataenginex/core';
import { isObject } from '../schema/json-schema.ts';
import { ColumnTable } from '../rows/column-table.ts';
import { type Saved, SavedReader } from '../saved.ts';
import { ColumnState } from './column-state.ts';
import { readRows, type RowSource } from './read-rows.ts';

export interface TableStateOptions {
  signal?: AbortSignal | undefined;
}

const version = 1;
const mostColumns = 5000;

/**
 * What is known of a table, in at most 40 KB a column however many rows there are: saved as JSON, and merged with the
 * states of other rows, such as of other days or partitions, in any order.
 *
 * ```ts
 * import { TableState } from '@dataenginex/quality';
 *
 * const monday = await TableState.of([{ temp: 12.8 }, { temp: 10.6 }]);
 * const tuesday = await TableState.of([{ temp: null }, { temp: 14 }]);
 * const both = TableState.from(JSON.parse(JSON.stringify(monday)));
 * both.merge(tuesday);
 *
 * both.rows; // => 4
 * const temp = both.columns.get('temp');
 * temp?.nulls; // => 1
 * temp?.moments.max; // => 14
 * temp?.quantiles.quantile(0.5); // => 12.8
 * ```
 */
export class TableState {
  #rows = 0;
  readonly #columns = new Map<string, ColumnState>();
  /** As the last row had them, so that the next, which is like it, is looked up by place. */
  readonly #names: string[] = [];
  readonly #states: ColumnState[] = [];

  /**
   * The state of rows, of columns, or of a stream of rows, in one pass. It lets the event loop run every few
   * milliseconds.
   *
   * @throws {OptionError} When the source is none of these.
   */
  static async of(source: RowSource, { signal }: TableStateOptions = {}): Promise<TableState> {
    const state = new TableState();
    await readRows(source, (rows, from, to) => state.push(rows, from, to), signal);
    return state;
  }

  get rows(): number {
    return this.#rows;
  }

  /** In the order in which they were met. */
  get columns(): ReadonlyMap<string, ColumnState> {
    for (const column of this.#columns.values()) column.nulls = this.#rows - column.count;
    return this.#columns;
  }

  /**
   * Adds rows, or those from `from` to before `to`. One that is no object counts and has no columns.
   *
   * @throws {OptionError} When there are more than 5,000 columns.
   */
  push(rows: readonly unknown[] | ColumnTable, from = 0, to = rows.length): void {
    if (rows instanceof ColumnTable) {
      for (const [name, values] of rows.values) {
        const column = this.#column(name);
        for (let at = from; at < to; at++) column.add(values[at]);
      }
    } else for (let at = from; at < to; at++) this.#pushRow(rows[at]);
    this.#rows += to - from;
  }

  merge(other: TableState): void {
    for (const [name, state] of other.#columns) this.#column(name).merge(state);
    this.#rows += other.#rows;
  }

  toJSON(): Saved {
    const columns = Array.from(this.columns, ([name, state]) => ({ name, state: state.toJSON() }));
    return { version, rows: this.#rows, columns };
  }

  /**
   * Reads what `toJSON` gave.
   *
   * @throws {SavedDataError} When it is something else, is not whole, or of a version that this one does not know.
   */
  static from(json: unknown): TableState {
    const saved = new SavedReader('table state', json);
    if (saved.field('version').count() !== version) saved.field('version').refuse(`${version}`);
    const state = new TableState();
    state.#rows = saved.field('rows').count();
    saved.field('columns').list((column) => {
      const name = column.field('name').text();
      const read = ColumnState.read(column.field('state'));
      if (read.count + read.nulls !== state.#rows) column.field('state').refuse(`of ${state.#rows} rows`);
      if (state.#columns.has(name)) column.field('name').refuse('there once');
      if (state.#columns.size === mostColumns) column.refuse(`one of at most ${mostColumns}`);
      state.#columns.set(name, read);
    });
    return state;
  }

  #pushRow(row: unknown): void {
    if (!isObject(row)) return;
    let at = 0;
    for (const name in row) {
      if (this.#names[at] !== name) {
        this.#states[at] = this.#column(name);
        this.#names[at] = name;
      }
      this.#states[at]?.add(row[name]);
      at++;
    }
  }

  #column(name: string): ColumnState {
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    if (this.#columns.size >= mostColumns) {
      throw new OptionError('TableState.columns', `at most ${mostColumns} columns`, name);
    }
    const state = new ColumnState();
    this.#columns.set(name, state);
    return state;
  }
}
