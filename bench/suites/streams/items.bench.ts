import { strictEqual } from 'node:assert/strict';
import { map, pipe, run } from '@dataenginex/streams';
import * as streaming from 'streaming-iterables';
import { benchmark } from '../../src/benchmark.ts';

const double = (n: number): number => n * 2;

async function* count(n: number): AsyncGenerator<number> {
  for (let i = 1; i <= n; i++) yield i;
}

export const bench = benchmark({
  title: 'Map, item by item from an async generator',
  about: 'One operation takes a number from an async generator that yields one at a time, doubles it and adds it up.',
  baseline: 'for await',
  subjects: {
    'for await': () => ({
      run: async (n) => {
        let sum = 0;
        for await (const item of count(n)) sum += double(item);
        return sum;
      },
    }),
    '@dataenginex/streams run': () => ({
      run: async (n) => {
        let sum = 0;
        const { result } = await run(pipe(count(n), map(double)), {
          write: (items) => {
            for (const item of items) sum += item;
          },
          close: () => sum,
        });
        return result;
      },
    }),
    '@dataenginex/streams for await': () => ({
      run: async (n) => {
        let sum = 0;
        for await (const item of pipe(count(n), map(double))) sum += item;
        return sum;
      },
    }),
    'streaming-iterables': () => ({
      run: async (n) => {
        let sum = 0;
        for await (const item of streaming.map(double, count(n))) sum += item;
        return sum;
      },
    }),
  },
  check: (sum, n) => strictEqual(sum, n * (n + 1)),
});
