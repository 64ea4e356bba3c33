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

interface Part {
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
  readonly #parts: Part[] = Array.from({ length: parts }, () => ({ block: undefined, used: 0, written: [] }));
  #full: { readonly part: Part; readonly bytes: Buffer }[] = [];
  #fullBytes = 0;
  readonly #hash = new Int32Array(2);

  /** @param depth Which byte of the hash tells the part, from 0 to 7. */
  constructor(spill: Spill, depth: number, kind: KeyKind) {
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
    const size = 25 + keyBytes + payloadBytes;
    const block = this.#roomIn(part, size);
    let at = part.used;
    block[at] = tag | (wide ? 8 : 0);
    at = block.writeDoubleLE(index, at + 1);
    at = block.writeUInt32LE(payloadBytes, at);
    if (tag === tags.number || tag === tags.boolean) at = block.writeDoubleLE(Number(key), at);
    else if (tag !== tags.null) {
      at = block.writeUInt32LE(keyBytes, at);
      at += block.write(text, at, wide ? 'utf16le' : 'latin1');
    }
    if (payloadBytes > 0) at += block.write(payload, at);
    part.used = at;
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
    let start = await this.#spill.append(full.map(({ bytes }) => bytes));
    for (const { part, bytes } of full) {
      part.written.push(start, bytes.length);
      start += bytes.length;
    }
  }

  /** Part by part; `done` comes behind each, `pause` behind each block. */
  async read(visit: Visit, pause: () => Promise<void>, done: () => Promise<void>): Promise<void> {
    await this.flush();
    for (const part of this.#parts) {
      const { written } = part;
      for (let at = 0; at < written.length; at += 2) {
        this.#visit(await this.#spill.read(written[at] ?? 0, written[at + 1] ?? 0), visit);
        await pause();
      }
      if (part.block !== undefined) this.#visit(part.block.subarray(0, part.used), visit);
      part.block = undefined;
      await done();
    }
  }

  #roomIn(part: Part, size: number): Buffer {
    if (part.block !== undefined && part.used + size <= part.block.length) return part.block;
    if (part.block !== undefined) {
      this.#full.push({ part, bytes: part.block.subarray(0, part.used) });
      this.#fullBytes += part.used;
    }
    part.used = 0;
    part.block = Buffer.allocUnsafeSlow(Math.max(size, blockBytes));
    return part.block;
  }

  #visit(block: Buffer, visit: Visit): void {
    for (let at = 0; at < block.length;) {
      const head = block[at] ?? 0;
      const tag = head & 7;
      const index = block.readDoubleLE(at + 1);
      const payloadBytes = block.readUInt32LE(at + 9);
      at += 13;
      let key: Key = null;
      if (tag === tags.number || tag === tags.boolean) {
        key = block.readDoubleLE(at);
        if (tag === tags.boolean) key = key === 1;
        at += 8;
      } else if (tag !== tags.null) {
        const start = at + 4;
        at = start + block.readUInt32LE(at);
        const text = block.toString(head & 8 ? 'utf16le' : 'latin1', start, at);
        key = tag === tags.bigint ? BigInt(text) : text;
      }
      const payload = payloadBytes === 0 ? undefined : block.toString('utf8', at, at + payloadBytes);
      at += payloadBytes;
      const value =
        payload === undefined ? this.#kind.valueOf(key) : new SavedReader('value', JSON.parse(payload)).value();
      visit(key, value, index);
    }
  }
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
