import { constants, createBrotliCompress, createDeflate, createGzip, createZstdCompress } from 'node:zlib';
import { checkInteger, checkOneOf, OptionError } from '@dataenginex/core';
import type { Chunk } from '../pipes/input.ts';
import type { Operator } from '../pipes/operator.ts';
import type { Reader } from '../pipes/reader.ts';
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
  /**
   * Whether what has come goes out at once, for a reader who waits for it, such as that of a response of events. It costs
   * some bytes each time. Without it bytes are gathered for as long as that makes them smaller: `br` takes up to 8 MiB
   * before it writes, the others up to 128 KiB.
   *
   * @default false
   */
  flush?: boolean | undefined;
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
 * @throws {OptionError} At once, when there is no such compression or level, or `flush` is no boolean.
 */
export function compress(
  format: Compression,
  options: CompressOptions = {},
): Operator<string | Uint8Array, Uint8Array> {
  checkOneOf('compress.format', format, COMPRESSIONS);
  const { level = LEVEL[format], flush = false } = options;
  checkInteger('compress.level', level, { min: 1, max: MAX_LEVEL[format] });
  if (typeof flush !== 'boolean') throw new OptionError('compress.flush', 'true or false', flush);
  return { name: 'compress', link: (reader) => deflate(reader, createCompressor(format, level, flush)) };
}

function createCompressor(format: Compression, level: number, isFlushed: boolean): ZlibStream {
  if (format === 'gzip' || format === 'deflate') {
    const options = { level, flush: isFlushed ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH };
    return format === 'gzip' ? createGzip(options) : createDeflate(options);
  }
  if (format === 'br') {
    const flush = isFlushed ? constants.BROTLI_OPERATION_FLUSH : constants.BROTLI_OPERATION_PROCESS;
    return createBrotliCompress({ flush, params: { [constants.BROTLI_PARAM_QUALITY]: level } });
  }
  const flush = isFlushed ? constants.ZSTD_e_flush : constants.ZSTD_e_continue;
  return createZstdCompress({ flush, params: { [constants.ZSTD_c_compressionLevel]: level } });
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
