/** The middle of some values, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), p10: quantile(sorted, 0.1), p90: quantile(sorted, 0.9) };
}

/** Round by round, so that what slows the machine for a while slows both sides of a ratio. */
export function ratios(subject: readonly number[], baseline: readonly number[]): number[] {
  return subject.map((value, round) => value / (baseline[round] ?? Number.NaN));
}

/** Between two values the quantile lies on the line that joins them. */
function quantile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
