import { expectTypeOf } from 'vitest';
import { fromChunks, type Pipe, type SourceChunk } from '../index.ts';

const arrays = fromChunks(() => [[1, 2], [3]]);
expectTypeOf(arrays).toEqualTypeOf<Pipe<number>>();

const placed = fromChunks(async function* ({ from, signal }) {
  expectTypeOf(from).toEqualTypeOf<unknown>();
  signal.throwIfAborted();
  yield { items: ['a'], resume: 1n, commit: async () => {} };
});
expectTypeOf(placed).toEqualTypeOf<Pipe<string>>();

const mixed = fromChunks(function* () {
  yield [1];
  yield { items: [2], resume: undefined };
});
expectTypeOf(mixed).toEqualTypeOf<Pipe<number>>();

// @ts-expect-error an object is there to say where the source stands
expectTypeOf({ items: [1] }).toExtend<SourceChunk<number>>();
// @ts-expect-error neither an array nor a chunk
fromChunks(() => [1, 2]);
