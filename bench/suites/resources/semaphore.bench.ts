import { strictEqual } from 'node:assert/strict';
import { Semaphore } from '@dataenginex/resources';
import * as asyncMutex from 'async-mutex';
import { benchmark } from '../../src/benchmark.ts';

/** 100 workers share `n` operations, so that 90 always wait. */
async function share(n: number, operation: () => Promise<void>): Promise<number> {
  let left = n;
  let done = 0;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await operation();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: 100 }, work));
  return done;
}

export const bench = benchmark({
  title: 'A semaphore with 100 waiters on 10 permits',
  about:
    'One operation waits for a permit, holds it for a microtask and releases it, in 100 loops at a time. ' +
    'Neither has a timeout; only @dataenginex/resources bounds its queue.',
  baseline: '@dataenginex/resources',
  subjects: {
    '@dataenginex/resources': () => {
      const semaphore = new Semaphore(10);
      return {
        run: (n) =>
          share(n, async () => {
            const lease = await semaphore.acquire();
            await Promise.resolve();
            lease.release();
          }),
      };
    },
    'async-mutex': () => {
      const semaphore = new asyncMutex.Semaphore(10);
      return {
        run: (n) =>
          share(n, async () => {
            const [, release] = await semaphore.acquire();
            await Promise.resolve();
            release();
          }),
      };
    },
  },
  check: strictEqual,
});
