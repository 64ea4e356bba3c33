import { strictEqual } from 'node:assert/strict';
import { benchmark } from '../../src/benchmark.ts';
import { type Connection, generic, ours, settled, tarn } from './pool-peers.ts';

/** 100 workers share `n` operations, so that 90 always wait. */
async function share(n: number, operation: (use: (connection: Connection) => Promise<void>) => Promise<void>) {
  let left = n;
  let done = 0;
  const use = async (connection: Connection): Promise<void> => {
    connection.uses += 1;
    await Promise.resolve();
    done += 1;
  };
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await operation(use);
    }
  };
  await Promise.all(Array.from({ length: 100 }, work));
  return done;
}

export const bench = benchmark({
  title: 'A pool with 100 waiters on 10 resources',
  about:
    'One operation waits for a resource, holds it for a microtask and releases it, in 100 loops at a time. ' + settled,
  baseline: '@dataenginex/resources',
  subjects: {
    '@dataenginex/resources': () => {
      const pool = ours();
      return {
        run: (n) =>
          share(n, async (use) => {
            const lease = await pool.acquire();
            await use(lease.value);
            lease.release();
          }),
        teardown: () => pool.close(),
      };
    },
    'generic-pool': () => {
      const pool = generic();
      return {
        run: (n) =>
          share(n, async (use) => {
            const connection = await pool.acquire();
            await use(connection);
            void pool.release(connection);
          }),
        teardown: async () => {
          await pool.drain();
          await pool.clear();
        },
      };
    },
    tarn: () => {
      const pool = tarn();
      return {
        run: (n) =>
          share(n, async (use) => {
            const connection = await pool.acquire().promise;
            await use(connection);
            pool.release(connection);
          }),
        teardown: async () => void (await pool.destroy()),
      };
    },
  },
  check: strictEqual,
});
