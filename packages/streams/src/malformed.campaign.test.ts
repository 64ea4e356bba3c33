import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../test/sources.ts';
import {
  decompress,
  FormatError,
  fromJsonArray,
  fromNdjson,
  fromSse,
  pipe,
  type PipeSource,
  type Reject,
} from './index.ts';

const runs = Math.ceil(4_000 * Number(process.env['DEX_CAMPAIGN'] ?? 0.02));

const rows = Array.from({ length: 20 }, (_, n) => ({
  n,
  city: n % 3 === 0 ? 'Zürich' : 'Seattle',
  at: [n, { 'a"\\': null }],
}));
const ndjson = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

interface Format {
  readonly format: FormatError['format'];
  /** A good input, and what is read of it. */
  readonly good: Uint8Array;
  readonly read: (source: PipeSource<Uint8Array>, rejects: (reject: Reject) => void) => AsyncIterable<unknown>;
}

const packed = (good: Uint8Array, format: 'gzip' | 'deflate' | 'br' | 'zstd'): Format => ({
  format,
  good,
  read: (source) => pipe(source, decompress(format, { maxBytes: 1_000_000 })),
});

const formats: Record<string, Format> = {
  'NDJSON with fields': {
    format: 'NDJSON',
    good: ndjson,
    read: (source, rejects) => fromNdjson(source, { fields: ['n', 'at'], rejects, maxRejects: Infinity }),
  },
  'a JSON array': {
    format: 'JSON',
    good: Buffer.from(JSON.stringify(rows)),
    read: (source, rejects) =>
      fromJsonArray(source, { rejects, maxRejects: Infinity, maxRowBytes: 2_000, maxDepth: 50 }),
  },
  'a JSON array behind a path': {
    format: 'JSON',
    good: Buffer.from(JSON.stringify({ '{': ['"]'], data: { items: rows }, next: null })),
    read: (source, rejects) =>
      fromJsonArray(source, { path: ['data', 'items'], rejects, maxRejects: Infinity, maxRowBytes: 2_000 }),
  },
  'server-sent events': {
    format: 'SSE',
    good: Buffer.from(rows.map(({ city }, n) => `id: ${n}\r\ndata: ${city}\rdata\n\n`).join('')),
    read: (source) => fromSse(source, { maxEventBytes: 2_000 }),
  },
  gzip: packed(gzipSync(ndjson), 'gzip'),
  deflate: packed(deflateSync(ndjson), 'deflate'),
  brotli: packed(brotliCompressSync(ndjson, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }), 'br'),
  zstd: packed(Buffer.concat([zstdCompressSync(ndjson), zstdCompressSync(ndjson)]), 'zstd'),
};

const damage = fc.array(
  fc.record({
    at: fc.nat(5_000),
    removed: fc.constantFrom(0, 0, 1, 2, 50),
    by: fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 4 }),
      fc.constantFrom('\0', '"', '\\', '\r', '\n', '\xc3', '\xff', '\xed\xa0\x80', '[[[[', ']}'),
    ),
    times: fc.constantFrom(1, 1, 1, 3_000),
  }),
  { maxLength: 3 },
);

describe.each(Object.entries(formats))('%s, damaged anyhow', (_, { format, good, read }) => {
  it('is read, or refused with the byte, the same whether it comes whole or cut anywhere', () =>
    fc.assert(
      fc.asyncProperty(damage, fc.nat(6_000), fc.array(fc.nat(6_000)), async (damages, length, cuts) => {
        let bytes = Buffer.from(good);
        for (const { at, removed, by, times } of damages) {
          const place = at % (bytes.length + 1);
          bytes = Buffer.concat([
            bytes.subarray(0, place),
            Buffer.from(by.repeat(times), 'latin1'),
            bytes.subarray(place + removed),
          ]);
        }
        if (length < 3_000) bytes = bytes.subarray(0, length);
        const outcome = async (source: PipeSource<Uint8Array>) => {
          const refused: unknown[] = [];
          const items: unknown[] = [];
          const rejects = ({ position, value }: Reject) => void refused.push([position, value]);
          try {
            for await (const item of read(source, rejects)) items.push(item);
            return { items, refused };
          } catch (error) {
            if (!(error instanceof FormatError)) throw error;
            expect(error.position.byte).toBeGreaterThanOrEqual(0);
            expect(error.position.byte).toBeLessThanOrEqual(bytes.length);
            return { items, refused, error };
          }
        };
        const whole = await outcome([bytes]);
        const pieces = await outcome(cut([...bytes], cuts).map((piece) => Uint8Array.from(piece)));
        const isText = ['NDJSON', 'JSON', 'SSE'].includes(format);
        // zlib hands out what it has made when it likes.
        if (isText) expect(pieces).toEqual(whole);
        else expect(pieces.error?.code).toBe(whole.error?.code);
      }),
      { numRuns: runs },
    ));
});
