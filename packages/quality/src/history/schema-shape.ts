import { OptionError } from '@dataenginex/core';
import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import type { Contract } from '../contract.ts';
import type { Expectation, KwargsOf, Ordered, TypeName } from '../rules/expectations.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
import { readColumn, resolve } from '../schema/column-facts.ts';
import { isObject, type JsonSchema, listOf, type Side, textsOf, toJsonSchema } from '../schema/json-schema.ts';
import { TableState } from '../state/table-state.ts';

/** What tells the columns of a table: a schema, a contract, the state of its rows, a JSON Schema, or names alone. */
export type SchemaSource = StandardJSONSchemaV1 | Contract | TableState | JsonSchema | readonly string[];

/** An end of a range: what is beyond it is out, and itself if it is strict. */
export interface End {
  readonly value: unknown;
  readonly strict: boolean;
}

/** What is known of a column; of what is left out, nothing is. `any` and no end are known to bound nothing. */
export interface Shape {
  readonly types?: readonly TypeName[] | 'any' | undefined;
  readonly null?: boolean | undefined;
  readonly values?: readonly unknown[] | 'any' | undefined;
  readonly ends?: Readonly<Record<'min' | 'max' | 'minLength' | 'maxLength', End | undefined>> | undefined;
  /** Regexes, and what else is demanded, in words. */
  readonly demands?: readonly string[] | undefined;
}

/** Columns by their paths: `rain`, `station.name` in an object, `tags[]` in an array. */
export type Shapes = ReadonlyMap<string, Shape>;

export function shapesOf(option: string, source: SchemaSource, side: Side): Shapes {
  if (isNames(source)) return new Map(source.map((name) => [name, {}]));
  if (source instanceof TableState) return ofState(source);
  if (isStandard(source)) return ofJsonSchema(toJsonSchema(source, side));
  if (isContract(source)) return ofContract(source);
  if (isObject(source) && isObject(source['properties'])) return ofJsonSchema(source);
  throw new OptionError(option, 'a schema, a contract, a table state, a JSON Schema of an object, or names', source);
}

function isNames(source: SchemaSource): source is readonly string[] {
  return Array.isArray(source) && source.every((name) => typeof name === 'string');
}

function isStandard(source: unknown): source is StandardJSONSchemaV1 {
  return (typeof source === 'object' || typeof source === 'function') && source !== null && '~standard' in source;
}

function isContract(source: unknown): source is Contract {
  return isObject(source) && Array.isArray(source['rules']) && Array.isArray(source['columns']);
}

function ofState(state: TableState): Shapes {
  return new Map(
    Array.from(state.columns, ([name, { count, nulls, types }]): [string, Shape] => [
      name,
      { types: count === 0 ? undefined : typeNames.filter((type) => types[type] > 0), null: nulls > 0 },
    ]),
  );
}

const typeNames = ['string', 'integer', 'number', 'boolean', 'bigint', 'date', 'array', 'object'] as const;

function ofJsonSchema(root: JsonSchema): Shapes {
  const shapes = new Map<string, Shape>();
  const walk = (schema: unknown, path: string, required: boolean, depth: number): void => {
    const facts = readColumn(schema, root);
    const { types, nullable, values, min, max, minLength, maxLength, patterns, unread } = facts;
    const lengths = { minLength: endOf(minLength), maxLength: endOf(maxLength) };
    shapes.set(path, {
      types: types ?? 'any',
      null: !required || nullable !== false,
      values: values ?? 'any',
      ends: { min: boundOf(min), max: boundOf(max), ...lengths },
      demands: [...patterns.map(({ regex }) => regex), ...unread.filter((what) => !walked.has(what))].toSorted(),
    });
    if (depth < 8) inside(schema, path, depth + 1);
  };
  const inside = (schema: unknown, path: string, depth: number): void => {
    if (!isObject(schema)) return;
    if ('$ref' in schema) inside(resolve(schema['$ref'], root), path, depth);
    for (const part of [...listOf(schema['anyOf']), ...listOf(schema['oneOf']), ...listOf(schema['allOf'])]) {
      inside(part, path, depth);
    }
    const required = new Set(textsOf(schema['required']));
    const { properties, items } = schema;
    if (isObject(properties)) {
      for (const [name, property] of Object.entries(properties)) {
        walk(property, path === '' ? name : `${path}.${name}`, required.has(name), depth);
      }
    }
    if (items !== undefined) walk(items, `${path}[]`, true, depth);
  };
  inside(root, '', 0);
  return shapes;
}

/** What is looked at by walking there. */
const walked = new Set([
  'its properties',
  'its items',
  'its required',
  'its additionalProperties',
  'which of its alternatives it is',
]);

/** That an integer is a safe one, is no bound to speak of. */
function boundOf(end: End | undefined): End | undefined {
  return Math.abs(Number(end?.value)) === Number.MAX_SAFE_INTEGER ? undefined : end;
}

function endOf(value: Ordered | undefined, strict = false): End | undefined {
  return value === undefined ? undefined : boundOf({ value, strict });
}

function ofContract({ columns, rules }: Contract): Shapes {
  const shapes = new Map<string, Shape>();
  for (const column of columns) {
    const own = rules.filter((rule) => holdsForAll(rule) && 'column' in rule.kwargs && rule.kwargs.column === column);
    const shape: Shape = { types: 'any', null: true, values: 'any', ends: open, demands: [] };
    for (const rule of own) Object.assign(shape, read(rule, shape));
    shapes.set(column, shape);
  }
  return shapes;
}

const open = { min: undefined, max: undefined, minLength: undefined, maxLength: undefined };

/** Of rules that forgive, or that not all rows must keep, readers cannot be sure. */
function holdsForAll({ kwargs, where, severity }: Rule): boolean {
  return where === undefined && severity === 'critical' && !('mostly' in kwargs && (kwargs.mostly ?? 1) < 1);
}

function read<E extends Expectation>({ expectation, kwargs }: RuleOf<E>, shape: Shape): Shape {
  return readings[expectation]?.(kwargs, shape) ?? {};
}

/** What rules say of the values of a column. */
const readings: { readonly [E in Expectation]?: (kwargs: KwargsOf<E>, shape: Shape) => Shape } = {
  expect_column_values_to_not_be_null: () => ({ null: false }),
  expect_column_values_to_be_of_type: ({ type_ }) => ({ types: [type_] }),
  expect_column_values_to_be_in_type_list: ({ type_list }) => ({ types: type_list }),
  expect_column_values_to_be_in_set: ({ value_set }) => ({ values: value_set }),
  expect_column_values_to_be_between: ({ min_value, max_value, strict_min, strict_max }, { ends = open }) => ({
    ends: { ...ends, min: endOf(min_value, strict_min) ?? ends.min, max: endOf(max_value, strict_max) ?? ends.max },
  }),
  expect_column_value_lengths_to_be_between: ({ min_value, max_value }, { ends = open }) => ({
    ends: { ...ends, minLength: endOf(min_value) ?? ends.minLength, maxLength: endOf(max_value) ?? ends.maxLength },
  }),
  expect_column_values_to_match_regex: ({ regex }, { demands = [] }) => ({ demands: [...demands, regex].toSorted() }),
};
