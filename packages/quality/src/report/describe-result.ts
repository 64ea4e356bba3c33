import type { RuleResult } from './result.ts';
import { show } from '../values.ts';

/** What became of a rule, in a line: `tempMax.toBeBetween: 2 of 1461 values, such as 412 in row 7`. */
export function describeResult(result: RuleResult): string {
  const { id } = result.rule;
  if (result.kind === 'error') return `${id}: ${result.error}`;
  if (result.kind === 'observed') return `${id}: got ${show(result.observed)}`;
  const { unexpectedCount, elementCount, missingCount, unexpectedValues, unexpectedIndexes } = result;
  const first = `${show(unexpectedValues[0])} in row ${String(unexpectedIndexes[0])}`;
  return `${id}: ${unexpectedCount} of ${elementCount - missingCount} values, such as ${first}`;
}
