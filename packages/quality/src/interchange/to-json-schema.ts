import { OptionError } from '@dataenginex/core';
import type { Contract } from '../contract.ts';
import { compileLike, compileRegex } from '../rows/patterns.ts';
import type { Bounds, Expectation, Kwargs, Ordered, TypeName } from '../rules/expectations.ts';
import type { Rule } from '../rules/rule.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { type Unmapped, unmappedOf } from './unmapped.ts';

export interface WrittenJsonSchema {
  /** Of one row, draft 2020-12. */
  readonly schema: JsonSchema;
  /** The rules that are not in it, and why. */
  readonly unmapped: readonly Unmapped[];
}

/** What rules say of one column: each constraint is for values that are there, unless it says of null. */
interface Property {
  nullable: boolean;
  isRequired: boolean;
  readonly constraints: JsonSchema[];
}

/**
 * What a contract asks of each row by itself, as a JSON Schema: types, sets, bounds of numbers, lengths, patterns, and
 * that a value or a column is there. What is of the whole table, of some rows (`where`, `groupBy`), of a share of them
 * (`mostly`) or no critical rule is in `unmapped`, and so is what JSON Schema has no word for. Lengths and patterns are
 * of texts, bounds of numbers.
 *
 * @see https://json-schema.org/draft/2020-12
 */
export function toJsonSchema(contract: Contract): WrittenJsonSchema {
  const unmapped = unmappedOf(contract);
  const properties = new Map<string, Property>();
  for (const column of contract.columns) properties.set(column, open());
  let isClosed = false;

  for (const rule of contract.rules) {
    const { kwargs } = rule;
    try {
      checkOfRows(rule);
      if (rule.expectation === 'expect_table_columns_to_match_set') {
        if (rule.kwargs.exact_match === false) throw new OptionError('rule', 'of single rows', rule.expectation);
        for (const column of rule.kwargs.column_set) properties.set(column, properties.get(column) ?? open());
        isClosed = true;
      } else {
        const column = 'column' in kwargs ? kwargs.column : '';
        const property = properties.get(column) ?? open();
        apply(rule, property);
        properties.set(column, property);
      }
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      const column = 'column' in kwargs ? kwargs.column : undefined;
      unmapped.push({ place: undefined, expectation: rule.expectation, column, reason: error.message, rule: rule.id });
    }
  }

  const required = [...properties].filter(([, { isRequired }]) => isRequired).map(([column]) => column);
  const schema: JsonSchema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: contract.name,
    type: 'object',
    properties: Object.fromEntries(Array.from(properties, ([column, property]) => [column, writeProperty(property)])),
    ...(required.length > 0 && { required }),
    ...(isClosed && { additionalProperties: false }),
  };
  return { schema, unmapped };
}

const open = (): Property => ({ nullable: true, isRequired: false, constraints: [] });

function checkOfRows({ severity, where, groupBy, kwargs }: Rule): void {
  if (severity !== 'critical') throw new OptionError('severity', 'critical, as a schema refuses rows', severity);
  if (where !== undefined) throw new OptionError('where', 'left out: a schema is of every row', where);
  if (groupBy !== undefined) throw new OptionError('groupBy', 'left out: a schema is of one row', groupBy);
  if ('mostly' in kwargs && (kwargs.mostly ?? 1) < 1) {
    throw new OptionError('mostly', '1, as a schema is of every row', kwargs.mostly);
  }
}

function apply<E extends Expectation>(rule: { expectation: E; kwargs: Kwargs[E] }, property: Property): void {
  const writer: ((kwargs: Kwargs[E], property: Property) => JsonSchema | undefined) | undefined = all[rule.expectation];
  if (writer === undefined)
    throw new OptionError('rule', 'of single rows, and one that JSON Schema has', rule.expectation);
  const constraint = writer(rule.kwargs, property);
  if (constraint !== undefined) property.constraints.push(constraint);
}

type Writers = { readonly [E in Expectation]?: (kwargs: Kwargs[E], property: Property) => JsonSchema | undefined };

const all: Writers = {
  expect_column_values_to_not_be_null: (_, property) => {
    property.nullable = false;
    property.isRequired = true;
    return undefined;
  },
  expect_column_values_to_be_null: () => ({ type: 'null' }),
  expect_column_to_exist: ({ column_index: index }, property) => {
    if (index !== undefined) throw new OptionError('column_index', 'left out: properties have no order', index);
    property.isRequired = true;
    return undefined;
  },
  expect_column_values_to_be_of_type: ({ type_: type }) => typesOf([type]),
  expect_column_values_to_be_in_type_list: ({ type_list: list }) => typesOf(list),
  expect_column_values_to_be_in_set: ({ value_set: values }) => ({ enum: jsonOf(values) }),
  expect_column_values_to_not_be_in_set: ({ value_set: values }) => ({ not: { enum: jsonOf(values) } }),
  expect_column_values_to_be_between: boundsOf,
  expect_column_value_lengths_to_equal: ({ value }) => ({
    type: 'string',
    minLength: value,
    maxLength: value,
  }),
  expect_column_value_lengths_to_be_between: ({ min_value: min, max_value: max, strict_min, strict_max }) => ({
    type: 'string',
    ...(min !== undefined && { minLength: Math.max(0, strict_min === true ? Math.floor(min) + 1 : Math.ceil(min)) }),
    ...(max !== undefined &&
      Number.isFinite(max) && { maxLength: strict_max === true ? Math.ceil(max) - 1 : Math.floor(max) }),
  }),
  expect_column_values_to_match_regex: ({ regex }) => patternOf(regex),
  expect_column_values_to_not_match_regex: ({ regex }) => ({ not: patternOf(regex) }),
  expect_column_values_to_match_regex_list: ({ regex_list: list, match_on: on }) => ({
    [on === 'all' ? 'allOf' : 'anyOf']: list.map(patternOf),
  }),
  expect_column_values_to_not_match_regex_list: ({ regex_list: list }) => ({ not: { anyOf: list.map(patternOf) } }),
  expect_column_values_to_match_like_pattern: ({ like_pattern: pattern, escape }) => likeOf(pattern, escape),
  expect_column_values_to_not_match_like_pattern: ({ like_pattern: pattern, escape }) => ({
    not: likeOf(pattern, escape),
  }),
  expect_column_values_to_match_like_pattern_list: ({ like_pattern_list: list, match_on: on, escape }) => ({
    [on === 'all' ? 'allOf' : 'anyOf']: list.map((pattern) => likeOf(pattern, escape)),
  }),
  expect_column_values_to_not_match_like_pattern_list: ({ like_pattern_list: list, escape }) => ({
    not: { anyOf: list.map((pattern) => likeOf(pattern, escape)) },
  }),
};

function typesOf(types: readonly TypeName[]): JsonSchema {
  if (types.includes('date')) throw new OptionError('type_', 'one that JSON has', 'date');
  const names = [...new Set(types.map((type) => (type === 'bigint' ? 'integer' : type)))];
  return { type: names.length === 1 ? names[0] : names };
}

function boundsOf({ min_value: min, max_value: max, strict_min, strict_max }: Bounds<Ordered>): JsonSchema {
  return {
    type: 'number',
    ...(min !== undefined && { [strict_min === true ? 'exclusiveMinimum' : 'minimum']: numberOf(min) }),
    ...(max !== undefined && { [strict_max === true ? 'exclusiveMaximum' : 'maximum']: numberOf(max) }),
  };
}

function numberOf(bound: Ordered): number {
  if (typeof bound === 'number' && Number.isFinite(bound)) return bound;
  if (typeof bound === 'bigint' && Number.isSafeInteger(Number(bound))) return Number(bound);
  throw new OptionError('bound', 'a number, as JSON Schema has no other order', bound);
}

function jsonOf(values: readonly unknown[]): readonly unknown[] {
  return values.map((value) => {
    if (typeof value === 'bigint' || typeof value === 'number') return numberOf(value);
    if (value instanceof Date) throw new OptionError('value_set', 'of values that JSON has', value);
    return value;
  });
}

/** As JavaScript writes it, which JSON Schema goes by; it has no flags. */
function patternOf(regex: string): JsonSchema {
  const { source, flags } = compileRegex('regex', regex);
  if (flags !== 'u') throw new OptionError('regex', 'one without flags', regex);
  return { type: 'string', pattern: source };
}

function likeOf(pattern: string, escape: string | undefined): JsonSchema {
  return { type: 'string', pattern: compileLike(pattern, escape).source };
}

/** Constraints of one column in one schema where no keyword is twice; nulls pass them, where there may be any. */
function writeProperty({ nullable, constraints }: Property): JsonSchema {
  const merged: JsonSchema[] = [];
  const isTyped = constraints.some(({ type }) => type !== undefined && type !== 'null');
  const notNull = nullable || isTyped ? [] : [{ not: { type: 'null' } }];
  for (const constraint of [...constraints, ...notNull]) {
    const at = merged.findIndex((known) => isMergeable(known, constraint));
    if (at < 0) merged.push(constraint);
    else merged[at] = { ...merged[at], ...narrower(merged[at] ?? {}, constraint) };
  }
  const [first = {}, ...others] = merged;
  const whole: JsonSchema = others.length === 0 ? first : { allOf: merged };
  return nullable && merged.length > 0 ? withNull(whole) : whole;
}

/** Two constraints go together when all that both say is the type. */
function isMergeable(a: JsonSchema, b: JsonSchema): boolean {
  const shared = Object.keys(a).filter((keyword) => keyword in b);
  return shared.every((keyword) => keyword === 'type' && narrower(a, b).type !== undefined);
}

/** The type that both have: a whole number is a number, too. */
function narrower(a: JsonSchema, b: JsonSchema): JsonSchema {
  if (!('type' in a) || a.type === b.type) return b;
  if (!('type' in b)) return { ...b, type: a.type };
  const types = new Set([a.type, b.type]);
  return { ...b, type: types.has('integer') && types.has('number') ? 'integer' : undefined };
}

function withNull(schema: JsonSchema): JsonSchema {
  if ('enum' in schema && Array.isArray(schema.enum) && Object.keys(schema).length === 1) {
    return { enum: [...new Set([...schema.enum, null])] };
  }
  const { type } = schema;
  const isPlain = Object.keys(schema).every(
    (keyword) => keyword !== 'enum' && keyword !== 'not' && keyword !== 'anyOf' && keyword !== 'allOf',
  );
  if (isPlain && type === 'null') return schema;
  if (isPlain && typeof type === 'string') return { ...schema, type: [type, 'null'] };
  if (isPlain && Array.isArray(type)) return { ...schema, type: [...type, 'null'] };
  return { anyOf: [schema, { type: 'null' }] };
}
