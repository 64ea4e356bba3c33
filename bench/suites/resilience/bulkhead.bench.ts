import { strictEqual } from 'node:assert/strict';
import { bulkhead } from '@dataenginex/resilience';
import * as cockatiel from 'cockatiel';
import { benchmark } from '../../src/benchmark.ts';
import { increment } from './increment.ts';

const callers = 64;
const concurrent = 8;

/** 64 callers on 8 places, each with its share of `n` calls one after the other. */
async function share(n: number, call: (sum: number) => Promise<number>): Promise<number> {
  let begun = 0;
  let sum = 0;
  const caller = async (): Promise<void> => {
    while (begun < n) {
      begun += 1;
      const result = await call(0);
      sum += result; // not before: the others add to it meanwhile
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return sum;
}

export const bench = benchmark({
  title: 'Bulkhead, without and with a queue',
  about:
    'One operation is a call of a trivial async function: awaited with all places free, or, where the name says so, one ' +
    `of ${callers} callers on ${concurrent} places. 32 places, save there; 128 may wait.`,
  baseline: '@dataenginex/resilience',
  subjects: {
    'plain async call': () => ({
      run: async (n) => {
        let sum = 0;
        while (sum < n) sum = await increment(sum);
        return sum;
      },
    }),
    '@dataenginex/resilience': () => {
      const places = bulkhead({ concurrent: 32, maxQueued: 128 });
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await places.run(() => increment(sum));
          return sum;
        },
      };
    },
    '@dataenginex/resilience, adaptive': () => {
      const places = bulkhead({ concurrent: { min: 32, max: 64 }, maxQueued: 128 });
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await places.run(() => increment(sum));
          return sum;
        },
      };
    },
    cockatiel: () => {
      const places = cockatiel.bulkhead(32, 128);
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await places.execute(() => increment(sum));
          return sum;
        },
      };
    },
    '@dataenginex/resilience, callers wait': () => {
      const places = bulkhead({ concurrent, maxQueued: 128 });
      return { run: (n) => share(n, (sum) => places.run(() => increment(sum))) };
    },
    'cockatiel, callers wait': () => {
      const places = cockatiel.bulkhead(concurrent, 128);
      return { run: (n) => share(n, (sum) => places.execute(() => increment(sum))) };
    },
  },
  check: strictEqual,
});
