import { strictEqual } from 'node:assert/strict';
import { timeout } from '@dataenginex/resilience';
import { timeout as cockatielTimeout, TimeoutStrategy } from 'cockatiel';
import pTimeout from 'p-timeout';
import { benchmark } from '../../src/benchmark.ts';
import { increment } from './increment.ts';

const ms = 2_000;

function incrementInTime(n: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('late')), ms);
    increment(n)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

export const bench = benchmark({
  title: 'Timeout, when the call is in time',
  about: `One operation is an awaited call of a trivial async function. ${ms} ms, and a late call would be left at once.`,
  baseline: 'setTimeout by hand',
  subjects: {
    'setTimeout by hand': () => ({
      run: async (n) => {
        let sum = 0;
        while (sum < n) sum = await incrementInTime(sum);
        return sum;
      },
    }),
    '@dataenginex/resilience wrapping': () => {
      const timed = timeout(ms)(increment);
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await timed(sum);
          return sum;
        },
      };
    },
    '@dataenginex/resilience run()': () => {
      const upstream = timeout(ms);
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await upstream.run(() => increment(sum));
          return sum;
        },
      };
    },
    'p-timeout': () => ({
      run: async (n) => {
        let sum = 0;
        while (sum < n) sum = await pTimeout(increment(sum), { milliseconds: ms });
        return sum;
      },
    }),
    cockatiel: () => {
      const upstream = cockatielTimeout(ms, TimeoutStrategy.Aggressive);
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await upstream.execute(() => increment(sum));
          return sum;
        },
      };
    },
  },
  check: strictEqual,
});
