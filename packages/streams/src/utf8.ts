import { isAscii, isUtf8 } from 'node:buffer';

/** Decodes UTF-8 that comes in pieces, and stops at the first byte that is not: `TextDecoder` does not say where. */
export class Utf8Decoder {
  #tail = Buffer.alloc(0);

  /** Whether bytes are held back that begin a character. */
  get isInside(): boolean {
    return this.#tail.length > 0;
  }

  /** @returns The text up to the first invalid byte, and whether there was one. */
  write(piece: Uint8Array): { text: string; isBroken: boolean } {
    const view = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const bytes = this.isInside ? Buffer.concat([this.#tail, view]) : view;
    const end = bytes.length - openLength(bytes);
    this.#tail = Buffer.from(bytes.subarray(end));
    const whole = bytes.subarray(0, end);
    if (isAscii(whole)) return { text: whole.toString('latin1'), isBroken: false };
    if (isUtf8(whole)) return { text: whole.toString('utf8'), isBroken: false };
    return { text: whole.toString('utf8', 0, firstInvalid(whole)), isBroken: true };
  }
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
