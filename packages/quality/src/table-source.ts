import type { Report } from './report/report.ts';
import type { RuleResult } from './report/result.ts';
import type { Rule } from './rules/rule.ts';
import type { ReadSurroundings } from './surroundings.ts';

/**
 * A table that is judged where it is: `duckdb(connection, 'daily')` and `postgres(pool, 'daily')` make one. Contracts
 * take anything of this shape in place of rows.
 */
export interface TableSource {
  /**
   * Judges rules, and gives their results in the order of the rules.
   *
   * @throws {OptionError} When it cannot judge one of them, which is told before the table is read.
   */
  judge(rules: readonly Rule[], options: JudgeOptions): Promise<Judgement>;

  /** Judges rules, and tells the rows that break one of `rules` that `breaks` takes from all others. */
  split(
    rules: readonly Rule[],
    options: JudgeOptions & { readonly breaks: (rule: Rule) => boolean },
  ): Promise<TableSplitting>;
}

export interface JudgeOptions extends ReadSurroundings {
  readonly signal: AbortSignal | undefined;
  /** Keep the value and the place of every row that breaks a rule, not of the first 20. */
  readonly keepIndexes: boolean;
  /** The columns of a table without rows, where it cannot show them itself. */
  readonly columns: readonly string[];
  /** Columns that may not be there: a rule that asks for them finds nulls then, where it would be an error. */
  readonly optionalColumns: readonly string[];
}

export interface Judgement {
  readonly rows: number;
  readonly results: readonly RuleResult[];
}

/** Rows of a query, which runs when they are iterated: each time anew. */
export interface TableRows<T> extends AsyncIterable<T> {
  /** The query, to make a table of: `CREATE TABLE clean AS …`. */
  readonly sql: string;
}

export type TableRow = Readonly<Record<string, unknown>>;

/** A row of a table that breaks a rule. */
export interface BadTableRow {
  readonly row: TableRow;
  /** Its place in the order of the source's key, from 0; undefined without a key. */
  readonly index: number | undefined;
  /** The ids of the rules that it breaks, in the order of the contract. */
  readonly rules: readonly string[];
}

export interface TableSplitting extends Judgement {
  readonly good: TableRows<TableRow>;
  readonly bad: TableRows<BadTableRow>;
}

/** A table's good and bad rows: they are not in memory, and each is found by one of both queries. */
export interface TableSplit {
  readonly report: Report;
  readonly good: TableRows<TableRow>;
  readonly bad: TableRows<BadTableRow>;
}

export function isTableSource(source: unknown): source is TableSource {
  return typeof source === 'object' && source !== null && 'judge' in source && typeof source.judge === 'function';
}
