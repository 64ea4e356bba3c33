import type { MapResult, RuleResult } from './result.ts';
import { compare, keyOf, keyOfAll } from '../values.ts';

/** How much of a result is told, as Great Expectations names it. */
export type ResultFormat = 'BOOLEAN_ONLY' | 'BASIC' | 'SUMMARY' | 'COMPLETE';

/** As Great Expectations gives a rule's result. */
export interface ExpectationResult {
  readonly success: boolean;
  readonly result: Readonly<Record<string, unknown>>;
  /** Why it could not be judged. */
  readonly exception?: string;
}

/** How many values are told where not all of them are. */
const partial = 20;

/**
 * A result with the fields that Great Expectations gives it; with COMPLETE, all unexpected values are told if the check
 * kept them (`keepIndexes`), else the first 20. What is pandas' own is left out: `unexpected_index_query`.
 *
 * @see https://docs.greatexpectations.io/docs/core/trigger_actions_based_on_results/choose_a_result_format/
 */
export function toResult(result: RuleResult, format: ResultFormat): ExpectationResult {
  if (result.kind === 'error') return { success: false, result: {}, exception: result.error };
  const { success } = result;
  if (format === 'BOOLEAN_ONLY') return { success, result: {} };
  if (result.kind === 'map') return { success, result: ofMap(result, format) };
  const { expectation } = result.rule;
  if (expectation === 'expect_column_to_exist') return { success, result: {} };
  const details = result.details ?? {};
  const flat = expectation.startsWith('expect_column_distinct_values_') || result.details === undefined;
  return { success, result: { observed_value: result.observed, ...(flat ? details : { details }) } };
}

const aboutNulls = new Set<string>(['expect_column_values_to_be_null', 'expect_column_values_to_not_be_null']);

function ofMap(result: MapResult, format: ResultFormat): Record<string, unknown> {
  const { elementCount, missingCount, unexpectedCount, rule } = result;
  const asked = elementCount - missingCount;
  const values = result.unexpectedValues.map((value) => told(result, value));
  const indexes = result.unexpectedIndexes;
  const list = values.slice(0, partial);
  return {
    element_count: elementCount,
    unexpected_count: unexpectedCount,
    unexpected_percent: percent(unexpectedCount, asked),
    partial_unexpected_list: list,
    ...(aboutNulls.has(rule.expectation)
      ? {}
      : {
          missing_count: missingCount,
          missing_percent: percent(missingCount, elementCount),
          unexpected_percent_total: percent(unexpectedCount, elementCount),
          unexpected_percent_nonmissing: percent(unexpectedCount, asked),
        }),
    ...(format === 'BASIC'
      ? {}
      : {
          partial_unexpected_counts: countsOf(result.unexpectedValues.slice(0, partial)),
          partial_unexpected_index_list: indexes.slice(0, partial),
        }),
    ...(format === 'COMPLETE' ? { unexpected_list: values, unexpected_index_list: indexes } : {}),
  };
}

/** Several columns are told by their names, a pair is not. */
function told({ rule: { kwargs } }: MapResult, value: unknown): unknown {
  if (!('column_list' in kwargs) || !Array.isArray(value)) return value;
  return Object.fromEntries(kwargs.column_list.map((column, index) => [column, value[index]]));
}

function percent(count: number, of: number): number | null {
  return of === 0 ? null : (count / of) * 100;
}

/** The most frequent first, then by their order where they have one. */
function countsOf(values: readonly unknown[]): { value: unknown; count: number }[] {
  const counts = new Map<unknown, { value: unknown; count: number }>();
  for (const value of values) {
    const key = Array.isArray(value) ? keyOfAll(value) : keyOf(value);
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { value, count: 1 });
    else entry.count++;
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count || (compare(a.value, b.value) ?? 0));
}
