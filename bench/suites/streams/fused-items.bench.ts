import { strictEqual } from 'node:assert/strict';
import { batch, filter, flatMap, map, pipe, run, take } from '@dataenginex/streams';
import { benchmark } from '../../src/benchmark.ts';

const wanted = 600_000;
const perBatch = 1_000;
const read = 900_000;

async function* count(): AsyncGenerator<number> {
  for (let i = 0; i < read; i++) yield i;
}

const double = (n: number): number => n * 2;
const isNoThird = (n: number): boolean => n % 3 !== 0;

const passes = (pass: () => Promise<number>) => () => ({
  run: async (n: number) => {
    let seen = 0;
    for (let i = 0; i < n; i++) seen = await pass();
    return seen;
  },
});

async function* mapped(source: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const n of source) yield double(n);
}

async function* filtered(source: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const n of source) if (isNoThird(n)) yield n;
}

/** Each subject counts what it was left with, so that the bare loop has the same result. */
export const bench = benchmark({
  title: 'Map, filter, batch, flatMap and take, item by item from an async generator',
  about:
    `One operation reads ${read.toLocaleString('en')} numbers from an async generator that yields one at a time, ` +
    `doubles them, leaves every third out, gathers ${perBatch.toLocaleString('en')} at a time, takes them apart again ` +
    `and counts the first ${wanted.toLocaleString('en')}. The bare \`for await\` does none of that but the count.`,
  baseline: 'for await, bare',
  subjects: {
    'for await, bare': passes(async () => {
      let seen = 0;
      for await (const n of count()) if (n >= 0 && seen < wanted) seen += 1;
      return seen;
    }),
    'for await, the same by hand': passes(async () => {
      let seen = 0;
      let held: number[] = [];
      for await (const n of count()) {
        const doubled = double(n);
        if (!isNoThird(doubled)) continue;
        held.push(doubled);
        if (held.length < perBatch) continue;
        for (const m of held) if (m >= 0) seen += 1;
        held = [];
        if (seen >= wanted) break;
      }
      return seen;
    }),
    '@dataenginex/streams run': passes(async () => {
      const numbers = pipe(
        count(),
        map(double),
        filter(isNoThird),
        batch<number>(perBatch),
        flatMap((page: number[]) => page),
        take(wanted),
      );
      let seen = 0;
      const { result } = await run(numbers, {
        write: (written) => {
          for (const n of written) if (n >= 0) seen += 1;
        },
        close: () => seen,
      });
      return result;
    }),
    'async generators, map and filter alone': passes(async () => {
      let seen = 0;
      for await (const n of filtered(mapped(count()))) if (n >= 0) seen += 1;
      return seen;
    }),
  },
  check: (seen) => strictEqual(seen, wanted),
});
