import { OptionError } from '@dataenginex/core';
import type { TypeName } from '../rules/expectations.ts';

/** Whole numbers of databases and Parquet come as bigints where a number does not hold them. */
const whole: readonly TypeName[] = ['integer', 'bigint'];

const names: readonly (readonly [types: readonly TypeName[], names: string])[] = [
  [
    whole,
    'int integer bigint smallint tinyint mediumint hugeint int2 int4 int8 int16 int32 int64 uint8 uint16 uint32 uint64',
  ],
  [
    whole,
    'int_ byteint long short serial bigserial integertype longtype shorttype bytetype int16dtype int32dtype int64dtype',
  ],
  [['number'], 'float float_ float16 float32 float64 float4 float8 double real number numeric decimal doubleprecision'],
  [['number'], 'floattype doubletype decimaltype float32dtype float64dtype dec money'],
  [['string'], 'str string unicode text varchar nvarchar char nchar character charactervarying bpchar clob uuid'],
  [['string'], 'stringtype stringdtype varchartype chartype tinytext mediumtext longtext'],
  [['boolean'], 'bool boolean bit booleantype booleandtype bool_'],
  [['date'], 'date datetime datetime64 datetime2 timestamp timestamptz timestamp_ntz timestamp_ltz timestamp_tz'],
  [['date'], 'datetype timestamptype timestampntztype datetimetzdtype timestampwithouttimezone timestampwithtimezone'],
  [['object'], 'dict struct map json jsonb record variant structtype maptype'],
  [['array'], 'list array tuple arraytype'],
];

const types = new Map(names.flatMap(([of, list]) => list.split(' ').map((name) => [name, of] as const)));

/**
 * The types of values that a column has whose type is so called in pandas, Python, Spark or SQL: `int64`, `VARCHAR(20)`.
 *
 * @throws {OptionError} When it is not known, or is no type of values, such as pandas' `object`.
 */
export function readTypeName(name: unknown): readonly TypeName[] {
  const plain = String(name)
    .toLowerCase()
    .replaceAll(/\(.*\)|\[.*\]|\s/g, '');
  const found = types.get(plain);
  if (found === undefined) throw new OptionError('type_', 'the name of a type of values', name);
  return found;
}

const python: Readonly<Record<TypeName, readonly string[]>> = {
  string: ['str'],
  number: ['float', 'int'],
  integer: ['int'],
  boolean: ['bool'],
  object: ['dict'],
  array: ['list'],
  date: ['datetime64', 'Timestamp', 'datetime', 'date'],
  bigint: ['int'],
};

/** What Great Expectations calls values of these types: the names of Python and of pandas. */
export function writeTypeNames(list: readonly TypeName[]): readonly string[] {
  return [...new Set(list.flatMap((type) => python[type]))];
}

const dtypes: Readonly<Record<TypeName, string>> = {
  string: 'str',
  number: 'float64',
  integer: 'int64',
  boolean: 'bool',
  object: 'object',
  array: 'object',
  date: 'datetime64',
  bigint: 'object',
};

/** The dtype that pandas gives a column of this type. */
export function writeDtype(type: TypeName): string {
  return dtypes[type];
}
