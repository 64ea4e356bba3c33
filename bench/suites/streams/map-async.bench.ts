import { strictEqual } from 'node:assert/strict';
import { mapAsync, pipe, run } from '@dataenginex/streams';
import pMap from 'p-map';
import * as rx from 'rxjs';
import * as streaming from 'streaming-iterables';
import { benchmark } from '../../src/benchmark.ts';

const concurrency = 8;

async function* count(n: number): AsyncGenerator<number> {
  for (let i = 1; i <= n; i++) yield i;
}

const double = async (n: number): Promise<number> => n * 2;

export const bench = benchmark({
  title: 'An async call for each item, eight at a time, in order',
  about:
    'One operation takes a number from an async generator, calls an async function that answers at once, and adds ' +
    'the result up: what is left is the cost of keeping eight calls in flight.',
  baseline: 'streaming-iterables',
  subjects: {
    'Promise.all on batches by hand': () => ({
      run: async (n) => {
        let sum = 0;
        let pending: Promise<number>[] = [];
        const flush = async (): Promise<void> => {
          for (const doubled of await Promise.all(pending)) sum += doubled;
          pending = [];
        };
        for await (const item of count(n)) {
          pending.push(double(item));
          if (pending.length === concurrency) await flush();
        }
        await flush();
        return sum;
      },
    }),
    '@dataenginex/streams': () => ({
      run: async (n) => {
        let sum = 0;
        const { result } = await run(pipe(count(n), mapAsync(double, { concurrency })), {
          write: (items) => {
            for (const item of items) sum += item;
          },
          close: () => sum,
        });
        return result;
      },
    }),
    'streaming-iterables': () => ({
      run: async (n) => {
        let sum = 0;
        for await (const item of streaming.parallelMap(concurrency, double, count(n))) sum += item;
        return sum;
      },
    }),
    'p-map, which holds all results': () => ({
      run: async (n) => {
        let sum = 0;
        for (const item of await pMap(count(n), double, { concurrency })) sum += item;
        return sum;
      },
    }),
    'rxjs mergeMap (as they come)': () => ({
      run: (n) =>
        rx.lastValueFrom(
          rx.from(count(n)).pipe(
            rx.mergeMap(double, concurrency),
            rx.reduce((sum, item) => sum + item, 0),
          ),
        ),
    }),
  },
  check: (sum, n) => strictEqual(sum, n * (n + 1)),
});
