import { isAscii, isUtf8 } from 'node:buffer';

/** Text, and how many bytes of UTF-8 it makes. Text before what is broken comes all the same. */
interface Decoded {
  readonly text: string;
  readonly length: number;
  readonly isBroken: boolean;
}

/**
 * Puts together text that comes in pieces, of UTF-8 or as strings, cut anywhere. Stops at the first byte that is not
 * UTF-8: `TextDecoder` does not say where that is.
 */
export class Utf8Decoder {
  /** Held back: bytes that begin a character, or the first half of a surrogate pair. */
  #tail = Buffer.alloc(0);
  #half = '';

  write(piece: string | Uint8Array): Decoded {
    const half = this.#half;
    this.#half = '';
    if (typeof piece !== 'string') {
      const { text, length, isBroken } = this.#decode(piece);
      return { text: half + text, length: length + half.length * 3, isBroken };
    }
    if (this.#tail.length > 0) return { text: '', length: 0, isBroken: true };
    let text = half + piece;
    if (/[\uD800-\uDBFF]$/.test(text.slice(-1))) {
      this.#half = text.slice(-1);
      text = text.slice(0, -1);
    }
    return { text, length: byteLength(text), isBroken: false };
  }

  /** @returns What is held back, broken when it is part of a character. */
  end(): Decoded {
    return { text: this.#half, length: this.#half.length * 3, isBroken: this.#tail.length > 0 };
  }

  #decode(piece: Uint8Array): Decoded {
    const view = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const bytes = this.#tail.length > 0 ? Buffer.concat([this.#tail, view]) : view;
    const end = bytes.length - openLength(bytes);
    this.#tail = Buffer.from(bytes.subarray(end));
    const whole = bytes.subarray(0, end);
    if (isAscii(whole)) return { text: whole.toString('latin1'), length: end, isBroken: false };
    if (isUtf8(whole)) return { text: whole.toString('utf8'), length: end, isBroken: false };
    const length = firstInvalid(whole);
    return { text: whole.toString('utf8', 0, length), length, isBroken: true };
  }
}

const encoder = new TextEncoder();
let scratch = new Uint8Array(0);

/** `Buffer.byteLength` takes ten times as long for what is mostly there, ASCII. */
function byteLength(text: string): number {
  if (scratch.length < text.length * 3) scratch = new Uint8Array(text.length * 3);
  return encoder.encodeInto(text, scratch).written;
}

/** Bytes at the end that begin a character which goes on in the next piece. */
function openLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return characterLength(byte) > back ? back : 0;
  }
  return 0;
}

function firstInvalid(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const next = at + characterLength(bytes[at] ?? 0);
    if (!isUtf8(bytes.subarray(at, next))) return at;
    at = next;
  }
  return at;
}

/** By the first byte; that of no character counts 1, and is then found invalid. */
function characterLength(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
