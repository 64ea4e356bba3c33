import type { ObservedResult } from '../report/result.ts';
import { createRule, type ShapeOptions } from '../rules/rule-options.ts';

/** What a comparison across runs, partitions or tables came to. */
export interface Comparison {
  /** The default id of its rule. */
  readonly name: string;
  /** What holds, in words. */
  readonly about: string;
  readonly success: boolean;
  readonly observed: unknown;
  /** What was found, in words. */
  readonly summary: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** A comparison as the result of a rule, to stand in a report beside others. */
export function comparisonResult(comparison: Comparison, options: ShapeOptions = {}): ObservedResult {
  const { name, about, success, observed, summary, details } = comparison;
  const { id, severity, tags, notes } = options;
  const rule = createRule(name, 'expect_comparison_to_hold', { about }, [], { id, severity, tags, notes });
  return { rule, kind: 'observed', success, observed, details: { summary, ...details } };
}

/** A number as people read it. */
export function rounded(value: number): string {
  return String(Number(value.toPrecision(6)));
}
