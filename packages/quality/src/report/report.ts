import { QualityError } from '../errors.ts';
import { readReport } from './report-json.ts';
import type { RuleResult } from './result.ts';
import type { Severity } from '../rules/rule.ts';
import { type Saved, writeValue } from '../saved.ts';

/** Rules of a report by what became of them. */
export interface Statistics {
  readonly evaluated: number;
  readonly successful: number;
  /** Those that failed, by how bad that is. */
  readonly failed: Readonly<Record<Severity, number>>;
}

/** A report as plain data; `Report.from` reads it. */
export interface ReportJson {
  readonly version: 1;
  readonly contract: string;
  readonly success: boolean;
  readonly partial: boolean;
  readonly rows: number;
  readonly durationMs: number;
  readonly statistics: Statistics;
  /** With the fields of {@link RuleResult}. */
  readonly results: readonly Saved[];
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
  /** Whether the rows failed midway: it is about those before. */
  readonly partial: boolean;

  constructor(
    contract: string,
    rows: number,
    durationMs: number,
    results: readonly RuleResult[],
    partial: boolean = false,
  ) {
    const failed = { critical: 0, warning: 0, info: 0 };
    for (const { success, rule } of results) if (!success) failed[rule.severity]++;
    const successful = results.filter(({ success }) => success).length;
    this.contract = contract;
    this.success = failed.critical === 0;
    this.rows = rows;
    this.durationMs = durationMs;
    this.statistics = { evaluated: results.length, successful, failed };
    this.results = results;
    this.partial = partial;
  }

  /**
   * A report that {@link toJSON} wrote, also by way of `JSON.stringify` and `JSON.parse`. Rules of one's own are told
   * and not run again: their functions were left out.
   *
   * @throws {SavedDataError} When it is none, or of a version that is not known here.
   */
  static from(json: unknown): Report {
    const { contract, rows, durationMs, results, partial } = readReport(json);
    return new Report(contract, rows, durationMs, results, partial);
  }

  /**
   * The report as plain data for `JSON.stringify`, with nothing lost: what JSON has not is written `{ $bigint: '1' }`,
   * `{ $date: '2012-01-01T00:00:00.000Z' }`, `{ $number: 'NaN' }` (or `Infinity`, `-Infinity`, `-0`) and
   * `{ $undefined: true }`, and an object of which a key begins with `$` stands in an `{ $object: {} }`.
   */
  toJSON(): ReportJson {
    const { contract, success, partial, rows, durationMs, statistics } = this;
    const results = this.results.map((result) => writeValue(result));
    return { version: 1, contract, success, partial, rows, durationMs, statistics, results };
  }

  /** This report with more results, such as those of `anomalies`. */
  with(results: readonly RuleResult[]): Report {
    return new Report(this.contract, this.rows, this.durationMs, [...this.results, ...results], this.partial);
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
