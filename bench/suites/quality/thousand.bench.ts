import { strictEqual } from 'node:assert/strict';
import { contract } from '@dataenginex/quality';
import { benchmark } from '../../src/benchmark.ts';
import { greatExpectations, note } from './great-expectations.ts';
import { observations, Row } from './observations.ts';

const count = 1_000;
const rows = observations(count);
const rules = contract('rows', Row);

export const bench = benchmark({
  title: 'A thousand rows, from call to report',
  about: `One operation plans a check of ${count.toLocaleString('en')} rows of 10 columns and makes its report. ${note}`,
  baseline: '@dataenginex/quality',
  subjects: {
    '@dataenginex/quality': () => ({
      run: async (n) => {
        let found = 0;
        for (let i = 0; i < n; i++) {
          const { results } = await rules.check(rows);
          for (const result of results) if (result.kind === 'map') found += result.unexpectedCount;
        }
        return found;
      },
    }),
    ...greatExpectations(count, rules.rules),
  },
  check: (found, n) => strictEqual(found, n),
});
