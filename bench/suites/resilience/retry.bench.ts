import { strictEqual } from 'node:assert/strict';
import { retry } from '@dataenginex/resilience';
import { ExponentialBackoff, handleAll, retry as cockatielRetry } from 'cockatiel';
import { makeRetriable } from 'p-retry';
import { benchmark } from '../../src/benchmark.ts';
import { increment } from './increment.ts';

export const bench = benchmark({
  title: 'Retry, when the first attempt succeeds',
  about:
    'One operation is an awaited call of a trivial async function. 4 attempts, jittered backoff from 100 ms to 10 s.',
  baseline: 'plain async call',
  subjects: {
    'plain async call': () => ({
      run: async (n) => {
        let sum = 0;
        while (sum < n) sum = await increment(sum);
        return sum;
      },
    }),
    '@dataenginex/resilience wrapping': () => {
      const retried = retry({ attempts: 4, baseDelayMs: 100, maxDelayMs: 10_000 })(increment);
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await retried(sum);
          return sum;
        },
      };
    },
    '@dataenginex/resilience run()': () => {
      const upstream = retry({ attempts: 4, baseDelayMs: 100, maxDelayMs: 10_000 });
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await upstream.run(() => increment(sum));
          return sum;
        },
      };
    },
    'p-retry': () => {
      const options = { retries: 3, minTimeout: 100, maxTimeout: 10_000, randomize: true };
      const retried = makeRetriable(increment, options);
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await retried(sum);
          return sum;
        },
      };
    },
    cockatiel: () => {
      const backoff = new ExponentialBackoff({ initialDelay: 100, maxDelay: 10_000 });
      const upstream = cockatielRetry(handleAll, { maxAttempts: 3, backoff });
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
