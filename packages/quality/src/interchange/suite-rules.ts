import type { EveryRule } from '../rules/columns.ts';
import type { Expectation } from '../rules/expectations.ts';
import type { Table } from '../rules/table.ts';

type Row = Record<string, unknown>;

/** How one of our methods takes the arguments of an expectation: in this order, and these as options. */
export interface Reading<Method extends string> {
  readonly method: Method;
  readonly args: readonly string[];
  /** Arguments by the options that they are here. */
  readonly options: Readonly<Record<string, string>>;
}

const strict = { strict_min: 'strictMin', strict_max: 'strictMax' };
const bounds = ['min_value', 'max_value'];
const mostly = { mostly: 'mostly' };
const rows = { mostly: 'mostly', ignore_row_if: 'ignoreRowIf' };

const of = <const M extends string>(
  method: M,
  args: readonly string[] = [],
  options: Readonly<Record<string, string>> = {},
): Reading<M> => ({ method, args, options });

/** Expectations of one column. */
export const columnReadings: { readonly [E in Expectation]?: Reading<keyof EveryRule<Row>> } = {
  expect_column_values_to_be_null: of('toBeNull', [], mostly),
  expect_column_values_to_not_be_null: of('toNotBeNull', [], mostly),
  expect_column_values_to_be_unique: of('toBeUnique', [], mostly),
  expect_column_values_to_be_in_set: of('toBeInSet', ['value_set'], mostly),
  expect_column_values_to_not_be_in_set: of('toNotBeInSet', ['value_set'], mostly),
  expect_column_values_to_be_between: of('toBeBetween', bounds, { ...mostly, ...strict }),
  expect_column_values_to_be_increasing: of('toBeIncreasing', [], { ...mostly, strictly: 'strictly' }),
  expect_column_values_to_be_decreasing: of('toBeDecreasing', [], { ...mostly, strictly: 'strictly' }),
  expect_column_value_z_scores_to_be_less_than: of('zScoresToBeLessThan', ['threshold'], {
    ...mostly,
    double_sided: 'doubleSided',
  }),
  expect_column_values_to_not_be_outliers: of('toNotBeOutliers', [], {
    ...mostly,
    method: 'method',
    multiplier: 'multiplier',
  }),
  expect_column_value_lengths_to_be_between: of('lengthsToBeBetween', bounds, { ...mostly, ...strict }),
  expect_column_value_lengths_to_equal: of('lengthsToEqual', ['value'], mostly),
  expect_column_values_to_match_regex: of('toMatchRegex', ['regex'], mostly),
  expect_column_values_to_not_match_regex: of('toNotMatchRegex', ['regex'], mostly),
  expect_column_values_to_match_regex_list: of('toMatchRegexList', ['regex_list'], { ...mostly, match_on: 'matchOn' }),
  expect_column_values_to_not_match_regex_list: of('toNotMatchRegexList', ['regex_list'], mostly),
  expect_column_values_to_match_like_pattern: of('toMatchLikePattern', ['like_pattern'], {
    ...mostly,
    escape: 'escape',
  }),
  expect_column_values_to_not_match_like_pattern: of('toNotMatchLikePattern', ['like_pattern'], {
    ...mostly,
    escape: 'escape',
  }),
  expect_column_values_to_match_like_pattern_list: of('toMatchLikePatternList', ['like_pattern_list'], {
    ...mostly,
    match_on: 'matchOn',
    escape: 'escape',
  }),
  expect_column_values_to_not_match_like_pattern_list: of('toNotMatchLikePatternList', ['like_pattern_list'], {
    ...mostly,
    escape: 'escape',
  }),
  expect_column_values_to_match_strftime_format: of('toMatchStrftimeFormat', ['strftime_format'], mostly),
  expect_column_values_to_be_json_parseable: of('toBeJsonParseable', [], mostly),
  expect_column_values_to_be_dateutil_parseable: of('toBeDateutilParseable', [], mostly),
  expect_column_values_to_match_json_schema: of('toMatchJsonSchema', ['json_schema'], mostly),
  expect_column_values_to_be_of_type: of('toBeOfType', ['type_'], mostly),
  expect_column_values_to_be_in_type_list: of('toBeInTypeList', ['type_list'], mostly),
  expect_column_type_to_be: of('typeToBe', ['type_']),
  expect_column_to_exist: of('toExist', [], { column_index: 'columnIndex' }),

  expect_column_min_to_be_between: of('minToBeBetween', bounds, strict),
  expect_column_max_to_be_between: of('maxToBeBetween', bounds, strict),
  expect_column_mean_to_be_between: of('meanToBeBetween', bounds, strict),
  expect_column_median_to_be_between: of('medianToBeBetween', bounds, strict),
  expect_column_sum_to_be_between: of('sumToBeBetween', bounds, strict),
  expect_column_stdev_to_be_between: of('stdevToBeBetween', bounds, strict),
  expect_column_unique_value_count_to_be_between: of('uniqueValueCountToBeBetween', bounds, strict),
  expect_column_proportion_of_unique_values_to_be_between: of('proportionOfUniqueValuesToBeBetween', bounds, strict),
  expect_column_proportion_of_non_null_values_to_be_between: of('proportionOfNonNullValuesToBeBetween', bounds, strict),
  expect_column_most_common_value_to_be_in_set: of('mostCommonValueToBeInSet', ['value_set'], {
    ties_okay: 'tiesOkay',
  }),
  expect_column_distinct_values_to_be_in_set: of('distinctValuesToBeInSet', ['value_set']),
  expect_column_distinct_values_to_contain_set: of('distinctValuesToContainSet', ['value_set']),
  expect_column_distinct_values_to_equal_set: of('distinctValuesToEqualSet', ['value_set']),
  expect_column_quantile_values_to_be_between: of('quantileValuesToBeBetween', ['quantile_ranges'], {
    allow_relative_error: 'interpolation',
  }),
  expect_column_kl_divergence_to_be_less_than: of('klDivergenceToBeLessThan', ['partition_object', 'threshold'], {
    bucketize_data: 'bucketizeData',
    tail_weight_holdout: 'tailWeightHoldout',
    internal_weight_holdout: 'internalWeightHoldout',
  }),
};

/** Expectations of several columns and of the table. */
export const tableReadings: { readonly [E in Expectation]?: Reading<keyof Table<Row>> } = {
  expect_column_pair_values_to_be_equal: of('pairToBeEqual', ['column_A', 'column_B'], rows),
  expect_column_pair_values_a_to_be_greater_than_b: of('pairAToBeGreaterThanB', ['column_A', 'column_B'], {
    ...rows,
    or_equal: 'orEqual',
  }),
  expect_column_pair_values_to_be_in_set: of('pairToBeInSet', ['column_A', 'column_B', 'value_pairs_set'], rows),
  expect_compound_columns_to_be_unique: of('unique', ['column_list'], rows),
  expect_select_column_values_to_be_unique_within_record: of('uniqueWithinRecord', ['column_list'], rows),
  expect_multicolumn_values_to_be_equal: of('multicolumnValuesToBeEqual', ['column_list'], rows),
  expect_multicolumn_sum_to_equal: of('multicolumnSumToEqual', ['column_list', 'sum_total'], rows),
  expect_table_row_count_to_equal: of('rowCountToEqual', ['value']),
  expect_table_row_count_to_be_between: of('rowCountToBeBetween', bounds, strict),
  expect_table_row_count_to_equal_other_table: of('rowCountToEqualOtherTable', ['other_table_name']),
  expect_table_column_count_to_equal: of('columnCountToEqual', ['value']),
  expect_table_column_count_to_be_between: of('columnCountToBeBetween', bounds),
  expect_table_columns_to_match_ordered_list: of('columnsToMatchOrderedList', ['column_list']),
  expect_table_columns_to_match_set: of('columnsToMatchSet', ['column_set'], { exact_match: 'exactMatch' }),
  unexpected_rows_expectation: of('unexpectedRows', ['unexpected_rows_query']),
  expect_query_results_to_match_comparison: of('queryResultsToMatchComparison', ['base_query', 'comparison_query'], {
    ...mostly,
    comparison_data_source_name: 'dataSource',
  }),
};
