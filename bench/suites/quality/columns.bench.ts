import { deepStrictEqual } from 'node:assert/strict';
import { columns, contract } from '@dataenginex/quality';
import * as z from 'zod';
import { benchmark } from '../../src/benchmark.ts';

const count = 1_000_000;
const a = Float64Array.from({ length: count }, (_, i) => i / 3);
const b = Float64Array.from({ length: count }, (_, i) => (i % 1000) / 10);
const c = Int32Array.from({ length: count }, (_, i) => (i % 500 === 0 ? -1 : i % 7));

/** The rows of each column that are out of bounds: how many, and the first 20. */
type Found = readonly { readonly count: number; readonly first: readonly number[] }[];

/** Written anew for each column by whoever wants the best of V8. */
function outOfA(): Found[number] {
  const first: number[] = [];
  let found = 0;
  for (let i = 0; i < count; i++) {
    const value = a[i];
    if (!(value !== undefined && value >= 0 && value <= count)) if (++found <= 20) first.push(i);
  }
  return { count: found, first };
}

function outOfB(): Found[number] {
  const first: number[] = [];
  let found = 0;
  for (let i = 0; i < count; i++) {
    const value = b[i];
    if (!(value !== undefined && value >= 0 && value <= 100)) if (++found <= 20) first.push(i);
  }
  return { count: found, first };
}

function outOfC(): Found[number] {
  const first: number[] = [];
  let found = 0;
  for (let i = 0; i < count; i++) {
    const value = c[i];
    if (!(value !== undefined && value >= 0 && value <= 6)) if (++found <= 20) first.push(i);
  }
  return { count: found, first };
}

const passes = (pass: () => Found | Promise<Found>) => () => ({
  run: async (n: number) => {
    let found: Found = [];
    for (let i = 0; i < n; i++) found = await pass();
    return found;
  },
});

const expected: Found = [
  { count: 0, first: [] },
  { count: 0, first: [] },
  { count: count / 500, first: Array.from({ length: 20 }, (_, i) => i * 500) },
];

export const bench = benchmark({
  title: 'Numbers by columns, in bounds',
  about:
    `One operation judges ${count.toLocaleString('en')} rows in 3 typed arrays: no value is missing, and each is within ` +
    'bounds. Both count what is not, by column, and keep the first 20 rows; the loops by hand are one for each column.',
  baseline: 'loops by hand',
  subjects: {
    'loops by hand': passes(() => [outOfA(), outOfB(), outOfC()]),
    '@dataenginex/quality': () => {
      const Row = z.object({
        a: z.number().min(0).max(count),
        b: z.number().min(0).max(100),
        c: z.number().min(0).max(6),
      });
      const rules = contract('numbers', Row);
      const table = columns({ a, b, c });
      return passes(async () => {
        const { results } = await rules.check(table);
        return results.flatMap((result) =>
          result.kind === 'map' && result.rule.id.endsWith('.range')
            ? [{ count: result.unexpectedCount, first: result.unexpectedIndexes }]
            : [],
        );
      })();
    },
  },
  check: (found) => deepStrictEqual(found, expected),
});
