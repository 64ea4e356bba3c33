import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cut } from '../../test/sources.ts';
import { type CsvOptions, FormatError, fromCsv, type Reject } from '../index.ts';

const factor = Number(process.env['DEX_CAMPAIGN'] ?? 0.02);
const numRuns = Math.max(1, Math.round(10_000 * factor));

async function read(source: Iterable<Uint8Array>, options: CsvOptions) {
  const refused: Reject[] = [];
  const rows: unknown[] = [];
  const untyped: (source: Iterable<Uint8Array>, options: object) => AsyncIterable<unknown> = fromCsv;
  const error: unknown = await (async () => {
    for await (const row of untyped(source, { ...options, rejects: (reject: Reject) => void refused.push(reject) })) {
      rows.push(row);
    }
  })().catch((thrown: unknown) => thrown);
  // How much of the last row had come when it was given up is another matter.
  const said =
    error instanceof FormatError ? [error.position, error.message.replace(/ The row starts.*/su, '')] : error;
  return { rows, refused, said };
}

const bytes = fc
  .array(
    fc.oneof(
      {
        weight: 9,
        arbitrary: fc.constantFrom('a', 'b,c', ',', '"', '""', '\\', '\n', '\r\n', '\r', ' ', '#', 'ü', '😀'),
      },
      { weight: 1, arbitrary: fc.constantFrom('\0', '\uFEFF', '\t', 'x'.repeat(30), [0xff], [0xc3], [0xe2, 0x82]) },
    ),
    { maxLength: 40 },
  )
  .map((tokens) => tokens.flatMap((token) => (typeof token === 'string' ? [...Buffer.from(token)] : token)));

const options: fc.Arbitrary<CsvOptions> = fc.record({
  header: fc.constantFrom(true, false, ['a', 'b']),
  quote: fc.constantFrom('"', '"', "'", ''),
  comment: fc.constantFrom('', '#'),
  lineEnd: fc.constantFrom('\r\n', '\n', '\r'),
  trim: fc.boolean(),
  ragged: fc.constantFrom('reject', 'fit'),
  skipLines: fc.constantFrom(0, 0, 2),
  maxRowBytes: fc.constantFrom(5, 20, 1000),
  maxRejects: fc.constantFrom(1, 1000),
});

it('CSV means the same wherever its bytes are cut, damaged or not, in any dialect', { timeout: 600_000 }, async () => {
  const dialects = fc.tuple(options, fc.boolean()).map(([dialect, escapes]): CsvOptions => {
    return escapes && dialect.quote !== '' ? { ...dialect, escape: '\\' } : dialect;
  });
  await fc.assert(
    fc.asyncProperty(bytes, fc.array(fc.nat(80)), dialects, async (all, places, dialect) => {
      const whole = await read([Uint8Array.from(all)], dialect);
      const parts = cut(all, places).map((piece) => Uint8Array.from(piece));
      expect(await read(parts, dialect)).toEqual(whole);
      const crumbs = all.map((byte) => Uint8Array.of(byte));
      expect(await read(crumbs, dialect)).toEqual(whole);
    }),
    { numRuns },
  );
});
