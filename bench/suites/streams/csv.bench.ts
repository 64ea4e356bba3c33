import { deepStrictEqual } from 'node:assert/strict';
import { fromCsv, run } from '@dataenginex/streams';
import { parse as parseCsv } from 'csv-parse/sync';
import papaparse from 'papaparse';
import { inferSchema, initParser } from 'udsv';
import { benchmark } from '../../src/benchmark.ts';
import { observations, type Observation } from './observations.ts';

const quote = (field: string): string => (field.includes(',') ? `"${field}"` : field);
const lines = [Object.keys(observations[0] ?? {}), ...observations.map((row) => Object.values(row).map(quote))];
const text = lines.map((fields) => `${fields.join(',')}\n`).join('');

const passes = (pass: () => unknown) => () => ({
  run: async (n: number) => {
    let rows: unknown;
    for (let i = 0; i < n; i++) rows = await pass();
    return rows;
  },
});

export const bench = benchmark({
  title: 'CSV, all columns, from a string',
  about:
    `One operation reads ${observations.length.toLocaleString('en')} rows of 8 columns, one field in eighty quoted, ` +
    'into objects of strings.',
  baseline: 'udsv',
  subjects: {
    udsv: passes(() => initParser(inferSchema(text)).stringObjs(text)),
    '@dataenginex/streams run': passes(async () => {
      const rows: Record<string, string>[] = [];
      await run(fromCsv(text), {
        write: (items) => {
          for (const item of items) rows.push(item);
        },
        close: () => {},
      });
      return rows;
    }),
    papaparse: passes(() => papaparse.parse<Observation>(text, { header: true, skipEmptyLines: true }).data),
    'csv-parse': passes(() => parseCsv(text, { columns: true })),
  },
  check: (rows) => deepStrictEqual(rows, observations),
});
