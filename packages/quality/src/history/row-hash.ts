import { hash } from '../state/hash.ts';
import { isNull } from '../values.ts';

const scratch = new Int32Array(2);

/**
 * 64-bit hashes of rows as two signed halves, the same whatever the order of their keys; a null is as good as no key.
 * Hashes of equal rows are equal, and they stay the same in later versions.
 */
export class RowHash {
  /** Of the whole row, or of a value. */
  high = 0;
  low = 0;
  /** Of the row without the columns that are ignored. */
  contentHigh = 0;
  contentLow = 0;
  readonly #names = new Map<string, readonly [number, number]>();
  readonly #ignored: ReadonlySet<string>;

  constructor(ignored: Iterable<string> = []) {
    this.#ignored = new Set(ignored);
  }

  read(row: Readonly<Record<string, unknown>>): void {
    let high = 0;
    let low = 0;
    let ignoredHigh = 0;
    let ignoredLow = 0;
    for (const name of Object.keys(row)) {
      const value = row[name];
      if (isNull(value)) continue;
      this.readValue(name, value);
      high = (high + this.high) | 0;
      low = (low + this.low) | 0;
      if (!this.#ignored.has(name)) continue;
      ignoredHigh = (ignoredHigh + this.high) | 0;
      ignoredLow = (ignoredLow + this.low) | 0;
    }
    this.high = stir(high, low);
    this.low = stir(low, this.high);
    const contentLow = (low - ignoredLow) | 0;
    this.contentHigh = stir((high - ignoredHigh) | 0, contentLow);
    this.contentLow = stir(contentLow, this.contentHigh);
  }

  /** Of one value of a column. */
  readValue(name: string, value: unknown): void {
    let of = this.#names.get(name);
    if (of === undefined) {
      hash(name, scratch);
      of = [scratch[0] ?? 0, scratch[1] ?? 0];
      this.#names.set(name, of);
    }
    hash(value, scratch);
    const [high = 0, low = 0] = scratch;
    this.high = stir(stir(high, of[0]), low);
    this.low = stir(stir(low, of[1]), this.high);
  }
}

/** Depends on the order of the two, and on each of their bits. */
export function stir(value: number, more: number): number {
  let mixed = Math.imul(value ^ (value >>> 16) ^ more, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) + more;
  return (mixed ^ (mixed >>> 16)) | 0;
}

/** A checksum of things whatever their order, such as rows: of two that are equal, it is all but sure that they are. */
export class Checksum {
  count = 0;
  #high = 0;
  #low = 0;
  #more = 0;

  add(high: number, low: number): void {
    this.count++;
    this.#high = (this.#high + high) | 0;
    this.#low = (this.#low + low) | 0;
    this.#more = (this.#more + stir(low, high)) | 0;
  }

  toString(): string {
    const halves = [this.#high, this.#low, this.#more].map((half) => (half >>> 0).toString(16).padStart(8, '0'));
    return `${this.count}-${halves.join('')}`;
  }
}
