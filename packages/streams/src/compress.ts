import { constants, createBrotliCompress, createDeflate, createGzip, createZstdCompress } from 'node:zlib';
import { checkInteger, checkOneOf } from '@dataenginex/core';
import type { Chunk } from './input.ts';
import type { Operator } from './operator.ts';
import type { Reader } from './reader.ts';
import { through, type ZlibStream } from './zlib-stream.ts';

/** Named as in HTTP's `Content-Encoding`; `deflate` has a zlib header there, as here. */
export type Compression = 'gzip' | 'deflate' | 'br' | 'zstd';

export const COMPRESSIONS = ['gzip', 'deflate', 'br', 'zstd'] as const;

const MAX_LEVEL = { gzip: 9, deflate: 9, br: 11, zstd: 22 };
/** The defaults of the command line tools, but for brotli, whose 11 takes seconds for each megabyte. */
const LEVEL = { gzip: 6, deflate: 6, br: 5, zstd: 3 };

export interface CompressOptions {
  /**
   * From 1, fast, to the smallest: 9 for gzip and deflate, 11 for br, 22 for zstd.
   *
   * @default 6 for gzip and deflate, 5 for br, 3 for zstd
   */
  level?: number | undefined;
}

/**
 * Compresses bytes, or text as UTF-8.
 *
 * ```ts
 * import { compress, decompress, pipe, toNdjson } from '@dataenginex/streams';
 *
 * const packed = pipe([{ tempMax: 12.8 }], toNdjson(), compress('gzip'));
 * Buffer.concat(await Array.fromAsync(pipe(packed, decompress('gzip')))).toString(); // => '{"tempMax":12.8}\n'
 * ```
 *
 * @throws {OptionError} At once, when there is no such compression or level.
 */
export function compress(
  format: Compression,
  options: CompressOptions = {},
): Operator<string | Uint8Array, Uint8Array> {
  checkOneOf('compress.format', format, COMPRESSIONS);
  const { level = LEVEL[format] } = options;
  checkInteger('compress.level', level, { min: 1, max: MAX_LEVEL[format] });
  return { name: 'compress', link: (reader) => deflate(reader, createCompressor(format, level)) };
}

function createCompressor(format: Compression, level: number): ZlibStream {
  if (format === 'gzip') return createGzip({ level });
  if (format === 'deflate') return createDeflate({ level });
  if (format === 'br') return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: level } });
  return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } });
}

async function* deflate(
  reader: Reader<string | Uint8Array>,
  stream: ZlibStream,
): AsyncGenerator<Chunk<Uint8Array>, void, undefined> {
  const feed = async (write: (piece: string | Uint8Array) => Promise<void>): Promise<void> => {
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
      // Lines of text are much faster written together.
      const pieces = chunk.items.every((item) => typeof item === 'string') ? [chunk.items.join('')] : chunk.items;
      for (const piece of pieces) await write(piece);
    }
  };
  for await (const bytes of through(stream, feed, (error) => error)) yield { items: [bytes] };
}
