import { deepStrictEqual } from 'node:assert/strict';
import { parse as parseCsv } from 'csv-parse/sync';
import papaparse from 'papaparse';
import { inferSchema, initParser } from 'udsv';
import { benchmark } from '../../src/benchmark.ts';
import { passes, readOurs, text } from './csv-text.ts';
import { observations, type Observation } from './observations.ts';

export const bench = benchmark({
  title: 'CSV, all columns, from a string',
  about:
    `One operation reads ${observations.length.toLocaleString('en')} rows of 8 columns, one field in eighty quoted, ` +
    'into objects of strings.',
  baseline: 'udsv',
  subjects: {
    udsv: passes(() => initParser(inferSchema(text)).stringObjs(text)),
    '@dataenginex/streams run': passes(() => readOurs(text)),
    papaparse: passes(() => papaparse.parse<Observation>(text, { header: true, skipEmptyLines: true }).data),
    'csv-parse': passes(() => parseCsv(text, { columns: true })),
  },
  check: (rows) => deepStrictEqual(rows, observations),
});
