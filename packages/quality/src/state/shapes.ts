import type { Saved, SavedReader } from '../saved.ts';
import { FrequentItems } from './frequent-items.ts';
import { mix } from './hash.ts';

/** Of a longer text, only its beginning has a shape, and "…" follows. */
const longest = 40;
const capacity = 16;
const ellipsis = 0x2026;

/** By code unit: 9 for digits, A and a for letters, ä for what is not ASCII, others for themselves. */
const classes = Uint16Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code);
  return letter.replace(/\d/, '9').replace(/[A-Z]/, 'A').replace(/[a-z]/, 'a').charCodeAt(0);
});
const foreign = 0xe4;
const runs = new Set(['9', 'A', 'a', 'ä'].map((letter) => letter.charCodeAt(0)));

const codes = new Uint16Array(longest + 1);
const scratch = new Int32Array(2);

export interface Shape {
  /** `9` is a digit, `A` and `a` are letters, `ä` is what is not ASCII, each also for a run of them unless `exact`. */
  readonly shape: string;
  readonly count: number;
}

/**
 * The shapes of texts, such as `9999-99-99`, and how often each came. When they become many, such as those of names, runs
 * of one kind are one from there on: what was counted before is counted so, too.
 */
export class Shapes {
  #exact = true;
  #items = new FrequentItems(capacity);

  /** Whether runs are told by their length. */
  get exact(): boolean {
    return this.#exact;
  }

  add(text: string): void {
    this.#count(text, 1);
  }

  /** The most frequent first. */
  items(): Shape[] {
    return this.#items.items().map(({ value, count }) => ({ shape: String(value), count }));
  }

  merge(other: Shapes): void {
    if (!other.#exact) this.#collapse();
    for (const { shape, count } of other.items()) this.#count(shape, count);
  }

  toJSON(): Saved {
    return { exact: this.#exact, items: this.#items.toJSON() };
  }

  static read(saved: SavedReader): Shapes {
    const shapes = new Shapes();
    shapes.#exact = saved.field('exact').flag();
    shapes.#items = FrequentItems.read(saved.field('items'));
    if (shapes.#items.capacity !== capacity) saved.field('items').field('capacity').refuse(`${capacity}`);
    return shapes;
  }

  #count(text: string, count: number): void {
    const size = shapeOf(text, this.#exact);
    if (this.#items.countHash(scratch[0] ?? 0, scratch[1] ?? 0, count)) return;
    if (this.#exact && this.#items.size === 2 * capacity) {
      this.#collapse();
      this.#count(text, count);
      return;
    }
    const shape = String.fromCharCode(...codes.subarray(0, size));
    this.#items.addHash(scratch[0] ?? 0, scratch[1] ?? 0, shape, count);
  }

  #collapse(): void {
    if (!this.#exact) return;
    const shapes = this.items();
    this.#exact = false;
    this.#items = new FrequentItems(capacity);
    for (const { shape, count } of shapes) this.#count(shape, count);
  }
}

/** Writes the shape into `codes` and its hash into `scratch`. The shape of a shape is that shape. */
function shapeOf(text: string, exact: boolean): number {
  const end = Math.min(text.length, longest);
  let size = 0;
  let last = 0;
  let high = 0;
  let low = 0;
  for (let at = 0; at <= end; at++) {
    if (at === end && text.length <= longest) break;
    const unit = at === end ? ellipsis : text.charCodeAt(at);
    const code = unit < 128 ? (classes[unit] ?? 0) : unit === ellipsis ? unit : foreign;
    if (!exact && code === last && runs.has(code)) continue;
    last = code;
    codes[size++] = code;
    high = Math.imul(high ^ code, 0x2c1b3c6d);
    high ^= high >>> 15;
    low = (Math.imul(low, 31) + high) | 0;
  }
  mix(high, low, scratch);
  return size;
}
