import type { TypeName } from '../rules/expectations.ts';
import type { Saved, SavedReader } from '../saved.ts';
import { isNull, textOf, typeOf } from '../values.ts';
import { FrequentItems, ownText } from './frequent-items.ts';
import { hash } from './hash.ts';
import { HyperLogLog } from './hyper-log-log.ts';
import { Kll } from './kll.ts';
import { Moments } from './moments.ts';
import { Shapes } from './shapes.ts';

const scratch = new Int32Array(2);
const types = [
  'string',
  'integer',
  'number',
  'boolean',
  'bigint',
  'date',
  'array',
  'object',
] as const satisfies TypeName[];

/** What is known of a column's values, in bounded memory. It merges with that of other rows. */
export class ColumnState {
  /** Values that are not null. */
  count = 0;
  /** Rows without a value. */
  nulls = 0;
  /** How many values are of each type; `number` counts those that are no `integer`. */
  readonly types: Record<TypeName, number> = {
    string: 0,
    integer: 0,
    number: 0,
    boolean: 0,
    bigint: 0,
    date: 0,
    array: 0,
    object: 0,
  };
  /** Of numbers and bigints. */
  moments = new Moments();
  /** Of numbers and bigints. */
  quantiles = new Kll();
  /** Of dates, as milliseconds since 1970. */
  times = new Kll();
  /** How many values differ. */
  distinct = new HyperLogLog();
  frequent = new FrequentItems();
  /** How long texts are, in code points. */
  lengths = new Moments();
  shapes = new Shapes();
  #first: string | undefined;
  #last: string | undefined;

  /** The first text in order, or at least its first 40 characters. */
  get first(): string | undefined {
    return this.#first;
  }

  /** The last text in order, or at least its first 40 characters. */
  get last(): string | undefined {
    return this.#last;
  }

  add(value: unknown): void {
    if (typeof value === 'number') {
      if (Number.isNaN(value)) return;
      if (Number.isInteger(value)) this.types.integer++;
      else this.types.number++;
      this.moments.add(value);
      this.quantiles.add(value);
    } else if (typeof value === 'string') this.#addText(value);
    else if (isNull(value)) return;
    else this.#addOther(value);
    this.count++;
    hash(value, scratch);
    const high = scratch[0] ?? 0;
    const low = scratch[1] ?? 0;
    this.distinct.addHash(high, low);
    if (!this.frequent.countHash(high, low, 1)) this.frequent.addHash(high, low, plainOf(value), 1);
  }

  merge(other: ColumnState): void {
    this.count += other.count;
    this.nulls += other.nulls;
    for (const type of types) this.types[type] += other.types[type];
    this.moments.merge(other.moments);
    this.quantiles.merge(other.quantiles);
    this.times.merge(other.times);
    this.distinct.merge(other.distinct);
    this.frequent.merge(other.frequent);
    this.lengths.merge(other.lengths);
    this.shapes.merge(other.shapes);
    if (other.#first !== undefined) this.#extend(other.#first);
    if (other.#last !== undefined) this.#extend(other.#last);
  }

  toJSON(): Saved {
    const { count, nulls, moments, quantiles, times, distinct, frequent, lengths, shapes } = this;
    return {
      count,
      nulls,
      types: { ...this.types },
      moments: moments.toJSON(),
      quantiles: quantiles.toJSON(),
      times: times.toJSON(),
      distinct: distinct.toJSON(),
      frequent: frequent.toJSON(),
      lengths: lengths.toJSON(),
      shapes: shapes.toJSON(),
      first: this.#first ?? null,
      last: this.#last ?? null,
    };
  }

  static read(saved: SavedReader): ColumnState {
    const state = new ColumnState();
    state.count = saved.field('count').count();
    state.nulls = saved.field('nulls').count();
    for (const type of types) state.types[type] = saved.field('types').field(type).count();
    state.moments = Moments.read(saved.field('moments'));
    const { quantiles, distinct, frequent } = state;
    state.quantiles = readSame(saved.field('quantiles'), Kll, 'k', quantiles);
    state.times = readSame(saved.field('times'), Kll, 'k', quantiles);
    state.distinct = readSame(saved.field('distinct'), HyperLogLog, 'precision', distinct);
    state.frequent = readSame(saved.field('frequent'), FrequentItems, 'capacity', frequent);
    state.lengths = Moments.read(saved.field('lengths'));
    state.shapes = Shapes.read(saved.field('shapes'));
    const [first, last] = [saved.field('first').value(), saved.field('last').value()];
    if (typeof first === 'string') state.#first = first;
    if (typeof last === 'string') state.#last = last;
    return state;
  }

  #addText(text: string): void {
    this.types.string++;
    this.lengths.add(codePoints(text));
    this.shapes.add(text);
    this.#extend(text);
  }

  #addOther(value: unknown): void {
    const type = typeOf(value);
    if (type !== undefined) this.types[type]++;
    if (typeof value === 'bigint') {
      this.moments.add(Number(value));
      this.quantiles.add(Number(value));
    } else if (value instanceof Date) this.times.add(value.getTime());
  }

  #extend(text: string): void {
    if (this.#first === undefined || text < this.#first) this.#first = ownText(text, '');
    if (this.#last === undefined || text > this.#last) this.#last = ownText(text, '');
  }
}

/** A sketch of the size that those of columns have: another does not merge. */
function readSame<K extends string, S extends { readonly [key in K]: number }>(
  saved: SavedReader,
  sketch: { read(saved: SavedReader): S },
  size: K,
  own: S,
): S {
  const read = sketch.read(saved);
  if (read[size] !== own[size]) saved.field(size).refuse(`${own[size]}`);
  return read;
}

/** What may be held on to: an object would be held whole, and may change; a bigint may be as long as a text. */
function plainOf(value: unknown): unknown {
  if (typeof value === 'bigint') return BigInt.asIntN(128, value) === value ? value : ownText(`${value}`, '…');
  const isObject = typeof value === 'object' && !(value instanceof Date);
  return isObject || typeof value === 'function' || typeof value === 'symbol' ? textOf(value) : value;
}

function codePoints(text: string): number {
  let count = text.length;
  for (let at = 1; at < text.length; at++) {
    const isLow = (text.charCodeAt(at) & 0xfc00) === 0xdc00;
    if (isLow && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}
