import type { NumberArray } from './column-table.ts';
import type { Fail } from './map-tests.ts';
import { FrequentItems } from '../state/frequent-items.ts';
import { HyperLogLog } from '../state/hyper-log-log.ts';
import { Kll } from '../state/kll.ts';
import { detach, weightOf } from '../streams/unique-keys.ts';
import { compare, keyOf, numberOf, show } from '../values.ts';

/** What gathers the values of a column that are no nulls, for one rule or several. */
export interface Collector {
  /** Answers whether the value is one that cannot be taken. */
  add(value: unknown, index: number): boolean;
  /** Adds numbers that stand in one array, but NaN, with the same outcome and many times as fast. */
  addNumbers?(numbers: NumberArray, from: number, to: number): void;
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

  addNumbers(numbers: NumberArray, from: number, to: number): void {
    let [count, total, lost, mean, squares] = [this.count, this.#sum, this.#lost, this.#mean, this.#squares];
    for (let at = from; at < to; at++) {
      const value = numbers[at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      count++;
      const sum = total + value;
      lost += Math.abs(total) >= Math.abs(value) ? total - sum + value : value - sum + total;
      total = sum;
      const difference = value - mean;
      mean += difference / count;
      squares += difference * (value - mean);
    }
    this.count = count;
    this.#sum = total;
    this.#lost = lost;
    this.#mean = mean;
    this.#squares = squares;
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

  addNumbers(numbers: NumberArray, from: number, to: number): void {
    let min = typeof this.min === 'number' ? this.min : Infinity;
    let max = typeof this.max === 'number' ? this.max : -Infinity;
    for (let at = from; at < to; at++) {
      const value = numbers[at] ?? Number.NaN;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (min < Infinity || max > -Infinity) [this.min, this.max] = [min, max];
  }
}

/** How many distinct values there are. */
export class Distinct implements Collector {
  total = 0;
  #keys: Set<unknown> | undefined = new Set();
  #sketch: HyperLogLog | undefined;
  readonly #bounded: boolean;
  #room: number;

  /** @param maxValues How many are held; of more, a sketch is. */
  constructor(_: Fail, maxValues: number) {
    this.#bounded = maxValues < Infinity;
    this.#room = maxValues;
  }

  add(value: unknown): boolean {
    this.total++;
    const key = keyOf(value);
    if (this.#keys === undefined) this.#sketch?.add(key);
    else if (!this.#bounded) this.#keys.add(key);
    else if (!this.#keys.has(key)) this.#addNew(this.#keys, key);
    return false;
  }

  get isExact(): boolean {
    return this.#sketch === undefined;
  }

  /** About so many, where there are too many. */
  get count(): number {
    return this.#sketch?.estimate() ?? this.#keys?.size ?? 0;
  }

  #addNew(keys: Set<unknown>, key: unknown): void {
    this.#room -= weightOf(key);
    if (this.#room >= 0) {
      keys.add(detach(key));
      return;
    }
    this.#sketch = new HyperLogLog();
    for (const known of keys) this.#sketch.add(known);
    this.#sketch.add(key);
    this.#keys = undefined;
  }
}

/** Values that are counted no more one by one, as there were too many: in one of two sketches, the other is empty. */
export interface Rest {
  readonly distinct: HyperLogLog;
  readonly frequent: FrequentItems;
  /** Those that came first, by `keyOf`. */
  readonly first: Map<unknown, unknown>;
}

/** How often there is each value. */
export class Counts implements Collector {
  /** By `keyOf`, in the order they came; where there is a `rest`, of the values that are always counted. */
  readonly byKey = new Map<unknown, { readonly value: unknown; count: number }>();
  total = 0;
  rest: Rest | undefined;
  readonly #maxValues: number;
  readonly #always: ReadonlySet<unknown> | undefined;
  readonly #wants: 'distinct' | 'frequent';
  #room: number;

  /**
   * @param maxValues How many distinct values are counted one by one, beside those of `always`.
   * @param always Keys of values.
   * @param wants What is to be known of the others.
   */
  constructor(_: Fail, maxValues: number, always?: ReadonlySet<unknown>, wants: 'distinct' | 'frequent' = 'distinct') {
    this.#wants = wants;
    this.#maxValues = maxValues;
    this.#room = maxValues;
    this.#always = always;
  }

  add(value: unknown): boolean {
    this.total++;
    const key = keyOf(value);
    const entry = this.byKey.get(key);
    if (entry !== undefined) entry.count++;
    else if (this.#maxValues === Infinity) this.byKey.set(key, { value, count: 1 });
    else this.#addNew(key, value);
    return false;
  }

  #addNew(key: unknown, value: unknown): void {
    const isKept = this.#always?.has(key) ?? false;
    if (!isKept) this.#room -= weightOf(key);
    if (isKept || this.#room >= 0) {
      const own = detach(key);
      this.byKey.set(own, { value: typeof value === 'string' ? own : value, count: 1 });
      return;
    }
    this.rest ??= this.#giveUp();
    this.#addTo(this.rest, key, value, 1);
  }

  #giveUp(): Rest {
    const first = new Map<unknown, unknown>();
    const frequent = new FrequentItems(Math.ceil(this.#maxValues / 4));
    const rest = { distinct: new HyperLogLog(), frequent, first };
    for (const [key, { value, count }] of this.byKey) {
      if (this.#always?.has(key) === true) continue;
      this.#addTo(rest, key, value, count);
      this.byKey.delete(key);
    }
    return rest;
  }

  #addTo({ distinct, frequent, first }: Rest, key: unknown, value: unknown, count: number): void {
    if (this.#wants === 'frequent') frequent.add(value, count);
    else {
      distinct.add(value);
      if (first.size < kept) first.set(key, value);
    }
  }
}

/** How many of the values that are only shown are kept. */
const kept = 20;

/** Numbers for their quantiles. */
export class Quantiles implements Collector {
  #exact: Floats | undefined = new Floats();
  #sketch: Kll | undefined;
  readonly #maxValues: number;
  readonly #fail: Fail;

  /** @param maxValues How many numbers are held; of more, a sketch is. */
  constructor(fail: Fail, maxValues: number) {
    this.#fail = fail;
    this.#maxValues = maxValues;
  }

  add(item: unknown): boolean {
    const value = numberOf(item);
    if (value === undefined) return this.#fail(`${show(item)} is no number`);
    if (this.#exact === undefined) this.#sketch?.add(value);
    else {
      this.#exact.push(value);
      if (this.#exact.all.length > this.#maxValues) {
        this.#sketch = new Kll();
        for (const number of this.#exact.all) this.#sketch.add(number);
        this.#exact = undefined;
      }
    }
    return false;
  }

  get isExact(): boolean {
    return this.#sketch === undefined;
  }

  /** Some quantiles, NaN of no numbers; about, where there were too many numbers. */
  at(shares: readonly number[], interpolation: Interpolation): readonly number[] {
    if (this.#sketch !== undefined) return this.#sketch.quantiles(shares);
    const sorted = this.#exact?.all.toSorted() ?? new Float64Array();
    return shares.map((share) => quantile(sorted, share, interpolation));
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
  #buffer = new Float64Array(16);

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

export type Interpolation = 'lower' | 'higher' | 'midpoint' | 'nearest' | 'linear';

/**
 * A quantile of sorted numbers, NaN of none.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.quantile.html
 */
export function quantile(sorted: Float64Array, share: number, interpolation: Interpolation): number {
  const at = share * (sorted.length - 1);
  return interpolate(sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN, at, interpolation);
}

/** Between the numbers of the ranks below and above `at`. */
export function interpolate(low: number, high: number, at: number, interpolation: Interpolation): number {
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
