import type { RuleResult } from './result.ts';
import type { Rule } from './rule.ts';

export interface RowsCheckOptions {
  /** Keep the index of every row that breaks a rule, not of the first 20. */
  readonly keepIndexes: boolean;
}

/** Rules on the way through a table. */
export interface RowsCheck {
  /** The next rows, in order; any number of batches. */
  push(rows: readonly unknown[]): void;
  /** The results, in the order of the rules. Nothing can be pushed after it. */
  finish(): { readonly rows: number; readonly results: readonly RuleResult[] };
}

export function createRowsCheck(rules: readonly Rule[], options: RowsCheckOptions): RowsCheck {
  void rules;
  void options;
  throw new Error('being built');
}
