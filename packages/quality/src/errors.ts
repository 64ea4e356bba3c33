import { DexError } from '@dataenginex/core';
import { describeResult } from './report/describe-result.ts';
import type { RuleResult } from './report/result.ts';
import { show } from './values.ts';

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

/** What was saved cannot be read again: it is broken, of another version or of something else. */
export class SavedDataError extends DexError {
  override readonly name = 'SavedDataError';
  readonly code = 'DEX_SAVED_DATA';
  /** What it should have been, such as `report`. */
  readonly what: string;
  /** Where in it, such as `results.3.rule.id`; empty for the whole. */
  readonly path: string;
  /** What is readable there, in words. */
  readonly expected: string;
  readonly got: unknown;

  constructor(what: string, path: string, expected: string, got: unknown) {
    super(`This is no saved ${what}: ${path === '' ? 'it' : path} must be ${expected}, got ${show(got)}.`);
    this.what = what;
    this.path = path;
    this.expected = expected;
    this.got = got;
  }
}

/** A history cannot be written or read now. */
export class HistoryError extends DexError {
  override readonly name = 'HistoryError';
  readonly code = 'DEX_HISTORY';

  constructor(reason: string, options?: ErrorOptions) {
    super(`History: ${reason}`, options);
  }
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
