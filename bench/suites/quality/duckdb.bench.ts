import { strictEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contract } from '@dataenginex/quality';
import { duckdb } from '@dataenginex/quality/duckdb';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { benchmark } from '../../src/benchmark.ts';
import { cities, patterns, Row } from './observations.ts';

const count = 1_000_000;
const list = cities.map((city) => `'${city}'`).join(', ');

/** The rows of the benchmark of rows in memory, a million of them: every 1000th is too hot. */
const made = `
  SELECT i AS id, 'ST-' || (1000 + i % 9000) AS station, [${list}][1 + i % 5] AS city,
    '2024-0' || (1 + i % 9) || '-1' || (i % 10) AS date, 'user' || i || '@example.org' AS email,
    CASE WHEN i % 1000 = 7 THEN 99 ELSE 10 + (i % 400) / 10 END AS tempMax,
    CASE WHEN i % 50 = 3 THEN NULL ELSE (i % 300) / 10 - 5 END AS tempMin,
    (i % 200) / 10 AS wind, CAST(i % 101 AS INTEGER) AS humidity, i % 2 = 0 AS ok
  FROM range(${count}) AS t(i)`;
const bad = count / 1000;

const Rows = contract('rows', Row);

async function open(): Promise<{ connection: DuckDBConnection; file: string; close: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'dex-bench-'));
  const file = join(folder, 'rows.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${made}) TO '${file}' (FORMAT parquet)`);
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true });
  };
  return { connection, file, close };
}

const broken = (condition: string): string => `count(*) FILTER (WHERE ${condition})`;
const names = Object.keys(Row.shape);

/** Nulls of each column, and values that break their rule. */
const byHand = (file: string): string => `
  SELECT count(*), ${names.map((name) => `count(${name})`).join(', ')},
    ${broken('id < 0')},
    ${broken(`NOT regexp_matches(station, '${patterns.station.source}')`)},
    ${broken(`city NOT IN (${list})`)},
    ${broken(`NOT regexp_matches(date, '${patterns.date.source}')`)},
    ${broken(`NOT regexp_matches(email, '${patterns.email.source}')`)},
    ${broken('tempMax < -60 OR tempMax > 60')},
    ${broken('tempMin < -60 OR tempMin > 60')},
    ${broken('wind < 0 OR wind > 120')},
    ${broken('humidity < 0 OR humidity > 100')}
  FROM read_parquet('${file}')`;

export const bench = benchmark({
  title: 'A contract inside DuckDB',
  about:
    `One operation judges ${count.toLocaleString('en')} rows of 10 columns in a Parquet file: nulls, bounds, three regular ` +
    'expressions and a set; 1 row in 1000 is bad. The query by hand counts; ours counts, and then fetches the first 20 ' +
    'of the bad values.',
  baseline: 'query by hand',
  subjects: {
    'query by hand': async () => {
      const { connection, file, close } = await open();
      const run = async (n: number): Promise<number> => {
        let found = 0;
        for (let i = 0; i < n; i++) {
          const [row = []] = (await connection.runAndReadAll(byHand(file))).getRowsJS();
          found += row.slice(1 + names.length).reduce((sum: number, value) => sum + Number(value), 0);
        }
        return found;
      };
      return { run, teardown: close };
    },
    '@dataenginex/quality': async () => {
      const { connection, file, close } = await open();
      const run = async (n: number): Promise<number> => {
        let found = 0;
        for (let i = 0; i < n; i++) {
          const source = duckdb(connection, { sql: `SELECT * FROM read_parquet('${file}')` });
          const { results } = await Rows.check(source);
          found += results.reduce((sum, result) => sum + (result.kind === 'map' ? result.unexpectedCount : 0), 0);
        }
        return found;
      };
      return { run, teardown: close };
    },
  },
  check: (found, n) => strictEqual(found, bad * n),
});
