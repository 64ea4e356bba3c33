import { strictEqual } from 'node:assert/strict';
import { reconcile } from '@dataenginex/quality';
import { benchmark } from '../../src/benchmark.ts';
import { observations } from './observations.ts';

type Observation = ReturnType<typeof observations>[number];

const count = 50_000;
const source = observations(count);
/** Without each hundredth row, with another value in each thousandth of the others, from last to first. */
const target = source
  .filter((_, at) => at % 100 !== 0)
  .map((row, at) => (at % 1000 === 0 ? { ...row, wind: row.wind + 1 } : { ...row }))
  .toReversed();
const differences = count / 100 + Math.ceil(target.length / 1000);

/** Rows that differ in `n` passes. */
const passes = (pass: () => number | Promise<number>) => () => ({
  run: async (n: number) => {
    let found = 0;
    for (let i = 0; i < n; i++) found += await pass();
    return found;
  },
});

/** Counts the rows that are gone and those that changed, and keeps nothing. */
function byHand(): number {
  const byId = new Map<number, Observation>();
  for (const row of source) byId.set(row.id, row);
  let found = 0;
  for (const row of target) {
    const other = byId.get(row.id);
    if (other === undefined) continue;
    byId.delete(row.id);
    if (columns.some((column) => row[column] !== other[column])) found++;
  }
  return found + byId.size;
}

const columns = ['station', 'city', 'date', 'email', 'tempMax', 'tempMin', 'wind', 'humidity', 'ok'] as const;

const ours = (maxRows: number) => async (): Promise<number> => {
  const { missing, changed } = await reconcile(source, target, { key: 'id', maxRows });
  return missing.count + changed.count;
};

export const bench = benchmark({
  title: 'A target held against its source',
  about:
    `One operation matches ${count.toLocaleString('en')} rows of 10 columns with their copies in another order; 1 % is ` +
    'missing, 0.1 % has changed. The loop by hand counts differing rows; ours tells which columns differ, keeps the first ' +
    '20 of each kind and makes checksums of all columns of both sides. In a file: with at most 5,000 rows in memory.',
  baseline: 'a Map by hand',
  subjects: {
    'a Map by hand': passes(byHand),
    '@dataenginex/quality': passes(ours(count)),
    '@dataenginex/quality, in a file': passes(ours(5_000)),
  },
  check: (found, n) => strictEqual(found, differences * n),
});
