import { crc32 } from 'node:zlib';
import type { ColumnMetaData, PageHeader, ParquetParsers, SchemaTree } from 'hyparquet';
import { assembleLists, assembleNested } from 'hyparquet/src/assemble.js';
import { parquetHeader } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js';
import { ParquetError, type ParquetPlace } from './errors.ts';
import type { ParquetFile } from './file.ts';
import { decodeDictionary, decodePage, type Leaf, type Page } from './page.ts';
import { valueTypeOf } from './values.ts';

/** Read from a column at once at least, up to its end in the row group. */
const READ_BYTES = 2 ** 20;
/** A page header is some dozen bytes, unless its statistics hold long strings. */
const HEADER_BYTES = 16_384;
/** In one page at most: what a damaged count may make us reserve. */
const MAX_PAGE_VALUES = 2 ** 24;
/** What a nested value takes at least, though millions of nulls are a few bytes of a file. */
const VALUE_BYTES = 8;

/** The part of a column in one row group. */
export interface ColumnChunk {
  readonly file: ParquetFile;
  readonly rowGroup: number;
  readonly rows: number;
  readonly metadata: ColumnMetaData;
  /** From the root of the schema to the leaf. */
  readonly path: readonly SchemaTree[];
  readonly maxPageBytes: number;
}

/** A column of the row group that is being read: its values, a page's at a time. */
export interface Column {
  readonly values: ArrayLike<unknown>;
  /** Replaces `values` by those that follow; not asked behind the last row. */
  advance(): Promise<void>;
}

/** @param chunks One for each leaf of the column. */
export function openColumn(schema: SchemaTree, chunks: readonly ColumnChunk[]): Column {
  const [chunk] = chunks;
  const isFlat = schema.children.length === 0 && schema.element.repetition_type !== 'REPEATED';
  return isFlat && chunk !== undefined ? new FlatColumn(chunk) : new NestedColumn(schema, chunks);
}

/** Decodes page by page. */
class FlatColumn implements Column {
  values: ArrayLike<unknown> = [];
  readonly #pages: AsyncGenerator<Page, void, undefined>;

  constructor(chunk: ColumnChunk) {
    this.#pages = pagesOf(chunk);
  }

  async advance(): Promise<void> {
    const next = await this.#pages.next();
    this.values = next.done === true ? [] : placeNulls(next.value);
  }
}

function placeNulls({ definitions, values }: Page): ArrayLike<unknown> {
  if (definitions === undefined) return values;
  const out: unknown[] = [];
  out.length = definitions.length;
  let at = 0;
  for (let index = 0; index < definitions.length; index += 1) {
    if (definitions[index] === 0) out[index] = null;
    else {
      out[index] = values[at];
      at += 1;
    }
  }
  return out;
}

/** Rows of nested columns begin where they like in a page, and those of sibling leaves elsewhere: all at once. */
class NestedColumn implements Column {
  values: ArrayLike<unknown> = [];
  readonly #schema: SchemaTree;
  readonly #chunks: readonly ColumnChunk[];

  constructor(schema: SchemaTree, chunks: readonly ColumnChunk[]) {
    this.#schema = schema;
    this.#chunks = chunks;
  }

  async advance(): Promise<void> {
    this.values = await readNested(this.#schema, this.#chunks);
  }
}

async function readNested(schema: SchemaTree, chunks: readonly ColumnChunk[]): Promise<ArrayLike<unknown>> {
  const leaves = new Map<string, unknown[]>();
  for (const chunk of chunks) {
    const output: unknown[] = [];
    for await (const page of pagesOf(chunk)) appendPage(output, page, chunk);
    leaves.set(chunk.path.at(-1)?.path.join('.') ?? '', output);
  }
  const place = placeOf(chunks[0]);
  try {
    assembleNested(leaves, schema, parsers);
  } catch (cause) {
    throw new ParquetError('a nested value cannot be put together', place, { cause });
  }
  const rows = leaves.get(schema.path.join('.')) ?? [];
  if (rows.length !== chunks[0]?.rows) throw new ParquetError(`there are ${rows.length} rows`, place);
  return rows.map(withNulls);
}

function appendPage(output: unknown[], page: Page, chunk: ColumnChunk): void {
  const values = Array.from(page.values);
  const isOfKeys = chunk.path.at(-1)?.element.name === 'key';
  // Assigned to an object it would set the prototype, and the value be lost.
  if (chunk.path.some(isNamedProto) || (isOfKeys && values.includes('__proto__'))) {
    throw new ParquetError('a field or key is named "__proto__"', placeOf(chunk));
  }
  const levels = [Array.from(page.definitions ?? []), Array.from(page.repetitions ?? [])] as const;
  try {
    const assembled = assembleLists(output, ...levels, values, [...chunk.path]);
    if (assembled !== output) for (const value of assembled) output.push(value);
  } catch (cause) {
    throw new ParquetError('lists that make no sense', placeOf(chunk), { cause });
  }
}

const isNamedProto = ({ element }: SchemaTree): boolean => element.name === '__proto__';

/** hyparquet leaves `undefined` where a list, a map or a group is null. */
function withNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNulls);
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) {
    return value ?? null;
  }
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withNulls(field)]));
}

const parsers: ParquetParsers = DEFAULT_PARSERS;

/**
 * The data pages of a column chunk, one after another.
 *
 * @throws {ParquetError} When one is damaged; with the byte at which it starts.
 */
async function* pagesOf(chunk: ColumnChunk): AsyncGenerator<Page, void, undefined> {
  const { metadata, rows, maxPageBytes } = chunk;
  const path = [...chunk.path];
  const { element } = path.at(-1) ?? {};
  if (element === undefined) return;
  const leaf: Leaf = {
    element,
    value: valueTypeOf(element),
    maxDefinition: getMaxDefinitionLevel(path),
    maxRepetition: getMaxRepetitionLevel(path),
    codec: metadata.codec,
    maxPageBytes,
  };
  const isFlat = path.length === 2 && leaf.maxRepetition === 0;
  const bytes = new Window(chunk);
  let left = isFlat ? rows : Number(metadata.num_values);
  let dictionary: ArrayLike<unknown> | undefined;
  let held = 0;
  while (left > 0) {
    const at = bytes.at;
    const header = await bytes.header();
    const size = Math.max(header.compressed_page_size, header.uncompressed_page_size);
    held = isFlat ? size : held + Math.max(size, VALUE_BYTES * countOf(header));
    if (held > maxPageBytes) {
      const what = isFlat ? 'a page' : 'pages of nested values, read at once,';
      throw new ParquetError(
        `${what} of ${held} bytes, more than the ${maxPageBytes} of maxPageBytes`,
        placeOf(chunk, at),
      );
    }
    const body = await bytes.take(header.compressed_page_size);
    let page: Page | undefined;
    try {
      if (header.crc !== undefined && header.crc !== (crc32(body) | 0)) throw new Error('its checksum differs');
      checkCount(header, left);
      if (header.type === 'DICTIONARY_PAGE') dictionary = decodeDictionary(header, body, leaf);
      else if (header.type !== 'INDEX_PAGE') page = decodePage(header, body, leaf, dictionary);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ParquetError(`the page cannot be read: ${reason}`, placeOf(chunk, at), { cause });
    }
    if (page !== undefined && page.count > 0) {
      left -= page.count;
      yield page;
    }
  }
}

function countOf({ type, ...header }: PageHeader): number {
  const data = header.data_page_header ?? header.data_page_header_v2;
  return (type === 'DICTIONARY_PAGE' ? header.dictionary_page_header : data)?.num_values ?? 0;
}

function checkCount(header: PageHeader, left: number): void {
  const count = countOf(header);
  if (count > MAX_PAGE_VALUES) throw new RangeError(`${count} values, more than the ${MAX_PAGE_VALUES} that are read`);
  if (header.type !== 'DICTIONARY_PAGE' && count > left) throw new RangeError(`${count} values where ${left} are left`);
}

/** The header is what the bytes made of it: fields may lack, or be of another type. */
function isSound(header: PageHeader): boolean {
  const { data_page_header: one, data_page_header_v2: two, dictionary_page_header: dictionary } = header;
  const sizes: unknown[] = [header.uncompressed_page_size, header.compressed_page_size];
  if (header.type === 'DICTIONARY_PAGE') sizes.push(dictionary?.num_values);
  else if (one !== undefined) sizes.push(one.num_values);
  else if (two !== undefined) {
    sizes.push(two.num_values, two.repetition_levels_byte_length, two.definition_levels_byte_length);
  }
  return sizes.every((size) => Number.isInteger(size) && Number(size) >= 0);
}

/** What of a column chunk has been read and not yet consumed. */
class Window {
  /** The byte of the file that comes next. */
  at: number;
  readonly #chunk: ColumnChunk;
  readonly #end: number;
  #bytes: Uint8Array = new Uint8Array();

  constructor(chunk: ColumnChunk) {
    this.#chunk = chunk;
    const { dictionary_page_offset: first, data_page_offset: second, total_compressed_size: size } = chunk.metadata;
    // Some writers say 0 for no dictionary.
    this.at = Number(first !== undefined && first > 0n && first < second ? first : second);
    this.#end = this.at + Number(size);
    if (!(this.at >= 4 && this.at <= this.#end && this.#end <= chunk.file.byteLength)) {
      throw new ParquetError('the column reaches out of the file', placeOf(chunk, this.at));
    }
  }

  async header(): Promise<PageHeader> {
    for (const bytes of [HEADER_BYTES, READ_BYTES]) {
      await this.#fill(Math.min(bytes, this.#end - this.at));
      const reader = { view: new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length), offset: 0 };
      try {
        const header = parquetHeader(reader);
        if (!isSound(header)) throw new RangeError('a header that is none');
        this.#skip(reader.offset);
        return header;
      } catch (cause) {
        if (bytes < READ_BYTES && this.#bytes.length < this.#end - this.at) continue;
        const reason = this.at === this.#end ? 'the column has fewer rows than its row group' : 'no page header';
        throw new ParquetError(reason, placeOf(this.#chunk, this.at), { cause });
      }
    }
    throw new ParquetError('no page header', placeOf(this.#chunk, this.at));
  }

  async take(length: number): Promise<Uint8Array> {
    if (length > this.#end - this.at) {
      throw new ParquetError(`a page of ${length} bytes reaches out of its column`, placeOf(this.#chunk, this.at));
    }
    await this.#fill(length);
    const body = this.#bytes.subarray(0, length);
    this.#skip(length);
    return body;
  }

  async #fill(length: number): Promise<void> {
    const missing = length - this.#bytes.length;
    if (missing <= 0) return;
    const from = this.at + this.#bytes.length;
    const fresh = await this.#chunk.file.read(from, Math.min(this.#end, from + Math.max(missing, READ_BYTES)));
    const joined = new Uint8Array(this.#bytes.length + fresh.length);
    joined.set(this.#bytes);
    joined.set(fresh, this.#bytes.length);
    this.#bytes = this.#bytes.length === 0 ? fresh : joined;
  }

  #skip(length: number): void {
    this.at += length;
    this.#bytes = this.#bytes.subarray(length);
  }
}

function placeOf(chunk: ColumnChunk | undefined, byte?: number): ParquetPlace {
  const column = chunk?.path.at(-1)?.path.join('.');
  return { file: chunk?.file.path, rowGroup: chunk?.rowGroup, column, byte };
}
