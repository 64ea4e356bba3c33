import type { RuleResult } from './report/result.ts';
import type { Rule } from './rules/rule.ts';

export interface JudgeOptions {
  readonly signal: AbortSignal | undefined;
  /** Keep the value and the place of every row that breaks a rule, not of the first 20. */
  readonly keepIndexes: boolean;
  /** The columns of a table without rows, where it cannot show them itself. */
  readonly columns: readonly string[];
  /** Columns that may not be there: a rule that asks for them finds nulls then, where it would be an error. */
  readonly optionalColumns: readonly string[];
}

/** A table that is asked rules where it is, such as in a database. */
export interface TableSource {
  /**
   * The results, in the order of the rules.
   *
   * @throws {OptionError} Named after the id of a rule that cannot be judged there, before anything is asked.
   */
  judge(
    rules: readonly Rule[],
    options: JudgeOptions,
  ): Promise<{ readonly rows: number; readonly results: readonly RuleResult[] }>;
}

export function isTableSource(source: unknown): source is TableSource {
  return typeof source === 'object' && source !== null && 'judge' in source && typeof source.judge === 'function';
}
