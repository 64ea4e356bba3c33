import { checkNumber, checkOneOf } from '@dataenginex/core';

/** How a number is held against those before it. */
export type AnomalyMethod = 'robustZ' | 'zScore' | 'relativeChange' | 'absoluteChange';

export interface RangeOptions {
  /**
   * - `robustZ`: within so many deviations of the median, told by the median of the distances from it; outliers among
   *   the numbers before do not move it.
   * - `zScore`: within so many standard deviations, of a sample, of the mean.
   * - `relativeChange`: within that share of the mean of the numbers before.
   * - `absoluteChange`: within that distance of the mean of the numbers before.
   *
   * @default 'robustZ'
   */
  method?: AnomalyMethod | undefined;
  /** How far a number may be off. @default 3.5 for `robustZ`, 3 for `zScore`; the others need one */
  threshold?: number | undefined;
  /** Which way a number may be too far off. @default 'both' */
  direction?: 'both' | 'up' | 'down' | undefined;
  /** How far a number may be off in any case; where all numbers before are equal, no other is expected. @default 0 */
  tolerance?: number | undefined;
}

/** Where a number is expected, both ends inclusive. */
export interface ExpectedRange {
  /** `-Infinity` where only too much is told. */
  readonly min: number;
  /** `Infinity` where only too little is told. */
  readonly max: number;
  /** The median or mean of the numbers before. */
  readonly center: number;
  /** One deviation: by how much a score of 1 is off; 0 where all are equal. */
  readonly scale: number;
}

/**
 * Where a number is expected to be, after those before it; those that are not finite count as missing.
 *
 * ```ts
 * import { expectedRange } from '@dataenginex/quality';
 *
 * expectedRange([10, 12, 11, 13, 500], { method: 'relativeChange', threshold: 0.5, direction: 'down' })?.min; // => 54.6
 * expectedRange([24, 24, 23, 24, 24, 0], { threshold: 3.5 })?.center; // => 24
 * ```
 *
 * @returns `undefined` when none is finite, or for `zScore` fewer than two are.
 * @throws {OptionError} When an option is out of range.
 * @see Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993), of `robustZ`.
 */
export function expectedRange(before: readonly number[], options: RangeOptions = {}): ExpectedRange | undefined {
  const { method, threshold, direction, tolerance } = checkRange('expectedRange', options);
  const numbers = before.filter((value) => Number.isFinite(value));
  if (numbers.length < (method === 'zScore' ? 2 : 1)) return undefined;
  const { center, scale } = spreads[method](numbers);
  const off = Math.max(threshold * scale, tolerance);
  return {
    min: direction === 'up' ? -Infinity : center - off,
    max: direction === 'down' ? Infinity : center + off,
    center,
    scale,
  };
}

/** @param name Of what has these options. */
export function checkRange(
  name: string,
  options: RangeOptions,
): { [K in keyof RangeOptions]-?: NonNullable<RangeOptions[K]> } {
  const { method = 'robustZ', direction = 'both', tolerance = 0 } = options;
  checkOneOf(`${name}.method`, method, ['robustZ', 'zScore', 'relativeChange', 'absoluteChange']);
  const threshold = options.threshold ?? (method === 'robustZ' ? 3.5 : method === 'zScore' ? 3 : undefined);
  return {
    method,
    threshold: checkNumber(`${name}.threshold`, threshold, { min: 0 }),
    direction: checkOneOf(`${name}.direction`, direction, ['both', 'up', 'down']),
    tolerance: checkNumber(`${name}.tolerance`, tolerance, { min: 0 }),
  };
}

interface Spread {
  readonly center: number;
  readonly scale: number;
}

const spreads: Readonly<Record<AnomalyMethod, (numbers: readonly number[]) => Spread>> = {
  robustZ(numbers) {
    const center = median(numbers);
    const distances = numbers.map((value) => Math.abs(value - center));
    // Where half of them or more are equal, the median of the distances is 0 and their mean tells more.
    return { center, scale: median(distances) / NORMAL_QUARTILE || mean(distances) * Math.sqrt(Math.PI / 2) };
  },
  zScore(numbers) {
    const center = mean(numbers);
    const squares = numbers.reduce((sum, value) => sum + (value - center) ** 2, 0);
    return { center, scale: Math.sqrt(squares / (numbers.length - 1)) };
  },
  relativeChange(numbers) {
    const center = mean(numbers);
    return { center, scale: Math.abs(center) };
  },
  absoluteChange: (numbers) => ({ center: mean(numbers), scale: 1 }),
};

/** Of the standard normal distribution, its quantile at 3/4. */
const NORMAL_QUARTILE = 0.674_489_750_196_081_7;

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}

/** By distances from the first number, so that the mean of equal numbers is that number. */
function mean([first = 0, ...others]: readonly number[]): number {
  return first + others.reduce((sum, value) => sum + (value - first), 0) / (others.length + 1);
}
