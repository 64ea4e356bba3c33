import { checkInteger, checkOneOf, OptionError } from '@dataenginex/core';
import { atomicWrite } from '@dataenginex/resources';
import type { CompressionCodec } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { hasColumn } from '../rows/has-column.ts';
import { compressors, type ParquetCodec, STORED_CODECS, WRITE_CODECS } from './codecs.ts';
import { ParquetRowError } from './errors.ts';
import { columnOf, inferColumn, type ParquetType, type WriteColumn } from './types.ts';
import type { Sink } from '../pipes/sink.ts';

export interface ToParquetOptions<Row> {
  /**
   * The columns and their types, in order; other keys of the rows are left out. The first row must have each of them,
   * if only as `null`; getters of a class count. By default they are those of the first row group, each typed by its
   * first value: numbers as `double`, strings, booleans, bigints as `int64`, dates as `timestamp`, `Uint8Array`s as
   * `bytes`.
   *
   * @default undefined
   */
  columns?: Readonly<Partial<Record<keyof Row & string, ParquetType>>> | undefined;
  /**
   * Rows in a row group. So many are held in memory, and a reader skips them together.
   *
   * @default 100_000
   */
  rowGroupRows?: number | undefined;
  /**
   * How pages are compressed.
   *
   * @default 'zstd'
   */
  codec?: ParquetCodec | undefined;
}

/** What was written. */
export interface ToParquetResult {
  readonly rows: number;
  readonly rowGroups: number;
}

/**
 * A sink for `run` that writes rows to a Parquet file. Row groups are written as they fill, to a temporary file beside
 * it that takes its place at the end: readers see the old file or the whole new one, and a failure or an abort leaves
 * nothing. Every column may have nulls; a key that a later row lacks is one.
 *
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { pipe, run } from '@dataenginex/streams';
 * import { fromParquet, toParquet } from '@dataenginex/streams/parquet';
 *
 * const folder = await mkdtemp(join(tmpdir(), 'prices-'));
 * const path = join(folder, 'prices.parquet');
 * const prices = [{ day: new Date('2025-06-01'), price: '12.50', tags: ['fuel'] }];
 * const columns = { day: 'date', price: 'decimal(10,2)', tags: 'json' } as const;
 * await run(pipe(prices), toParquet(path, { columns })); // => { items: 1, result: { rows: 1, rowGroups: 1 } }
 * await Array.fromAsync(fromParquet(path)); // => [{ day: new Date('2025-06-01'), price: 12.5, tags: ['fuel'] }]
 * await rm(folder, { recursive: true });
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range; from `run`, when neither it nor a row names a column.
 * @throws {ParquetRowError} From `run`, for a value that its column cannot hold, a column that the first row lacks, or a
 *   key that is no column of the first row group.
 * @throws {WriteError} From `run`, when the disk is full, the folder missing, the permission denied.
 * @see https://parquet.apache.org/docs/file-format/
 */
export function toParquet<Row extends object>(
  path: string,
  options: ToParquetOptions<Row> = {},
): Sink<Row, ToParquetResult> {
  const { columns, rowGroupRows = 100_000, codec = 'zstd' } = options;
  if (typeof path !== 'string' || path === '') throw new OptionError('toParquet.path', 'a path', path);
  checkInteger('toParquet.rowGroupRows', rowGroupRows, { min: 1 });
  checkOneOf('toParquet.codec', codec, WRITE_CODECS);
  const given = columns === undefined ? undefined : checkColumns(columns);
  return new ParquetSink(path, given, rowGroupRows, codec);
}

function checkColumns(columns: Readonly<Partial<Record<string, ParquetType>>>): WriteColumn[] {
  const entries = typeof columns === 'object' && columns !== null ? Object.entries(columns) : [];
  if (entries.length === 0) throw new OptionError('toParquet.columns', 'types by column, at least one', columns);
  return entries.map(([name, type]) => {
    const column = typeof type === 'string' ? columnOf(name, type) : undefined;
    if (column !== undefined) return column;
    const wanted = 'string, boolean, int32, int64, float, double, date, timestamp, bytes, json, uuid or decimal(p,s)';
    throw new OptionError(`toParquet.columns.${name}`, wanted, type);
  });
}

class ParquetSink<Row extends object> implements Sink<Row, ToParquetResult> {
  readonly #path: string;
  readonly #rowGroupRows: number;
  readonly #codec: CompressionCodec;
  readonly #isInferred: boolean;
  readonly #bytes = new ByteWriter();
  readonly #output = new Handover();
  #columns: readonly WriteColumn[] | undefined;
  #writer: ParquetWriter | undefined;
  /** Rows whose columns are not known yet. */
  #waiting: Row[] = [];
  /** The row group that fills: an array of values for each column, which the next one fills again. */
  #values: unknown[][] = [];
  #filled = 0;
  #rows = 0;
  #rowGroups = 0;
  #isClosed = false;

  constructor(path: string, columns: readonly WriteColumn[] | undefined, rowGroupRows: number, codec: ParquetCodec) {
    this.#path = path;
    this.#rowGroupRows = rowGroupRows;
    this.#codec = STORED_CODECS[codec];
    this.#isInferred = columns === undefined;
    if (columns !== undefined) this.#use(columns);
  }

  write(rows: readonly Row[]): void | Promise<void> {
    this.#checkNew();
    return this.#take(rows, 0);
  }

  /** Without these two a run would take it for a sink that may be given rows twice, and the file would lack the first. */
  prepare(): never {
    const wanted =
      'left out for toParquet, which writes its file as a whole; lines of toFile can go on, and be read into it';
    throw new OptionError('run.checkpoint', wanted, {});
  }

  recover(): never {
    return this.prepare();
  }

  async close(): Promise<ToParquetResult> {
    this.#checkNew();
    this.#isClosed = true;
    if (this.#columns === undefined) this.#infer();
    if (this.#filled > 0) await this.#flush();
    const writer = this.#open();
    for (const { element } of this.#columns ?? []) {
      // What DuckDB goes by. Had the writer known, it would have made JSON of the bytes.
      if (element.logical_type?.type === 'JSON') element.converted_type = 'JSON';
    }
    void writer.finish(); // it only writes into memory
    await this.#output.give(this.#bytes.getBytes());
    await this.#output.end();
    return { rows: this.#rows, rowGroups: this.#rowGroups };
  }

  async abort(reason: unknown): Promise<void> {
    await this.#output.abort(reason);
  }

  #checkNew(): void {
    if (this.#isClosed) throw new OptionError('run.sink', 'a new one, since a sink serves one run', this);
  }

  #take(rows: readonly Row[], from: number): void | Promise<void> {
    for (let index = from; index < rows.length; index += 1) {
      const row = rows[index];
      if (row === undefined) continue;
      if (this.#columns !== undefined) this.#add(row, this.#columns);
      else {
        this.#waiting.push(row);
        if (this.#waiting.length === this.#rowGroupRows) this.#infer();
      }
      if (this.#filled === this.#rowGroupRows) return this.#flush().then(() => this.#take(rows, index + 1));
    }
    return undefined;
  }

  #add(row: Partial<Record<string, unknown>>, columns: readonly WriteColumn[]): void {
    if (!this.#isInferred && this.#rows + this.#filled === 0) this.#checkFirst(row, columns);
    let known = 0;
    for (let index = 0; index < columns.length; index += 1) {
      const column = columns[index];
      const values = this.#values[index];
      if (column === undefined || values === undefined) continue;
      const value = column.isCommon && !hasColumn(row, column.name) ? undefined : row[column.name];
      if (value !== undefined) known += 1;
      values[this.#filled] = value === undefined || value === null ? null : this.#encode(column, value);
    }
    // A getter of a class is known, and no key.
    if (this.#isInferred && !(Object.keys(row).length === known && isPlain(row))) this.#refuseStray(row, columns);
    this.#filled += 1;
  }

  #encode({ name, encode }: WriteColumn, value: unknown): unknown {
    try {
      return encode(value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw this.#error(`the column holds ${reason}, not ${describe(value)}`, name, value);
    }
  }

  /** A misspelt column would be null in every row. */
  #checkFirst(row: object, columns: readonly WriteColumn[]): void {
    const missing = columns.find(({ name }) => !hasColumn(row, name));
    if (missing === undefined) return;
    const reason = 'the first row has no such column; where later rows do, put null in it';
    throw this.#error(reason, missing.name, undefined);
  }

  #refuseStray(row: Partial<Record<string, unknown>>, columns: readonly WriteColumn[]): void {
    const stray = Object.keys(row).find((key) => row[key] !== undefined && columns.every(({ name }) => name !== key));
    if (stray !== undefined) throw this.#error('the first row group has no such column', stray, row[stray]);
  }

  /** Finds the columns of the rows that wait, and takes them. */
  #infer(): void {
    const rows: readonly Partial<Record<string, unknown>>[] = this.#waiting;
    const firsts = new Map<string, unknown>();
    for (const row of rows) {
      for (const [name, value] of Object.entries(row)) {
        if (firsts.get(name) === undefined) firsts.set(name, value ?? undefined);
      }
    }
    if (firsts.size === 0) throw new OptionError('toParquet.columns', 'given where no row has a column', undefined);
    const columns = Array.from(firsts, ([name, value]) => {
      const column = inferColumn(name, value);
      if (column !== undefined) return column;
      const row = rows.findIndex((candidate) => candidate[name] === value);
      const reason = `${describe(value)} has no column type; the type 'json' of the option columns holds what JSON can`;
      throw this.#error(reason, name, value, row);
    });
    this.#use(columns);
    this.#waiting = [];
    for (const row of rows) this.#add(row, columns);
  }

  #use(columns: readonly WriteColumn[]): void {
    this.#columns = columns;
    this.#values = columns.map(() => []);
  }

  #open(): ParquetWriter {
    if (this.#writer !== undefined) return this.#writer;
    const columns = this.#columns ?? [];
    this.#output.open(this.#path);
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: [{ name: 'schema', num_children: columns.length }, ...columns.map(({ element }) => element)],
      codec: this.#codec,
      compressors,
      createdBy: '@dataenginex/streams with hyparquet-writer',
    });
    return this.#writer;
  }

  async #flush(): Promise<void> {
    for (const values of this.#values) values.length = this.#filled;
    const columnData = (this.#columns ?? []).map(({ name }, index) => ({ name, data: this.#values[index] ?? [] }));
    void this.#open().write({ columnData, rowGroupSize: this.#filled });
    this.#rows += this.#filled;
    this.#rowGroups += 1;
    this.#filled = 0;
    await this.#output.give(this.#bytes.getBytes());
    this.#bytes.index = 0;
  }

  #error(reason: string, column: string, value: unknown, row = this.#filled): ParquetRowError {
    return new ParquetRowError(this.#path, this.#rows + row, column, value, reason);
  }
}

/** Lets `atomicWrite`, which pulls, take what a sink is pushed. */
class Handover {
  #piece = Promise.withResolvers<Uint8Array | undefined>();
  #taken = Promise.withResolvers<void>();
  readonly #controller = new AbortController();
  #file: Promise<void> | undefined;

  open(path: string): void {
    this.#file ??= atomicWrite(path, this.#pieces(), { signal: this.#controller.signal });
    this.#file.catch(() => {}); // told by whoever gives or ends
  }

  /** Settles when the piece has been written, and its memory may be used again. */
  async give(piece: Uint8Array): Promise<void> {
    this.#taken = Promise.withResolvers();
    this.#piece.resolve(piece);
    await Promise.race([this.#taken.promise, this.#file]);
  }

  async end(): Promise<void> {
    this.#piece.resolve(undefined);
    await this.#file;
  }

  async abort(reason: unknown): Promise<void> {
    this.#controller.abort(reason);
    await this.#file?.catch(() => {});
  }

  async *#pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let piece = await this.#piece.promise; piece !== undefined; piece = await this.#piece.promise) {
      this.#piece = Promise.withResolvers();
      yield piece;
      this.#taken.resolve();
    }
  }
}

function isPlain(row: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(row);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : value.toISOString();
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `a nested ${typeof value}`;
}
