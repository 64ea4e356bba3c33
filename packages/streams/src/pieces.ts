import { OptionError } from '@dataenginex/core';
import type { Reader } from './reader.ts';

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
