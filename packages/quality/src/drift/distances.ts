import { chiSquareTail, kolmogorovTail, normalTails } from './p-values.ts';

/** Two samples, each in order. */
export interface Samples {
  readonly reference: Float64Array;
  readonly current: Float64Array;
}

/** How often each category, or each bin, came. */
export interface Counts {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** The most that the shares of numbers up to some number differ by, times both sizes. */
function kolmogorovSteps({ reference, current }: Samples): number {
  let steps = 0;
  eachStep(reference, current, (below, other) => {
    steps = Math.max(steps, Math.abs(below * current.length - other * reference.length));
  });
  return steps;
}

/**
 * How likely these samples would be if they were of one distribution; of samples that stand for more numbers, with the
 * sizes of what they stand for.
 */
export function kolmogorovSmirnov(samples: Samples, sizes: readonly [number, number]): number {
  const { reference, current } = samples;
  const steps = kolmogorovSteps(samples);
  if (reference.length === sizes[0] && current.length === sizes[1]) return kolmogorovTail(steps, ...sizes);
  const distance = steps / reference.length / current.length;
  return kolmogorovTail(Math.round(distance * sizes[0] * sizes[1]), ...sizes);
}

/** The area between both distribution functions: how far numbers must be moved, on average, to turn one into the other. */
export function wasserstein({ reference, current }: Samples): number {
  let area = 0;
  eachStep(reference, current, (below, other, width) => {
    area += Math.abs(below / reference.length - other / current.length) * width;
  });
  return area;
}

/** From each number of either to the next, how many of both are below, and how far the next is. */
function eachStep(
  a: Float64Array,
  b: Float64Array,
  visit: (belowA: number, belowB: number, width: number) => void,
): void {
  let left = 0;
  let right = 0;
  while (left < a.length || right < b.length) {
    const value = Math.min(a[left] ?? Infinity, b[right] ?? Infinity);
    while (left < a.length && (a[left] ?? Infinity) <= value) left++;
    while (right < b.length && (b[right] ?? Infinity) <= value) right++;
    const next = Math.min(a[left] ?? Infinity, b[right] ?? Infinity);
    visit(left, right, next === Infinity ? 0 : next - value);
  }
}

/** How likely the current counts would be if they were drawn by the shares of the reference's. */
export function chiSquare({ reference, current }: Counts): number {
  const scale = sum(current) / sum(reference);
  const statistic = sum(reference.map((count, at) => (count * scale - (current[at] ?? 0)) ** 2 / (count * scale)));
  return Number.isNaN(statistic) ? 1 : chiSquareTail(statistic, reference.length - 1);
}

/** How likely two shares of the first of two categories would differ so if they were one. */
export function proportions({ reference, current }: Counts): number {
  const [n, m] = [sum(reference), sum(current)];
  const [p, q] = [(reference[0] ?? 0) / n, (current[0] ?? 0) / m];
  const both = (p * n + q * m) / (n + m);
  const deviation = Math.sqrt(both * (1 - both) * (1 / n + 1 / m));
  return p === q ? 1 : normalTails((p - q) / deviation);
}

/** The square root of the divergence of both from their middle: 0 of the same, and at most √ln 2, of nothing in common. */
export function jensenShannon(counts: Counts): number {
  const { reference: p, current: q } = sharesOf(counts);
  return Math.sqrt(Math.max(0, (toMiddle(p, q) + toMiddle(q, p)) / 2));
}

/** The Kullback-Leibler divergence of shares from the middle of both. */
function toMiddle(from: readonly number[], to: readonly number[]): number {
  return sum(from.map((share, at) => (share === 0 ? 0 : share * Math.log(share / ((share + (to[at] ?? 0)) / 2)))));
}

/** The population stability index. A share of 0 counts as 0.0001, or as a millionth of a least one below that. */
export function populationStability(counts: Counts): number {
  const { reference, current } = sharesOf(counts);
  const [p, q] = [filled(reference), filled(current)];
  return sum(p.map((share, at) => (share - (q[at] ?? 0)) * Math.log(share / (q[at] ?? 0))));
}

/** The most that a share differs by. */
export function maximumDifference(counts: Counts): number {
  const { reference, current } = sharesOf(counts);
  return Math.max(0, ...reference.map((share, at) => Math.abs(share - (current[at] ?? 0))));
}

function filled(shares: readonly number[]): number[] {
  const least = Math.min(...shares.filter((share) => share > 0));
  return shares.map((share) => (share > 0 ? share : least <= 0.0001 ? least / 1e6 : 0.0001));
}

function sharesOf({ reference, current }: Counts): Counts {
  return { reference: sharesIn(reference), current: sharesIn(current) };
}

function sharesIn(counts: readonly number[]): number[] {
  const total = sum(counts);
  return counts.map((count) => count / total);
}

/**
 * Counts in bins of one width from the least to the greatest number of both, as many as Sturges says for `size` numbers;
 * whole numbers have bins of at least 1. The last bin has both its ends.
 *
 * @param ends Numbers of which those are, as samples may lack them.
 */
export function binned(
  { reference, current }: Samples,
  size: number,
  isWhole: boolean,
  ends: readonly number[] = [],
): Counts {
  const all = [...ends, reference[0], reference.at(-1), current[0], current.at(-1)].filter((end) => end !== undefined);
  const [from, to] = [Math.min(...all), Math.max(...all)];
  const wanted = (to - from) / (Math.log2(size) + 1);
  const bins = Math.max(1, Math.ceil((to - from) / (isWhole ? Math.max(1, wanted) : wanted)) || 1);
  const edge = (at: number): number => from + ((to - from) * at) / bins;
  const counts = (sample: Float64Array): number[] => {
    const found = Array.from({ length: bins }, () => 0);
    let bin = 0;
    for (const value of sample) {
      while (bin < bins - 1 && value >= edge(bin + 1)) bin++;
      found[bin] = (found[bin] ?? 0) + 1;
    }
    return found;
  };
  return { reference: counts(reference), current: counts(current) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
