import { OptionError } from '@dataenginex/core';
import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import { isObject } from '../schema/json-schema.ts';

interface TypesByName {
  string: string;
  number: number;
  integer: number;
  boolean: boolean;
  null: null;
}

type TypeOf<P> = P extends { readonly type: infer T }
  ? NameOf<T> extends keyof TypesByName
    ? TypesByName[NameOf<T>]
    : unknown
  : unknown;
type NameOf<T> = T extends readonly (infer N)[] ? N : T;

/** The row that a document is of, as far as its type tells: columns by name, each of its type. */
export type RowOfJsonSchema<D> = D extends { readonly properties: infer P }
  ? { readonly [K in keyof P]: TypeOf<P[K]> }
  : Record<string, unknown>;

/**
 * A JSON Schema as a schema for `contract`. Where the document's type is known, as it is of one written in place, so are
 * the columns; of one that was read from a file, say the type of its rows: `fromJsonSchema<Row>(JSON.parse(text))`.
 *
 * ```ts
 * import { contract, fromJsonSchema } from '@dataenginex/quality';
 *
 * const Day = fromJsonSchema({
 *   type: 'object',
 *   properties: { station: { type: 'string' }, tempMax: { type: ['number', 'null'], maximum: 60 } },
 *   required: ['station'],
 * });
 * const Daily = contract('daily', Day, (c) => [c.tempMax.meanToBeBetween(-20, 40)]);
 * Daily.rules.map(({ id }) => id).slice(0, 3);
 * // => ['schema.station.required', 'schema.station.type', 'schema.tempMax.type']
 * ```
 *
 * @param document Of draft 2020-12; of older ones what is the same.
 * @throws {OptionError} When it is no object.
 */
export function fromJsonSchema<const D extends object>(document: D): StandardJSONSchemaV1<RowOfJsonSchema<D>>;
export function fromJsonSchema<Row>(document: unknown): StandardJSONSchemaV1<Row>;
export function fromJsonSchema(document: unknown): StandardJSONSchemaV1 {
  if (!isObject(document)) throw new OptionError('fromJsonSchema.document', 'a JSON Schema, an object', document);
  const jsonSchema = { input: () => document, output: () => document };
  return { '~standard': { version: 1, vendor: 'json-schema', jsonSchema } };
}
