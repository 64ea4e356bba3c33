import { checkFunction } from '@dataenginex/core';

/**
 * What a window makes of its items: `A` is what is kept while it is open, `R` what comes out.
 *
 * `merge` joins two windows that turned out to be one session. What is kept must be plain data where a run has
 * checkpoints: numbers, strings, dates, arrays, maps, sets and plain objects.
 */
export interface Aggregate<T, A, R> {
  create(): A;
  /** May change `kept` and return it. */
  add(kept: A, item: T): A;
  /** May change `kept` and return it. */
  merge(kept: A, other: A): A;
  result(kept: A): R;
}

/**
 * How many items.
 *
 * ```ts
 * import { count, eventTime, pipe, tumbling } from '@dataenginex/streams';
 *
 * const windows = pipe([3, 5, 12], eventTime((n: number) => n), tumbling({ sizeMs: 10, aggregate: { n: count() } }));
 * (await Array.fromAsync(windows)).map(({ n }) => n); // => [2, 1]
 * ```
 */
export function count(): Aggregate<unknown, number, number> {
  return { create: () => 0, add: (kept) => kept + 1, merge: (kept, other) => kept + other, result: (kept) => kept };
}

/** The sum of a number of each item. */
export function sum<T>(of: (item: T) => number): Aggregate<T, number, number> {
  checkFunction('sum.of', of);
  return {
    create: () => 0,
    add: (kept, item) => kept + of(item),
    merge: (kept, other) => kept + other,
    result: (kept) => kept,
  };
}

/** The least number. */
export function min<T>(of: (item: T) => number): Aggregate<T, number, number> {
  checkFunction('min.of', of);
  return {
    create: () => Infinity,
    add: (kept, item) => Math.min(kept, of(item)),
    merge: (kept, other) => Math.min(kept, other),
    result: (kept) => kept,
  };
}

/** The greatest number. */
export function max<T>(of: (item: T) => number): Aggregate<T, number, number> {
  checkFunction('max.of', of);
  return {
    create: () => -Infinity,
    add: (kept, item) => Math.max(kept, of(item)),
    merge: (kept, other) => Math.max(kept, other),
    result: (kept) => kept,
  };
}

/** The arithmetic mean. */
export function mean<T>(of: (item: T) => number): Aggregate<T, { sum: number; count: number }, number> {
  checkFunction('mean.of', of);
  return {
    create: () => ({ sum: 0, count: 0 }),
    add: (kept, item) => ({ sum: kept.sum + of(item), count: kept.count + 1 }),
    merge: (kept, other) => ({ sum: kept.sum + other.sum, count: kept.count + other.count }),
    result: (kept) => kept.sum / kept.count,
  };
}
