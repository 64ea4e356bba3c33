import { strictEqual } from 'node:assert/strict';
import { contract } from '@dataenginex/quality';
import { Ajv } from 'ajv';
import * as z from 'zod';
import { benchmark } from '../../src/benchmark.ts';
import { greatExpectations, note } from './great-expectations.ts';
import { cities, observations, patterns, Row } from './observations.ts';

const count = 100_000;
const rows = observations(count);
const bad = rows.filter(({ tempMax }) => tempMax > 60).length;

/** Bad rows of `n` passes, which each subject counts in its way. */
const passes = (pass: () => number | Promise<number>) => () => ({
  run: async (n: number) => {
    let found = 0;
    for (let i = 0; i < n; i++) found += await pass();
    return found;
  },
});

const known: ReadonlySet<unknown> = new Set(cities);

function between(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

/** Counts by column and keeps the first 20 rows, as a report has them. */
function byHand(): number {
  const broken = Array.from({ length: 10 }, () => 0);
  const first: number[][] = broken.map(() => []);
  const hit = (column: number, row: number): void => {
    broken[column] = (broken[column] ?? 0) + 1;
    if ((first[column]?.length ?? 20) < 20) first[column]?.push(row);
  };
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (row === undefined) continue;
    if (!between(row.id, 0, Number.MAX_VALUE)) hit(0, i);
    if (!matches(row.station, patterns.station)) hit(1, i);
    if (!known.has(row.city)) hit(2, i);
    if (!matches(row.date, patterns.date)) hit(3, i);
    if (!matches(row.email, patterns.email)) hit(4, i);
    if (!between(row.tempMax, -60, 60)) hit(5, i);
    if (row.tempMin !== null && !between(row.tempMin, -60, 60)) hit(6, i);
    if (!between(row.wind, 0, 120)) hit(7, i);
    if (!between(row.humidity, 0, 100)) hit(8, i);
    if (typeof row.ok !== 'boolean') hit(9, i);
  }
  return broken.reduce((sum, value) => sum + value, 0);
}

export const bench = benchmark({
  title: 'A contract on rows in memory',
  about:
    `One operation judges ${count.toLocaleString('en')} rows of 10 columns: types, bounds, three regular expressions and ` +
    'a set; 1 row in 1000 is bad. Ours and the loop by hand count by rule and keep the first 20 rows, zod and ajv say ' +
    `of each row whether it is good (ajv all errors). The rules of ours are those of the zod schema. ${note}`,
  baseline: 'loop by hand',
  subjects: {
    'loop by hand': passes(byHand),
    '@dataenginex/quality': () => {
      const rules = contract('rows', Row, () => []);
      return passes(async () => {
        const { results } = await rules.check(rows);
        return results.reduce((sum, result) => sum + (result.kind === 'map' ? result.unexpectedCount : 0), 0);
      })();
    },
    zod: passes(() => rows.reduce((sum, row) => sum + (Row.safeParse(row).success ? 0 : 1), 0)),
    ajv: () => {
      const validate = new Ajv({ allErrors: true }).compile(z.toJSONSchema(Row, { target: 'draft-7' }));
      return passes(() => rows.reduce((sum, row) => sum + (validate(row) ? 0 : 1), 0))();
    },
    ...greatExpectations(count, contract('rows', Row).rules),
  },
  check: (found, n) => strictEqual(found, bad * n),
});
