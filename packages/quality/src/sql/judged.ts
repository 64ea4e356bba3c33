import { within } from '../rules/bounds.ts';
import type { Bounds, Expectation, Ordered } from '../rules/expectations.ts';
import type { FailedResult, RuleResult } from '../report/result.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
import { isNull, show } from '../values.ts';
import type { Flag, Steps } from './steps.ts';
import type { Table } from './table.ts';

/** How many of the values that break a rule are told. */
export const mostTold = 20;

/** What became of a rule, and how its rows are told where a row breaks it. */
export interface Judged {
  readonly result: RuleResult;
  readonly flag?: Flag | undefined;
}

export interface JudgeOptions {
  readonly keepIndexes: boolean;
  /** The time at which it is judged whether rows are fresh. */
  readonly now?: number | undefined;
  /** The names of the table's columns. */
  readonly columns: readonly string[];
}

type Judge<E extends Expectation> = (rule: RuleOf<E>, table: Table, options: JudgeOptions) => Steps<Judged> | Judged;

/** Ways to judge, by expectation. */
export type Judges = { readonly [E in Expectation]?: Judge<E> };

export function observed(rule: Rule, value: unknown, success: boolean): Judged {
  return { result: { rule, kind: 'observed', success, observed: value, details: undefined } };
}

export function failure(rule: Rule, error: string): FailedResult {
  return { rule, kind: 'error', success: false, error, unexpectedIndexes: [] };
}

export function failed(rule: Rule, error: string): Judged {
  return { result: failure(rule, error) };
}

/** Nothing observed is within no bounds, not even within none. */
export function bounded(rule: Rule, value: unknown, bounds: Bounds<Ordered>): Judged {
  if (isNull(value)) return observed(rule, null, false);
  const is = within(value, bounds);
  if (is === undefined)
    return failed(rule, `${show(value)} has no order with ${show(bounds.min_value ?? bounds.max_value)}`);
  return observed(rule, value, is);
}
