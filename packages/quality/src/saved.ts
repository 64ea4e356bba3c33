import { SavedDataError } from './errors.ts';
import { isObject } from './schema/json-schema.ts';
import { textOf } from './values.ts';

/** What JSON can hold. */
export type Saved = null | boolean | number | string | readonly Saved[] | { readonly [key: string]: Saved };

/**
 * A value as JSON that {@link SavedReader} makes the same value of. What JSON has not is an object of one key: `$bigint`,
 * `$date`, `$number` (`NaN`, `Infinity`, `-Infinity`, `-0`) and `$undefined`; an object with a key that begins with `$` is
 * in an `$object`. Undefined properties and functions are left out, instances of classes are their JSON, and what holds
 * itself, or is more than 100 deep, is a text.
 */
export function writeValue(value: unknown, holders: readonly object[] = []): Saved {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $number: Object.is(value, -0) ? '-0' : `${value}` };
  }
  if (typeof value === 'bigint') return { $bigint: `${value}` };
  if (value === undefined) return { $undefined: true };
  if (typeof value !== 'object') return textOf(value);
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (holders.length > 100 || holders.includes(value)) return textOf(value);
  const within = [...holders, value];
  if ('toJSON' in value && typeof value.toJSON === 'function') return writeValue(value.toJSON(''), within);
  if (Array.isArray(value)) return Array.from(value, (item) => writeValue(item, within));
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && typeof item !== 'function');
  const written = Object.fromEntries(entries.map(([key, item]) => [key, writeValue(item, within)]));
  return entries.some(([key]) => key.startsWith('$')) ? { $object: written } : written;
}

/** More than {@link writeValue} makes of 100 levels that are each in an `$object`. */
const deepest = 250;

/** The value that {@link writeValue} wrote. */
function readValue(saved: unknown, refuse: (expected: string) => never, depth = 0): unknown {
  if (typeof saved !== 'object' || saved === null) return saved;
  if (depth > deepest) return refuse('a value that is less deep');
  const again = (item: unknown): unknown => readValue(item, refuse, depth + 1);
  if (Array.isArray(saved)) return saved.map(again);
  const entries = Object.entries(saved);
  const [[key, item] = ['', undefined]] = entries;
  if (!key.startsWith('$')) return Object.fromEntries(entries.map(([name, entry]) => [name, again(entry)]));
  if (entries.length === 1) {
    if (key === '$object' && typeof item === 'object' && item !== null) {
      return Object.fromEntries(Object.entries(item).map(([name, entry]) => [name, again(entry)]));
    }
    if (key === '$bigint' && typeof item === 'string' && /^-?\d+$/.test(item)) return BigInt(item);
    if (key === '$date' && item === null) return new Date(Number.NaN);
    if (key === '$date' && typeof item === 'string' && !Number.isNaN(Date.parse(item))) return new Date(item);
    if (key === '$number' && typeof item === 'string' && /^(?:NaN|-?Infinity|-0)$/.test(item)) return Number(item);
    if (key === '$undefined') return undefined;
  }
  return refuse('a value as it is written');
}

/** Reads what was saved: what is not as it should be throws and is named, such as `results.3.rule.id`. */
export class SavedReader {
  readonly #what: string;
  readonly #path: string;
  readonly #saved: unknown;

  /** @param what It is, for the message, such as `report`. */
  constructor(what: string, saved: unknown, path = '') {
    this.#what = what;
    this.#saved = saved;
    this.#path = path;
  }

  get isMissing(): boolean {
    return this.#saved === undefined;
  }

  field(key: string | number): SavedReader {
    const saved = this.#object()[key];
    return new SavedReader(this.#what, saved, this.#path === '' ? `${key}` : `${this.#path}.${key}`);
  }

  list<T>(read: (item: SavedReader) => T): T[] {
    if (!Array.isArray(this.#saved)) return this.refuse('a list');
    return Array.from(this.#saved, (_, at) => read(this.#at(at)));
  }

  text(): string {
    return typeof this.#saved === 'string' ? this.#saved : this.refuse('a text');
  }

  oneOf<T extends string>(names: readonly T[]): T {
    return names.find((name) => name === this.#saved) ?? this.refuse(`one of ${names.join(', ')}`);
  }

  flag(): boolean {
    return typeof this.#saved === 'boolean' ? this.#saved : this.refuse('true or false');
  }

  /** A number, also one that JSON has not. */
  number(): number {
    const value = this.value();
    return typeof value === 'number' ? value : this.refuse('a number');
  }

  count(): number {
    const value = this.#saved;
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : this.refuse('a count');
  }

  value(): unknown {
    return readValue(this.#saved, (expected) => this.refuse(expected));
  }

  /** The values of an object by their keys. */
  values(): Record<string, unknown> {
    const value = this.value();
    return isObject(value) ? value : this.refuse('an object');
  }

  refuse(expected: string): never {
    throw new SavedDataError(this.#what, this.#path, expected, this.#saved);
  }

  #at(index: number): SavedReader {
    const items: readonly unknown[] = Array.isArray(this.#saved) ? this.#saved : [];
    return new SavedReader(this.#what, items[index], `${this.#path}${this.#path === '' ? '' : '.'}${index}`);
  }

  #object(): Record<string, unknown> {
    return isObject(this.#saved) ? this.#saved : this.refuse('an object');
  }
}
