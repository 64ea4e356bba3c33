import { deepStrictEqual } from 'node:assert/strict';
import { Readable } from 'node:stream';
import { parse as parseCsv } from 'csv-parse';
import papaparse from 'papaparse';
import { inferSchema, initParser } from 'udsv';
import { benchmark } from '../../src/benchmark.ts';
import { passes, readOurs, text } from './csv-text.ts';
import { observations, toPieces } from './observations.ts';

const pieces = toPieces(text);

async function gather(stream: NodeJS.ReadableStream): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of stream) rows.push(row);
  return rows;
}

export const bench = benchmark({
  title: 'CSV, all columns, from bytes in pieces',
  about:
    `One operation reads ${observations.length.toLocaleString('en')} rows of 8 columns, from bytes in pieces of 64 KiB, ` +
    'into objects of strings. uDSV is given text by a TextDecoder; papaparse and csv-parse are Node streams.',
  baseline: 'udsv and TextDecoder',
  subjects: {
    'udsv and TextDecoder': passes(() => {
      const decoder = new TextDecoder();
      const [first = '', ...others] = pieces.map((piece) => decoder.decode(piece, { stream: true }));
      const parser = initParser(inferSchema(first));
      for (const part of [first, ...others]) parser.chunk(part, parser.stringObjs<Record<string, string>>);
      return parser.end();
    }),
    '@dataenginex/streams run': passes(() => readOurs(pieces)),
    papaparse: passes(() =>
      gather(
        Readable.from(pieces).pipe(
          papaparse.parse(papaparse.NODE_STREAM_INPUT, { header: true, skipEmptyLines: true }),
        ),
      ),
    ),
    'csv-parse': passes(() => gather(Readable.from(pieces).pipe(parseCsv({ columns: true })))),
  },
  check: (rows) => deepStrictEqual(rows, observations),
});
