import { keyOf } from '../values.ts';

const seeds = { number: 0x2c1b3c6d, integer: 0x297a2d39, string: 0x5851f42d, date: 0x4c957f2d, boolean: 0x14057b7e };

const view = new DataView(new ArrayBuffer(8));

/**
 * A 64-bit hash of a value as two signed halves, high and low, the same for values that `keyOf` finds equal. It stays
 * the same in other processes, on other machines and in later versions, since saved states hold hashes; only objects
 * without JSON have none that lasts. Numbers and short texts allocate nothing.
 */
export function hash(value: unknown, into: Int32Array): void {
  if (typeof value === 'number') ofNumber(value, into);
  else if (typeof value === 'string') ofText(value, into);
  else if (typeof value === 'boolean') mix(Number(value), seeds.boolean, into);
  else if (value instanceof Date) {
    ofNumber(value.getTime(), into);
    mix(into[0] ?? 0, (into[1] ?? 0) ^ seeds.date, into);
  } else ofKey(keyOf(value), into);
}

function ofKey(key: unknown, into: Int32Array): void {
  if (typeof key === 'number') ofNumber(key, into);
  else ofText(typeof key === 'string' ? key : `\0${String(key)}`, into);
}

function ofNumber(value: number, into: Int32Array): void {
  const integer = value | 0;
  // -0 is 0 here, as it is for a Map.
  if (integer === value) mix(integer, seeds.integer, into);
  else if (Number.isNaN(value)) ofKey(null, into);
  else {
    view.setFloat64(0, value);
    mix(view.getInt32(0) ^ seeds.number, view.getInt32(4), into);
  }
}

/** Four code units at a step, in the manner of MurmurHash3. */
function ofText(text: string, into: Int32Array): void {
  const { length } = text;
  let high = seeds.string;
  let low = length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const first = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
    const second = text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 16);
    high ^= spread(first);
    high = (Math.imul(rotate(high, 19) + low, 5) + 0x561ccd1b) | 0;
    low ^= spread(second ^ 0x38b34ae5);
    low = (Math.imul(rotate(low, 17) + high, 5) + 0x0bcaa747) | 0;
  }
  for (; at < length; at++) {
    high ^= spread(text.charCodeAt(at));
    high = (Math.imul(rotate(high, 13) + low, 5) + 0x32ac3b17) | 0;
    low = (rotate(low, 15) ^ high) | 0;
  }
  mix(high, low, into);
}

function spread(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0x239b961b), 15), 0xab0e9789);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Three rounds of a Feistel network: every bit out depends on all bits in, and no two inputs meet. */
export function mix(high: number, low: number, into: Int32Array): void {
  const first = low ^ scramble(high ^ 0x1b873593);
  const second = high ^ scramble(first ^ 0x6c8e9cf5);
  into[0] = second;
  into[1] = first ^ scramble(second ^ 0x7f4a7c15);
}

/** MurmurHash3's finalizer. */
function scramble(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
