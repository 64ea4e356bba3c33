import { expectTypeOf } from 'vitest';
import {
  batch,
  dedupe,
  distinct,
  drop,
  dropWhile,
  flatMap,
  map,
  pipe,
  type Pipe,
  reduce,
  scan,
  take,
  takeWhile,
  tap,
} from '../index.ts';

interface Row {
  readonly station: string;
  readonly temps: readonly number[];
}
declare const rows: readonly Row[];

const long = pipe(
  rows,
  drop(1),
  dropWhile((row) => row.temps.length === 0),
  distinct({ key: (row) => row.station }),
  dedupe({ key: ({ station }) => station, withinMs: 1 }),
  tap((row) => row.station.length),
  flatMap((row) => row.temps),
  scan((sum, temp) => sum + temp, 0),
  take(3),
  batch({ size: 2, bytesOf: (temp) => temp, maxWaitMs: 5 }),
);
expectTypeOf(long).toEqualTypeOf<Pipe<number[]>>();

const counts = reduce(
  (lengths, row: Row) => lengths.set(row.station, row.temps.length),
  () => new Map<string, number>(),
);
expectTypeOf(pipe(rows, counts)).toEqualTypeOf<Pipe<Map<string, number>>>();
expectTypeOf(
  pipe(
    rows,
    reduce((longest, { station }) => Math.max(longest, station.length), 0),
  ),
).toEqualTypeOf<Pipe<number>>();
expectTypeOf(
  pipe(
    [1, null],
    takeWhile((n) => n !== null),
  ),
).toEqualTypeOf<Pipe<number>>();
expectTypeOf(
  pipe(
    ['a'],
    flatMap((letter) => new Set([letter])),
  ),
).toEqualTypeOf<Pipe<string>>();
expectTypeOf(pipe(rows, take(2), distinct(), dedupe(), batch(2))).toEqualTypeOf<Pipe<Row[]>>();

// @ts-expect-error a string would fall into its characters
flatMap((row: Row) => row.station);
// @ts-expect-error no iterable
flatMap((n: number) => n);
// @ts-expect-error the state is a number
scan((sum: number, row: Row) => row.station, 0);
pipe(
  rows,
  // @ts-expect-error misspelt column
  distinct({ key: (row) => row.staton }),
);
// @ts-expect-error misspelt option
dedupe({ withinSeconds: 5 });
// @ts-expect-error misspelt option
batch({ maxItems: 5 });
const negate = map((n: number) => -n);
// @ts-expect-error rows are no numbers
pipe(rows, take(2), negate);
// @ts-expect-error a count
take('3');
