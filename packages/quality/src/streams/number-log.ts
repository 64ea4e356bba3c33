import type { Collector } from '../rows/collect.ts';
import type { Fail } from '../rows/map-tests.ts';
import { numberOf, show } from '../values.ts';
import type { Bounds, Spilling } from './spill.ts';

/** Numbers with their rows, pairs of 16 bytes. */
const pairs = 4096;

/** All numbers of a column with their rows: in memory as far as they may be, then in a file. */
export class NumberLog implements Collector, Spilling {
  count = 0;
  readonly #bounds: Bounds;
  readonly #fail: Fail;
  readonly #judge: (signal: AbortSignal | undefined) => Promise<void>;
  #blocks: Float64Array[] = [];
  #block = new Float64Array(0);
  #used = 0;
  /** Where blocks are in the file. */
  readonly #written: number[] = [];

  /** @param judge Called when all numbers are there. */
  constructor(bounds: Bounds, fail: Fail, judge: (signal: AbortSignal | undefined) => Promise<void>) {
    this.#bounds = bounds;
    this.#fail = fail;
    this.#judge = judge;
  }

  add(item: unknown, index: number): boolean {
    const value = numberOf(item);
    if (value === undefined) return this.#fail(`${show(item)} is no number`);
    if (this.#bounds.spill === undefined && this.count >= this.#bounds.maxKeys) {
      this.#blocks = [];
      this.#fail(`more than ${this.#bounds.maxKeys} numbers, and they must not be spilled to a file`);
      return false;
    }
    this.count++;
    if (this.#used === this.#block.length) this.#makeRoom();
    this.#block[this.#used++] = value;
    this.#block[this.#used++] = index;
    return false;
  }

  /** Blocks grow, as there may be a log for each group of rows. */
  #makeRoom(): void {
    const { length } = this.#block;
    if (length > 0 && length < pairs * 2) {
      this.#blocks.pop();
      const larger = new Float64Array(length * 2);
      larger.set(this.#block);
      this.#block = larger;
    } else {
      this.#block = new Float64Array(this.count > 1 ? pairs * 2 : 16);
      this.#used = 0;
    }
    this.#blocks.push(this.#block);
  }

  get isFull(): boolean {
    return this.count > this.#bounds.maxKeys && this.#full > 0;
  }

  get #full(): number {
    return this.#used === pairs * 2 ? this.#blocks.length : this.#blocks.length - 1;
  }

  /** Writes the blocks that are full. */
  async flush(): Promise<void> {
    const { spill } = this.#bounds;
    if (spill === undefined) return;
    const full = this.#full;
    const blocks = this.#blocks.splice(0, full);
    let start = await spill.append(blocks.map((block) => new Uint8Array(block.buffer)));
    for (const { byteLength } of blocks) {
      this.#written.push(start);
      start += byteLength;
    }
  }

  settle(signal: AbortSignal | undefined): Promise<void> {
    return this.#judge(signal);
  }

  /** All numbers, in their order, as often as wanted. */
  async replay(visit: (value: number, index: number) => void, signal: AbortSignal | undefined): Promise<void> {
    const read = new Float64Array(this.#written.length > 0 ? pairs * 2 : 0);
    for (const start of this.#written) {
      await this.#bounds.spill?.read(start, new Uint8Array(read.buffer));
      signal?.throwIfAborted();
      visitAll(read, visit);
    }
    for (const block of this.#blocks) {
      visitAll(block === this.#block ? block.subarray(0, this.#used) : block, visit);
    }
  }

  /**
   * The number of a rank, from 0, in ascending order: found by its bits, 16 after 16, until those that begin like it fit
   * in memory.
   */
  async ranked(rank: number, signal: AbortSignal | undefined): Promise<number> {
    const prefix: number[] = [];
    const isAlike = (value: number): boolean => {
      const bits = wordsOf(value);
      return prefix.every((word, at) => word === bits[at]);
    };
    for (let below = 0; ;) {
      const counts = new Float64Array(65_536);
      await this.replay((value) => {
        if (isAlike(value)) increment(counts, words[prefix.length] ?? 0);
      }, signal);
      let word = 0;
      while (below + (counts[word] ?? 0) <= rank) below += counts[word++] ?? 0;
      prefix.push(word);
      if (prefix.length === words.length) return numberOfWords(prefix);
      if ((counts[word] ?? 0) > this.#bounds.maxKeys) continue;
      const some: number[] = [];
      await this.replay((value) => {
        if (isAlike(value)) some.push(value);
      }, signal);
      return Float64Array.from(some).toSorted()[rank - below] ?? Number.NaN;
    }
  }
}

function visitAll(block: Float64Array, visit: (value: number, index: number) => void): void {
  for (let at = 0; at < block.length; at += 2) visit(block[at] ?? 0, block[at + 1] ?? 0);
}

function increment(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

const view = new DataView(new ArrayBuffer(8));
const words = new Uint16Array(4);

/** The bits of a number, in the order of numbers; the same array each time. */
function wordsOf(value: number): Uint16Array {
  view.setFloat64(0, value);
  const flip = view.getUint8(0) > 127 ? 0xffff : 0;
  for (let at = 0; at < 4; at++) words[at] = view.getUint16(at * 2) ^ flip;
  words[0] = (words[0] ?? 0) ^ (flip === 0 ? 0x8000 : 0);
  return words;
}

function numberOfWords(bits: readonly number[]): number {
  const flip = (bits[0] ?? 0) < 0x8000 ? 0xffff : 0;
  for (const [at, word] of bits.entries()) view.setUint16(at * 2, word ^ flip);
  if (flip === 0) view.setUint16(0, (bits[0] ?? 0) ^ 0x8000);
  return view.getFloat64(0);
}
