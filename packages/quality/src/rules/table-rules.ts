import { checkInteger, checkNumber, checkOneOf, OptionError } from '@dataenginex/core';
import type { Expectation, KwargsOf, Scalar } from './expectations.ts';
import { checkFlag, checkGiven, checkList, checkNumberBounds, checkText, checkValues } from './rule-arguments.ts';
import { createRule, type RuleOptions } from './rule-options.ts';
import type { RuleOf } from './rule.ts';
import type { ColumnListOptions, PairOptions, Table } from './table.ts';

type Row = Record<string, unknown>;

const ignoredPairs = ['both_values_are_missing', 'either_value_is_missing', 'neither'] as const;
const epochUnits = ['milliseconds', 'seconds'] as const;
const ignoredLists = ['all_values_are_missing', 'any_value_is_missing', 'never'] as const;

/** Every rule there is for a table with these columns. */
export function tableRules(columns: readonly string[]): Table<Row> {
  const rule = <E extends Expectation>(
    id: string,
    expectation: E,
    kwargs: KwargsOf<E>,
    options: RuleOptions<Row> | undefined,
  ): RuleOf<E> => createRule(id, expectation, kwargs, columns, options);

  const pair = (name: string, a: string, b: string, { ignoreRowIf, mostly }: PairOptions<Row> = {}) => ({
    column_A: checkOneOf(`${name}.a`, a, columns),
    column_B: checkOneOf(`${name}.b`, b, columns),
    ignore_row_if: ignoreRowIf === undefined ? undefined : checkOneOf(`${name}.ignoreRowIf`, ignoreRowIf, ignoredPairs),
    mostly,
  });
  const several = (name: string, list: readonly string[], { ignoreRowIf, mostly }: ColumnListOptions<Row> = {}) => {
    if (!Array.isArray(list) || list.length < 2) throw new OptionError(`${name}.columns`, 'two columns or more', list);
    return {
      column_list: list.map((column) => checkOneOf(`${name}.columns`, column, columns)),
      ignore_row_if:
        ignoreRowIf === undefined ? undefined : checkOneOf(`${name}.ignoreRowIf`, ignoreRowIf, ignoredLists),
      mostly,
    };
  };
  return {
    pairToBeEqual: (a, b, options) => {
      const kwargs = pair('pairToBeEqual', a, b, options);
      return rule(idOf('pairToBeEqual', a, b), 'expect_column_pair_values_to_be_equal', kwargs, options);
    },
    pairAToBeGreaterThanB: (a, b, options) => {
      const name = 'pairAToBeGreaterThanB';
      const or_equal = checkFlag(`${name}.orEqual`, options?.orEqual);
      const kwargs = { ...pair(name, a, b, options), or_equal };
      return rule(idOf(name, a, b), 'expect_column_pair_values_a_to_be_greater_than_b', kwargs, options);
    },
    pairToBeInSet: (a, b, pairs, options) => {
      const value_pairs_set = checkList('pairToBeInSet.pairs', pairs).map((values, at): readonly [Scalar, Scalar] => {
        checkValues(`pairToBeInSet.pairs.${at}`, values);
        if (values.length === 2) return values;
        throw new OptionError(`pairToBeInSet.pairs.${at}`, 'a pair', values);
      });
      const kwargs = { ...pair('pairToBeInSet', a, b, options), value_pairs_set };
      return rule(idOf('pairToBeInSet', a, b), 'expect_column_pair_values_to_be_in_set', kwargs, options);
    },

    unique: (...args: readonly (string | ColumnListOptions<Row>)[]) => {
      const list = args.filter((arg) => typeof arg === 'string');
      const options = args.find((arg) => typeof arg !== 'string');
      const kwargs = several('unique', list, options);
      return rule(idOf('unique', ...list), 'expect_compound_columns_to_be_unique', kwargs, options);
    },
    uniqueWithinRecord: (list, options) => {
      const kwargs = several('uniqueWithinRecord', list, options);
      const id = idOf('uniqueWithinRecord', ...list);
      return rule(id, 'expect_select_column_values_to_be_unique_within_record', kwargs, options);
    },
    multicolumnValuesToBeEqual: (list, options) => {
      const kwargs = several('multicolumnValuesToBeEqual', list, options);
      const id = idOf('multicolumnValuesToBeEqual', ...list);
      return rule(id, 'expect_multicolumn_values_to_be_equal', kwargs, options);
    },
    multicolumnSumToEqual: (list, sum, options) => {
      const sum_total = checkNumber('multicolumnSumToEqual.sum', sum);
      const kwargs = { ...several('multicolumnSumToEqual', list, options), sum_total };
      return rule(idOf('multicolumnSumToEqual', ...list), 'expect_multicolumn_sum_to_equal', kwargs, options);
    },
    rowsToSatisfy: (name, satisfies, options) => {
      const kwargs = {
        name: checkText('rowsToSatisfy.name', name),
        satisfies: ofAnything(checkGiven('rowsToSatisfy.satisfies', satisfies)),
        mostly: options?.mostly,
      };
      return rule(`rowsToSatisfy(${name})`, 'expect_rows_to_satisfy', kwargs, options);
    },

    fresh: (column, options) => {
      const kwargs = {
        column: checkOneOf('fresh.column', column, columns),
        within_ms: checkNumber('fresh.withinMs', options?.withinMs, { min: 0 }),
        ahead_ms: options.aheadMs === undefined ? undefined : checkNumber('fresh.aheadMs', options.aheadMs, { min: 0 }),
        epoch_unit:
          options.epochUnit === undefined ? undefined : checkOneOf('fresh.epochUnit', options.epochUnit, epochUnits),
      };
      return rule(idOf('fresh', column), 'expect_column_freshness_to_be_within', kwargs, options);
    },

    rowCountToEqual: (count, options) => {
      const value = checkInteger('rowCountToEqual.count', count, { min: 0 });
      return rule('rowCountToEqual', 'expect_table_row_count_to_equal', { value }, options);
    },
    rowCountToBeBetween: (min, max, options) => {
      const bounds = checkNumberBounds('rowCountToBeBetween', min, max, options);
      return rule('rowCountToBeBetween', 'expect_table_row_count_to_be_between', bounds, options);
    },
    rowCountToEqualOtherTable: (table, options) => {
      const other_table_name = checkText('rowCountToEqualOtherTable.table', table);
      const id = idOf('rowCountToEqualOtherTable', table);
      return rule(id, 'expect_table_row_count_to_equal_other_table', { other_table_name }, options);
    },
    columnCountToEqual: (count, options) => {
      const value = checkInteger('columnCountToEqual.count', count, { min: 0 });
      return rule('columnCountToEqual', 'expect_table_column_count_to_equal', { value }, options);
    },
    columnCountToBeBetween: (min, max, options) => {
      const { min_value, max_value } = checkNumberBounds('columnCountToBeBetween', min, max);
      const kwargs = { min_value, max_value };
      return rule('columnCountToBeBetween', 'expect_table_column_count_to_be_between', kwargs, options);
    },
    columnsToMatchOrderedList: (list, options) => {
      const column_list = names('columnsToMatchOrderedList', list);
      return rule('columnsToMatchOrderedList', 'expect_table_columns_to_match_ordered_list', { column_list }, options);
    },
    columnsToMatchSet: (list, options) => {
      const column_set = names('columnsToMatchSet', list);
      const exact_match = checkFlag('columnsToMatchSet.exactMatch', options?.exactMatch);
      return rule('columnsToMatchSet', 'expect_table_columns_to_match_set', { column_set, exact_match }, options);
    },

    unexpectedRows: (query, options) => {
      const unexpected_rows_query = checkText('unexpectedRows.query', query);
      return rule('unexpectedRows', 'unexpected_rows_expectation', { unexpected_rows_query }, options);
    },
    queryResultsToMatchComparison: (query, comparison, options) => {
      const name = 'queryResultsToMatchComparison';
      const source = options?.dataSource;
      const kwargs = {
        base_query: checkText(`${name}.query`, query),
        comparison_query: checkText(`${name}.comparison`, comparison),
        comparison_data_source_name: source === undefined ? undefined : checkText(`${name}.dataSource`, source),
        mostly: options?.mostly,
      };
      return rule(name, 'expect_query_results_to_match_comparison', kwargs, options);
    },
  };
}

const idOf = (name: string, ...list: readonly string[]): string => `${name}(${list.join(', ')})`;

function names(name: string, list: readonly string[]): readonly string[] {
  return checkList(`${name}.columns`, list).map((column, at) => checkText(`${name}.columns.${at}`, column));
}

/** A function of a user's row gets what comes, as the schema's own rules are not asked first. */
function ofAnything(satisfies: (row: Row) => boolean): (row: unknown) => boolean;
function ofAnything(satisfies: unknown): unknown {
  return satisfies;
}
