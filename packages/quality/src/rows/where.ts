import type { Scalar } from '../rules/expectations.ts';
import type { ColumnCondition, RowCondition } from '../rules/row-condition.ts';
import { compare, isNull, keyOf, keysOfSet } from '../values.ts';

/** What one column's value must be for a row to be looked at. */
export interface ColumnTest {
  readonly column: string;
  holds(value: unknown): boolean;
}

export function columnTests(where: RowCondition): ColumnTest[] {
  return Object.entries(where).map(([column, condition]) => ({
    column,
    holds: holds(isBare(condition) ? { eq: condition } : condition),
  }));
}

function isBare(condition: Scalar | ColumnCondition): condition is Scalar {
  return typeof condition !== 'object' || condition === null || condition instanceof Date;
}

function holds(condition: ColumnCondition): (value: unknown) => boolean {
  const { eq, ne, gt, gte, lt, lte } = condition;
  const one = eq === undefined ? undefined : keysOfSet([eq]);
  const none = ne === undefined ? undefined : keysOfSet([ne]);
  const some = condition.in && keysOfSet(condition.in);
  const others = condition.notIn && keysOfSet(condition.notIn);
  const positive = one !== undefined || some !== undefined || [gt, gte, lt, lte].some((bound) => bound !== undefined);
  return (value) => {
    if (isNull(value)) return eq === null || (condition.isNull !== false && !positive && ne !== null);
    const key = keyOf(value);
    return (
      condition.isNull !== true &&
      (one?.has(key) ?? true) &&
      !none?.has(key) &&
      (some?.has(key) ?? true) &&
      !others?.has(key) &&
      (gt === undefined || (compare(value, gt) ?? -1) > 0) &&
      (gte === undefined || (compare(value, gte) ?? -1) >= 0) &&
      (lt === undefined || (compare(value, lt) ?? 1) < 0) &&
      (lte === undefined || (compare(value, lte) ?? 1) <= 0)
    );
  };
}
