import { deepStrictEqual } from 'node:assert/strict';
import { TableState } from '@dataenginex/quality';
import { benchmark } from '../../src/benchmark.ts';

const count = 100_000;
const rows = Array.from({ length: count }, (_, i) => ({
  id: i,
  station: `ST-${1000 + (i % 9000)}`,
  temp: i % 50 === 3 ? null : 10 + ((i * 37) % 400) / 10,
  wind: ((i * 7919) % 200) / 10,
  weather: i % 3 === 0 ? 'rain' : 'sun',
}));
const names = ['id', 'station', 'temp', 'wind', 'weather'] as const;

/** What all of them know: how many values there are, the mean and the largest of the numbers. */
type Facts = readonly (readonly [count: number, mean: number, max: number])[];
const factOf = (values: number, mean: number, max: number) => [values, Number(mean.toPrecision(9)), max] as const;

const wanted: Facts = [
  [count, 49_999.5, count - 1],
  [count, NaN, NaN],
  [count * 0.98, 29.977551, 49.9],
  [count, 9.95, 19.9],
  [count, NaN, NaN],
];

const passes = (pass: () => Facts) => () => ({
  run: (n: number) => {
    let facts: Facts = [];
    for (let i = 0; i < n; i++) facts = pass();
    return facts;
  },
});

export const bench = benchmark({
  title: 'The state of a table',
  about:
    `One operation reads ${count.toLocaleString('en')} rows of 5 columns. The loop keeps counts, sums and extremes. The ` +
    'others know quantiles, distinct and frequent values as well: one by holding all values in maps and sorting them, ours ' +
    'in at most 40 KB a column.',
  baseline: 'a loop: counts, sums, extremes',
  subjects: {
    'a loop: counts, sums, extremes': passes(() =>
      names.map((name) => {
        let [values, sum, min, max] = [0, 0, Infinity, -Infinity];
        for (const row of rows) {
          const value = row[name];
          if (value === null) continue;
          values++;
          if (typeof value !== 'number') continue;
          sum += value;
          if (value < min) min = value;
          if (value > max) max = value;
        }
        return max < min ? factOf(values, NaN, NaN) : factOf(values, sum / values, max);
      }),
    ),
    'all values in maps, sorted': passes(() =>
      names.map((name) => {
        const counts = new Map<unknown, number>();
        const numbers: number[] = [];
        let values = 0;
        for (const row of rows) {
          const value = row[name];
          if (value === null) continue;
          values++;
          counts.set(value, (counts.get(value) ?? 0) + 1);
          if (typeof value === 'number') numbers.push(value);
        }
        const sorted = Float64Array.from(numbers).toSorted();
        const top = Array.from(counts).toSorted((a, b) => b[1] - a[1]);
        const sum = sorted.reduce((total, number) => total + number, 0);
        return factOf(values, top.length > 0 ? sum / numbers.length : NaN, sorted.at(-1) ?? NaN);
      }),
    ),
    '@dataenginex/quality': passes(() => {
      const state = new TableState();
      state.push(rows);
      return Array.from(state.columns.values(), ({ count: values, moments }) =>
        factOf(values, moments.mean, moments.max),
      );
    }),
  },
  check: (facts) => deepStrictEqual(facts, wanted),
});
