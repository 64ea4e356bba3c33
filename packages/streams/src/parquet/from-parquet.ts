import { checkInteger, OptionError } from '@dataenginex/core';
import { type FileMetaData, parquetSchema, type RowGroup, type SchemaTree } from 'hyparquet';
import { type Chunk, openChunks } from '../pipes/input.ts';
import { type Column, type ColumnChunk, openColumn } from './column.ts';
import { ParquetError } from './errors.ts';
import { type ParquetBlob, ParquetFile } from './file.ts';
import { checkKind, checkWhere, type ColumnTest, mayPass, type ParquetWhere, passes } from './where.ts';
import { buildRowOf } from './row.ts';
import { type Pipe, pipeFrom } from '../pipes/pipe.ts';

type ParquetRow = Record<string, unknown>;

export interface FromParquetOptions<Name extends string = string> {
  /**
   * The columns that are read, and in their order the keys of the rows. The others cost nothing.
   *
   * @default all of the file
   */
  columns?: readonly Name[] | undefined;
  /**
   * Which rows are wanted, by column, compared with what they would have: a UUID is in lower case, and a FLOAT that
   * was 0.1 is `Math.fround(0.1)`. Row groups that by their statistics have no such row are not read at all; of the
   * others each row is tested.
   *
   * @default undefined
   */
  where?: ParquetWhere | undefined;
  /**
   * The largest page that is read, in bytes, once decompressed. Of a nested column, which is read a row group at a time,
   * the pages of a row group are taken together, and a value for 8 bytes at least. Memory is a small multiple of it for
   * each column: a kilobyte of a file can say that it becomes gigabytes.
   *
   * @default 268_435_456, 256 MiB
   */
  maxPageBytes?: number | undefined;
}

/** Rows are made so many at a time, which keeps them few and the loop hot. */
const MAX_CHUNK = 1024;

/**
 * Reads the rows of a Parquet file as objects, page by page and row group by row group. What a value becomes: BOOLEAN a
 * boolean, INT64 a bigint, the other integers, floats and TIME_MILLIS numbers; STRING, ENUM and UUID strings; DATE and
 * TIMESTAMP a `Date` (whole milliseconds, rounded down); DECIMAL a number up to 15 digits and a string of them above;
 * JSON what is in it; lists arrays, structs and maps objects; all else bytes. A null is `null`.
 *
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { pipe, run } from '@dataenginex/streams';
 * import { fromParquet, toParquet } from '@dataenginex/streams/parquet';
 *
 * const folder = await mkdtemp(join(tmpdir(), 'weather-'));
 * const path = join(folder, 'weather.parquet');
 * const days = [
 *   { station: 'Seattle', tempMax: 12.8, wind: 4.7 },
 *   { station: 'New York', tempMax: 5.6, wind: 2.3 },
 * ];
 * await run(pipe(days), toParquet(path)); // => { items: 2, result: { rows: 2, rowGroups: 1 } }
 *
 * const warm = fromParquet(path, { columns: ['station', 'tempMax'], where: { tempMax: { gt: 10 } } });
 * await Array.fromAsync(warm); // => [{ station: 'Seattle', tempMax: 12.8 }]
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param source A path, bytes (a `Buffer`, a `Uint8Array`, an `ArrayBuffer`), or anything with a `byteLength` and a
 *   `slice(start, end)` that gives an `ArrayBuffer`.
 * @throws {OptionError} At once when an option is none; from the pipe when the file has no such column, or one that
 *   cannot be compared with that.
 * @throws {ParquetError} From the pipe, when the file is no Parquet, damaged, encrypted, uses an unknown encoding or has
 *   a page of more than `maxPageBytes`.
 * @throws The file system's error as it is, from the pipe.
 * @see https://parquet.apache.org/docs/file-format/
 */
export function fromParquet<const Name extends string = string>(
  source: string | Uint8Array | ParquetBlob,
  options?: FromParquetOptions<Name>,
): Pipe<Record<Name, unknown>>;
export function fromParquet(
  source: string | Uint8Array | ParquetBlob,
  options: FromParquetOptions = {},
): Pipe<ParquetRow> {
  const { columns, where = {}, maxPageBytes = 2 ** 28 } = options;
  if (!isSource(source)) {
    throw new OptionError('fromParquet.source', 'a path, bytes, or an object with byteLength and slice', source);
  }
  const isList = columns === undefined || (Array.isArray(columns) && new Set(columns).size === columns.length);
  if (!isList || columns?.length === 0) {
    throw new OptionError('fromParquet.columns', 'names that differ, at least one', columns);
  }
  const tests = checkWhere(where);
  checkInteger('fromParquet.maxPageBytes', maxPageBytes, { min: 1, max: Infinity });
  return pipeFrom(() => {
    const controller = new AbortController();
    return openChunks(readRows(source, columns, tests, maxPageBytes, controller.signal), controller);
  });
}

async function* readRows(
  source: string | Uint8Array | ParquetBlob,
  columns: readonly string[] | undefined,
  tests: readonly ColumnTest[],
  maxPageBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Chunk<ParquetRow>, void, undefined> {
  const file = await ParquetFile.open(source, signal);
  try {
    const metadata = await file.readMetadata();
    const schema = schemaOf(file, metadata);
    const names = columns ?? schema.children.map(({ element }) => element.name);
    // Assigned to a row it would set the prototype, and the column be lost.
    if (names.includes('__proto__')) throw new ParquetError('a column is named "__proto__"', { file: file.path });
    const wanted = names.map((name) => find(file, schema, name, 'fromParquet.columns'));
    const tested = tests.map((test) => {
      const column = find(file, schema, test.column, `fromParquet.where.${test.column}`);
      checkKind(test, column.element);
      return column;
    });
    let before = 0;
    for (const [index, group] of metadata.row_groups.entries()) {
      const rows = Number(group.num_rows);
      const chunks = chunksOf(file, group, index, schema, maxPageBytes);
      const chunksIn = (column: SchemaTree): ColumnChunk[] => chunks.filter(({ path }) => path[1] === column);
      const isWanted = tests.every((test, at) => {
        const [chunk] = tested[at]?.children.length === 0 ? chunksIn(tested[at]) : [];
        return chunk === undefined || mayPass(test, chunk.metadata, chunk.path[1]?.element ?? { name: '' }, rows);
      });
      if (isWanted) {
        const open = new Map<SchemaTree, Column>();
        for (const column of [...wanted, ...tested]) {
          if (!open.has(column)) open.set(column, openColumn(column, chunksIn(column)));
        }
        const place = { file: file.path, rowGroup: index, first: before };
        const pick = (trees: readonly SchemaTree[]): Column[] => trees.flatMap((tree) => open.get(tree) ?? []);
        yield* rowsOf(names, pick(wanted), tests, pick(tested), rows, place);
      }
      before += rows;
    }
  } finally {
    await file.close();
  }
}

interface GroupPlace {
  readonly file: string | undefined;
  readonly rowGroup: number;
  /** The index of the row group's first row. */
  readonly first: number;
}

/** Turns columns into rows, as far as all of them have been decoded. */
async function* rowsOf(
  names: readonly string[],
  columns: readonly Column[],
  tests: readonly ColumnTest[],
  tested: readonly Column[],
  rows: number,
  { file, rowGroup, first }: GroupPlace,
): AsyncGenerator<Chunk<ParquetRow>, void, undefined> {
  const open = [...new Set([...columns, ...tested])].map((column) => ({ column, at: 0 }));
  const cursorOf = (column: Column) => open.find((cursor) => cursor.column === column) ?? { column, at: 0 };
  const build = buildRowOf(names);
  const cursors = columns.map(cursorOf);
  const checks = tests.map((test, index) => ({
    test,
    cursor: tested[index] === undefined ? undefined : cursorOf(tested[index]),
  }));
  for (let row = 0; row < rows;) {
    let count = Math.min(MAX_CHUNK, rows - row);
    const empty = open.filter(({ column, at }) => at === column.values.length);
    await Promise.all(empty.map(({ column }) => column.advance()));
    for (const cursor of empty) cursor.at = 0;
    for (const { column, at } of open) count = Math.min(count, column.values.length - at);
    if (count <= 0) throw new ParquetError('the columns have different numbers of rows', { file, rowGroup });

    const values = cursors.map(({ column }) => column.values);
    const offsets = cursors.map(({ at }) => at);
    const items: ParquetRow[] = [];
    const origins: number[] = [];
    for (let offset = 0; offset < count; offset += 1) {
      if (checks.length > 0) {
        const isWanted = checks.every(
          ({ test, cursor }) => cursor === undefined || passes(test, cursor.column.values[cursor.at + offset]),
        );
        if (!isWanted) continue;
        origins.push(offset);
      }
      items.push(build(values, offsets, offset));
    }
    for (const cursor of open) cursor.at += count;
    const start = first + row;
    row += count;
    if (items.length === 0) continue;
    const location = file === undefined ? { rowGroup } : { rowGroup, file };
    const offsetOf = (index: number): number => (checks.length === 0 ? index : (origins[index] ?? 0));
    yield { items, position: (index) => ({ index: start + offsetOf(index), ...location }) };
  }
}

function schemaOf(file: ParquetFile, metadata: FileMetaData): SchemaTree {
  try {
    return parquetSchema(metadata);
  } catch (cause) {
    throw new ParquetError('the schema makes no sense', { file: file.path }, { cause });
  }
}

function find(file: ParquetFile, schema: SchemaTree, name: string, option: string): SchemaTree {
  const [column, twin] = schema.children.filter(({ element }) => element.name === name);
  if (twin !== undefined) throw new ParquetError(`two columns are named ${JSON.stringify(name)}`, { file: file.path });
  if (column !== undefined) return column;
  const names = schema.children.map(({ element }) => element.name).join(', ');
  throw new OptionError(option, `one of the file's columns (${names})`, name);
}

/** The leaves of the schema, with where the row group has them. */
function chunksOf(
  file: ParquetFile,
  group: RowGroup,
  rowGroup: number,
  schema: SchemaTree,
  maxPageBytes: number,
): ColumnChunk[] {
  const paths = schema.children.flatMap((column) => leavesOf([schema, column]));
  const rows = Number(group.num_rows);
  if (paths.length !== group.columns.length || !(rows >= 0)) {
    throw new ParquetError('the row group does not match the schema', { file: file.path, rowGroup });
  }
  return group.columns.map(({ meta_data: metadata, file_path: elsewhere }, index) => {
    const path = paths[index] ?? [];
    if (metadata === undefined || elsewhere !== undefined) {
      const column = path.at(-1)?.path.join('.');
      const reason = `the column is ${elsewhere === undefined ? 'encrypted' : 'in another file'}, which is not supported`;
      throw new ParquetError(reason, { file: file.path, rowGroup, column });
    }
    return { file, rowGroup, rows, metadata, path, maxPageBytes };
  });
}

function leavesOf(path: readonly SchemaTree[]): (readonly SchemaTree[])[] {
  const children = path.at(-1)?.children ?? [];
  return children.length === 0 ? [path] : children.flatMap((child) => leavesOf([...path, child]));
}

function isSource(source: unknown): source is string | Uint8Array | ParquetBlob {
  if (typeof source === 'string') return source !== '';
  if (source instanceof Uint8Array) return true;
  return (
    typeof source === 'object' &&
    source !== null &&
    'byteLength' in source &&
    'slice' in source &&
    !ArrayBuffer.isView(source)
  );
}
