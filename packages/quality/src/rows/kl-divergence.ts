import type { KwargsOf, Partition } from '../rules/expectations.ts';
import type { Counts, Histogram } from './collect.ts';
import { compare, keyOf } from '../values.ts';

type Kwargs = KwargsOf<'expect_column_kl_divergence_to_be_less_than'>;
export interface Spread {
  readonly observed: number | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** KL divergence of the values seen from those expected; null where it is infinite or nothing was seen. */
export function ofValues(
  counts: Pick<Counts, 'byKey' | 'total'>,
  kwargs: Kwargs,
  partition: Extract<Partition, { values: unknown }>,
): Spread {
  const known = partition.values.map(keyOf);
  const unknown = [...counts.byKey]
    .filter(([key]) => !known.includes(key))
    .toSorted(([, a], [, b]) => compare(a.value, b.value) ?? 0);
  const holdout = kwargs.tail_weight_holdout ?? 0;
  const scale = unknown.length > 0 ? 1 - holdout : 1;
  const expected = [
    ...partition.weights.map((weight) => weight * scale),
    ...unknown.map(() => holdout / unknown.length),
  ];
  const seen = [...known.map((key) => counts.byKey.get(key)?.count ?? 0), ...unknown.map(([, { count }]) => count)];
  const weights = seen.map((count) => (counts.total === 0 ? 0 : count / counts.total));
  const values = [...partition.values, ...unknown.map(([, { value }]) => value)];
  return {
    observed: divergence(weights, expected),
    details: { observed_partition: { values, weights }, expected_partition: { values, weights: expected } },
  };
}

/** The same of numbers in bins; what is in no bin is in one of two tails. */
export function ofBins(
  histogram: Pick<Histogram, 'counts' | 'below' | 'above' | 'total'>,
  kwargs: Kwargs,
  partition: Extract<Partition, { bins: unknown }>,
): Spread {
  const { tail_weight_holdout: holdout = 0, internal_weight_holdout: internal = 0 } = kwargs;
  const holes = partition.weights.filter((weight) => weight === 0).length;
  const weights = partition.weights.map((weight) =>
    weight === 0 && holes > 0 ? internal / holes : weight * (1 - holdout - internal),
  );
  const share = (count: number): number => (histogram.total === 0 ? Number.NaN : count / histogram.total);
  const seen = histogram.counts.map(share);
  const [first, last] = [partition.bins[0] === -Infinity, partition.bins.at(-1) === Infinity];
  const half = first || last ? holdout : holdout / 2;
  const tail = {
    expected: [
      first ? (weights[0] ?? 0) : (partition.tail_weights?.[0] ?? half),
      last ? (weights.at(-1) ?? 0) : (partition.tail_weights?.[1] ?? half),
    ],
    observed: [first ? (seen[0] ?? 0) : share(histogram.below), last ? (seen.at(-1) ?? 0) : share(histogram.above)],
  };
  const inner = <T>(list: readonly T[]): readonly T[] => list.slice(first ? 1 : 0, last ? -1 : undefined);
  const part = (of: readonly number[], tails: readonly number[]): Readonly<Record<string, unknown>> => ({
    bins: inner(partition.bins),
    weights: inner(of).map(orNull),
    tail_weights: tails.map(orNull),
  });
  return {
    observed: divergence([...inner(seen), ...tail.observed], [...inner(weights), ...tail.expected]),
    details: { observed_partition: part(seen, tail.observed), expected_partition: part(weights, tail.expected) },
  };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** Both are scaled to 1 first, as SciPy's `entropy` does. */
function divergence(observed: readonly number[], expected: readonly number[]): number | null {
  const [seen, wanted] = [total(observed), total(expected)];
  let sum = 0;
  for (const [index, value] of observed.entries()) {
    const p = value / seen;
    const q = (expected[index] ?? 0) / wanted;
    if (p !== 0) sum += p * Math.log(p / q);
  }
  return Number.isFinite(sum) ? sum : null;
}

function total(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}
