import { DexError } from '@dataenginex/core';
import type { Position } from '@dataenginex/streams';
import { describeResult } from './report/describe-result.ts';
import type { Report } from './report/report.ts';
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

/** A row is bad, and a gate was given no `rejects`. */
export class BadRowError extends DexError {
  override readonly name = 'BadRowError';
  readonly code = 'DEX_QUALITY_ROW';
  readonly contract: string;
  /** The ids of the rules that it breaks. */
  readonly rules: readonly string[];
  /** Where it came from. */
  readonly position: Position;
  /** The row. */
  readonly value: unknown;

  constructor(contract: string, { rules, position, reason, value }: BadRow) {
    const where = Object.entries(position).map(([name, place]) => `${name} ${place}`);
    super(`Contract "${contract}": the row at ${where.join(', ')} ${reason}`);
    this.contract = contract;
    this.rules = rules;
    this.position = position;
    this.value = value;
  }
}

interface BadRow {
  readonly rules: readonly string[];
  readonly position: Position;
  readonly reason: string;
  readonly value: unknown;
}

/** With `repeats: 'later'`, more keys came than may be held: whether the next row repeats one cannot be told. */
export class RepeatLimitError extends DexError {
  override readonly name = 'RepeatLimitError';
  readonly code = 'DEX_QUALITY_KEYS';
  /** The id of the rule. */
  readonly rule: string;
  readonly maxKeys: number;

  constructor(rule: string, maxKeys: number) {
    super(`Rule ${rule} met more than ${maxKeys} keys, and cannot tell any more which rows repeat one: raise maxKeys`);
    this.rule = rule;
    this.maxKeys = maxKeys;
  }
}

/** A stream failed midway; `cause` is what it threw. */
export class InterruptedError extends DexError {
  override readonly name = 'InterruptedError';
  readonly code = 'DEX_QUALITY_INTERRUPTED';
  /** Of the rows before, marked as `partial`. */
  readonly report: Report;

  constructor(report: Report, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`Contract "${report.contract}": the rows failed behind ${counted(report.rows, 'row')}: ${why}`, { cause });
    this.report = report;
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

/** A database did not answer, or is gone. `cause` is what its client says. */
export class DatabaseError extends DexError {
  override readonly name = 'DatabaseError';
  readonly code = 'DEX_QUALITY_DATABASE';
  /** `DuckDB` or `PostgreSQL`. */
  readonly database: string;
  /** The table that was checked, or the query. */
  readonly table: string;
  /** What was asked. */
  readonly query: string;

  constructor(database: string, table: string | { readonly sql: string }, query: string, cause: unknown) {
    const name = typeof table === 'string' ? table : table.sql;
    super(
      `${database} did not answer a question about ${show(name)}: ${cause instanceof Error ? cause.message : show(cause)}`,
      {
        cause,
      },
    );
    this.database = database;
    this.table = name;
    this.query = query;
  }
}
