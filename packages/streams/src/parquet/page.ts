import type { ColumnMetaData, PageHeader, SchemaElement } from 'hyparquet';
import { deltaBinaryUnpack, deltaLengthByteArray } from 'hyparquet/src/delta.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { decompress } from './codecs.ts';
import { textOf, type ValueType } from './values.ts';

/** A column as it is stored: a leaf of the schema. */
export interface Leaf {
  readonly element: SchemaElement;
  readonly value: ValueType;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  readonly codec: ColumnMetaData['codec'];
  readonly maxPageBytes: number;
}

export interface Page {
  /** Rows of a flat column; of a nested one values, empty lists and nulls. */
  readonly count: number;
  readonly definitions: Uint8Array | undefined;
  readonly repetitions: Uint8Array | undefined;
  /** Those that are there, for rows. */
  readonly values: ArrayLike<unknown>;
}

type Encoding = ColumnMetaData['encodings'][number];

const WIDTHS = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 };

/** @throws {Error} When the bytes make no sense. */
export function decodeDictionary(header: PageHeader, bytes: Uint8Array, leaf: Leaf): ArrayLike<unknown> {
  const count = header.dictionary_page_header?.num_values ?? 0;
  const page = decompress(leaf.codec, bytes, header.uncompressed_page_size);
  return readValues('PLAIN', page, count, leaf, undefined);
}

/** @throws {Error} When the bytes make no sense. */
export function decodePage(
  header: PageHeader,
  bytes: Uint8Array,
  leaf: Leaf,
  dictionary: ArrayLike<unknown> | undefined,
): Page {
  const { data_page_header: one, data_page_header_v2: two } = header;
  const count = one?.num_values ?? two?.num_values ?? 0;
  const repetitions = leaf.maxRepetition > 0 ? new Uint8Array(count) : undefined;
  let definitions = leaf.maxDefinition > 0 ? new Uint8Array(count) : undefined;
  let page: Uint8Array;
  if (one !== undefined) {
    page = decompress(leaf.codec, bytes, header.uncompressed_page_size);
    for (const levels of [
      { out: repetitions, max: leaf.maxRepetition, encoding: one.repetition_level_encoding },
      { out: definitions, max: leaf.maxDefinition, encoding: one.definition_level_encoding },
    ]) {
      if (levels.out === undefined) continue;
      if (levels.encoding !== 'RLE') throw new Error(`the encoding ${levels.encoding} of levels is not supported`);
      page = readSized(page, widthOf(levels.max), levels.out);
    }
  } else if (two !== undefined) {
    const { repetition_levels_byte_length: first, definition_levels_byte_length: second } = two;
    if (first < 0 || second < 0 || first + second > bytes.length) throw new Error('levels reach out of their page');
    if (repetitions !== undefined) readHybrid(bytes, 0, first, widthOf(leaf.maxRepetition), repetitions);
    if (definitions !== undefined) readHybrid(bytes, first, first + second, widthOf(leaf.maxDefinition), definitions);
    const stored = bytes.subarray(first + second);
    const length = header.uncompressed_page_size - first - second;
    page = decompress(two.is_compressed === false ? 'UNCOMPRESSED' : leaf.codec, stored, length);
  } else throw new Error('a page header says nothing of its page');

  let present = count;
  if (definitions !== undefined) {
    for (const level of definitions) if (level !== leaf.maxDefinition) present -= 1;
    if (present === count && repetitions === undefined) definitions = undefined;
  }
  const encoding = one?.encoding ?? two?.encoding;
  if (encoding === undefined) throw new Error('the encoding is unknown');
  return { count, definitions, repetitions, values: readValues(encoding, page, present, leaf, dictionary) };
}

function readValues(
  encoding: Encoding,
  page: Uint8Array,
  count: number,
  leaf: Leaf,
  dictionary: ArrayLike<unknown> | undefined,
): ArrayLike<unknown> {
  if (count === 0) return [];
  const { type } = leaf.element;
  if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') {
    return readIndices(page, count, dictionary);
  }
  if (type === 'BOOLEAN') return readBooleans(encoding, page, count);
  if (encoding === 'PLAIN' && type === 'BYTE_ARRAY') return readByteArrays(page, count, leaf.value);
  const values = readStored(encoding, page, count, leaf);
  const { convert } = leaf.value;
  if (convert === undefined) return values;
  const out = arrayOf(count);
  for (let index = 0; index < count; index += 1) out[index] = convert(values[index]);
  return out;
}

/** Its size is known: growing it by `push` takes a fifth longer. */
function arrayOf(length: number): unknown[] {
  const out: unknown[] = [];
  out.length = length;
  return out;
}

function readIndices(page: Uint8Array, count: number, dictionary: ArrayLike<unknown> | undefined): unknown[] {
  if (dictionary === undefined) throw new Error('a page refers to a dictionary that is not there');
  const indices = new Int32Array(count);
  readHybrid(page, 1, page.length, page[0] ?? 0, indices);
  const out = arrayOf(count);
  for (let at = 0; at < count; at += 1) {
    const index = indices[at] ?? 0;
    if (index >= dictionary.length) throw new Error('an index lies outside of the dictionary');
    out[at] = dictionary[index];
  }
  return out;
}

function readBooleans(encoding: Encoding, page: Uint8Array, count: number): boolean[] {
  const bits = new Uint8Array(count);
  if (encoding === 'RLE') readSized(page, 1, bits);
  else if (encoding !== 'PLAIN') throw new Error(`the encoding ${encoding} of BOOLEAN is not supported`);
  else {
    if (page.length * 8 < count) throw new Error('values reach out of their page');
    for (let index = 0; index < count; index += 1) bits[index] = ((page[index >> 3] ?? 0) >> (index & 7)) & 1;
  }
  return Array.from(bits, (bit) => bit === 1);
}

/** The usual home of strings: decoded from where they lie, without a view of the bytes for each. */
function readByteArrays(page: Uint8Array, count: number, { kind, convert }: ValueType): unknown[] {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  const out = arrayOf(count);
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const start = at + 4;
    at = start + bytes.readUInt32LE(at);
    if (at > bytes.length) throw new Error('values reach out of their page');
    if (kind === 'string') out[index] = textOf(bytes, start, at);
    else out[index] = convert?.(new Uint8Array(page.buffer, page.byteOffset + start, at - start));
  }
  return out;
}

function readStored(
  encoding: Encoding,
  page: Uint8Array,
  count: number,
  { element, maxPageBytes }: Leaf,
): ArrayLike<unknown> {
  const { type, type_length: length = 0 } = element;
  if (type === undefined || type === 'BOOLEAN') throw new Error('the type is unknown');
  const reader = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
  if (encoding === 'PLAIN' || encoding === 'BYTE_STREAM_SPLIT') {
    const width = type === 'FIXED_LEN_BYTE_ARRAY' || type === 'BYTE_ARRAY' ? length : WIDTHS[type];
    if (width <= 0 || count * width > page.length) throw new Error('values reach out of their page');
    if (encoding === 'PLAIN') return readPlain(reader, type, count, length);
    return byteStreamSplit(reader, count, type, length);
  }
  if (encoding === 'DELTA_BINARY_PACKED' && (type === 'INT32' || type === 'INT64')) {
    const out = type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count);
    deltaBinaryUnpack(reader, count, out);
    return out;
  }
  const out: Uint8Array[] = [];
  if (encoding === 'DELTA_LENGTH_BYTE_ARRAY') deltaLengthByteArray(reader, count, out);
  else if (encoding === 'DELTA_BYTE_ARRAY') {
    const prefixes = new Int32Array(count);
    deltaBinaryUnpack(reader, count, prefixes);
    deltaLengthByteArray(reader, count, out);
    undoFrontCoding(prefixes, out, maxPageBytes);
  } else throw new Error(`the encoding ${encoding} of ${type} is not supported`);
  return out;
}

/** What a string shares with the one before it takes no room in the page: they can grow without bound. */
function undoFrontCoding(prefixes: Int32Array, values: Uint8Array[], maxBytes: number): void {
  let before = new Uint8Array();
  let expanded = 0;
  for (const [index, suffix] of values.entries()) {
    const prefix = prefixes[index] ?? 0;
    if (prefix < 0 || prefix > before.length) throw new Error('a string begins with more than the one before it has');
    expanded += prefix + suffix.length;
    if (expanded > maxBytes) throw new Error(`its strings become more than the ${maxBytes} of maxPageBytes`);
    const value = new Uint8Array(prefix + suffix.length);
    value.set(before.subarray(0, prefix));
    value.set(suffix, prefix);
    values[index] = value;
    before = value;
  }
}

function widthOf(maxLevel: number): number {
  return 32 - Math.clz32(maxLevel);
}

/** Reads a run of levels or booleans that begins with its length. @returns What comes behind it. */
function readSized(page: Uint8Array, width: number, out: Uint8Array): Uint8Array {
  const length = new DataView(page.buffer, page.byteOffset, page.byteLength).getUint32(0, true);
  if (length + 4 > page.length) throw new Error('levels reach out of their page');
  readHybrid(page, 4, 4 + length, width, out);
  return page.subarray(4 + length);
}

/** Runs of one value, or of bits: an untrusted run never writes more than there is room for. */
function readHybrid(bytes: Uint8Array, start: number, end: number, width: number, out: Uint8Array | Int32Array): void {
  if (width > 24) throw new Error(`indices of ${width} bits`);
  const mask = 2 ** width - 1;
  let at = start;
  let seen = 0;
  while (seen < out.length) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw new Error('levels or indices end too early');
      const byte = bytes[at] ?? 0;
      at += 1;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const length = header >>> 1;
    if ((header & 1) === 0) {
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) {
        value |= (bytes[at] ?? 0) << shift;
        at += 1;
      }
      out.fill(value, seen, seen + length);
      seen += length;
    } else {
      const count = Math.min(length * 8, out.length - seen);
      if (Math.ceil((count * width) / 8) > end - at) throw new Error('levels or indices end too early');
      for (let index = 0; index < count; index += 1) {
        const bit = index * width;
        const from = at + (bit >>> 3);
        const word =
          (bytes[from] ?? 0) |
          ((bytes[from + 1] ?? 0) << 8) |
          ((bytes[from + 2] ?? 0) << 16) |
          ((bytes[from + 3] ?? 0) << 24);
        out[seen + index] = (word >>> (bit & 7)) & mask;
      }
      at += length * width;
      seen += count;
    }
  }
}
