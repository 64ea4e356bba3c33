import { QualityError } from '../errors.ts';
import type { RuleResult } from './result.ts';
import type { Severity } from '../rules/rule.ts';

/** Rules of a report by what became of them. */
export interface Statistics {
  readonly evaluated: number;
  readonly successful: number;
  /** Those that failed, by how bad that is. */
  readonly failed: Readonly<Record<Severity, number>>;
}

/** What became of a contract on some rows. */
export class Report {
  /** The contract's name. */
  readonly contract: string;
  /** Whether no critical rule failed. Warnings and infos may have. */
  readonly success: boolean;
  readonly rows: number;
  readonly durationMs: number;
  readonly statistics: Statistics;
  /** One for each rule, those of the schema first. */
  readonly results: readonly RuleResult[];

  constructor(contract: string, rows: number, durationMs: number, results: readonly RuleResult[]) {
    const failed = { critical: 0, warning: 0, info: 0 };
    for (const { success, rule } of results) if (!success) failed[rule.severity]++;
    const successful = results.filter(({ success }) => success).length;
    this.contract = contract;
    this.success = failed.critical === 0;
    this.rows = rows;
    this.durationMs = durationMs;
    this.statistics = { evaluated: results.length, successful, failed };
    this.results = results;
  }

  /** The results of rules that failed, of every severity. */
  get failures(): readonly RuleResult[] {
    return this.results.filter(({ success }) => !success);
  }

  /**
   * Returns the report when no critical rule failed.
   *
   * @throws {QualityError} When one did.
   */
  assert(): this {
    if (this.success) return this;
    const critical = this.failures.filter(({ rule }) => rule.severity === 'critical');
    throw new QualityError(this.contract, this.rows, critical);
  }
}
