import { isAscii, isUtf8 } from 'node:buffer';

interface Item {
  /** `undefined` when its bytes are not UTF-8. */
  readonly text: string | undefined;
  /** Where it starts in the input. */
  readonly byte: number;
}

interface FoundItems {
  readonly items: readonly Item[];
  /** What makes it pointless to read on, and where. */
  readonly damage: { readonly byte: number; readonly reason: string } | undefined;
}

export interface JsonBounds {
  readonly path: readonly string[];
  readonly maxBytes: number;
  readonly maxDepth: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LIST = 0x5b;
const OBJECT = 0x7b;
/** In ASCII, a closing bracket stands two behind its opening one. */
const CLOSES = 2;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

export function isSpace(code: number | undefined): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Of what `trim` takes away, the rest is no space in JSON. */
export function trimJson(text: string): string {
  let start = 0;
  let end = text.length;
  while (isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Stops a scan; only ever caught in `add`. */
class Damage {
  readonly byte: number;
  readonly reason: string;

  constructor(byte: number, reason: string) {
    this.byte = byte;
    this.reason = reason;
  }
}

/**
 * Finds the items of a JSON array in bytes that come in pieces, by quotes, brackets and commas, and keeps no more than
 * the item it is in. What an item holds is for `JSON.parse` to judge. Outside of the array only the keys on the way to
 * it are read, and quotes and brackets counted.
 */
export class JsonItems {
  readonly #bounds: JsonBounds;
  #phase: 'before' | 'items' | 'behind' = 'before';
  /** The closing bracket of each that is open. */
  readonly #open: number[] = [];
  #inString = false;
  #isEscaped = false;
  /** Before the array: how many objects of the path are open, and what comes next in the innermost. */
  #level = 0;
  #next: 'value on the path' | 'key' | 'colon' | 'other' = 'value on the path';
  #key = '';
  #count = 0;
  /** Where the piece starts in the input. */
  #byte = 0;
  #piece: Buffer = Buffer.alloc(0);
  #text: string | undefined;
  /** The item or key that is open: where it starts in the input and in this piece, and its bytes in earlier ones. */
  #startByte = 0;
  #start = -1;
  #kept = Buffer.alloc(0);
  #keptBytes = 0;

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds;
  }

  add(piece: Buffer): FoundItems {
    this.#piece = piece;
    this.#text = isAscii(piece) ? piece.toString('latin1') : undefined;
    const items: Item[] = [];
    try {
      this.#scan(items);
      if (this.#start >= 0) this.#keep();
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      return { items, damage: error };
    }
    this.#byte += piece.length;
    return { items, damage: undefined };
  }

  end(): FoundItems {
    const isWhole = this.#phase === 'behind' && this.#open.length === 0;
    return { items: [], damage: isWhole ? undefined : { byte: this.#byte, reason: 'the input ends too early' } };
  }

  #scan(items: Item[]): void {
    const piece = this.#piece;
    let at = 0;
    if (this.#isEscaped && piece.length > 0) {
      this.#isEscaped = false;
      at = 1;
    }
    for (; at < piece.length; at += 1) {
      const byte = piece[at] ?? 0;
      if (this.#inString) {
        if (byte === BACKSLASH) {
          at += 1;
          this.#isEscaped = at === piece.length;
        } else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#phase === 'before' && this.#start >= 0) this.#endKey(at);
        }
      } else if (this.#isAtTop(byte)) this.#atTop(byte, at);
      else if (byte === QUOTE) this.#atQuote(at);
      else if (byte === LIST || byte === OBJECT) this.#atOpening(byte, at);
      else if (byte === LIST + CLOSES || byte === OBJECT + CLOSES) this.#atClosing(byte, at, items);
      else if (byte === COMMA) this.#atComma(at, items);
      else if (byte === COLON) this.#atColon(at);
      else if (this.#isOnPath() && !isSpace(byte)) throw this.#damage(at, this.#missing());
    }
  }

  /** Whether the next thing is what must be the array, or the object that leads to it. */
  #isOnPath(): boolean {
    return this.#phase === 'before' && this.#open.length === this.#level && this.#next === 'value on the path';
  }

  /** Outside of the document; its first bracket belongs to it. */
  #isAtTop(byte: number): boolean {
    return this.#open.length === 0 && (this.#phase === 'behind' || (byte !== LIST && byte !== OBJECT));
  }

  #atTop(byte: number, at: number): void {
    if (isSpace(byte) || BYTE_ORDER_MARK[this.#byte + at] === byte) return;
    throw this.#damage(at, this.#phase === 'before' ? this.#missing() : 'something stands behind the end');
  }

  #atQuote(at: number): void {
    if (this.#isOnPath()) throw this.#damage(at, this.#missing());
    this.#inString = true;
    if (this.#phase === 'before' && this.#open.length === this.#level && this.#next === 'key') this.#begin(at);
  }

  #endKey(at: number): void {
    const { text = '' } = this.#take(at + 1);
    try {
      this.#key = String(JSON.parse(text));
    } catch {
      throw new Damage(this.#startByte, 'a key that is not JSON');
    }
    this.#next = 'colon';
  }

  #atColon(at: number): void {
    if (this.#phase !== 'before' || this.#open.length !== this.#level) return;
    if (this.#next !== 'colon') throw this.#damage(at, 'a colon behind no key');
    this.#next = this.#key === this.#bounds.path[this.#level - 1] ? 'value on the path' : 'other';
  }

  #atComma(at: number, items: Item[]): void {
    if (this.#phase === 'items' && this.#open.length === this.#level + 1) {
      items.push(this.#take(at));
      this.#count += 1;
      this.#begin(at + 1);
    } else if (this.#phase === 'before' && this.#open.length === this.#level) this.#next = 'key';
  }

  #atOpening(byte: number, at: number): void {
    const isOnPath = this.#isOnPath();
    this.#open.push(byte + CLOSES);
    if (this.#open.length > this.#bounds.maxDepth) throw this.#damage(at, 'it is nested deeper than maxDepth');
    if (!isOnPath) return;
    const { path } = this.#bounds;
    if (byte !== (this.#level === path.length ? LIST : OBJECT)) throw this.#damage(at, this.#missing());
    if (byte === LIST) {
      this.#phase = 'items';
      this.#begin(at + 1);
    } else {
      this.#level += 1;
      this.#next = 'key';
    }
  }

  #atClosing(byte: number, at: number, items: Item[]): void {
    if (this.#isOnPath()) throw this.#damage(at, this.#missing());
    if (this.#open.pop() !== byte) throw this.#damage(at, 'a bracket closes none that is open');
    if (this.#phase === 'items' && this.#open.length === this.#level) {
      const item = this.#take(at);
      if (this.#count > 0 || trimJson(item.text ?? '?') !== '') items.push(item);
      this.#phase = 'behind';
    } else if (this.#phase === 'before' && this.#open.length < this.#level) throw this.#damage(at, this.#missing());
  }

  #begin(at: number): void {
    this.#start = at;
    this.#startByte = this.#byte + at;
  }

  #take(end: number): Item {
    this.#checkLength(this.#keptBytes + end - this.#start);
    let text = this.#keptBytes === 0 ? this.#text?.slice(this.#start, end) : undefined;
    if (text === undefined) {
      const rest = this.#piece.subarray(this.#start, end);
      const bytes = this.#keptBytes === 0 ? rest : Buffer.concat([this.#kept.subarray(0, this.#keptBytes), rest]);
      if (isUtf8(bytes)) text = bytes.toString();
    }
    this.#start = -1;
    this.#keptBytes = 0;
    const lead = text?.match(/^[ \n\r\t]*/)?.[0].length ?? 0;
    return { text, byte: this.#startByte + lead };
  }

  #keep(): void {
    const bytes = this.#piece.subarray(this.#start);
    const size = this.#keptBytes + bytes.length;
    this.#checkLength(size);
    if (size > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.#kept.length));
      larger.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#keptBytes);
    this.#keptBytes = size;
    this.#start = 0;
  }

  #checkLength(bytes: number): void {
    if (bytes > this.#bounds.maxBytes) throw new Damage(this.#startByte, 'the row is longer than maxRowBytes');
  }

  #missing(): string {
    const { path } = this.#bounds;
    return path.length === 0 ? 'there is no array' : `there is no array at ${JSON.stringify(path.join('.'))}`;
  }

  #damage(at: number, reason: string): Damage {
    // Wherever the input is cut, an item that is too long is told as such.
    if (this.#start >= 0) this.#checkLength(this.#keptBytes + at - this.#start);
    return new Damage(this.#byte + at, reason);
  }
}
