import { deepStrictEqual } from 'node:assert/strict';
import { parse as parseCsv } from 'csv-parse/sync';
import papaparse from 'papaparse';
import { inferSchema, initParser } from 'udsv';
import { benchmark } from '../../src/benchmark.ts';
import { passes, readOurs, text } from './csv-text.ts';
import { observations, type Observation } from './observations.ts';

const pick = ({ date, tempMax }: Observation): Pick<Observation, 'date' | 'tempMax'> => ({ date, tempMax });

export const bench = benchmark({
  title: 'CSV, two of eight columns, from a string',
  about:
    `One operation reads ${observations.length.toLocaleString('en')} rows into objects of the two columns. uDSV and ` +
    'papaparse read all, and what is wanted is picked from their rows; csv-parse is told the columns.',
  baseline: 'udsv',
  subjects: {
    udsv: passes(() =>
      initParser(inferSchema(text))
        .stringArrs<string[]>(text)
        .map(([, date = '', , tempMax = '']) => ({ date, tempMax })),
    ),
    '@dataenginex/streams run': passes(() => readOurs(text, { columns: ['date', 'tempMax'] })),
    papaparse: passes(() => papaparse.parse<Observation>(text, { header: true, skipEmptyLines: true }).data.map(pick)),
    'csv-parse': passes(() =>
      parseCsv(text, {
        columns: (names: string[]) => names.map((name) => (name === 'date' || name === 'tempMax' ? name : false)),
      }),
    ),
  },
  check: (rows) => deepStrictEqual(rows, observations.map(pick)),
});
