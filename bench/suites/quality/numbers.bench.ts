import { strictEqual } from 'node:assert/strict';
import { contract } from '@dataenginex/quality';
import * as z from 'zod';
import { benchmark } from '../../src/benchmark.ts';

const count = 100_000;
const rows = Array.from({ length: count }, (_, i) => ({ a: i, b: (i % 1000) / 10, c: i % 500 === 0 ? -1 : i % 7 }));
const wanted = rows.filter(({ c }) => c < 0).length;

const Row = z.object({ a: z.number().min(0).max(count), b: z.number().min(0).max(100), c: z.number().min(0).max(6) });

export const bench = benchmark({
  title: 'Numbers in bounds',
  about: `One operation judges ${count.toLocaleString('en')} rows of 3 numbers, each with its type and bounds.`,
  baseline: 'loop by hand',
  subjects: {
    'loop by hand': () => ({
      run: (n) => {
        let found = 0;
        for (let i = 0; i < n; i++) {
          for (const { a, b, c } of rows) {
            if (!(typeof a === 'number' && a >= 0 && a <= count)) found++;
            if (!(typeof b === 'number' && b >= 0 && b <= 100)) found++;
            if (!(typeof c === 'number' && c >= 0 && c <= 6)) found++;
          }
        }
        return found;
      },
    }),
    '@dataenginex/quality': () => {
      const rules = contract('numbers', Row, () => []);
      return {
        run: async (n) => {
          let found = 0;
          for (let i = 0; i < n; i++) {
            const { results } = await rules.check(rows);
            for (const result of results) if (result.kind === 'map') found += result.unexpectedCount;
          }
          return found;
        },
      };
    },
    zod: () => ({
      run: (n) => {
        let found = 0;
        for (let i = 0; i < n; i++) for (const row of rows) if (!Row.safeParse(row).success) found++;
        return found;
      },
    }),
  },
  check: (found, n) => strictEqual(found, wanted * n),
});
