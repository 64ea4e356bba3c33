import { OptionError } from '@dataenginex/core';
import { within } from '../rules/bounds.ts';
import type { Expectation } from '../rules/expectations.ts';
import { createRowsCheck } from '../rows/check-rows.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
import { columnJudges } from './column-judges.ts';
import { judgeGroups } from './groups.ts';
import { failed, failure, type Judged, type JudgeOptions, type Judges, observed } from './judged.ts';
import { type MapQuestion, mapQuestions } from './map-rules.ts';
import { judgeComparison, judgeOtherTable, judgeUnexpectedRows } from './query-rules.ts';
import { judgeMap, rowJudges } from './row-judges.ts';
import { measure, over, type Steps } from './steps.ts';
import type { Table } from './table.ts';
import { conditionOf } from './terms.ts';

/**
 * The way to a rule's result.
 *
 * @throws {OptionError} When the database cannot be asked the rule.
 */
export function judgeOf<E extends Expectation>(
  rule: RuleOf<E> & Rule,
  table: Table,
  options: JudgeOptions,
): Steps<Judged> | Judged {
  const missed = columnsOf(rule).find((column) => !table.has(column));
  if (missed !== undefined && rule.expectation !== 'expect_column_to_exist') return missing(rule, missed);
  const { groupBy } = rule;
  if (groupBy !== undefined) {
    return judgeGroups({ ...rule, groupBy }, table, options, () => judgeRule<E>(rule, table, options));
  }
  return judgeRule<E>(rule, table, options);
}

function judgeRule<E extends Expectation>(
  rule: RuleOf<E> & Rule,
  table: Table,
  options: JudgeOptions,
): Steps<Judged> | Judged {
  const judge = judges[rule.expectation];
  if (judge !== undefined) return judge(rule, table, options);
  const single: { readonly [K in Expectation]?: (rule: RuleOf<K>, table: Table) => MapQuestion } = mapQuestions;
  const question = single[rule.expectation]?.(rule, table);
  if (question === undefined) {
    throw new OptionError(`${rule.id}.expectation`, `one that ${table.dialect.name} can be asked`, rule.expectation);
  }
  return judgeMap(rule, table, options, question);
}

function columnsOf({ kwargs, where = {}, groupBy }: Rule): readonly string[] {
  return [
    ...('column' in kwargs ? [kwargs.column] : []),
    ...('column_A' in kwargs ? [kwargs.column_A, kwargs.column_B] : []),
    ...('column_list' in kwargs && 'ignore_row_if' in kwargs ? kwargs.column_list : []),
    ...Object.keys(where),
    ...(groupBy?.columns ?? []),
  ];
}

function missing(rule: Rule, column: string): Judged {
  const error = `the table has no column "${column}"`;
  const isOfRows =
    rule.expectation in mapQuestions || /unique$|increasing$|decreasing$|than$|outliers$/.test(rule.expectation);
  const flag = isOfRows ? { columns: [], condition: 'TRUE', windows: [] } : undefined;
  return { result: failure(rule, error), flag };
}

const tableJudges = {
  expect_column_to_exist: judgeShape,
  expect_table_columns_to_match_ordered_list: judgeShape,
  expect_table_columns_to_match_set: judgeShape,
  expect_table_column_count_to_equal: judgeShape,
  expect_table_column_count_to_be_between: judgeShape,
  expect_table_row_count_to_equal: function* judgeRows(rule, table) {
    const [rows] = yield* measure(over('count(*)', conditionOf(rule, table)));
    return observed(rule, Number(rows), Number(rows) === rule.kwargs.value);
  },
  expect_table_row_count_to_be_between: function* judgeRowCounts(rule, table) {
    const [rows] = yield* measure(over('count(*)', conditionOf(rule, table)));
    return observed(rule, Number(rows), within(Number(rows), rule.kwargs) === true);
  },
  expect_table_row_count_to_equal_other_table: (rule, table) => judgeOtherTable(rule, conditionOf(rule, table)),
  unexpected_rows_expectation: judgeUnexpectedRows,
  expect_query_results_to_match_comparison: judgeComparison,
} satisfies Judges;

const judges: Judges = { ...rowJudges, ...columnJudges, ...tableJudges };

/** Rows are asked the same of no rows, of a table with these columns. */
function judgeShape(rule: Rule, _: Table, { columns }: JudgeOptions): Judged {
  const [result] = createRowsCheck([rule], { keepIndexes: false, columns }).finish().results;
  return result === undefined ? failed(rule, 'there is no result') : { result };
}
