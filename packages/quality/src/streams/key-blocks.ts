import { hash } from '../state/hash.ts';
import { SavedReader, writeValue } from '../saved.ts';
import { textOf } from '../values.ts';
import type { Spill } from './spill.ts';

/** A key of `keyOf` or `keyOfAll`. */
type Key = unknown;
type Visit = (key: Key, value: unknown, index: number) => void;

const parts = 256;
const blockBytes = 8192;
/** How much waits to be written at once. */
const flushBytes = 256 * 1024;
/** Of a part with so many bytes for each key that memory may hold, only keys that may come twice are looked at. */
const wholeBytes = 64;

interface Part {
  records: number;
  bytes: number;
  block: Buffer | undefined;
  used: number;
  /** Blocks that are written: start and length of each. */
  readonly written: number[];
}

/** How to tell the value of a key, where the key alone tells it. */
export interface KeyKind {
  isTold(value: unknown): boolean;
  valueOf(key: Key): unknown;
}

/** Keys with their values and rows in a file, in parts by hash: each part has all of a key's records, in their order. */
export class KeyBlocks {
  readonly #spill: Spill;
  readonly #depth: number;
  readonly #kind: KeyKind;
  readonly #wholeBytes: number;
  readonly #parts: Part[] = Array.from({ length: parts }, () => ({
    records: 0,
    bytes: 0,
    block: undefined,
    used: 0,
    written: [],
  }));
  /** Blocks to be filled again. */
  #free: Buffer[] = [];
  #whole = Buffer.alloc(0);
  #table = new Float64Array(0);
  #full: { readonly part: Part; readonly block: Buffer; readonly used: number }[] = [];
  #fullBytes = 0;
  readonly #hash = new Int32Array(2);

  /** @param depth Which byte of the hash tells the part, from 0 to 7. */
  constructor(spill: Spill, depth: number, kind: KeyKind, maxKeys: number) {
    this.#wholeBytes = wholeBytes * maxKeys;
    this.#spill = spill;
    this.#depth = depth;
    this.#kind = kind;
  }

  /** @param value Left out where only the key matters. */
  write(key: Key, value: unknown, index: number): void {
    hash(key, this.#hash);
    const half = this.#hash[this.#depth & 1] ?? 0;
    const part = this.#parts[(half >>> (8 * (this.#depth >> 1))) & 255];
    if (part === undefined) return;
    const tag = tagOf(key);
    const text = tag === tags.string || tag === tags.bigint ? String(key) : '';
    const wide = /[^\0-\xff]/.test(text);
    const payload = value === undefined || this.#kind.isTold(value) ? '' : saved(value);
    const keyBytes = text.length * (wide ? 2 : 1);
    const payloadBytes = payload === '' ? 0 : Buffer.byteLength(payload);
    const isNumber = tag === tags.number || tag === tags.boolean;
    const size = headBytes + (isNumber ? 8 : keyBytes) + payloadBytes;
    const block = this.#roomIn(part, size);
    let at = part.used;
    block[at] = tag | (wide ? 8 : 0);
    at = block.writeUInt32LE(size, at + 1);
    at = block.writeUInt32LE(payloadBytes, at);
    at = block.writeInt32LE(this.#hash[0] ?? 0, at);
    at = block.writeInt32LE(this.#hash[1] ?? 0, at);
    at = block.writeDoubleLE(index, at);
    if (isNumber) at = block.writeDoubleLE(Number(key), at);
    else if (keyBytes > 0) at += block.write(text, at, wide ? 'utf16le' : 'latin1');
    if (payloadBytes > 0) block.write(payload, at);
    part.used += size;
    part.bytes += size;
    part.records++;
  }

  get isFull(): boolean {
    return this.#fullBytes > flushBytes;
  }

  /** Writes the blocks that are full. */
  async flush(): Promise<void> {
    if (this.#full.length === 0) return;
    const full = this.#full;
    this.#full = [];
    this.#fullBytes = 0;
    let start = await this.#spill.append(full.map(({ block, used }) => block.subarray(0, used)));
    for (const { part, block, used } of full) {
      part.written.push(start, used);
      start += used;
      if (block.length === blockBytes) this.#free.push(block);
    }
  }

  /**
   * Visits all keys that come more than once, and perhaps others, part by part; `done` comes behind each, `pause` where
   * one is read.
   */
  async read(visit: Visit, pause: () => Promise<void>, done: () => Promise<void>): Promise<void> {
    await this.flush();
    this.#free = [];
    const { end } = this.#spill;
    for (const part of this.#parts) {
      if (part.bytes <= this.#wholeBytes) await this.#readWhole(part, visit, pause);
      else await this.#readBlocks(part, visit, pause);
      part.block = undefined;
      await done();
      // What was spilled of a part alone.
      this.#spill.end = end;
    }
  }

  async #readBlocks({ written, block, used }: Part, visit: Visit, pause: () => Promise<void>): Promise<void> {
    for (let at = 0; at < written.length; at += 2) {
      const bytes = Buffer.allocUnsafe(written[at + 1] ?? 0);
      await this.#spill.read(written[at] ?? 0, bytes);
      this.#visit(bytes, () => true, visit);
      await pause();
    }
    if (block !== undefined) this.#visit(block.subarray(0, used), () => true, visit);
  }

  async #readWhole(part: Part, visit: Visit, pause: () => Promise<void>): Promise<void> {
    if (this.#whole.length < part.bytes)
      this.#whole = Buffer.allocUnsafeSlow(Math.min(this.#wholeBytes, part.bytes * 2));
    const whole = this.#whole.subarray(0, part.bytes);
    let at = 0;
    for (let of = 0; of < part.written.length; of += 2) {
      const length = part.written[of + 1] ?? 0;
      await this.#spill.read(part.written[of] ?? 0, whole.subarray(at, at + length));
      at += length;
    }
    part.block?.copy(whole, at, 0, part.used);
    await pause();
    const twice = this.#seenTwice(whole, part.records);
    if (twice.size > 0) this.#visit(whole, (hashed) => twice.has(hashed), visit);
  }

  /** The hashes that there are two or more of. */
  #seenTwice(block: Buffer, records: number): ReadonlySet<number> {
    const twice = new Set<number>();
    const slots = 2 ** Math.ceil(Math.log2(2 * records + 1));
    if (this.#table.length < slots) this.#table = new Float64Array(slots);
    const table = this.#table.fill(0, 0, slots);
    for (let at = 0; at < block.length; at += block.readUInt32LE(at + 1)) {
      const hashed = hashAt(block, at);
      let slot = (block.readInt32LE(at + 9) ^ block.readInt32LE(at + 13)) & (slots - 1);
      while (table[slot] !== 0 && table[slot] !== hashed) slot = (slot + 1) & (slots - 1);
      if (table[slot] === hashed) twice.add(hashed);
      else table[slot] = hashed;
    }
    return twice;
  }

  #roomIn(part: Part, size: number): Buffer {
    if (part.block !== undefined && part.used + size <= part.block.length) return part.block;
    if (part.block !== undefined) {
      this.#full.push({ part, block: part.block, used: part.used });
      this.#fullBytes += part.used;
    }
    part.used = 0;
    const free = size <= blockBytes ? this.#free.pop() : undefined;
    part.block = free ?? Buffer.allocUnsafeSlow(Math.max(size, blockBytes));
    return part.block;
  }

  #visit(block: Buffer, wants: (hashed: number) => boolean, visit: Visit): void {
    for (let start = 0; start < block.length;) {
      const end = start + block.readUInt32LE(start + 1);
      if (wants(hashAt(block, start))) {
        const head = block[start] ?? 0;
        const tag = head & 7;
        const keyEnd = end - block.readUInt32LE(start + 5);
        const from = start + headBytes;
        let key: Key = null;
        if (tag === tags.number || tag === tags.boolean) {
          key = block.readDoubleLE(from);
          if (tag === tags.boolean) key = key === 1;
        } else if (tag !== tags.null) {
          const text = block.toString(head & 8 ? 'utf16le' : 'latin1', from, keyEnd);
          key = tag === tags.bigint ? BigInt(text) : text;
        }
        const value = keyEnd === end ? this.#kind.valueOf(key) : read(block.toString('utf8', keyEnd, end));
        visit(key, value, block.readDoubleLE(start + 17));
      }
      start = end;
    }
  }
}

/** Tag, sizes of all and of the value, hash and row. */
const headBytes = 25;

/** As much of a hash as a number holds, and never 0. */
function hashAt(block: Buffer, record: number): number {
  return (block.readInt32LE(record + 9) >>> 0) * 2 ** 20 + (block.readInt32LE(record + 13) >>> 12) + 1;
}

function read(text: string): unknown {
  return new SavedReader('value', JSON.parse(text)).value();
}

const tags = { string: 0, number: 1, boolean: 2, bigint: 3, null: 4 };

function tagOf(key: Key): number {
  if (typeof key === 'string') return tags.string;
  if (typeof key === 'number') return tags.number;
  if (typeof key === 'boolean') return tags.boolean;
  return typeof key === 'bigint' ? tags.bigint : tags.null;
}

function saved(value: unknown): string {
  try {
    return JSON.stringify(writeValue(value));
  } catch {
    return JSON.stringify(textOf(value));
  }
}

/** Of one column: a text, a number but -0, and a boolean are their keys. */
export const oneColumn: KeyKind = {
  isTold: isPlain,
  valueOf: (key) => key,
};

/** Of several: their JSON tells values that it has. */
export const severalColumns: KeyKind = {
  isTold: (values) => Array.isArray(values) && values.every((value) => value === null || isPlain(value)),
  valueOf: (key) => JSON.parse(String(key)),
};

function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'string' || typeof value === 'boolean';
}
