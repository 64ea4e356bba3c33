import { deepStrictEqual } from 'node:assert/strict';
import { batch, filter, fromChunks, map, pipe, run } from '@dataenginex/streams';
import * as rx from 'rxjs';
import * as streaming from 'streaming-iterables';
import { benchmark } from '../../src/benchmark.ts';

const items = 10_000;
const perChunk = 1_000;
const perBatch = 100;

const chunks = Array.from({ length: items / perChunk }, (_, chunk) =>
  Array.from({ length: perChunk }, (__, index) => chunk * perChunk + index),
);

async function* pages(): AsyncGenerator<number[]> {
  yield* chunks;
}

async function* singles(): AsyncGenerator<number> {
  for await (const page of pages()) yield* page;
}

const double = (n: number): number => n * 2;
const isNoThird = (n: number): boolean => n % 3 !== 0;

interface Totals {
  batches: number;
  sum: number;
}

/** What a consumer does with each batch. */
function add(totals: Totals, numbers: readonly number[]): void {
  totals.batches += 1;
  for (const n of numbers) totals.sum += n;
}

const passes = (pass: (totals: Totals) => Promise<unknown>) => () => ({
  run: async (n: number) => {
    const totals: Totals = { batches: 0, sum: 0 };
    for (let i = 0; i < n; i++) await pass(totals);
    return totals;
  },
});

async function* mapped(source: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const n of source) yield double(n);
}

async function* filtered(source: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const n of source) if (isNoThird(n)) yield n;
}

async function* batched(source: AsyncIterable<number>): AsyncGenerator<number[]> {
  let held: number[] = [];
  for await (const n of source) {
    held.push(n);
    if (held.length < perBatch) continue;
    yield held;
    held = [];
  }
  if (held.length > 0) yield held;
}

export const bench = benchmark({
  title: 'Map, filter and batch, from a source of arrays',
  about:
    `One operation takes ${items.toLocaleString('en')} numbers from an async generator of arrays of ` +
    `${perChunk.toLocaleString('en')}, and gives batches of ${perBatch} to a consumer that sums them.`,
  baseline: 'loop by hand',
  subjects: {
    'loop by hand': passes(async (totals) => {
      let held: number[] = [];
      for await (const page of pages()) {
        for (const n of page) {
          const doubled = double(n);
          if (!isNoThird(doubled)) continue;
          held.push(doubled);
          if (held.length < perBatch) continue;
          add(totals, held);
          held = [];
        }
      }
      if (held.length > 0) add(totals, held);
    }),
    '@dataenginex/streams run': passes(async (totals) => {
      const batches = pipe(fromChunks(pages), map(double), filter(isNoThird), batch<number>(perBatch));
      await run(batches, {
        write: (written) => {
          for (const numbers of written) add(totals, numbers);
        },
        close: () => {},
      });
    }),
    '@dataenginex/streams for await': passes(async (totals) => {
      const batches = pipe(fromChunks(pages), map(double), filter(isNoThird), batch<number>(perBatch));
      for await (const numbers of batches) add(totals, numbers);
    }),
    'rxjs, without backpressure': passes((totals) =>
      rx.lastValueFrom(
        rx.from(pages()).pipe(
          rx.concatMap((page) => page),
          rx.map(double),
          rx.filter(isNoThird),
          rx.bufferCount(perBatch),
          rx.tap((numbers) => add(totals, numbers)),
        ),
      ),
    ),
    'async generators': passes(async (totals) => {
      for await (const numbers of batched(filtered(mapped(singles())))) add(totals, numbers);
    }),
    'streaming-iterables': passes(async (totals) => {
      const batches = streaming.pipeline(
        singles,
        streaming.map(double),
        streaming.filter(isNoThird),
        streaming.batch(perBatch),
      );
      for await (const numbers of batches) add(totals, numbers);
    }),
  },
  check: (totals, n) => {
    const kept = chunks.flat().map(double).filter(isNoThird);
    const sum = kept.reduce((total, value) => total + value, 0);
    deepStrictEqual(totals, { batches: n * Math.ceil(kept.length / perBatch), sum: n * sum });
  },
});
