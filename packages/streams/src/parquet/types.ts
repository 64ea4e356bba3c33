import type { SchemaElement } from 'hyparquet';

/** What a column of a file that is written holds; `decimal(10,2)` has 10 digits, 2 of them behind the point. */
export type ParquetType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'float'
  | 'double'
  | 'date'
  | 'timestamp'
  | 'bytes'
  | 'json'
  | 'uuid'
  | `decimal(${number},${number})`;

/** A column on its way into a file. */
export interface WriteColumn {
  readonly name: string;
  /** Whether objects without such a column have something of its name, such as `constructor`. */
  readonly isCommon: boolean;
  readonly element: SchemaElement;
  /** @throws {TypeError} When the column cannot hold it; the message says what it holds. */
  readonly encode: (value: unknown) => unknown;
}

type Encoder = Omit<SchemaElement, 'name' | 'repetition_type'> & { readonly encode: (value: unknown) => unknown };

const DAY_MS = 86_400_000;
const MAX_DIGITS = 38;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/iu;

const types: Record<Exclude<ParquetType, `decimal${string}`>, Encoder> = {
  string: {
    type: 'BYTE_ARRAY',
    converted_type: 'UTF8',
    logical_type: { type: 'STRING' },
    encode: (value) => (isText(value) ? value : refuse('a well-formed string')),
  },
  boolean: { type: 'BOOLEAN', encode: (value) => (typeof value === 'boolean' ? value : refuse('a boolean')) },
  int32: {
    type: 'INT32',
    encode: (value) => (typeof value === 'number' && (value | 0) === value ? value : refuse('an integer of 32 bits')),
  },
  int64: { type: 'INT64', encode: (value) => toInt64(value) ?? refuse('an integer of 64 bits') },
  float: { type: 'FLOAT', encode: (value) => (typeof value === 'number' ? value : refuse('a number')) },
  double: { type: 'DOUBLE', encode: (value) => (typeof value === 'number' ? value : refuse('a number')) },
  date: {
    type: 'INT32',
    converted_type: 'DATE',
    logical_type: { type: 'DATE' },
    encode: (value) => toDays(value) ?? refuse('a Date at midnight UTC'),
  },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
    encode: (value) => (isDate(value) ? value.getTime() : refuse('a valid Date')),
  },
  // The caller may go on to use the buffer.
  bytes: {
    type: 'BYTE_ARRAY',
    encode: (value) => (value instanceof Uint8Array ? Uint8Array.from(value) : refuse('a Uint8Array')),
  },
  json: { type: 'BYTE_ARRAY', logical_type: { type: 'JSON' }, encode: toJson },
  uuid: {
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 16,
    logical_type: { type: 'UUID' },
    encode: (value) => (typeof value === 'string' && UUID.test(value) ? value : refuse('a UUID')),
  },
};

const encoders = new Map<string, Encoder>(Object.entries(types));

/** @returns `undefined` when there is no such type. */
export function columnOf(name: string, type: ParquetType): WriteColumn | undefined {
  const encoder = encoders.get(type) ?? decimalOf(type);
  if (encoder === undefined) return undefined;
  const { encode, ...element } = encoder;
  return {
    name,
    isCommon: name in Object.prototype,
    element: { ...element, name, repetition_type: 'OPTIONAL' },
    encode,
  };
}

/** The column that holds such values: a number is a double, since the next one may have a fraction. */
export function inferColumn(name: string, value: unknown): WriteColumn | undefined {
  if (value === undefined) return allNull(name);
  const type = inferType(value);
  return type === undefined ? undefined : columnOf(name, type);
}

function inferType(value: unknown): ParquetType | undefined {
  if (typeof value === 'number') return 'double';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'bigint') return 'int64';
  if (value instanceof Date) return 'timestamp';
  return value instanceof Uint8Array ? 'bytes' : undefined;
}

function allNull(name: string): WriteColumn {
  const element: SchemaElement = { name, type: 'INT32', logical_type: { type: 'NULL' }, repetition_type: 'OPTIONAL' };
  return {
    name,
    isCommon: name in Object.prototype,
    element,
    encode: () => refuse('null: so were all before it, and the option columns gives no type'),
  };
}

function decimalOf(type: string): Encoder | undefined {
  const [, digits, places] = /^decimal\((\d+),(\d+)\)$/u.exec(type) ?? [];
  const precision = Number(digits);
  const scale = Number(places);
  if (!(precision >= 1 && precision <= MAX_DIGITS && scale <= precision)) return undefined;
  const stored =
    precision <= 9
      ? ({ type: 'INT32' } as const)
      : precision <= 18
        ? ({ type: 'INT64' } as const)
        : ({ type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16 } as const);
  return {
    ...stored,
    converted_type: 'DECIMAL',
    logical_type: { type: 'DECIMAL', precision, scale },
    precision,
    scale,
    encode: (value) =>
      toUnscaled(value, precision, scale) ??
      refuse(`a decimal of ${precision} digits, ${scale} of them behind the point`),
  };
}

function toUnscaled(value: unknown, precision: number, scale: number): bigint | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'string') return undefined;
  // Small and large numbers print as 1e-7 and 1e+21.
  const pattern = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d{1,3}))?$/u;
  const [, sign, whole = '', fraction = '', exponent = '0'] = pattern.exec(String(value)) ?? [];
  const zeros = scale - fraction.length + Number(exponent);
  if (sign === undefined || zeros < 0) return undefined;
  const unscaled = BigInt(whole + fraction + '0'.repeat(zeros));
  if (String(unscaled).length > precision) return undefined;
  return sign === '-' ? -unscaled : unscaled;
}

function toInt64(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : undefined;
}

function toDays(value: unknown): number | undefined {
  if (!isDate(value)) return undefined;
  const days = value.getTime() / DAY_MS;
  return Number.isInteger(days) ? days : undefined;
}

function toJson(value: unknown): Uint8Array {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    return refuse(`what JSON can hold (${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)})`);
  }
  return text === undefined ? refuse('what JSON can hold') : Buffer.from(text);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

function isDate(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

function refuse(wanted: string): never {
  throw new TypeError(wanted);
}
