import { OptionError } from '@dataenginex/core';
import type { RuleOf } from '../rules/rule.ts';
import { type ColumnType, isNumeric } from './dialect.ts';
import type { Judged } from './judged.ts';
import { quoteQualified } from './quote.ts';
import { describe, measure, over, type Steps, whole } from './steps.ts';
import type { Table } from './table.ts';

/** Rules that are queries themselves, or about another table. */
export function* judgeOtherTable(
  rule: RuleOf<'expect_table_row_count_to_equal_other_table'>,
  where: string | undefined,
): Steps<Judged> {
  const name = quoteQualified(`${rule.id}.other_table_name`, rule.kwargs.other_table_name);
  const [rows] = yield* measure(over('count(*)', where));
  const [[others] = []] = yield* whole(`SELECT count(*) FROM ${name}`);
  const observed = { self: Number(rows), other: Number(others) };
  return {
    result: { rule, kind: 'observed', success: observed.self === observed.other, observed, details: undefined },
  };
}

export function* judgeUnexpectedRows(rule: RuleOf<'unexpected_rows_expectation'>, table: Table): Steps<Judged> {
  const query = queryOf(`${rule.id}.unexpected_rows_query`, rule.kwargs.unexpected_rows_query);
  const [[rows] = []] = yield* whole(`${batchOf(table)}SELECT count(*) FROM ${query} AS q`);
  const success = Number(rows) === 0;
  const first = success
    ? []
    : yield* whole(`${batchOf(table)}SELECT CAST(to_json(q) AS ${table.dialect.textType}) FROM ${query} AS q LIMIT 20`);
  const unexpected = first.map(([row]): unknown => JSON.parse(String(row)));
  const details = success ? undefined : { unexpected_rows: unexpected };
  return { result: { rule, kind: 'observed', success, observed: Number(rows), details } };
}

export function* judgeComparison(
  rule: RuleOf<'expect_query_results_to_match_comparison'>,
  table: Table,
): Steps<Judged> {
  const {
    base_query: base,
    comparison_query: comparison,
    comparison_data_source_name: other,
    mostly = 1,
  } = rule.kwargs;
  if (other !== undefined) {
    throw new OptionError(`${rule.id}.dataSource`, 'left out, as both queries are asked of one database', other);
  }
  const [left, right] = [queryOf(`${rule.id}.base_query`, base), queryOf(`${rule.id}.comparison_query`, comparison)];
  const [ofLeft, ofRight] = [
    yield* describe(`${batchOf(table)}SELECT * FROM ${left} AS q`),
    yield* describe(`${batchOf(table)}SELECT * FROM ${right} AS q`),
  ];
  const rows = (query: string, types: readonly ColumnType[], others: readonly ColumnType[]): string =>
    `(SELECT ${types.map((type, at) => comparable(table, `q.x${at}`, type, others[at])).join(', ')} ` +
    `FROM ${query} AS q(${types.map((_, at) => `x${at}`).join(', ')}))`;
  const [a, b] = [rows(left, ofLeft, ofRight), rows(right, ofRight, ofLeft)];
  // Rows of different widths are never equal.
  const both = ofLeft.length === ofRight.length ? `(SELECT count(*) FROM (${a} INTERSECT ALL ${b}) AS m)` : '0';
  const [counts = []] = yield* whole(
    `${batchOf(table)}SELECT (SELECT count(*) FROM ${left} AS q), (SELECT count(*) FROM ${right} AS q), ${both}`,
  );
  const [ours = 0, theirs = 0, matched = 0] = counts.map(Number);
  const most = Math.max(ours, theirs);
  const share = most === 0 ? 1 : matched / most;
  const details = { unexpected_count: most - matched, unexpected_percent: (1 - share) * 100 };
  const observed = details.unexpected_percent;
  return { result: { rule, kind: 'observed', success: share >= mostly, observed, details } };
}

/** A column of a query so that equal values are equal in another query, where the types may differ. */
function comparable({ dialect }: Table, column: string, type: ColumnType, other: ColumnType | undefined): string {
  const value = dialect.read(column, type);
  if (isNumeric(type) && other !== undefined && isNumeric(other)) {
    return type.kind === other.kind ? value : `CAST(${value} AS DOUBLE PRECISION)`;
  }
  if (type.kind === other?.kind && type.kind !== 'other') return value;
  const written = dialect.written({ ...type, sql: value });
  return `${dialect.text(`${type.kind}: `)} || CAST(${written} AS ${dialect.textType})`;
}

/** What stands before a query that says `{batch}`. */
function batchOf({ source }: Table): string {
  return `WITH dex_batch AS (${source}\n) `;
}

/** A query of a user as a table, with ours in place of `{batch}`; braces are doubled where they are meant. */
function queryOf(option: string, query: string): string {
  const text = query.trim().replace(/;$/, '');
  const filled = text.replaceAll(/\{\{|\}\}|\{batch\}|[{}]/g, (token) => {
    if (token === '{batch}') return 'dex_batch';
    if (token.length === 2) return token.charAt(0);
    throw new OptionError(option, 'a query in which each brace is of {batch}, or doubled', query);
  });
  return `(${filled}\n)`;
}
