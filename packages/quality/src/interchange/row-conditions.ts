import { OptionError } from '@dataenginex/core';
import { isDeepStrictEqual } from 'node:util';
import type { ColumnCondition, RowCondition } from '../rules/row-condition.ts';
import { isObject, listOf } from '../schema/json-schema.ts';
import { type Conditions, parseCondition, type Test } from './condition-text.ts';

const operators = new Map<string, keyof ColumnCondition>(
  Object.entries({
    '==': 'eq',
    '!=': 'ne',
    '<': 'lt',
    '<=': 'lte',
    '>': 'gt',
    '>=': 'gte',
    IN: 'in',
    NOT_IN: 'notIn',
  }),
);

/**
 * A `row_condition` of Great Expectations, an object or a text of its older versions, as one of ours.
 *
 * @throws {OptionError} When it cannot be said: an `or` of two columns, code that is no comparison.
 */
export function readRowCondition(condition: unknown, parser: unknown): RowCondition {
  const read = readConditions(condition);
  const tests = flatten(read);
  // Spark compares null to nothing, where pandas finds it unequal to everything, as we do.
  const spark = parser === 'spark' ? tests.filter(({ key }) => key === 'ne' || key === 'notIn') : [];
  return merge([...tests, ...spark.map(({ column }): Test => ({ column, key: 'isNull', value: false }))]);
}

function readConditions(condition: unknown): Conditions {
  if (typeof condition === 'string') return parseCondition(condition);
  if (!isObject(condition)) throw new OptionError('row_condition', 'an object or a text', condition);
  const { type, column, operator, parameter, conditions, is_null: isNull, pass_through_filter: filter } = condition;
  if (type === 'and') return { all: listOf(conditions).map(readConditions) };
  if (type === 'or') return { any: listOf(conditions).map(readConditions) };
  if (type === 'pass_through' && typeof filter === 'string') return parseCondition(filter);
  const name = isObject(column) ? column.name : undefined;
  if (typeof name !== 'string') throw new OptionError('row_condition.column.name', 'a text', name);
  if (type === 'nullity') return { column: name, key: 'isNull', value: isNull };
  const key = operators.get(String(operator));
  if (key === undefined)
    throw new OptionError('row_condition.operator', `one of ${[...operators.keys()].join(', ')}`, operator);
  return { column: name, key, value: parameter };
}

/** The tests of which all hold. Any of several is one test where they are about the same column's value. */
function flatten(conditions: Conditions): readonly Test[] {
  if ('all' in conditions) return conditions.all.flatMap(flatten);
  if (!('any' in conditions)) return [conditions];
  const tests = conditions.any.map((condition) => {
    const all = flatten(condition);
    return all.length === 1 ? all[0] : undefined;
  });
  const [first] = tests;
  if (first !== undefined && tests.length === 1) return [first];
  const values = tests.flatMap((test) => (test?.key === 'eq' ? [test.value] : test?.key === 'in' ? test.value : [{}]));
  if (first === undefined || tests.some((test) => test?.column !== first.column) || values.some(isObject)) {
    throw new OptionError('row_condition', 'conditions that all hold, as there is no or', 'an or');
  }
  return [{ column: first.column, key: 'in', value: values }];
}

function merge(tests: readonly Test[]): RowCondition {
  const where = new Map<string, Map<keyof ColumnCondition, unknown>>();
  for (const { column, key, value } of tests) {
    const of = where.get(column) ?? new Map<keyof ColumnCondition, unknown>();
    where.set(column, of);
    const none = key === 'ne' || key === 'notIn' ? (of.get('ne') ?? of.get('notIn')) : undefined;
    if (none !== undefined) {
      of.delete('ne');
      of.set('notIn', [none, value].flat());
    } else if (of.has(key) && !isDeepStrictEqual(of.get(key), value)) {
      throw new OptionError(`row_condition.${column}`, 'one condition of each kind', [of.get(key), value]);
    } else of.set(key, value);
  }
  return Object.fromEntries([...where].map(([column, of]) => [column, Object.fromEntries(of)]));
}

/** What Great Expectations writes of one column. */
type Written =
  | { type: 'comparison'; column: { name: string }; operator: string; parameter: unknown }
  | { type: 'nullity'; column: { name: string }; is_null: boolean };

/**
 * A condition of ours as the object that Great Expectations takes.
 *
 * @throws {OptionError} When it cannot be said there: a list of numbers and texts.
 */
export function writeRowCondition(where: RowCondition, write: (value: unknown) => unknown): object | undefined {
  const conditions = Object.entries(where).flatMap(([name, condition]) => {
    const tests =
      typeof condition === 'object' && condition !== null && !(condition instanceof Date)
        ? condition
        : { eq: condition };
    return Object.entries(tests)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => writeTest(name, key, value, write));
  });
  return conditions.length > 1 ? { type: 'and', conditions } : conditions[0];
}

function writeTest(name: string, key: string, value: unknown, write: (value: unknown) => unknown): Written {
  const column = { name };
  if (key === 'isNull') return { type: 'nullity', column, is_null: value === true };
  if (value === null) return { type: 'nullity', column, is_null: key === 'eq' };
  const operator = [...operators.keys()].find((sign) => operators.get(sign) === key) ?? key;
  if (!Array.isArray(value)) return { type: 'comparison', column, operator, parameter: write(value) };
  const parameter = value.filter((item) => item !== null).map(write);
  if (new Set(parameter.map((item) => typeof item)).size > 1) {
    throw new OptionError('row_condition', 'lists of values of one type', value);
  }
  return { type: 'comparison', column, operator, parameter };
}
