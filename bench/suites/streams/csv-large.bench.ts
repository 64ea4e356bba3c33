import { strictEqual } from 'node:assert/strict';
import { fromCsv, run } from '@dataenginex/streams';
import papaparse from 'papaparse';
import { inferSchema, initParser } from 'udsv';
import { benchmark } from '../../src/benchmark.ts';
import { text } from './csv-text.ts';
import type { Observation } from './observations.ts';

const copies = 167;
const body = text.indexOf('\n') + 1;
// Through bytes, so that it is one flat string.
const large = Buffer.from(text.slice(0, body) + text.slice(body).repeat(copies)).toString('latin1');
const expected = text.split('\n').length - 2;

const readOurs = async (options: { columns?: string[] }): Promise<number> => {
  let rows = 0;
  const write = (items: readonly Record<string, string>[]): void => {
    for (const { tempMax } of items) if (tempMax !== '') rows += 1;
  };
  await run(fromCsv(large, options), { write, close: () => {} });
  return rows;
};

const passes = (pass: () => number | Promise<number>) => () => ({
  run: async (n: number) => {
    let rows = 0;
    for (let i = 0; i < n; i++) rows = await pass();
    return rows;
  },
});

export const bench = benchmark({
  title: 'CSV of 91 MB, from a string, row by row',
  about: 'One operation looks at one column of 1.67 million rows of 8, and keeps none of them.',
  baseline: 'udsv',
  subjects: {
    udsv: passes(() => {
      let rows = 0;
      initParser(inferSchema(large)).stringObjs<Record<string, string>>(large, ({ tempMax }) => {
        if (tempMax !== '') rows += 1;
        return true;
      });
      return rows;
    }),
    '@dataenginex/streams, all columns': passes(() => readOurs({})),
    '@dataenginex/streams, two columns': passes(() => readOurs({ columns: ['date', 'tempMax'] })),
    papaparse: passes(() => {
      let rows = 0;
      papaparse.parse<Observation>(large, {
        header: true,
        skipEmptyLines: true,
        step: ({ data }) => {
          if (data.tempMax !== '') rows += 1;
        },
      });
      return rows;
    }),
  },
  check: (rows) => strictEqual(rows, expected * copies),
});
