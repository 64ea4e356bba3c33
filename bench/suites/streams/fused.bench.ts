import { strictEqual } from 'node:assert/strict';
import { batch, filter, flatMap, fromChunks, map, pipe, run, take } from '@dataenginex/streams';
import * as rx from 'rxjs';
import { benchmark } from '../../src/benchmark.ts';

const items = 1_000_000;
const perChunk = 10_000;
const perBatch = 1_000;
/** Fewer than come, so that every subject has to stop early. */
const wanted = 600_000;

const chunks = Array.from({ length: items / perChunk }, (_, chunk) =>
  Array.from({ length: perChunk }, (__, index) => chunk * perChunk + index),
);

async function* pages(): AsyncGenerator<number[]> {
  yield* chunks;
}

const double = (n: number): number => n * 2;
const isNoThird = (n: number): boolean => n % 3 !== 0;
const self = <T>(item: T): T => item;

const passes = (pass: () => Promise<number>) => () => ({
  run: async (n: number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum = await pass();
    return sum;
  },
});

async function* mapped(source: AsyncIterable<number[]>): AsyncGenerator<number[]> {
  for await (const page of source) yield page.map(double);
}

async function* filtered(source: AsyncIterable<number[]>): AsyncGenerator<number[]> {
  for await (const page of source) yield page.filter(isNoThird);
}

async function* batched(source: AsyncIterable<number[]>): AsyncGenerator<number[][]> {
  let held: number[] = [];
  for await (const page of source) {
    const full: number[][] = [];
    for (const n of page) {
      held.push(n);
      if (held.length < perBatch) continue;
      full.push(held);
      held = [];
    }
    if (full.length > 0) yield full;
  }
  if (held.length > 0) yield [held];
}

async function* flattened(source: AsyncIterable<number[][]>): AsyncGenerator<number[]> {
  for await (const page of source) yield page.flat();
}

async function* taken(source: AsyncIterable<number[]>): AsyncGenerator<number[]> {
  let left = wanted;
  for await (const page of source) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}

export const bench = benchmark({
  title: 'Map, filter, batch, flatMap and take, from a source of arrays',
  about:
    `One operation reads numbers from an async generator of arrays of ${perChunk.toLocaleString('en')}, doubles them, ` +
    `leaves every third out, gathers ${perBatch.toLocaleString('en')} at a time, takes them apart again, and sums the ` +
    `first ${wanted.toLocaleString('en')}, for which ${(wanted * 1.5).toLocaleString('en')} are read.`,
  baseline: 'arrays through async generators',
  subjects: {
    'loop by hand': passes(async () => {
      let sum = 0;
      let left = wanted;
      let held: number[] = [];
      for await (const page of pages()) {
        for (const n of page) {
          const doubled = double(n);
          if (!isNoThird(doubled)) continue;
          held.push(doubled);
          if (held.length < perBatch) continue;
          for (const m of held) {
            sum += m;
            left -= 1;
            if (left === 0) return sum;
          }
          held = [];
        }
      }
      return sum;
    }),
    'arrays through async generators': passes(async () => {
      let sum = 0;
      for await (const page of taken(flattened(batched(filtered(mapped(pages())))))) for (const n of page) sum += n;
      return sum;
    }),
    '@dataenginex/streams': passes(async () => {
      const numbers = pipe(
        fromChunks(pages),
        map(double),
        filter(isNoThird),
        batch<number>(perBatch),
        flatMap(self<number[]>),
        take(wanted),
      );
      let sum = 0;
      const { result } = await run(numbers, {
        write: (written) => {
          for (const n of written) sum += n;
        },
        close: () => sum,
      });
      return result;
    }),
    'rxjs range, which never waits': passes(() =>
      rx.lastValueFrom(
        rx.range(0, items).pipe(
          rx.map(double),
          rx.filter(isNoThird),
          rx.bufferCount(perBatch),
          rx.concatMap(self<number[]>),
          rx.take(wanted),
          rx.reduce((sum, n) => sum + n, 0),
        ),
      ),
    ),
    'rxjs from the arrays': passes(() =>
      rx.lastValueFrom(
        rx.from(pages()).pipe(
          rx.concatMap(self<number[]>),
          rx.map(double),
          rx.filter(isNoThird),
          rx.bufferCount(perBatch),
          rx.concatMap(self<number[]>),
          rx.take(wanted),
          rx.reduce((sum, n) => sum + n, 0),
        ),
      ),
    ),
  },
  check: (sum, n) => {
    const numbers = chunks.flat().map(double).filter(isNoThird).slice(0, wanted);
    const expected = numbers.reduce((total, value) => total + value, 0);
    strictEqual(sum, n === 0 ? 0 : expected);
  },
});
