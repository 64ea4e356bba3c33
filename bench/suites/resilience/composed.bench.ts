import { strictEqual } from 'node:assert/strict';
import { policy, retry, timeout } from '@dataenginex/resilience';
import * as cockatiel from 'cockatiel';
import pRetry from 'p-retry';
import pTimeout from 'p-timeout';
import { benchmark } from '../../src/benchmark.ts';
import { increment } from './increment.ts';

export const bench = benchmark({
  title: 'A timeout over a retry over a timeout, when the first attempt succeeds',
  about:
    'One operation is an awaited call of a trivial async function that is given a signal and does not look at it. ' +
    '10 s in all, 4 attempts, jittered backoff from 100 ms to 10 s, 2 s for each attempt.',
  baseline: '@dataenginex/resilience',
  subjects: {
    '@dataenginex/resilience': () => {
      const upstream = policy(timeout(10_000), retry({ attempts: 4, baseDelayMs: 100 }), timeout(2_000));
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await upstream.run(() => increment(sum));
          return sum;
        },
      };
    },
    '@dataenginex/resilience, signal read': () => {
      const upstream = policy(timeout(10_000), retry({ attempts: 4, baseDelayMs: 100 }), timeout(2_000));
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await upstream.run(({ signal }) => increment(signal.aborted ? 0 : sum));
          return sum;
        },
      };
    },
    'p-timeout and p-retry': () => {
      const options = { retries: 3, minTimeout: 100, maxTimeout: 10_000, randomize: true };
      return {
        run: async (n) => {
          let sum = 0;
          const attempt = () => pTimeout(increment(sum), { milliseconds: 2_000 });
          while (sum < n) sum = await pTimeout(pRetry(attempt, options), { milliseconds: 10_000 });
          return sum;
        },
      };
    },
    cockatiel: () => {
      const backoff = new cockatiel.ExponentialBackoff({ initialDelay: 100, maxDelay: 10_000 });
      const upstream = cockatiel.wrap(
        cockatiel.timeout(10_000, cockatiel.TimeoutStrategy.Aggressive),
        cockatiel.retry(cockatiel.handleAll, { maxAttempts: 3, backoff }),
        cockatiel.timeout(2_000, cockatiel.TimeoutStrategy.Aggressive),
      );
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
