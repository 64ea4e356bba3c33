import { expectTypeOf } from 'vitest';
import { batch, concat, groupBy, map, merge, partition, pipe, type Pipe, reduce, tee, zip } from '../index.ts';

declare const numbers: Pipe<number>;
declare const words: readonly string[];

expectTypeOf(merge(numbers, words)).toEqualTypeOf<Pipe<number | string>>();
expectTypeOf(concat(numbers, words, numbers)).toEqualTypeOf<Pipe<number | string>>();
expectTypeOf(concat(...tee(numbers))).toEqualTypeOf<Pipe<number>>();
expectTypeOf(zip(numbers, words)).toEqualTypeOf<Pipe<[number, string]>>();
expectTypeOf(
  pipe(
    zip(numbers, words),
    map(([n, word]) => word.repeat(n)),
  ),
).toEqualTypeOf<Pipe<string>>();
expectTypeOf(tee(words)).toEqualTypeOf<[Pipe<string>, Pipe<string>]>();
expectTypeOf(partition([1, null], (n) => n !== null)).toEqualTypeOf<[Pipe<number>, Pipe<null>]>();
expectTypeOf(partition(numbers, (n) => n > 1)).toEqualTypeOf<[Pipe<number>, Pipe<number>]>();
expectTypeOf(
  pipe(
    words,
    groupBy(
      { key: (word) => word.length },
      map((word: string) => word.length),
      batch(2),
    ),
  ),
).toEqualTypeOf<Pipe<readonly [number, number[]]>>();
expectTypeOf(
  pipe(
    words,
    groupBy(
      { key: (word) => word },
      reduce((count) => count + 1, 0),
    ),
  ),
).toEqualTypeOf<Pipe<readonly [string, number]>>();

// @ts-expect-error not iterable
merge(numbers, 5);
// @ts-expect-error not iterable
tee({ length: 1 });
// @ts-expect-error misspelt option
tee(words, { ahead: 5 });
// @ts-expect-error a word has no toFixed
partition(words, (word) => word.toFixed() === '1');
const negate = map((n: number) => -n);
// @ts-expect-error words are no numbers
pipe(words, groupBy({ key: (word) => word }, negate));
