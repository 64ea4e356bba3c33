import { OptionError } from '@dataenginex/core';
import type { ColumnMetaData, SchemaElement } from 'hyparquet';
import { type ValueKind, valueTypeOf } from './values.ts';

/** What columns are compared with. */
export type ParquetScalar = string | number | bigint | boolean | Date;

/** What a column's value must be; all that is given must hold. A null passes `isNull: true` and nothing else. */
export interface ParquetTest {
  readonly eq?: ParquetScalar | undefined;
  readonly in?: readonly ParquetScalar[] | undefined;
  readonly gt?: ParquetScalar | undefined;
  readonly gte?: ParquetScalar | undefined;
  readonly lt?: ParquetScalar | undefined;
  readonly lte?: ParquetScalar | undefined;
  readonly isNull?: boolean | undefined;
}

/** Tests by column, all of which must hold; a bare value is one to be equal to. */
export type ParquetWhere = Readonly<Record<string, ParquetScalar | ParquetTest>>;

type Comparable = string | number | bigint | boolean;
type Values = Partial<Record<'in' | 'gt' | 'gte' | 'lt' | 'lte', readonly Comparable[]>>;

/** The tests of one column. */
export interface ColumnTest {
  readonly column: string;
  readonly isNull: boolean | undefined;
  readonly values: Values;
  readonly kind: ValueKind | undefined;
}

const KEYS = ['eq', 'in', 'gt', 'gte', 'lt', 'lte', 'isNull'];

/** @throws {OptionError} When a test is none. */
export function checkWhere(where: ParquetWhere): ColumnTest[] {
  if (typeof where !== 'object' || where === null) throw new OptionError('fromParquet.where', 'tests by column', where);
  return Object.entries(where).map(([column, given]) => {
    const option = `fromParquet.where.${column}`;
    const test = isScalar(given) ? { eq: given } : given;
    const isTest =
      typeof test === 'object' &&
      test !== null &&
      Object.keys(test).every((key) => KEYS.includes(key)) &&
      Object.values(test).some((wanted) => wanted !== undefined);
    if (!isTest) throw new OptionError(option, `a value, or an object of ${KEYS.join(', ')}`, given);
    const { eq, in: list, isNull, ...bounds } = test;
    if (isNull !== undefined && typeof isNull !== 'boolean')
      throw new OptionError(`${option}.isNull`, 'a boolean', isNull);
    if (list !== undefined && !Array.isArray(list)) throw new OptionError(`${option}.in`, 'an array', list);
    const values: Values = {};
    let kind: ValueKind | undefined;
    const add = (key: keyof Values, name: string, scalars: readonly unknown[]): void => {
      for (const scalar of scalars) {
        const found = kindOf(scalar);
        if (found === undefined || found !== (kind ?? found)) {
          throw new OptionError(
            `${option}.${name}`,
            `a ${kind ?? 'string, number, bigint, boolean or valid date'}`,
            scalar,
          );
        }
        kind = found;
      }
      values[key] = scalars.flatMap((scalar) => toComparable(scalar) ?? []);
    };
    if (list !== undefined) add('in', 'in', list);
    if (eq !== undefined) add('in', 'eq', list === undefined ? [eq] : list.filter((value) => value === eq));
    for (const key of ['gt', 'gte', 'lt', 'lte'] as const) if (bounds[key] !== undefined) add(key, key, [bounds[key]]);
    return { column, isNull, values, kind };
  });
}

/** @throws {OptionError} When the column holds values of another kind. */
export function checkKind({ column, kind }: ColumnTest, element: SchemaElement): void {
  const { kind: stored } = valueTypeOf(element);
  if (kind === undefined || kind === stored || (stored === 'bigint' && kind === 'number')) return;
  const name = element.logical_type?.type ?? element.converted_type ?? element.type;
  const wanted = stored === 'other' ? `isNull alone: a ${name} is not compared` : `a ${stored} for a ${name}`;
  throw new OptionError(`fromParquet.where.${column}`, wanted, kind);
}

/** Whether a value of a row passes. */
export function passes({ isNull, values }: ColumnTest, value: unknown): boolean {
  if (value === null) return isNull === true;
  if (isNull === true) return false;
  const own = toComparable(value);
  if (own === undefined) return isNull === false || Object.keys(values).length === 0;
  const { in: list, gt, gte, lt, lte } = values;
  if (list !== undefined && !list.some((other) => equals(own, other))) return false;
  if (gt !== undefined && !gt.every((other) => own > other)) return false;
  if (gte !== undefined && !gte.every((other) => own >= other)) return false;
  if (lt !== undefined && !lt.every((other) => own < other)) return false;
  return lte === undefined || lte.every((other) => own <= other);
}

/** Whether a row group may have a row that passes, by what its writer noted of the column. */
export function mayPass(test: ColumnTest, metadata: ColumnMetaData, element: SchemaElement, rows: number): boolean {
  const { statistics } = metadata;
  const nulls = statistics?.null_count === undefined ? undefined : Number(statistics.null_count);
  if (test.isNull === true) return nulls === undefined || nulls > 0;
  if (nulls === rows) return false;
  const min = boundOf(statistics?.min_value, element);
  const max = boundOf(statistics?.max_value, element);
  if (min === undefined || max === undefined) return true;
  const { in: list, gt, gte, lt, lte } = test.values;
  if (list !== undefined && !list.some(mayBe((other) => min <= other && max >= other))) return false;
  if (gt !== undefined && !gt.every(mayBe((other) => max > other))) return false;
  if (gte !== undefined && !gte.every(mayBe((other) => max >= other))) return false;
  if (lt !== undefined && !lt.every(mayBe((other) => min < other))) return false;
  return lte === undefined || lte.every(mayBe((other) => min <= other));
}

function mayBe(holds: (other: Comparable) => boolean): (other: Comparable) => boolean {
  return (other) => isUnordered(other) || holds(other);
}

/** Parquet orders strings by UTF-8 and JavaScript by UTF-16: against ASCII the two agree. */
function isUnordered(other: Comparable): boolean {
  return typeof other === 'string' && Buffer.byteLength(other) !== other.length;
}

/** Bounds may be cut, but then stay bounds; cut inside a character they are not to be read. */
function boundOf(bound: unknown, element: SchemaElement): Comparable | undefined {
  const { kind } = valueTypeOf(element);
  // hyparquet multiplies decimals by 0.1, 0.01, …, which most doubles are not.
  if (typeof bound === 'number' && (element.logical_type?.type ?? element.converted_type) === 'DECIMAL') {
    return Number(bound.toFixed(element.scale ?? 0));
  }
  const isUsable = element.type !== 'INT96' && kindOf(bound) === kind;
  if (!isUsable || (typeof bound === 'string' && bound.includes('\uFFFD'))) return undefined;
  return toComparable(bound);
}

function isScalar(value: ParquetScalar | ParquetTest): value is ParquetScalar {
  return typeof value !== 'object' || value instanceof Date;
}

function kindOf(value: unknown): ValueKind | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : 'date';
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : 'number';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'bigint') return 'bigint';
  return typeof value === 'boolean' ? 'boolean' : undefined;
}

function toComparable(value: unknown): Comparable | undefined {
  if (value instanceof Date) return value.getTime();
  const isComparable =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return isComparable ? value : undefined;
}

/** An INT64 may be compared with a number. */
function equals(own: Comparable, other: Comparable): boolean {
  return typeof own === typeof other ? own === other : own >= other && !(own > other);
}
