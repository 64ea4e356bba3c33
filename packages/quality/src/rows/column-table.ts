import { OptionError } from '@dataenginex/core';

/** The values of one column: an array, or numbers in a typed array. */
export type ColumnValues =
  | readonly unknown[]
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Numbers in a typed array. */
export type NumberArray = Exclude<ColumnValues, readonly unknown[] | BigInt64Array | BigUint64Array>;

export function isNumberArray(values: ColumnValues | undefined): values is NumberArray {
  return (
    values !== undefined &&
    !Array.isArray(values) &&
    !(values instanceof BigInt64Array || values instanceof BigUint64Array)
  );
}

/** A table by columns, made by {@link columns}. Read row by row, it gives new objects. */
export class ColumnTable<Row = unknown> implements Iterable<Row> {
  /** How many rows there are. */
  readonly length: number;
  /** By name, all of one length. */
  readonly values: ReadonlyMap<string, ColumnValues>;
  readonly #rowAt: (index: number) => Row;

  constructor(values: ReadonlyMap<string, ColumnValues>, length: number, rowAt: (index: number) => Row) {
    this.values = values;
    this.length = length;
    this.#rowAt = rowAt;
  }

  /** A row as an object, made anew. */
  row(index: number): Row {
    return this.#rowAt(index);
  }

  *[Symbol.iterator](): Generator<Row, void, undefined> {
    for (let index = 0; index < this.length; index++) yield this.#rowAt(index);
  }
}

/** A row of columns. */
export type RowOfColumns<T> = { [K in keyof T]: T[K] extends ArrayLike<infer Value> ? Value : never };

/**
 * A table by columns, such as typed arrays, for a contract to check: each column is one loop over its array, and no row is
 * ever made. The arrays are used as they are; do not change them during a check.
 *
 * ```ts
 * import { columns, contract } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * const Temps = contract('temps', z.object({ station: z.string(), temp: z.number().min(-60).max(60) }));
 * const table = columns({ station: ['Seattle', 'Oslo'], temp: Float64Array.of(12.8, 128) });
 * const report = await Temps.check(table);
 * report.failures.map(({ rule }) => rule.id); // => ['schema.temp.range']
 * ```
 *
 * @throws {OptionError} When it is no object of arrays and typed arrays, or they differ in length.
 */
export function columns<T extends { readonly [K in keyof T]: ColumnValues }>(data: T): ColumnTable<RowOfColumns<T>>;
export function columns(data: Readonly<Record<string, ColumnValues>>): ColumnTable {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new OptionError('columns', 'an object of arrays', data);
  }
  const values = new Map(Object.entries(data));
  const [first] = values;
  const length = first?.[1]?.length ?? 0;
  for (const [name, of] of values) {
    const isArray = Array.isArray(of) || (ArrayBuffer.isView(of) && !(of instanceof DataView));
    if (!isArray) throw new OptionError(`columns.${name}`, 'an array or a typed array', of);
    if (of.length !== length) {
      throw new OptionError(`columns.${name}.length`, `${length}, as that of "${first?.[0]}" is`, of.length);
    }
  }
  const entries = [...values];
  return new ColumnTable(values, length, (index) => {
    const row: Record<string, unknown> = {};
    for (const [name, of] of entries) {
      if (name === '__proto__') Object.defineProperty(row, name, { value: of[index], ...plain });
      else row[name] = of[index];
    }
    return row;
  });
}

const plain = { enumerable: true, configurable: true, writable: true };
