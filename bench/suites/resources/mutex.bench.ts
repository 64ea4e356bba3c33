import { strictEqual } from 'node:assert/strict';
import { Mutex } from '@dataenginex/resources';
import * as asyncMutex from 'async-mutex';
import { benchmark } from '../../src/benchmark.ts';

export const bench = benchmark({
  title: 'A mutex that is free',
  about: 'One operation acquires and releases it.',
  baseline: '@dataenginex/resources',
  subjects: {
    '@dataenginex/resources': () => {
      const mutex = new Mutex();
      return {
        run: async (n) => {
          let held = 0;
          for (let i = 0; i < n; i++) {
            const lease = await mutex.acquire();
            held += 1;
            lease.release();
          }
          return held;
        },
      };
    },
    'async-mutex': () => {
      const mutex = new asyncMutex.Mutex();
      return {
        run: async (n) => {
          let held = 0;
          for (let i = 0; i < n; i++) {
            const release = await mutex.acquire();
            held += 1;
            release();
          }
          return held;
        },
      };
    },
  },
  check: strictEqual,
});
