import type { GroupFailure, Groups, MapResult, ObservedResult, RuleResult } from './result.ts';
import type { Rule } from '../rules/rule.ts';
import { isObject } from '../schema/json-schema.ts';
import { column, counted, duration, list, literal, literals, percent, thousands } from './words.ts';

/** What became of a rule, in a line: `tempMax.toBeBetween: 2 of 1461 values, such as 412 in row 7`. */
export function describeResult(result: RuleResult): string {
  return `${result.rule.id}: ${describeOutcome(result)}`;
}

/** What was found where a rule was asked: `2 of 1461 values, such as 412 in row 7`. */
export function describeOutcome(result: RuleResult): string {
  if (result.kind === 'error') return result.error;
  if (result.groups !== undefined) return ofGroups(result.rule, result.groups);
  return result.kind === 'map' ? ofMap(result) : `${ofObserved(result)}${ofApproximation(result)}`;
}

/** What was found, with a line for each of the first `most` groups of rows in which the rule does not hold. */
export function describeOutcomes(result: RuleResult, most: number): string[] {
  const { rule, groups } = result;
  if (result.kind === 'error' || groups === undefined || groups.failed < 2) return [describeOutcome(result)];
  const shown = groups.failures.slice(0, most);
  const left = groups.failed - shown.length;
  return [
    `${thousands(groups.failed)} of ${counted(groups.count, 'group')}`,
    ...shown.map((failure) => ofGroup(rule, failure)),
    ...(left > 0 ? [`and ${counted(left, 'more group')}`] : []),
  ];
}

function ofGroups(rule: Rule, { count, failed, failures: [first] }: Groups): string {
  if (first === undefined) return count === 0 ? 'there are no groups' : `so in each of ${counted(count, 'group')}`;
  return `${thousands(failed)} of ${counted(count, 'group')}, such as ${ofGroup(rule, first)}`;
}

function ofGroup(rule: Rule, failure: GroupFailure): string {
  const group = Object.entries(failure.group).map(([name, value]) => `${column(name)} ${literal(value)}`);
  return `${group.join(', ')}: ${describeOutcome({ rule, ...failure, groups: undefined })}`;
}

function ofMap({ rule, elementCount, missingCount, unexpectedCount, unexpectedValues, ...places }: MapResult): string {
  const asked = elementCount - missingCount;
  const things = 'column' in rule.kwargs ? 'values' : 'rows';
  const nulls = missingCount === 0 ? '' : `, ${thousands(missingCount)} without one`;
  if (unexpectedCount === 0) return asked === 0 ? `no ${things} to ask` : `all ${thousands(asked)} ${things}${nulls}`;
  const place = describePlace(places, 0);
  const sample =
    unexpectedValues.length === 0
      ? ''
      : `, such as ${literal(unexpectedValues[0])}${place === undefined ? '' : ` in row ${place}`}`;
  const share = unexpectedCount === asked ? '' : ` (${percent(unexpectedCount / asked)})`;
  return `${thousands(unexpectedCount)} of ${thousands(asked)} ${things}${asked < 10 ? '' : share}${sample}`;
}

/** The row of one of the values that break a rule: its place, or its key in a database. */
export function describePlace(
  { unexpectedIndexes, unexpectedKeys }: Pick<MapResult, 'unexpectedIndexes' | 'unexpectedKeys'>,
  at: number,
): string | undefined {
  const key = unexpectedKeys?.[at];
  if (key === undefined) return unexpectedIndexes[at]?.toString();
  return Object.entries(key)
    .map(([name, value]) => `${column(name)} ${literal(value)}`)
    .join(', ');
}

function ofApproximation({ approximation }: ObservedResult): string {
  if (approximation === undefined) return '';
  return approximation.uncertain ? ', an estimate too near to its bound to be certain' : ', an estimate';
}

function ofObserved({ rule, success, observed, details = {} }: ObservedResult): string {
  const { expectation } = rule;
  if (expectation === 'expect_column_to_exist') return success ? 'it is there' : 'it is not';
  if (expectation === 'expect_comparison_to_hold') return String(details['summary']);
  if (isObject(observed) && Array.isArray(observed.quantiles) && Array.isArray(observed.values)) {
    const values: readonly unknown[] = observed.values;
    return list(observed.quantiles.map((quantile, at) => `${percent(Number(quantile))} is ${literal(values[at])}`));
  }
  if (typeof details['newest'] === 'string' && typeof observed === 'number') {
    return `it is ${details['newest']}, ${duration(Math.abs(observed))} ${observed < 0 ? 'ahead' : 'ago'}`;
  }
  const differences = describeDifferences(details);
  if (differences !== '') return differences;
  if (expectation.startsWith('expect_column_distinct_values_')) return success ? 'so they are' : 'they are not';
  if (observed === null || observed === undefined) return success ? 'so it is' : 'there is nothing to look at';
  if (typeof observed === 'number')
    return `it is ${expectation.includes('_proportion_') ? percent(observed) : number(observed)}`;
  return Array.isArray(observed)
    ? `${observed.length === 1 ? 'it is' : 'they are'} ${literals(observed)}`
    : `it is ${literal(observed)}`;
}

/** What sets and lists of columns have too much or too little. */
function describeDifferences(details: Readonly<Record<string, unknown>>): string {
  const { mismatched, partial_unexpected_list: values, partial_missing_list: lacking } = details;
  if (Array.isArray(mismatched)) {
    const places = mismatched.filter(isObject).map((at) => {
      return `${literal(at['Found'])} and not ${literal(at['Expected'])} at place ${String(at['Expected Column Position'])}`;
    });
    return list(places, 4);
  }
  const { unexpected = values, missing = lacking } = isObject(mismatched) ? mismatched : {};
  return [
    ...(Array.isArray(unexpected) && unexpected.length > 0 ? [`there is ${literals(unexpected)}`] : []),
    ...(Array.isArray(missing) && missing.length > 0 ? [`there is no ${literals(missing, 'or')}`] : []),
  ].join('; ');
}

/** As many digits as people compare by. */
function number(value: number): string {
  if (!Number.isFinite(value)) return `${value}`;
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? thousands(value) : `${value}`;
  return `${Number(value.toPrecision(6))}`;
}
