import type { CompressionCodec } from 'hyparquet';
import { compressors as decoders } from 'hyparquet-compressors';
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';

/** How many times its size a page can be at most: these two reserve what the header claims. */
const MAX_RATIOS: Partial<Record<CompressionCodec, number>> = { SNAPPY: 22, LZ4: 256, LZ4_RAW: 256 };

/**
 * What Node has is several times faster than the same in JavaScript, and never makes more than it is allowed.
 *
 * @throws {Error} When the bytes are not what was compressed, or `length` is not their length.
 */
export function decompress(codec: CompressionCodec, bytes: Uint8Array, length: number): Uint8Array {
  if (codec === 'UNCOMPRESSED' || length === 0) return checkLength(bytes.subarray(0, length), length);
  const limit = { maxOutputLength: length };
  if (codec === 'ZSTD') return checkLength(zstdDecompressSync(bytes, limit), length);
  if (codec === 'GZIP') return checkLength(gunzipSync(bytes, limit), length);
  if (codec === 'BROTLI') return checkLength(brotliDecompressSync(bytes, limit), length);
  const decode = decoders[codec];
  if (decode === undefined) throw new Error(`the codec ${codec} is not supported`);
  if (length > bytes.length * (MAX_RATIOS[codec] ?? 1) + 64) throw new Error(`no ${codec} page can grow that much`);
  return checkLength(decode(bytes, length), length);
}

function checkLength(page: Uint8Array, length: number): Uint8Array {
  if (page.length !== length) throw new Error(`a page has ${page.length} bytes instead of ${length}`);
  return page;
}

/** How `toParquet` compresses pages. */
export type ParquetCodec = (typeof WRITE_CODECS)[number];

export const WRITE_CODECS = ['zstd', 'snappy', 'gzip', 'brotli', 'uncompressed'] as const;

export const STORED_CODECS = {
  zstd: 'ZSTD',
  snappy: 'SNAPPY',
  gzip: 'GZIP',
  brotli: 'BROTLI',
  uncompressed: 'UNCOMPRESSED',
} as const satisfies Record<ParquetCodec, CompressionCodec>;

/** Snappy is the writer's own. */
export const compressors = {
  ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes),
  GZIP: (bytes: Uint8Array) => gzipSync(bytes),
  // Its default, 11, takes twenty times as long for a tenth less.
  BROTLI: (bytes: Uint8Array) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
};
