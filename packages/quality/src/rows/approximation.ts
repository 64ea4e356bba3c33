import type { Approximation } from '../report/result.ts';

/** The standard error of a HyperLogLog of 2 ** 14 registers. */
const relativeError = 1.04 / 2 ** 7;
/** What the rank of a quantile of a Kll sketch with k = 256 is off by at most, in 99 % of cases. */
const rankError = 0.0105;

/** Of a number of distinct values, which is uncertain within three standard errors of a bound. */
export function ofDistinct(observed: number, holds: (value: number) => boolean | undefined): Approximation {
  const verdict = holds(observed);
  const others = [observed * (1 - 3 * relativeError), observed * (1 + 3 * relativeError)];
  return { relativeError, uncertain: others.some((value) => holds(value) !== verdict) };
}

/** Of a quantile, `at` a share. */
export function ofQuantile(
  share: number,
  at: (share: number) => number,
  holds: (value: number) => boolean | undefined,
): Approximation {
  const verdict = holds(at(share));
  const others = [Math.max(0, share - rankError), Math.min(1, share + rankError)].map(at);
  return { rankError, uncertain: others.some((value) => holds(value) !== verdict) };
}
