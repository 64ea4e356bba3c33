import { expectTypeOf } from 'vitest';
import { type Pipe, pipe, run } from '../index.ts';
import { fromParquet, toParquet } from '../parquet.ts';

expectTypeOf(fromParquet('x')).toEqualTypeOf<Pipe<Record<string, unknown>>>();
expectTypeOf(fromParquet('x', { columns: ['a', 'b'] })).toEqualTypeOf<Pipe<Record<'a' | 'b', unknown>>>();
expectTypeOf(
  fromParquet(new ArrayBuffer(8), { where: { a: 1, b: { in: ['x'] }, c: { isNull: false } } }),
).toEqualTypeOf<Pipe<Record<string, unknown>>>();
// @ts-expect-error its numbers are no bytes
fromParquet(new Uint16Array(8));
// @ts-expect-error no such test
fromParquet('x', { where: { a: { like: 'x%' } } });
// @ts-expect-error null is asked for by isNull
fromParquet('x', { where: { a: null } });

const rows = [{ station: 'Seattle', tempMax: 12.8 }];
expectTypeOf(run(pipe(rows), toParquet('x', { columns: { station: 'string', tempMax: 'decimal(5,1)' } })))
  .resolves.toHaveProperty('result')
  .toEqualTypeOf<{ readonly rows: number; readonly rowGroups: number }>();
// @ts-expect-error misspelt column
void run(pipe(rows), toParquet<(typeof rows)[number]>('x', { columns: { staton: 'string' } }));
// @ts-expect-error no such type
toParquet('x', { columns: { station: 'text' } });
// @ts-expect-error a number is no row
void run(pipe([1]), toParquet('x'));
