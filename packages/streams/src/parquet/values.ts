import type { SchemaElement } from 'hyparquet';
import { parseFloat16 } from 'hyparquet/src/convert.js';
import { isUtf8 } from 'node:buffer';

/** What a test of `where` may be compared with. */
export type ValueKind = 'number' | 'bigint' | 'string' | 'boolean' | 'date' | 'other';

/** How the stored values of a column become those of rows; a method, so that each takes what its column stores. */
export interface ValueType {
  readonly kind: ValueKind;
  /** Left out when a stored value is already that of the row. */
  convert?(this: void, stored: unknown): unknown;
}

const DAY_MS = 86_400_000;
/** Up to here every decimal is a double that prints as it was written. */
const MAX_DOUBLE_DIGITS = 15;

export function valueTypeOf(element: SchemaElement): ValueType {
  const { type, converted_type: converted, logical_type: logical } = element;
  const name = logical?.type ?? converted;
  if (type === 'BOOLEAN') return { kind: 'boolean' };
  if (type === 'INT96') return { kind: 'date', convert: dateOfInt96 };
  if (name === 'DECIMAL') return decimalOf(element);
  if (type === 'BYTE_ARRAY') {
    if (name === 'STRING' || name === 'UTF8' || name === 'ENUM') return { kind: 'string', convert: toText };
    if (name === 'JSON') return { kind: 'other', convert: (bytes: Uint8Array) => JSON.parse(toText(bytes)) };
  }
  if (type === 'FIXED_LEN_BYTE_ARRAY') {
    if (name === 'UUID') return { kind: 'string', convert: toUuid };
    if (name === 'FLOAT16') return { kind: 'number', convert: (bytes: Uint8Array) => parseFloat16(bytes) };
  }
  // A copy: what the file was read into is larger than the value, and goes on being used.
  if (type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY') {
    return { kind: 'other', convert: (bytes: Uint8Array) => bytes.slice() };
  }
  if (name === 'DATE') return { kind: 'date', convert: dateOfDays };
  const unit =
    logical?.type === 'TIMESTAMP' ? logical.unit : /^TIMESTAMP_(?<unit>\w+)$/u.exec(converted ?? '')?.groups?.['unit'];
  if (type === 'INT64' && unit === 'MILLIS') return { kind: 'date', convert: dateOfMillis };
  if (type === 'INT64' && unit === 'MICROS') return { kind: 'date', convert: dateOfMicros };
  if (type === 'INT64' && unit === 'NANOS') return { kind: 'date', convert: dateOfNanos };
  const isUnsigned = logical?.type === 'INTEGER' ? !logical.isSigned : converted?.startsWith('UINT_') === true;
  const kind = type === 'INT64' ? 'bigint' : 'number';
  if (!isUnsigned) return { kind };
  return {
    kind,
    convert: (value: bigint | number) => (typeof value === 'bigint' ? BigInt.asUintN(64, value) : value >>> 0),
  };
}

/** How statistics are read: as the rows are, since they are compared with them. */
export const statisticsParsers = {
  dateFromDays: dateOfDays,
  timestampFromMilliseconds: dateOfMillis,
  timestampFromMicroseconds: dateOfMicros,
  timestampFromNanoseconds: dateOfNanos,
};

function decimalOf({ scale = 0, precision = Infinity, logical_type: logical }: SchemaElement): ValueType {
  const facts = logical?.type === 'DECIMAL' ? logical : { scale, precision };
  if (facts.precision > MAX_DOUBLE_DIGITS) {
    return {
      kind: 'other',
      convert: (stored: Uint8Array | number | bigint) => placePoint(toBigInt(stored), facts.scale),
    };
  }
  const divisor = 10 ** facts.scale;
  return { kind: 'number', convert: (stored: Uint8Array | number | bigint) => Number(toBigInt(stored)) / divisor };
}

function placePoint(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function toBigInt(bytes: Uint8Array | number | bigint): bigint {
  if (!(bytes instanceof Uint8Array)) return BigInt(bytes);
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex || '0'}`));
}

function toText(bytes: Uint8Array): string {
  return textOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength);
}

/** @throws {TypeError} When it is not UTF-8. */
export function textOf(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  // What is not UTF-8 becomes U+FFFD, which may also be meant.
  if (text.includes('\uFFFD') && !isUtf8(bytes.subarray(start, end))) throw new TypeError('a string is not UTF-8');
  return text;
}

function toUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/u, '$1-$2-$3-$4-');
}

function dateOfDays(days: number): Date {
  return new Date(days * DAY_MS);
}

function dateOfMillis(millis: bigint): Date {
  return new Date(Number(millis));
}

function dateOfMicros(micros: bigint): Date {
  return new Date(floorDivide(micros, 1_000));
}

function dateOfNanos(nanos: bigint): Date {
  return new Date(floorDivide(nanos, 1_000_000));
}

/** Nanoseconds of the day below, the Julian day above. */
function dateOfInt96(value: bigint): Date {
  const days = Number(value >> 64n) - 2_440_588;
  return new Date(days * DAY_MS + floorDivide(BigInt.asUintN(64, value), 1_000_000));
}

function floorDivide(value: bigint, divisor: number): number {
  const double = Number(value);
  if (Number.isSafeInteger(double)) return Math.floor(double / divisor);
  const quotient = value / BigInt(divisor);
  return Number(value < 0n && quotient * BigInt(divisor) !== value ? quotient - 1n : quotient);
}
