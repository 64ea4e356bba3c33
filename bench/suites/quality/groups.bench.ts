import { strictEqual } from 'node:assert/strict';
import { contract } from '@dataenginex/quality';
import * as z from 'zod';
import { benchmark } from '../../src/benchmark.ts';

const count = 100_000;
const stations = 100;
const rows = Array.from({ length: count }, (_, i) => ({
  station: `station ${i % stations}`,
  temp: i % stations === 7 ? 99 : i % 40,
}));

const Row = z.object({ station: z.unknown(), temp: z.unknown() });

export const bench = benchmark({
  title: 'A mean in each group',
  about: `One operation holds the mean of ${stations} stations, of ${count.toLocaleString('en')} rows, within bounds.`,
  baseline: 'loop by hand',
  subjects: {
    'loop by hand': () => ({
      run: (n) => {
        let failed = 0;
        for (let i = 0; i < n; i++) {
          const groups = new Map<string, { count: number; sum: number }>();
          for (const { station, temp } of rows) {
            let group = groups.get(station);
            if (group === undefined) groups.set(station, (group = { count: 0, sum: 0 }));
            group.count++;
            group.sum += temp;
          }
          for (const { count: of, sum } of groups.values()) if (sum / of > 60) failed++;
        }
        return failed;
      },
    }),
    '@dataenginex/quality': () => {
      const rules = contract('groups', Row, (c) => [c.temp.meanToBeBetween(-60, 60, { groupBy: 'station' })]);
      return {
        run: async (n) => {
          let failed = 0;
          for (let i = 0; i < n; i++) {
            const { results } = await rules.check(rows);
            for (const { groups } of results) failed += groups?.failed ?? 0;
          }
          return failed;
        },
      };
    },
  },
  check: (failed, n) => strictEqual(failed, n),
});
