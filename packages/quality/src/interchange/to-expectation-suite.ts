import { OptionError } from '@dataenginex/core';
import type { Contract } from '../contract.ts';
import type { Expectation, TypeName } from '../rules/expectations.ts';
import type { Rule } from '../rules/rule.ts';
import { isObject } from '../schema/json-schema.ts';
import { type Unmapped, unmappedOf } from './unmapped.ts';
import { writeRowCondition } from './row-conditions.ts';
import { columnReadings, tableReadings } from './suite-rules.ts';
import { writeDtype, writeTypeNames } from './type-names.ts';

/** A suite as Great Expectations 1 keeps it in JSON. */
export interface ExpectationSuite {
  readonly name: string;
  readonly expectations: readonly SuiteEntry[];
  readonly meta: Readonly<Record<string, unknown>>;
}

/** One expectation of a suite. */
export interface SuiteEntry {
  readonly type: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** `dex_id` is the rule's id, by which it is found again. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly severity: string;
  readonly notes?: string;
}

export interface WrittenSuite {
  /** Plain data for `JSON.stringify`. */
  readonly suite: ExpectationSuite;
  /** Empty when the suite asks all that the contract does. */
  readonly unmapped: readonly Unmapped[];
}

/**
 * A contract as a suite that Great Expectations 1 loads and runs. What it cannot say there is in `unmapped`: functions,
 * groups, freshness, bounds that are texts but no dates; and so is what the contract's schema demands without a rule.
 *
 * Types are written as Python calls those of values. Dates are without a time zone, as pandas has them, in UTC.
 */
export function toExpectationSuite(contract: Contract): WrittenSuite {
  const expectations: SuiteEntry[] = [];
  const unmapped = unmappedOf(contract);
  for (const rule of contract.rules) {
    const report = (reason: string, place: string | undefined): void => {
      const column = 'column' in rule.kwargs ? rule.kwargs.column : undefined;
      unmapped.push({ place, expectation: rule.expectation, column, reason, rule: rule.id });
    };
    try {
      const entry = writeRule(rule, (reason) => report(reason, `expectations.${expectations.length}`));
      expectations.push(entry);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      report(error.message, undefined);
    }
  }
  return { suite: { name: contract.name, expectations, meta: {} }, unmapped };
}

const known = new Set([...Object.keys(columnReadings), ...Object.keys(tableReadings)]);

function writeRule(rule: Rule, note: (reason: string) => void): SuiteEntry {
  const { id, expectation, where, severity, tags, notes } = rule;
  if (!known.has(expectation)) throw new OptionError('rule', 'one that Great Expectations has', expectation);
  if (rule.groupBy !== undefined) throw new OptionError('groupBy', 'left out: there are no groups', rule.groupBy);
  const needed = new Map(Object.entries(needs)).get(expectation) ?? [];
  const [type, kwargs] = writeTypes(expectation, [...needed, ...Object.entries(rule.kwargs).flatMap(writeArgument)]);
  for (const key of ['min_value', 'max_value']) {
    if (typeof Reflect.get(rule.kwargs, key) === 'string')
      note(`${key} is a date there, and the column has to be one of dates`);
  }
  if (kwargs.column_index === 0) note('column_index 0 is not looked at there');
  const row_condition = where === undefined ? undefined : writeRowCondition(where, writeValue);
  return {
    type,
    kwargs: row_condition === undefined ? kwargs : { ...kwargs, row_condition },
    meta: { dex_id: id, ...(tags.length > 0 && { tags }) },
    severity,
    ...(notes !== undefined && { notes }),
  };
}

/** Arguments that have no default there. */
const needs: { readonly [E in Expectation]?: readonly Entry[] } = {
  expect_column_value_z_scores_to_be_less_than: [['double_sided', true]],
};

type Entry = readonly [key: string, value: unknown];

function writeArgument([key, value]: Entry): readonly Entry[] {
  if (value === undefined) return [];
  if (key === 'min_value' || key === 'max_value') {
    // As there is no infinity in JSON; a bound that is one bounds nothing, unless it is itself left out.
    if (value === (key === 'min_value' ? -Infinity : Infinity)) return [];
    if (typeof value === 'string' && !isoDate.test(value)) {
      throw new OptionError(key, 'a number or a date, as texts are no bounds there', value);
    }
  }
  if (key === 'regex' && typeof value === 'string') return [[key, toPython(value)]];
  if (key === 'regex_list' && Array.isArray(value)) return [[key, value.map((regex) => toPython(String(regex)))]];
  return [[key, writeValue(value)]];
}

const isoDate = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/;

function writeValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().replace(/(?:\.000)?Z$/, '');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new OptionError('value', 'one that JSON has', value);
  if (typeof value === 'bigint') {
    if (Number.isSafeInteger(Number(value))) return Number(value);
    throw new OptionError('value', 'a number that is exact', value);
  }
  if (Array.isArray(value)) return value.map(writeValue);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, writeValue(item)]));
}

/** A regex is of Python already, but where JavaScript has its own way, which our rules take too. */
function toPython(regex: string): string {
  return regex.replaceAll(/\\[pPu]\{|\\[\s\S]|\(\?<(?![=!])/g, (token) => {
    if (token.endsWith('{')) throw new OptionError('regex', 'one that Python has', regex);
    return token === '(?<' ? '(?P<' : token;
  });
}

/** The names of types; a type that is two there is a list of types. */
function writeTypes(expectation: string, entries: readonly Entry[]): readonly [string, Record<string, unknown>] {
  const { type_: type, type_list: list, ...kwargs } = Object.fromEntries(entries);
  if (expectation === 'expect_column_type_to_be') return [expectation, { ...kwargs, type_: writeDtype(typeOf(type)) }];
  if (type === undefined && list === undefined) return [expectation, kwargs];
  const names = writeTypeNames(Array.isArray(list) ? list.map(typeOf) : [typeOf(type)]);
  return names.length === 1 && list === undefined
    ? [expectation, { ...kwargs, type_: names[0] }]
    : ['expect_column_values_to_be_in_type_list', { ...kwargs, type_list: names }];
}

function typeOf(name: unknown): TypeName;
function typeOf(name: unknown): unknown {
  return name;
}
