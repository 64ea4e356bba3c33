import { expectTypeOf } from 'vitest';
import { fromCsv, pipe, type Pipe, toCsv } from '../index.ts';

expectTypeOf(fromCsv('', { columns: ['a', 'b'] })).toEqualTypeOf<Pipe<Record<'a' | 'b', string>>>();
expectTypeOf(fromCsv('', { header: ['a', 'b'], columns: ['b'] })).toEqualTypeOf<Pipe<Record<'b', string>>>();
expectTypeOf(fromCsv('', { rename: { a: 'b' } })).toEqualTypeOf<Pipe<Record<string, string>>>();
expectTypeOf(fromCsv('', { rename: (name, index) => name + index })).toEqualTypeOf<Pipe<Record<string, string>>>();

const dialect = { delimiter: '\t', quote: "'", comment: '#', lineEnd: '\n', trim: true };
expectTypeOf(fromCsv('', { ...dialect, header: true })).toEqualTypeOf<Pipe<Record<string, string>>>();
expectTypeOf(pipe([{ a: 1 }], toCsv({ ...dialect, columns: ['a'] }))).toEqualTypeOf<Pipe<string>>();

// @ts-expect-error a column that the given header lacks
fromCsv('', { header: ['a'], columns: ['b'] });
// @ts-expect-error what to do with ragged rows is one of two
fromCsv('', { ragged: 'drop' });
// @ts-expect-error a name is text
fromCsv('', { rename: { a: 1 } });
// @ts-expect-error what is written has no lines to skip
toCsv({ skipLines: 1 });
