import { deepStrictEqual } from 'node:assert/strict';
import { fromNdjson, run } from '@dataenginex/streams';
import { benchmark } from '../../src/benchmark.ts';
import { observations, passes, toPieces } from './observations.ts';

/** As services write them: numbers as numbers, an object and a list inside, a text here and there. */
const wide = observations.map((row, id) => ({
  id: `observation-${id}`,
  ...row,
  tempMax: Number(row.tempMax),
  tempMin: Number(row.tempMin),
  quality: { flag: 'ok', checked: id % 3 > 0, by: null },
  clouds: [id % 8, id % 5, 1],
  humidity: id % 100,
  dewPoint: (id % 150) / 10 - 3,
  note: id % 7 === 0 ? 'Said "windy" by the tower.' : 'Observed at the airport by the tower.',
  source: `https://example.org/stations/${id % 50}`,
  updated: `${row.date}T12:00:00.000Z`,
  version: 3,
}));
const pieces = toPieces(wide.map((row) => `${JSON.stringify(row)}\n`).join(''));
const rowBytes = Math.round(pieces.reduce((sum, { length }) => sum + length, 0) / wide.length);

type Row = (typeof wide)[number];
const pick = ({ station, date, tempMax }: Row) => ({ station, date, tempMax });

export const bench = benchmark({
  title: 'NDJSON, 3 fields of 18',
  about:
    `One operation reads ${wide.length.toLocaleString('en')} rows of ${rowBytes} bytes from pieces of 64 KiB, and keeps ` +
    'three fields of each. All subjects check all of the JSON.',
  baseline: 'TextDecoder, split and JSON.parse by hand',
  subjects: {
    'TextDecoder, split and JSON.parse by hand': passes(async (rows) => {
      const decoder = new TextDecoder();
      let rest = '';
      for (const piece of pieces) {
        const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) rows.push(pick(JSON.parse(line)));
      }
    }),
    '@dataenginex/streams with fields': passes((rows) =>
      run(fromNdjson(pieces, { fields: ['station', 'date', 'tempMax'] }), {
        write: (items) => {
          for (const item of items) rows.push(item);
        },
        close: () => {},
      }),
    ),
  },
  check: (rows) => deepStrictEqual(rows, wide.map(pick)),
});
