import { checkInteger, OptionError } from '@dataenginex/core';
import { type Saved, type SavedReader, writeValue } from '../saved.ts';
import { hash } from './hash.ts';

const scratch = new Int32Array(2);
/** Longer texts are kept by their beginning; what they are equal to is told by their hash. */
const longest = 40;

export interface FrequentItem {
  /** A text of more than 40 characters is its first 39 and "…". */
  readonly value: unknown;
  /** It came at least so often, */
  readonly count: number;
  /** and at most so many times more. */
  readonly error: number;
}

/**
 * The most frequent values, in bounded memory: of up to `2 * capacity` distinct values each with its exact count. Of
 * more, those that come more often than a `1 / capacity` share are there for certain, and no count is off by more than
 * that. Merging keeps it so.
 *
 * @see https://arxiv.org/abs/1307.7454 Agarwal et al., Mergeable Summaries: Misra and Gries' counters, merged.
 */
export class FrequentItems {
  readonly capacity: number;
  #total = 0;
  /** What was taken from every counter so far. */
  #error = 0;
  #size = 0;
  /** An open table by hash, at most half full; a count of 0 is a free slot. */
  #hashes: Int32Array;
  #counts: Float64Array;
  #values: unknown[];

  /** @param capacity From 1 to 65,536. */
  constructor(capacity = 32) {
    this.capacity = checkInteger('FrequentItems.capacity', capacity, { min: 1, max: 65_536 });
    const slots = Math.min(16, slotsOf(capacity));
    this.#hashes = new Int32Array(slots * 2);
    this.#counts = new Float64Array(slots);
    this.#values = Array.from({ length: slots });
  }

  /** How many values were added. */
  get total(): number {
    return this.#total;
  }

  /** What no count is off by more than; 0 while all are exact. */
  get error(): number {
    return this.#error;
  }

  /** How many values have a counter. */
  get size(): number {
    return this.#size;
  }

  /** @param count How often it came. */
  add(value: unknown, count = 1): void {
    hash(value, scratch);
    const high = scratch[0] ?? 0;
    const low = scratch[1] ?? 0;
    if (!this.countHash(high, low, count)) this.addHash(high, low, value, count);
  }

  /** Counts a value by its hash, from `hash`, if it has a counter. */
  countHash(high: number, low: number, count: number): boolean {
    const at = this.#find(high, low);
    const held = this.#counts[at] ?? 0;
    if (held === 0) return false;
    this.#counts[at] = held + count;
    this.#total += count;
    return true;
  }

  /** Makes a counter for a value that has none. */
  addHash(high: number, low: number, value: unknown, count: number): void {
    this.#total += count;
    this.#insert(high, low, value, count);
    if (this.#size > 2 * this.capacity) this.#purge();
  }

  /** The most frequent first; of those that are as frequent, in an order that their values decide. */
  items(): FrequentItem[] {
    return this.#entries().map(([, , value, count]) => ({ value, count, error: this.#error }));
  }

  /** @throws {OptionError} When the other has another capacity. */
  merge(other: FrequentItems): void {
    if (other.capacity !== this.capacity) {
      throw new OptionError('FrequentItems.merge', `one of capacity ${this.capacity}`, other.capacity);
    }
    const entries = other.#entries();
    const total = this.#total + other.#total;
    this.#error += other.#error;
    for (const [high, low, value, count] of entries) {
      if (!this.countHash(high, low, count)) this.#insert(high, low, value, count);
    }
    this.#total = total;
    if (this.#size > 2 * this.capacity) this.#purge();
  }

  toJSON(): Saved {
    const { capacity } = this;
    const items = this.#entries().map(([high, low, value, count]) => [high, low, writeValue(value), count]);
    return { capacity, total: this.#total, error: this.#error, items };
  }

  static read(saved: SavedReader): FrequentItems {
    const capacity = saved.field('capacity').count();
    if (capacity < 1 || capacity > 65_536) saved.field('capacity').refuse('from 1 to 65,536');
    const frequent = new FrequentItems(capacity);
    saved.field('items').list((item) => {
      const [high, low, value, count] = item.list((part) => part.value());
      if (frequent.#size === 2 * capacity) item.refuse(`one of at most ${2 * capacity}`);
      if (!isWord(high) || !isWord(low) || !isCount(count)) item.refuse('two halves of a hash, a value and its count');
      else if (frequent.countHash(high, low, count)) item.refuse('there once');
      else frequent.#insert(high, low, value, count);
    });
    frequent.#total = saved.field('total').count();
    frequent.#error = saved.field('error').count();
    return frequent;
  }

  #find(high: number, low: number): number {
    const mask = this.#counts.length - 1;
    let at = low & mask;
    while ((this.#counts[at] ?? 0) > 0 && (this.#hashes[2 * at] !== high || this.#hashes[2 * at + 1] !== low)) {
      at = (at + 1) & mask;
    }
    return at;
  }

  #insert(high: number, low: number, value: unknown, count: number): void {
    const at = this.#find(high, low);
    this.#hashes[2 * at] = high;
    this.#hashes[2 * at + 1] = low;
    this.#counts[at] = count;
    this.#values[at] = typeof value === 'string' && value.length > 12 ? ownText(value, '…') : value;
    this.#size++;
    if (this.#size * 2 > this.#counts.length && this.#size <= 2 * this.capacity) {
      this.#rebuild(this.#hashes, this.#counts, this.#values, this.#counts.length * 2, 0);
    }
  }

  /** Takes the count of the one too many from all: those that it leaves nothing are gone, and at most `capacity` stay. */
  #purge(): void {
    const [hashes, counts, values] = [this.#hashes, this.#counts, this.#values];
    let several = 0;
    for (let at = 0; at < counts.length; at++) if ((counts[at] ?? 0) > 1) several++;
    // Where there are many values, most came once, and nothing need be sorted.
    const taken = several <= this.capacity ? 1 : (counts.toSorted()[counts.length - 1 - this.capacity] ?? 0);
    this.#error += taken;
    if (several === 0) {
      counts.fill(0);
      values.fill(undefined);
      this.#size = 0;
    } else this.#rebuild(hashes, counts, values, counts.length, taken);
  }

  #rebuild(hashes: Int32Array, counts: Float64Array, values: unknown[], slots: number, taken: number): void {
    this.#hashes = new Int32Array(slots * 2);
    this.#counts = new Float64Array(slots);
    this.#values = Array.from<unknown>({ length: slots });
    this.#size = 0;
    for (let at = 0; at < counts.length; at++) {
      const left = (counts[at] ?? 0) - taken;
      if (left > 0) this.#insert(hashes[2 * at] ?? 0, hashes[2 * at + 1] ?? 0, values[at], left);
    }
  }

  #entries(): [high: number, low: number, value: unknown, count: number][] {
    const entries: [number, number, unknown, number][] = [];
    for (const [at, count] of this.#counts.entries()) {
      if (count > 0) entries.push([this.#hashes[2 * at] ?? 0, this.#hashes[2 * at + 1] ?? 0, this.#values[at], count]);
    }
    return entries.toSorted((a, b) => b[3] - a[3] || a[0] - b[0] || a[1] - b[1]);
  }
}

function isWord(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function slotsOf(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(4 * capacity));
}

/**
 * A copy, cut to 40 characters of which `end` are the last: a slice, which a cell of a file is, would hold the whole text
 * that it was cut from.
 */
export function ownText(text: string, end: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest - end.length)}${end}` : text;
  // In bytes and back is the way to a string that is nothing but its characters.
  const encoding = isLatin.test(cut) ? 'latin1' : 'utf16le';
  return Buffer.from(cut, encoding).toString(encoding);
}

const isLatin = /^[\0-\xff]*$/;
