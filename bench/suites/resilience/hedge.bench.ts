import { strictEqual } from 'node:assert/strict';
import { hedge } from '@dataenginex/resilience';
import { benchmark } from '../../src/benchmark.ts';
import { increment } from './increment.ts';

export const bench = benchmark({
  title: 'Hedge, when the first attempt answers at once',
  about: 'One operation is an awaited call of a trivial async function. No peer has hedging.',
  baseline: 'plain async call',
  subjects: {
    'plain async call': () => ({
      run: async (n) => {
        let sum = 0;
        while (sum < n) sum = await increment(sum);
        return sum;
      },
    }),
    '@dataenginex/resilience, delay observed': () => {
      const hedged = hedge();
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await hedged.run(() => increment(sum));
          return sum;
        },
      };
    },
    '@dataenginex/resilience, delay fixed': () => {
      const hedged = hedge({ delayMs: 100 });
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await hedged.run(() => increment(sum));
          return sum;
        },
      };
    },
  },
  check: strictEqual,
});
