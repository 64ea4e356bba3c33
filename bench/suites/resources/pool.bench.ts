import { strictEqual } from 'node:assert/strict';
import { benchmark } from '../../src/benchmark.ts';
import { generic, ours, settled, tarn } from './pool-peers.ts';

export const bench = benchmark({
  title: 'A pool that has an idle resource',
  about: `One operation acquires a resource, uses it and releases it. ${settled}`,
  baseline: '@dataenginex/resources',
  subjects: {
    '@dataenginex/resources': () => {
      const pool = ours();
      return {
        run: async (n) => {
          let uses = 0;
          for (let i = 0; i < n; i++) {
            const lease = await pool.acquire();
            lease.value.uses += 1;
            uses += 1;
            lease.release();
          }
          return uses;
        },
        teardown: () => pool.close(),
      };
    },
    '@dataenginex/resources, using': () => {
      const pool = ours();
      return {
        run: async (n) => {
          let uses = 0;
          for (let i = 0; i < n; i++) {
            using lease = await pool.acquire();
            lease.value.uses += 1;
            uses += 1;
          }
          return uses;
        },
        teardown: () => pool.close(),
      };
    },
    'generic-pool': () => {
      const pool = generic();
      return {
        run: async (n) => {
          let uses = 0;
          for (let i = 0; i < n; i++) {
            const connection = await pool.acquire();
            connection.uses += 1;
            uses += 1;
            void pool.release(connection);
          }
          return uses;
        },
        teardown: async () => {
          await pool.drain();
          await pool.clear();
        },
      };
    },
    tarn: () => {
      const pool = tarn();
      return {
        run: async (n) => {
          let uses = 0;
          for (let i = 0; i < n; i++) {
            const connection = await pool.acquire().promise;
            connection.uses += 1;
            uses += 1;
            pool.release(connection);
          }
          return uses;
        },
        teardown: async () => void (await pool.destroy()),
      };
    },
  },
  check: strictEqual,
});
