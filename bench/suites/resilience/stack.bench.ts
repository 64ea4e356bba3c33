import { strictEqual } from 'node:assert/strict';
import { bulkhead, circuitBreaker, policy, retry, timeout } from '@dataenginex/resilience';
import * as cockatiel from 'cockatiel';
import CircuitBreaker from 'opossum';
import { benchmark } from '../../src/benchmark.ts';
import { increment } from './increment.ts';

export const bench = benchmark({
  title: 'Retry, circuit breaker, bulkhead and timeout, when the first attempt succeeds',
  about:
    'One operation is an awaited call of a trivial async function. 4 attempts, jittered backoff from 100 ms to 10 s; ' +
    'opens at half of the last 100 calls; 32 calls at once, 128 waiting; 2 s for each attempt. ' +
    'opossum has no retry, a bulkhead without a queue, and a window of 10 s.',
  baseline: '@dataenginex/resilience',
  subjects: {
    '@dataenginex/resilience': () => {
      const upstream = policy(retry({ attempts: 4 }), circuitBreaker(), bulkhead(), timeout(2_000));
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await upstream.run(() => increment(sum));
          return sum;
        },
      };
    },
    cockatiel: () => {
      const backoff = new cockatiel.ExponentialBackoff({ initialDelay: 100, maxDelay: 10_000 });
      const upstream = cockatiel.wrap(
        cockatiel.retry(cockatiel.handleAll, { maxAttempts: 3, backoff }),
        cockatiel.circuitBreaker(cockatiel.handleAll, {
          halfOpenAfter: 5_000,
          breaker: new cockatiel.CountBreaker({ threshold: 0.5, size: 100 }),
        }),
        cockatiel.bulkhead(32, 128),
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
    'opossum, without retry': () => {
      const upstream = new CircuitBreaker(increment, { timeout: 2_000, resetTimeout: 5_000, capacity: 32 });
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await upstream.fire(sum);
          return sum;
        },
        teardown: () => upstream.shutdown(),
      };
    },
  },
  check: strictEqual,
});
