import { expectTypeOf } from 'vitest';
import { count, eventTime, max, pipe, type Pipe, session, sliding, tumbling, type WindowResult } from '../index.ts';

interface Row {
  station: string;
  at: Date;
  temp: number;
}
declare const rows: Row[];

const hourly = pipe(
  rows,
  eventTime((row) => row.at, { outOfOrderMs: 60_000, partition: (row) => row.station }),
  tumbling({
    sizeMs: 3_600_000,
    key: (row) => row.station,
    aggregate: { max: max((row) => row.temp), rows: count() },
    latenessMs: 600_000,
    late: (row, { time }) => void [row.temp, time],
  }),
);
expectTypeOf(hourly).toEqualTypeOf<Pipe<WindowResult<string, { max: number; rows: number }>>>();
declare const first: WindowResult<string, { max: number; rows: number }>;
expectTypeOf(first.key).toEqualTypeOf<string>();
expectTypeOf(first.max).toEqualTypeOf<number>();
expectTypeOf(first.start).toEqualTypeOf<number>();

expectTypeOf(
  pipe(
    rows,
    sliding({ sizeMs: 2, slideMs: 1, aggregate: { n: count() } }),
    session({ gapMs: 1, key: ({ n }) => n, aggregate: { m: max((window) => window.n) } }),
  ),
).toEqualTypeOf<Pipe<WindowResult<number, { m: number }>>>();

pipe(
  rows,
  // @ts-expect-error misspelt column
  tumbling({ sizeMs: 1, aggregate: { max: max((row) => row.tmp) } }),
);
// @ts-expect-error an object is no key
tumbling({ sizeMs: 1, key: (row: Row) => row, aggregate: { n: count() } });
// @ts-expect-error a window has a size
tumbling({ aggregate: { n: count() } });
// @ts-expect-error the time is not text
eventTime((row: Row) => row.station);
// @ts-expect-error not an aggregate
tumbling({ sizeMs: 1, aggregate: { n: 1 } });
