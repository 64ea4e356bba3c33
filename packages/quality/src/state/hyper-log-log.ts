import { checkInteger, OptionError } from '@dataenginex/core';
import type { Saved, SavedReader } from '../saved.ts';
import { hash } from './hash.ts';
import { HashSet } from './hash-set.ts';

const scratch = new Int32Array(2);

/**
 * Counts distinct values in bounded memory: exactly up to `2 ** precision / 16` of them (1,024 by default), and from
 * there on with a standard error of `1.04 / sqrt(2 ** precision)` (0.81 %) in `2 ** precision` bytes (16 KB). Values are
 * equal as they are in rules; all nulls are one value. What is merged is what one counter of all the values would be,
 * exactly.
 *
 * @see https://arxiv.org/abs/1702.01284 Ertl's estimator, which needs no tables and no switch between ranges.
 */
export class HyperLogLog {
  /** The base 2 logarithm of the number of registers. */
  readonly precision: number;
  /** As long as there are few; then the registers. */
  #hashes: HashSet | undefined = new HashSet();
  #registers: Uint8Array | undefined;

  /** @param precision From 4 to 18. */
  constructor(precision = 14) {
    this.precision = checkInteger('HyperLogLog.precision', precision, { min: 4, max: 18 });
  }

  add(value: unknown): void {
    hash(value, scratch);
    this.addHash(scratch[0] ?? 0, scratch[1] ?? 0);
  }

  /** Adds a value by its hash, from `hash`. */
  addHash(high: number, low: number): void {
    if (this.#registers !== undefined) raise(this.#registers, this.precision, high, low);
    else if (this.#hashes?.add(high, low) === true && this.#hashes.size > 2 ** this.precision / 16) this.#toRegisters();
  }

  /** Whether the estimate is the very number. */
  get exact(): boolean {
    return this.#registers === undefined;
  }

  /** How many distinct values were added, about. */
  estimate(): number {
    return this.#hashes?.size ?? Math.round(estimateOf(this.#toRegisters(), this.precision));
  }

  /** @throws {OptionError} When the other has another precision. */
  merge(other: HyperLogLog): void {
    if (other.precision !== this.precision) {
      throw new OptionError('HyperLogLog.merge', `one of precision ${this.precision}`, other.precision);
    }
    if (other.#registers === undefined) {
      other.#hashes?.forEach((high, low) => this.addHash(high, low));
      return;
    }
    const registers = this.#toRegisters();
    for (const [index, rank] of other.#registers.entries()) {
      if (rank > (registers[index] ?? 0)) registers[index] = rank;
    }
  }

  /** A register as a character from "0" on, or the hashes while there are few: the same for the same values. */
  toJSON(): Saved {
    const { precision } = this;
    if (this.#registers !== undefined) {
      return { precision, registers: Buffer.from(this.#registers.map((rank) => rank + 48)).toString('latin1') };
    }
    const hashes: string[] = [];
    this.#hashes?.forEach((high, low) => hashes.push(toHex(high) + toHex(low)));
    return { precision, hashes: hashes.toSorted().join('') };
  }

  static read(saved: SavedReader): HyperLogLog {
    const precision = saved.field('precision').count();
    if (precision < 4 || precision > 18) saved.field('precision').refuse('from 4 to 18');
    const counter = new HyperLogLog(precision);
    if (saved.field('registers').isMissing) counter.#readHashes(saved.field('hashes'));
    else counter.#readRegisters(saved.field('registers'));
    return counter;
  }

  #readRegisters(saved: SavedReader): void {
    const ranks = Uint8Array.from(Buffer.from(saved.text(), 'latin1'), (code) => code - 48);
    const [length, most] = [2 ** this.precision, 65 - this.precision];
    if (ranks.length !== length || ranks.some((rank) => rank > most)) saved.refuse(`${length} registers`);
    this.#hashes = undefined;
    this.#registers = ranks;
  }

  #readHashes(saved: SavedReader): void {
    const hashes = saved.text();
    if (!/^(?:[0-9a-f]{16})*$/.test(hashes)) saved.refuse('hashes of 16 hexadecimal digits');
    for (let at = 0; at < hashes.length; at += 16) {
      const high = Number.parseInt(hashes.slice(at, at + 8), 16);
      this.addHash(high | 0, Number.parseInt(hashes.slice(at + 8, at + 16), 16) | 0);
    }
  }

  #toRegisters(): Uint8Array {
    const registers = this.#registers ?? new Uint8Array(2 ** this.precision);
    this.#hashes?.forEach((high, low) => raise(registers, this.precision, high, low));
    this.#hashes = undefined;
    this.#registers = registers;
    return registers;
  }
}

function toHex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** The first bits of a hash name the register; it holds the most zeros, and one, that the others began with. */
function raise(registers: Uint8Array, precision: number, high: number, low: number): void {
  const index = high >>> (32 - precision);
  const rest = high << precision;
  const rank = rest === 0 ? 33 - precision + Math.clz32(low) : Math.clz32(rest) + 1;
  if (rank > (registers[index] ?? 0)) registers[index] = rank;
}

function estimateOf(registers: Uint8Array, precision: number): number {
  const ranks = 64 - precision;
  const counts = new Float64Array(ranks + 2);
  for (const rank of registers) counts[rank] = (counts[rank] ?? 0) + 1;
  const share = (rank: number): number => (counts[rank] ?? 0) / registers.length;
  let sum = tau(1 - share(ranks + 1));
  for (let rank = ranks; rank >= 1; rank--) sum = 0.5 * (sum + share(rank));
  return registers.length / (2 * Math.LN2 * (sum + sigma(share(0))));
}

/** What registers that saw nothing stand for; Ertl's algorithm 5. */
function sigma(share: number): number {
  if (share === 1) return Infinity;
  let sum = share;
  let power = share;
  for (let weight = 1, last = Number.NaN; sum !== last; weight *= 2) {
    power *= power;
    last = sum;
    sum += power * weight;
  }
  return sum;
}

/** What registers that are full stand for; Ertl's algorithm 6. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let sum = 1 - share;
  let root = share;
  for (let weight = 0.5, last = Number.NaN; sum !== last; weight /= 2) {
    root = Math.sqrt(root);
    last = sum;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
