import { deepStrictEqual } from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { fromNdjson, run } from '@dataenginex/streams';
import { benchmark } from '../../src/benchmark.ts';
import { observations, passes, toPieces } from './observations.ts';

const pieces = toPieces(observations.map((row) => `${JSON.stringify(row)}\n`).join(''));

export const bench = benchmark({
  title: 'NDJSON',
  about: `One operation reads ${observations.length.toLocaleString('en')} rows of 8 fields from bytes in pieces of 64 KiB.`,
  baseline: 'TextDecoder, split and JSON.parse by hand',
  subjects: {
    'TextDecoder, split and JSON.parse by hand': passes(async (rows) => {
      const decoder = new TextDecoder();
      let rest = '';
      for (const piece of pieces) {
        const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) rows.push(JSON.parse(line));
      }
      if (rest !== '') rows.push(JSON.parse(rest));
    }),
    '@dataenginex/streams run': passes((rows) =>
      run(fromNdjson(pieces), {
        write: (items) => {
          for (const item of items) rows.push(item);
        },
        close: () => {},
      }),
    ),
    '@dataenginex/streams for await': passes(async (rows) => {
      for await (const row of fromNdjson(pieces)) rows.push(row);
    }),
    'node:readline and JSON.parse': passes(async (rows) => {
      for await (const line of createInterface({ input: Readable.from(pieces) })) rows.push(JSON.parse(line));
    }),
  },
  check: (rows) => deepStrictEqual(rows, observations),
});
