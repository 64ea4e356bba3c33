import { expectTypeOf } from 'vitest';
import { fromNdjson, type Pipe } from '../index.ts';

expectTypeOf(fromNdjson('', { fields: ['a', 'b'] })).toEqualTypeOf<Pipe<{ a?: unknown; b?: unknown }>>();
expectTypeOf(fromNdjson('', { maxRowBytes: 10 })).toEqualTypeOf<Pipe<unknown>>();
declare const names: readonly string[];
expectTypeOf(fromNdjson('', { fields: names })).toEqualTypeOf<Pipe<Record<string, unknown>>>();
// @ts-expect-error one name is not a list
fromNdjson('', { fields: 'a' });
