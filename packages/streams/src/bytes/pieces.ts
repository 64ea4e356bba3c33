import { OptionError } from '@dataenginex/core';
import { checkSource, type PipeSource } from '../pipes/pipe.ts';
import type { Reader } from '../pipes/reader.ts';

/**
 * Where a codec reads from: UTF-8 bytes or text, whole or in pieces cut anywhere. A `fromFile`, a Node stream, a Web
 * stream such as `response.body`, an array of buffers.
 */
export type BytesSource = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** @throws {OptionError} When it is no such source. */
export function piecesOf(operator: string, source: BytesSource): PipeSource<string | Uint8Array> {
  if (typeof source === 'string' || source instanceof Uint8Array) return [source];
  checkSource(`${operator}.source`, source);
  return source;
}

/** What positions tell of the file that pieces come from, such as those of `fromFile`. */
export function fileOf(pieces: object): { readonly file?: string } {
  return 'path' in pieces && typeof pieces.path === 'string' ? { file: pieces.path } : {};
}

/** @throws {OptionError} For the name of a file in place of its text; for formats in which it would be none. */
export function checkNoName(operator: string, source: unknown): void {
  if (typeof source === 'string' && /^[^\r\n\t",;|]*\.(?:csv|tsv|txt|json|jsonl|ndjson|gz|zst|br)$/i.test(source)) {
    throw new OptionError(`${operator}.source`, 'text or bytes, for a file those of fromFile(path)', source);
  }
}

/** So that a whole file given as one piece still moves in chunks. */
const MAX_PIECE = 65_536;

/** Hands out the bytes of text and bytes, in pieces that are not large. */
export async function* toPieces(reader: Reader<string | Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  /** Half of a character, whose other half may begin the next text. */
  let half = '';
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
    for (const item of chunk.items) {
      checkPiece(item);
      let bytes: Buffer;
      if (typeof item === 'string') {
        const text = half + item;
        half = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.slice(-1) : '';
        bytes = Buffer.from(half === '' ? text : text.slice(0, -1));
      } else {
        if (half !== '') yield Buffer.from(half);
        half = '';
        bytes = Buffer.from(item.buffer, item.byteOffset, item.byteLength);
      }
      for (let at = 0; at < bytes.length; at += MAX_PIECE) yield bytes.subarray(at, at + MAX_PIECE);
    }
  }
  if (half !== '') yield Buffer.from(half);
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/** What has no length would be read as nothing, and its loss not noticed: an `ArrayBuffer`, a row. */
export function checkPiece(piece: unknown): void {
  if (typeof piece !== 'string' && !(piece instanceof Uint8Array)) {
    throw new OptionError('source', 'text or bytes, or an iterable of them', piece);
  }
}
