import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { checkInteger, checkOneOf } from '@dataenginex/core';
import { type Compression, COMPRESSIONS } from './compress.ts';
import { FormatError } from '../errors.ts';
import type { Chunk } from '../pipes/input.ts';
import type { Operator } from '../pipes/operator.ts';
import { toPieces } from './pieces.ts';
import type { Reader } from '../pipes/reader.ts';
import { through } from './zlib-stream.ts';
import { ZstdFrames } from './zstd-frames.ts';

export interface DecompressOptions {
  /**
   * Bytes that may come out. Memory is bounded in any case; this is for what a bomb would fill behind it.
   *
   * @default 10_737_418_240, 10 GiB
   */
  maxBytes?: number | undefined;
}

/**
 * Decompresses bytes. `'auto'` tells gzip and zstd by their first bytes, and passes on what is neither. Files of several
 * gzip members or zstd frames are read to their end.
 *
 * ```ts
 * import { gzipSync } from 'node:zlib';
 * import { decompress, fromNdjson, pipe } from '@dataenginex/streams';
 *
 * const file = gzipSync('{"tempMax":12.8}\n'); // or fromFile(…)
 * await Array.fromAsync(fromNdjson(pipe([file], decompress('auto')))); // => [{ tempMax: 12.8 }]
 * await Array.fromAsync(pipe([file.subarray(0, 30)], decompress('gzip'))); // throws gzip at index 0, byte 30: it is cut off.
 * ```
 *
 * @throws {OptionError} At once, when there is no such compression or an option is out of range.
 * @throws {FormatError} From the pipe: bytes that are cut off, that go on behind the end (zeros are taken for padding),
 *   that become more than `maxBytes` or are not what they should be: of these last two, its `byte` is where the piece
 *   starts, of 64 KiB at most, in which that was found.
 */
export function decompress(
  format: Compression | 'auto',
  options: DecompressOptions = {},
): Operator<Uint8Array, Uint8Array> {
  checkOneOf('decompress.format', format, [...COMPRESSIONS, 'auto']);
  const { maxBytes = 10 * 2 ** 30 } = options;
  checkInteger('decompress.maxBytes', maxBytes, { min: 0, max: Infinity });
  return { name: 'decompress', link: (reader) => inflate(reader, format, maxBytes) };
}

const CREATE = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

async function* inflate(
  reader: Reader<Uint8Array>,
  wanted: Compression | 'auto',
  maxBytes: number,
): AsyncGenerator<Chunk<Uint8Array>, void, undefined> {
  const { format, pieces } =
    wanted === 'auto' ? await sniff(toPieces(reader)) : { format: wanted, pieces: toPieces(reader) };
  if (format === undefined) {
    for await (const piece of pieces) yield { items: [piece] };
    return;
  }
  const stream = CREATE[format]();
  const frames = format === 'zstd' ? new ZstdFrames() : undefined;
  /** Bytes that were written, and before what is being written. */
  let given = 0;
  let before = 0;
  let made = 0;
  let isOver = false;
  let isAtEnd = false;
  const problem = (reason: string, cause?: unknown, byte = before): FormatError =>
    new FormatError(format, { index: 0, byte }, reason, '', cause === undefined ? {} : { cause });

  const feed = async (write: (piece: Buffer) => Promise<void>): Promise<void> => {
    const use = async (part: Buffer): Promise<void> => {
      before = given;
      given += part.length;
      // No frame of zstd begins with a zero; of gzip and the others the stream tells.
      isOver ||= isAtEnd && part[0] === 0;
      isAtEnd = frames?.isWhole === true;
      if (!isOver) await write(part);
      const left = isOver ? part.length : given - stream.bytesWritten;
      if (left === 0) return;
      isOver = true;
      const extra = part.subarray(-left).findIndex((byte) => byte !== 0);
      if (extra >= 0) throw problem('something stands behind the end', undefined, given - left + extra);
    };
    for await (const piece of pieces) {
      for (const part of frames?.split(piece) ?? [piece]) await use(part);
    }
    before = given;
    if (frames !== undefined && !(isOver || (frames.isWhole && given > 0))) throw problem('it is cut off');
  };
  const fail = (error: unknown): FormatError => {
    const isCut = error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
    const reason = error instanceof Error ? error.message : String(error);
    return problem(isCut ? 'it is cut off' : reason, error);
  };
  for await (const bytes of through(stream, feed, fail)) {
    made += bytes.length;
    if (made > maxBytes) throw problem(`it becomes more than the ${maxBytes} of maxBytes`);
    yield { items: [bytes] };
  }
}

/** Tells the format by the first bytes. */
async function sniff(
  pieces: AsyncGenerator<Buffer, void, undefined>,
): Promise<{ format: 'gzip' | 'zstd' | undefined; pieces: AsyncIterable<Buffer> }> {
  let start = Buffer.alloc(0);
  while (start.length < 4) {
    const next = await pieces.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  const magic = start.toString('hex', 0, 4);
  const zstd = /^(28b52ffd|5.2a4d18)$/.test(magic) ? 'zstd' : undefined;
  return { format: magic.startsWith('1f8b') ? 'gzip' : zstd, pieces: prepend(start, pieces) };
}

async function* prepend<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}
