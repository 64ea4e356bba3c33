import type { Fail } from './map-tests.ts';
import { compare, keyOf, numberOf, show } from '../values.ts';

/** What gathers the values of a column that are no nulls, for one rule or several. */
export interface Collector {
  /** Answers whether the value is one that cannot be taken. */
  add(value: unknown, index: number): boolean;
}

/** Count, sum, mean and spread in one pass: the sum by Neumaier, the spread by Welford. */
export class Moments implements Collector {
  count = 0;
  #sum = 0;
  #lost = 0;
  #mean = 0;
  #squares = 0;
  readonly #fail: Fail;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  add(item: unknown): boolean {
    const value = numberOf(item);
    if (value === undefined) return this.#fail(`${show(item)} is no number`);
    this.count++;
    const sum = this.#sum + value;
    this.#lost += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - sum + value : value - sum + this.#sum;
    this.#sum = sum;
    const difference = value - this.#mean;
    this.#mean += difference / this.count;
    this.#squares += difference * (value - this.#mean);
    return false;
  }

  get sum(): number {
    return Number.isFinite(this.#sum) ? this.#sum + this.#lost : this.#sum;
  }

  /** NaN of no values. */
  get mean(): number {
    return this.sum / this.count;
  }

  /** Of a sample, with n - 1; NaN of fewer than two values. */
  get deviation(): number {
    return this.count < 2 ? Number.NaN : Math.sqrt(this.#squares / (this.count - 1));
  }
}

/** The least and the greatest. */
export class Extremes implements Collector {
  min: unknown = null;
  max: unknown = null;
  readonly #fail: Fail;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  add(value: unknown): boolean {
    const low = this.min === null ? -1 : compare(value, this.min);
    const high = this.max === null ? 1 : compare(value, this.max);
    if (low === undefined || high === undefined)
      return this.#fail(`${show(value)} has no order with ${show(this.min)}`);
    if (low < 0) this.min = value;
    if (high > 0) this.max = value;
    return false;
  }
}

/** How often there is each value. */
export class Counts implements Collector {
  /** By `keyOf`, in the order they came. */
  readonly byKey = new Map<unknown, { readonly value: unknown; count: number }>();
  total = 0;

  add(value: unknown): boolean {
    this.total++;
    const key = keyOf(value);
    const entry = this.byKey.get(key);
    if (entry === undefined) this.byKey.set(key, { value, count: 1 });
    else entry.count++;
    return false;
  }
}

/** All numbers with their rows. */
export class Numbers implements Collector {
  readonly #values = new Floats();
  readonly #indexes = new Floats();
  readonly #fail: Fail;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  add(item: unknown, index: number): boolean {
    const value = numberOf(item);
    if (value === undefined) return this.#fail(`${show(item)} is no number`);
    this.#values.push(value);
    this.#indexes.push(index);
    return false;
  }

  get values(): Float64Array {
    return this.#values.all;
  }

  get indexes(): Float64Array {
    return this.#indexes.all;
  }
}

class Floats {
  #length = 0;
  #buffer = new Float64Array(1024);

  push(value: number): void {
    if (this.#length === this.#buffer.length) {
      const larger = new Float64Array(this.#length * 2);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer[this.#length++] = value;
  }

  get all(): Float64Array {
    return this.#buffer.subarray(0, this.#length);
  }
}

/** Numbers by the bins they fall in: closed below, the last one above, too. */
export class Histogram implements Collector {
  readonly counts: number[];
  below = 0;
  above = 0;
  total = 0;
  readonly #bins: readonly number[];
  readonly #fail: Fail;

  constructor(bins: readonly number[], fail: Fail) {
    this.#bins = bins;
    this.#fail = fail;
    this.counts = Array.from({ length: bins.length - 1 }, () => 0);
  }

  add(item: unknown): boolean {
    const value = numberOf(item);
    if (value === undefined) return this.#fail(`${show(item)} is no number`);
    this.total++;
    const next = this.#bins.findIndex((bin) => value < bin);
    const bin = next === -1 && value === this.#bins.at(-1) ? this.counts.length - 1 : next - 1;
    if (next === 0) this.below++;
    else if (bin < 0) this.above++;
    else this.counts[bin] = (this.counts[bin] ?? 0) + 1;
    return false;
  }
}

/** Rows whose key another row has, too, all of them. */
export class Duplicates {
  /** The first row of each key, -1 once it is found to be one of several. */
  readonly #first = new Map<unknown, number>();
  readonly #found: { readonly value: unknown; readonly index: number }[] = [];

  add(key: unknown, value: unknown, index: number): void {
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, index);
      return;
    }
    if (first >= 0) {
      this.#found.push({ value, index: first });
      this.#first.set(key, -1);
    }
    this.#found.push({ value, index });
  }

  /** By row. */
  get found(): readonly { readonly value: unknown; readonly index: number }[] {
    return this.#found.toSorted((a, b) => a.index - b.index);
  }
}

export type Interpolation = 'lower' | 'higher' | 'midpoint' | 'nearest' | 'linear';

/**
 * A quantile of sorted numbers, NaN of none.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.quantile.html
 */
export function quantile(sorted: Float64Array, share: number, interpolation: Interpolation): number {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  const part = at - Math.floor(at);
  // Between infinities there is nothing to interpolate: Infinity - Infinity is NaN.
  if (low === high || part === 0 || interpolation === 'lower') return low;
  if (interpolation === 'higher') return high;
  if (interpolation === 'midpoint') return (low + high) / 2;
  // As NumPy, which interpolates from the nearer end.
  if (interpolation === 'linear') return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
  const odd = Math.floor(at) % 2 === 1;
  return part > 0.5 || (part === 0.5 && odd) ? high : low;
}
