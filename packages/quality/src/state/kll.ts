import { checkInteger, OptionError } from '@dataenginex/core';
import { type Saved, type SavedReader, writeValue } from '../saved.ts';

/**
 * Quantiles of numbers in bounded memory: exactly below `4 * k` numbers, from there on with a mean error in rank of
 * about `0.3 / k` (0.12 % by default) in `32 * k` bytes (8 KB). Merging keeps the error. What comes out depends on the
 * numbers, their order and the seed alone.
 *
 * @see https://arxiv.org/abs/1603.05346 Karnin, Lang and Liberty
 * @see https://arxiv.org/abs/1907.00236 The coins of a level in pairs that even out, and compactions as late as can be.
 */
export class Kll {
  /** As many items the highest level has; error and memory follow. */
  readonly k: number;
  #count = 0;
  #min = Infinity;
  #max = -Infinity;
  /** Numbers as they came, each standing for itself. */
  #fresh = new Float64Array(16);
  #size = 0;
  /** From there on sorted, an item of `#levels[i]` standing for `2 ** (i + 1)` numbers. */
  #levels: Float64Array[] = [];
  /** How many items they have in all. */
  #above = 0;
  /** The next coin of each level where one is owed, as the opposite of the last. */
  #coins: (number | undefined)[] = [];
  #random: number;

  /** @param k From 16 to 65,536. */
  constructor(k = 256, seed = 1) {
    this.k = checkInteger('Kll.k', k, { min: 16, max: 65_536 });
    this.#random = checkInteger('Kll.seed', seed, { min: 1, max: 2 ** 32 - 1 });
  }

  get count(): number {
    return this.#count;
  }

  /** NaN when there is no number. */
  get min(): number {
    return this.#count === 0 ? Number.NaN : this.#min;
  }

  /** NaN when there is no number. */
  get max(): number {
    return this.#count === 0 ? Number.NaN : this.#max;
  }

  /** NaN is left out. */
  add(value: number): void {
    if (Number.isNaN(value)) return;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#count++;
    this.#keep(value);
  }

  /** The number that a share of the numbers are at most, from 0 (the minimum) to 1 (the maximum); NaN of no numbers. */
  quantile(share: number): number {
    return this.quantiles([share])[0] ?? Number.NaN;
  }

  /** Several at once, for the price of one. */
  quantiles(shares: readonly number[]): number[] {
    const { values, weights } = this.#weighed();
    const order = Uint32Array.from(values.keys()).toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
    const ranks = new Float64Array(order.length);
    let rank = 0;
    for (const [at, index] of order.entries()) ranks[at] = rank += weights[index] ?? 0;
    return shares.map((share) => {
      if (!(share >= 0 && share <= 1)) throw new OptionError('Kll.quantile', 'a share from 0 to 1', share);
      if (share === 0 || share === 1) return share === 0 ? this.min : this.max;
      const wanted = share * this.#count;
      let from = 0;
      for (let to = ranks.length - 1; from < to;) {
        const middle = (from + to) >> 1;
        if ((ranks[middle] ?? 0) < wanted) from = middle + 1;
        else to = middle;
      }
      return values[order[from] ?? 0] ?? Number.NaN;
    });
  }

  /** The share of the numbers that are at most this one, from 0 to 1; NaN of no numbers. */
  rank(value: number): number {
    if (this.#count === 0) return Number.NaN;
    if (value < this.#min || value >= this.#max) return value < this.#min ? 0 : 1;
    const { values, weights } = this.#weighed();
    return values.reduce((sum, item, at) => (item <= value ? sum + (weights[at] ?? 0) : sum), 0) / this.#count;
  }

  /** @throws {OptionError} When the other has another k. */
  merge(other: Kll): void {
    if (other.k !== this.k) throw new OptionError('Kll.merge', `one of k ${this.k}`, other.k);
    const fresh = other.#fresh.slice(0, other.#size);
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    this.#count += other.#count;
    for (const [level, items] of [...other.#levels].entries()) this.#raise(level, items);
    if (other.#levels.length > 0) this.#compress();
    for (const value of fresh) this.#keep(value);
  }

  toJSON(): Saved {
    const { k } = this;
    const [min, max] = [writeValue(this.#min), writeValue(this.#max)];
    const coins = this.#coins.map((coin) => coin ?? null);
    const levels = [this.#fresh.subarray(0, this.#size), ...this.#levels].map(toText);
    return { k, count: this.#count, min, max, random: this.#random, coins, levels };
  }

  static read(saved: SavedReader): Kll {
    const k = saved.field('k').count();
    if (k < 16 || k > 65_536) saved.field('k').refuse('from 16 to 65,536');
    const random = saved.field('random').count();
    if (random < 1 || random >= 2 ** 32) saved.field('random').refuse('from 1 to 4,294,967,295');
    const sketch = new Kll(k, random);
    const [fresh = new Float64Array(), ...levels] = saved.field('levels').list(toDoubles);
    const weight = levels.reduce((sum, items, level) => sum + items.length * 2 ** (level + 1), fresh.length);
    const count = saved.field('count').count();
    if (weight !== count) saved.field('count').refuse(`${weight}, as its levels have`);
    sketch.#levels = levels;
    sketch.#above = levels.reduce((sum, items) => sum + items.length, 0);
    if (fresh.length + sketch.#above > 4 * k) saved.field('levels').refuse(`at most ${4 * k} numbers`);
    for (const value of fresh) sketch.#keep(value);
    sketch.#count = count;
    sketch.#min = saved.field('min').number();
    sketch.#max = saved.field('max').number();
    sketch.#coins = saved.field('coins').list((coin) => {
      const value = coin.value();
      return value === null ? undefined : value === 0 || value === 1 ? value : coin.refuse('0, 1 or null');
    });
    return sketch;
  }

  #keep(value: number): void {
    this.#fresh[this.#size++] = value;
    if (this.#size === this.#fresh.length) this.#makeRoom();
  }

  #makeRoom(): void {
    const most = 4 * this.k - this.#above;
    if (this.#size >= most) {
      this.#compress();
      return;
    }
    const fresh = new Float64Array(Math.min(most, this.#size * 2));
    fresh.set(this.#fresh);
    this.#fresh = fresh;
  }

  /** Halves the lowest level that is too long, which costs the least, until there is room for k numbers. */
  #compress(): void {
    while (this.#size + this.#above > 3 * this.k) {
      const level = this.#lowest((depth) => capacity(this.k, depth)) ?? this.#lowest(() => 1) ?? 0;
      this.#halve(level, this.#levels[level] ?? this.#fresh.subarray(0, this.#size).toSorted());
    }
    const fresh = new Float64Array(4 * this.k - this.#above);
    fresh.set(this.#fresh.subarray(0, this.#size));
    this.#fresh = fresh;
  }

  /** The lowest level with more items than it may have by its depth; -1 is that of fresh ones. */
  #lowest(mostAt: (depth: number) => number): number | undefined {
    const height = this.#levels.length;
    if (this.#size > mostAt(height)) return -1;
    const level = this.#levels.findIndex((items, at) => items.length > mostAt(height - 1 - at));
    return level < 0 ? undefined : level;
  }

  /** Every other item goes up a level, for two; of an odd number the first stays. */
  #halve(level: number, sorted: Float64Array): void {
    const odd = sorted.length % 2;
    const half = new Float64Array(sorted.length >> 1);
    const coin = this.#toss(level + 1);
    for (let at = 0; at < half.length; at++) half[at] = sorted[odd + coin + 2 * at] ?? 0;
    if (level < 0) {
      this.#size = odd;
      this.#fresh[0] = sorted[0] ?? 0;
    } else {
      this.#levels[level] = sorted.slice(0, odd);
      this.#above -= sorted.length - odd;
    }
    this.#raise(level + 1, half);
  }

  #raise(level: number, sorted: Float64Array): void {
    while (this.#levels.length <= level) this.#levels.push(new Float64Array());
    this.#above += sorted.length;
    this.#levels[level] = mergeSorted(this.#levels[level] ?? new Float64Array(), sorted);
  }

  #toss(level: number): number {
    const owed = this.#coins[level];
    if (owed !== undefined) {
      this.#coins[level] = undefined;
      return owed;
    }
    // Marsaglia's xorshift.
    let random = this.#random;
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    this.#random = random >>> 0;
    const coin = random >>> 31;
    this.#coins[level] = 1 - coin;
    return coin;
  }

  #weighed(): { values: Float64Array; weights: Float64Array } {
    const levels = [this.#fresh.subarray(0, this.#size), ...this.#levels];
    const length = this.#size + this.#above;
    const values = new Float64Array(length);
    const weights = new Float64Array(length);
    let at = 0;
    for (const [level, items] of levels.entries()) {
      values.set(items, at);
      weights.fill(2 ** level, at, (at += items.length));
    }
    return { values, weights };
  }
}

/** What a level may hold before it is halved, by its depth below the highest. */
function capacity(k: number, depth: number): number {
  return Math.max(2, Math.ceil(k * (2 / 3) ** depth));
}

function mergeSorted(a: Float64Array, b: Float64Array): Float64Array {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  const merged = new Float64Array(a.length + b.length);
  let left = 0;
  let right = 0;
  for (let at = 0; at < merged.length; at++) {
    const x = a[left] ?? Infinity;
    const y = b[right] ?? Infinity;
    if (right === b.length || (left < a.length && x <= y)) {
      merged[at] = x;
      left++;
    } else {
      merged[at] = y;
      right++;
    }
  }
  return merged;
}

/** Little endian, in base64, whatever the machine. */
function toText(values: Float64Array): string {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [at, value] of values.entries()) bytes.writeDoubleLE(value, at * 8);
  return bytes.toString('base64');
}

function toDoubles(saved: SavedReader): Float64Array {
  const text = saved.text();
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text || bytes.length % 8 !== 0) saved.refuse('numbers of 8 bytes in base64');
  return Float64Array.from({ length: bytes.length / 8 }, (_, at) => bytes.readDoubleLE(at * 8));
}
