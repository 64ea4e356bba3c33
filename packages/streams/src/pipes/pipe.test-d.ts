import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import {
  batch,
  filter,
  fromChunks,
  fromCsv,
  fromNdjson,
  map,
  mapAsync,
  parse,
  pipe,
  type Pipe,
  run,
  type Sink,
  toCsv,
  toNdjson,
} from '../index.ts';

const Row = z.object({ station: z.string(), tempMax: z.coerce.number() });

const long = pipe(
  fromCsv('a\n1\n'),
  parse(Row),
  filter((row) => row.tempMax > 0),
  map(({ station, tempMax }) => [station, tempMax] as const),
  mapAsync(async ([station], { signal }) => (signal.aborted ? undefined : station)),
  filter((station) => station !== undefined),
  map((station) => station.length),
  batch(2),
  map((lengths) => lengths[0] ?? 0),
  toNdjson(),
  map((line) => line.length),
);
expectTypeOf(long).toEqualTypeOf<Pipe<number>>();

expectTypeOf(
  pipe(
    [1, null],
    filter((n) => n !== null),
  ),
).toEqualTypeOf<Pipe<number>>();
expectTypeOf(
  pipe(
    [1],
    mapAsync((n) => n),
  ),
).toEqualTypeOf<Pipe<number>>();
expectTypeOf(fromNdjson('')).toEqualTypeOf<Pipe<unknown>>();
expectTypeOf(fromCsv('')).toEqualTypeOf<Pipe<Record<string, string>>>();
expectTypeOf(fromCsv('', { header: false })).toEqualTypeOf<Pipe<string[]>>();
expectTypeOf(fromCsv('', { header: ['a', 'b'] })).toEqualTypeOf<Pipe<Record<'a' | 'b', string>>>();
expectTypeOf(fromChunks(() => [[1], [2]])).toEqualTypeOf<Pipe<number>>();
expectTypeOf(pipe([1], batch(2), batch(3))).toEqualTypeOf<Pipe<number[][]>>();

const station = map((row: { station: string }) => row.station);
// @ts-expect-error a row from outside is unknown until it is parsed
pipe(fromNdjson(''), station);
const parsed = pipe(fromCsv(''), parse(Row));
pipe(
  parsed,
  // @ts-expect-error misspelt column
  filter(({ tempMx }) => tempMx > 0),
);
// @ts-expect-error misspelt column
pipe([{ station: 'Seattle' }], toCsv({ columns: ['staton'] }));
// @ts-expect-error a number has no columns
pipe([1], toCsv());
const negate = map((n: number) => -n);
// @ts-expect-error operators that do not fit
pipe([1], map(String), negate);
// @ts-expect-error misspelt option
mapAsync(async (n: number) => n, { concurency: 2 });
// @ts-expect-error misspelt option
fromCsv('', { seperator: ';' });
// @ts-expect-error a list of rejects is not a function
parse(Row, { rejects: [] });
// @ts-expect-error not iterable
pipe({ length: 1 });

declare const texts: Sink<string, { bytes: number }>;
expectTypeOf(run(pipe([1], toNdjson()), texts)).resolves.toEqualTypeOf<{
  readonly items: number;
  readonly result: { bytes: number };
}>();
expectTypeOf(run(pipe([1])))
  .resolves.toHaveProperty('result')
  .toEqualTypeOf<undefined>();
expectTypeOf(run(pipe([1]), async (ns) => Array.fromAsync(ns)))
  .resolves.toHaveProperty('result')
  .toEqualTypeOf<number[]>();
// @ts-expect-error a sink of text takes no numbers
void run(pipe([1]), texts);
// @ts-expect-error the signal is an option
void run(pipe([1]), undefined, new AbortController().signal.aborted);
