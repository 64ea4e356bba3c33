import { DexError } from '@dataenginex/core';
import { describeResult } from './report/describe-result.ts';
import type { RuleResult } from './report/result.ts';

/** Critical rules of a contract do not hold. The message lists the first ten. */
export class QualityError extends DexError {
  override readonly name = 'QualityError';
  readonly code = 'DEX_QUALITY';
  readonly contract: string;
  /** How many rows there were. */
  readonly rows: number;
  /** The critical rules that failed. */
  readonly failures: readonly RuleResult[];

  constructor(contract: string, rows: number, failures: readonly RuleResult[]) {
    const shown = failures.slice(0, 10).map((failure) => `\n- ${describeResult(failure)}`);
    const more = failures.length > shown.length ? `\n- and ${failures.length - shown.length} more` : '';
    const failed = `${counted(failures.length, 'critical rule')} failed on ${counted(rows, 'row')}`;
    super(`Contract "${contract}" does not hold, ${failed}:${shown.join('')}${more}`);
    this.contract = contract;
    this.rows = rows;
    this.failures = failures;
  }
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
