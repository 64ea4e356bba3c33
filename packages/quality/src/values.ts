import { types } from 'node:util';
import type { TypeName } from './rules/expectations.ts';

/** Null, not there, NaN or a date that is none: what only the rules about nulls look at. */
export function isNull(value: unknown): value is null | undefined {
  return value === undefined || Number.isNaN(value) || (typeof value === 'object' && isNullObject(value));
}

/** A proxy of a date passes for one, and then has no time. */
function isDate(value: unknown): value is Date {
  return value instanceof Date && types.isDate(value);
}

export function isNullObject(value: object | null): boolean {
  return value === null || (isDate(value) && Number.isNaN(value.getTime()));
}

export function typeOf(value: unknown): TypeName | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') {
    return typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : 'bigint';
  }
  if (typeof value !== 'object') return undefined;
  return Array.isArray(value) ? 'array' : isDate(value) ? 'date' : 'object';
}

export function hasType(value: unknown, type: TypeName): boolean {
  return type === 'number' ? typeof value === 'number' : typeOf(value) === type;
}

/**
 * What equal values have in common, to look them up by in a `Map` or `Set`: a bigint that a number can hold is that
 * number, a date its moment, another object its JSON or, without one, itself; all nulls are one.
 */
export function keyOf(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return Number.isNaN(value) ? null : value;
  }
  if (typeof value === 'bigint') {
    const number = Number(value);
    return order<number | bigint>(number, value) === 0 ? number : value;
  }
  if (isNull(value)) return null;
  if (isDate(value)) return dateKey(value.getTime());
  return `\0json:${jsonOf(value) ?? identityOf(value)}`;
}

/** JSON where there is any, with bigints as their digits. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}` : item));
  } catch {
    return undefined;
  }
}

const identities = new WeakMap<object, number>();
let objects = 0;

function identityOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  const identity = identities.get(value) ?? ++objects;
  identities.set(value, identity);
  return `#${identity}`;
}

/** `keyOf` of several values at once. */
export function keyOfAll(values: readonly unknown[]): string {
  return JSON.stringify(
    values.map((value) => {
      const key = keyOf(value);
      return typeof key === 'bigint' || (typeof key === 'number' && !Number.isFinite(key)) ? `\0${key}` : key;
    }),
  );
}

const dateKey = (time: number): string => `\0date:${time}`;

/** The keys of the values of a set; its ISO texts are the dates they name, too. */
export function keysOfSet(values: readonly unknown[]): Set<unknown> {
  const keys = new Set(values.map(keyOf));
  for (const value of values) {
    const time = typeof value === 'string' ? timeOf(value) : Number.NaN;
    if (!Number.isNaN(time)) keys.add(dateKey(time));
  }
  return keys;
}

const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** The moment an ISO 8601 text names, in UTC unless it says otherwise, NaN when it names none. */
function timeOf(text: string): number {
  const match = iso.exec(text);
  if (match === null || !isDay(text)) return Number.NaN;
  return Date.parse(text.length > 10 && match[1] === undefined ? `${text}Z` : text);
}

/** V8 takes February 30 for March 1. */
function isDay(text: string): boolean {
  const day = Number(text.slice(8, 10));
  return (
    day <= 28 ||
    day <= new Date(Date.UTC(2000 + (Number(text.slice(0, 4)) % 400), Number(text.slice(5, 7)), 0)).getUTCDate()
  );
}

/** A date is at most so far from 1970. */
const mostMs = 8.64e15;

/** The moment of a date, of an ISO 8601 text or of a number of units since 1970, in milliseconds; NaN of anything else. */
export function momentOf(value: unknown, unitMs: number): number {
  if (typeof value === 'string') return timeOf(value);
  if (isDate(value)) return value.getTime();
  if (typeof value !== 'number' && typeof value !== 'bigint') return Number.NaN;
  const moment = Number(value) * unitMs;
  return Math.abs(moment) <= mostMs ? moment : Number.NaN;
}

/**
 * Below 0 when `a` comes first, above when `b` does, `undefined` when they have no order. Numbers, bigints and booleans
 * (as 0 and 1) have one, texts (by UTF-16 code units), and dates, also with ISO texts.
 */
export function compare(a: unknown, b: unknown): number | undefined {
  const left = rank(a);
  const right = rank(b);
  if (left === undefined || right === undefined) return undefined;
  if (typeof left === typeof right && isDate(a) === isDate(b)) return order(left, right);
  if (typeof left === 'string' && isDate(b)) return ofDates(timeOf(left), right);
  if (typeof right === 'string' && isDate(a)) return ofDates(left, timeOf(right));
  if (typeof left === 'string' || typeof right === 'string' || isDate(a) || isDate(b)) return undefined;
  return order(left, right);
}

function rank(value: unknown): number | bigint | string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return value;
  if (typeof value === 'boolean') return Number(value);
  return isDate(value) ? value.getTime() : undefined;
}

function order<T extends number | bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function ofDates<T extends number | bigint | string>(a: T, b: T): number | undefined {
  return Number.isNaN(a) || Number.isNaN(b) ? undefined : order(a, b);
}

/** A number, or what counts as one; `undefined` for what does not. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : undefined;
}

function isPrimitive(value: unknown): value is number | bigint | boolean | symbol | undefined {
  return typeof value !== 'object' && typeof value !== 'function';
}

/** The text a pattern or a length is about. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (isDate(value)) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  return isPrimitive(value) ? String(value) : (jsonOf(value) ?? typeof value);
}

/** A value in a message, cut short. */
export function show(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value.slice(0, 61))
      : typeof value === 'function'
        ? 'a function'
        : textOf(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
