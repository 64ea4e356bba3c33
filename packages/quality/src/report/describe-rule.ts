import type { Bounds, Expectation, Kwargs, Ordered, TypeName } from '../rules/expectations.ts';
import type { RowCondition } from '../rules/row-condition.ts';
import type { Rule } from '../rules/rule.ts';
import { column, columns, counted, duration, list, literal, literals, percent, thousands } from './words.ts';

/**
 * What a rule expects, as a sentence: `tempMax is between -60 and 60, for at least 99% of values`.
 *
 * ```ts
 * import { contract, describeRule } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * const { rules } = contract('daily', z.object({ tempMax: z.number() }), (c) => [
 *   c.tempMax.toBeBetween(-60, 60, { mostly: 0.99 }),
 *   c.tempMax.meanToBeBetween(null, 40),
 * ]);
 * rules.map(describeRule).slice(-2);
 * // => ['tempMax is between -60 and 60, for at least 99% of values', 'the mean of tempMax is at most 40']
 * ```
 */
export function describeRule(rule: Rule): string {
  const { kwargs, where, groupBy } = rule;
  const mostly = 'mostly' in kwargs && kwargs.mostly !== undefined && kwargs.mostly < 1 ? kwargs.mostly : undefined;
  const of = 'column' in kwargs ? 'values' : 'rows';
  const share = mostly === undefined ? '' : `, for at least ${percent(mostly)} of ${of}`;
  const groups = groupBy === undefined ? '' : `, in each ${columns(groupBy.columns)}`;
  return `${formatOf(rule) ?? expected(rule)}${share}${groups}${where === undefined ? '' : describeWhere(where)}`;
}

/** The id of a rule where it is one that somebody gave it, and so says what the rule is for. */
export function titleOf({ id, expectation, kwargs }: Rule): string | undefined {
  if (expectation === 'expect_comparison_to_hold') return /\s/.test(id) ? id : undefined;
  const isOurs =
    id.startsWith('schema.') ||
    ('column' in kwargs && id.startsWith(`${kwargs.column}.`)) ||
    /^(?:unique|fresh|[a-z]+[A-Z]\w*)(?:\(.*\))?(?:\.\d+)?$/s.test(id);
  return isOurs ? undefined : id;
}

/** Of a schema's format, whose regex says less to people than its name. */
function formatOf({ id, expectation, kwargs, notes }: Rule): string | undefined {
  const isFormat = expectation === 'expect_column_values_to_match_regex' && /^schema\..*\.format(?:\.\d+)?$/.test(id);
  return isFormat && notes !== undefined ? `${column(kwargs.column)} has the format "${notes}"` : undefined;
}

/** Whether there is such a rule; of what was read, it may be any text. */
export function isExpectation(name: string): name is Expectation {
  return Object.hasOwn(sentences, name);
}

function expected<E extends Expectation>({ expectation, kwargs }: { expectation: E; kwargs: Kwargs[E] }): string {
  const all: Sentences = sentences;
  return all[expectation](kwargs);
}

type Sentences = { readonly [E in Expectation]: (kwargs: Kwargs[E]) => string };

const sentences: Sentences & Readonly<Record<string, (kwargs: never) => string>> = {
  expect_column_values_to_be_null: (of) => `${column(of.column)} is null`,
  expect_column_values_to_not_be_null: (of) => `${column(of.column)} is not null`,
  expect_column_values_to_be_unique: (of) => `${column(of.column)} is unique`,
  expect_column_values_to_be_in_set: (of) => `${column(of.column)} is ${oneOf(of.value_set)}`,
  expect_column_values_to_not_be_in_set: (of) => `${column(of.column)} is ${noneOf(of.value_set)}`,
  expect_column_values_to_be_between: (of) => `${column(of.column)} ${isWithin(of)}`,
  expect_column_values_to_be_increasing: (of) =>
    `${column(of.column)} is ${of.strictly ? 'above' : 'never below'} the value before it`,
  expect_column_values_to_be_decreasing: (of) =>
    `${column(of.column)} is ${of.strictly ? 'below' : 'never above'} the value before it`,
  expect_column_value_z_scores_to_be_less_than: (of) =>
    `${column(of.column)} is less than ${counted(of.threshold, 'standard deviation')} ${of.double_sided === false ? 'above' : 'from'} its mean`,
  expect_column_values_to_not_be_outliers: ({ column: name, method = 'iqr', multiplier = 1.5 }) =>
    method === 'iqr'
      ? `${column(name)} is within ${counted(multiplier, 'interquartile range')} of its quartiles`
      : `${column(name)} is within ${counted(multiplier, 'standard deviation')} of its mean`,
  expect_column_value_lengths_to_be_between: (of) => `${column(of.column)} ${isWithin(of)} characters long`,
  expect_column_value_lengths_to_equal: (of) => `${column(of.column)} is ${counted(of.value, 'character')} long`,
  expect_column_values_to_match_regex: (of) => `${column(of.column)} matches ${regex(of.regex)}`,
  expect_column_values_to_not_match_regex: (of) => `${column(of.column)} does not match ${regex(of.regex)}`,
  expect_column_values_to_match_regex_list: (of) =>
    `${column(of.column)} matches ${anyOrAll(of.match_on, of.regex_list.map(regex))}`,
  expect_column_values_to_not_match_regex_list: (of) =>
    `${column(of.column)} matches none of ${list(of.regex_list.map(regex))}`,
  expect_column_values_to_match_like_pattern: (of) => `${column(of.column)} is like ${literal(of.like_pattern)}`,
  expect_column_values_to_not_match_like_pattern: (of) =>
    `${column(of.column)} is not like ${literal(of.like_pattern)}`,
  expect_column_values_to_match_like_pattern_list: (of) =>
    `${column(of.column)} is like ${anyOrAll(
      of.match_on,
      of.like_pattern_list.map((pattern) => literal(pattern)),
    )}`,
  expect_column_values_to_not_match_like_pattern_list: (of) =>
    `${column(of.column)} is like none of ${literals(of.like_pattern_list)}`,
  expect_column_values_to_match_strftime_format: (of) =>
    `${column(of.column)} is a date in the format ${literal(of.strftime_format)}`,
  expect_column_values_to_be_json_parseable: (of) => `${column(of.column)} is JSON`,
  expect_column_values_to_be_dateutil_parseable: (of: { readonly column: string }) =>
    `${column(of.column)} is a date in a common format`,
  expect_column_values_to_match_json_schema: (of: { readonly column: string }) =>
    `${column(of.column)} is JSON that keeps its schema`,
  expect_column_values_to_be_of_type: (of) => `${column(of.column)} is ${typeText(of.type_)}`,
  expect_column_values_to_be_in_type_list: (of) =>
    `${column(of.column)} is ${list(of.type_list.map(typeText), 8, 'or')}`,
  expect_column_type_to_be: (of) => `all of ${column(of.column)} is ${typeText(of.type_)}`,

  expect_column_min_to_be_between: (of) => `the least ${column(of.column)} ${isWithin(of)}`,
  expect_column_max_to_be_between: (of) => `the greatest ${column(of.column)} ${isWithin(of)}`,
  expect_column_mean_to_be_between: (of) => `the mean of ${column(of.column)} ${isWithin(of)}`,
  expect_column_median_to_be_between: (of) => `the median of ${column(of.column)} ${isWithin(of)}`,
  expect_column_sum_to_be_between: (of) => `the sum of ${column(of.column)} ${isWithin(of)}`,
  expect_column_stdev_to_be_between: (of) => `the standard deviation of ${column(of.column)} ${isWithin(of)}`,
  expect_column_unique_value_count_to_be_between: (of) =>
    `the number of distinct values of ${column(of.column)} ${isWithin(of)}`,
  expect_column_proportion_of_unique_values_to_be_between: (of) =>
    `the share of distinct values in ${column(of.column)} ${isWithin(of, percent)}`,
  expect_column_proportion_of_non_null_values_to_be_between: (of) =>
    `the share of rows that have a ${column(of.column)} ${isWithin(of, percent)}`,
  expect_column_most_common_value_to_be_in_set: (of) =>
    `the most common ${column(of.column)} is ${oneOf(of.value_set)}`,
  expect_column_distinct_values_to_be_in_set: (of) =>
    `the values of ${column(of.column)} are among ${literals(of.value_set)}`,
  expect_column_distinct_values_to_contain_set: (of) =>
    `the values of ${column(of.column)} include ${literals(of.value_set)}`,
  expect_column_distinct_values_to_equal_set: (of) =>
    `the values of ${column(of.column)} are ${literals(of.value_set)}, and each is there`,
  expect_column_quantile_values_to_be_between: ({ column: name, quantile_ranges: ranges }) => {
    const each = ranges.quantiles.map((quantile, at) => {
      const [min, max] = ranges.value_ranges[at] ?? [null, null];
      return `the ${percent(quantile)} quantile ${isWithin({ min_value: min ?? undefined, max_value: max ?? undefined })}`;
    });
    return `of ${column(name)}, ${list(each)}`;
  },
  expect_column_kl_divergence_to_be_less_than: (of) =>
    `${column(of.column)} is spread as expected, with a divergence of at most ${quantity(of.threshold)}`,

  expect_column_pair_values_to_be_equal: (of) => `${column(of.column_A)} equals ${column(of.column_B)}`,
  expect_column_pair_values_a_to_be_greater_than_b: (of) =>
    `${column(of.column_A)} is ${of.or_equal ? 'at least' : 'greater than'} ${column(of.column_B)}`,
  expect_column_pair_values_to_be_in_set: (of) =>
    `${column(of.column_A)} and ${column(of.column_B)} are one of the pairs ${literals(of.value_pairs_set, 'or')}`,
  expect_compound_columns_to_be_unique: (of) => `${columns(of.column_list)} are unique together`,
  expect_select_column_values_to_be_unique_within_record: (of) =>
    `${columns(of.column_list)} differ from each other in each row`,
  expect_multicolumn_values_to_be_equal: (of) => `${columns(of.column_list)} are equal in each row`,
  expect_multicolumn_sum_to_equal: (of) => `${columns(of.column_list)} sum to ${quantity(of.sum_total)} in each row`,

  expect_column_to_exist: (of) =>
    of.column_index === undefined
      ? `there is a column ${column(of.column)}`
      : `${column(of.column)} is the column at place ${of.column_index}, counted from 0`,
  expect_table_columns_to_match_ordered_list: (of) => `the columns are ${columns(of.column_list)}, in this order`,
  expect_table_columns_to_match_set: (of) =>
    `the columns ${of.exact_match === false ? 'include' : 'are'} ${columns(of.column_set)}`,
  expect_table_column_count_to_equal: (of) => `there are ${counted(of.value, 'column')}`,
  expect_table_column_count_to_be_between: (of) => `the number of columns ${isWithin(of)}`,
  expect_table_row_count_to_equal: (of) => `there are ${counted(of.value, 'row')}`,
  expect_table_row_count_to_be_between: (of) => `the number of rows ${isWithin(of)}`,
  expect_table_row_count_to_equal_other_table: (of: { readonly other_table_name: string }) =>
    `there are as many rows as in ${column(of.other_table_name)}`,

  unexpected_rows_expectation: (of: { readonly unexpected_rows_query: string }) =>
    `a query finds no rows: ${short(of.unexpected_rows_query)}`,
  expect_query_results_to_match_comparison: (of: { readonly base_query: string; readonly comparison_query: string }) =>
    `two queries find the same rows: ${short(of.base_query)} and ${short(of.comparison_query)}`,

  expect_column_freshness_to_be_within: (of: { readonly column: string; readonly within_ms: number }) =>
    `the newest ${column(of.column)} is at most ${duration(of.within_ms)} old`,
  expect_column_values_to_satisfy: (of) => `${column(of.column)} satisfies ${literal(of.name, 100)}`,
  expect_rows_to_satisfy: (of) => `each row satisfies ${literal(of.name, 100)}`,
  expect_comparison_to_hold: (of) => of.about,
};

function isWithin(bounds: Bounds<Ordered>, show: (bound: number) => string = quantity): string {
  const { min_value: min, max_value: max, strict_min: above, strict_max: below } = bounds;
  const text = (bound: Ordered): string => (typeof bound === 'number' ? show(bound) : literal(bound));
  if (min !== undefined && max !== undefined && !above && !below) {
    return min === max ? `is ${text(min)}` : `is between ${text(min)} and ${text(max)}`;
  }
  const parts = [
    ...(min === undefined ? [] : [`${above ? 'above' : 'at least'} ${text(min)}`]),
    ...(max === undefined ? [] : [`${below ? 'below' : 'at most'} ${text(max)}`]),
  ];
  return parts.length === 0 ? 'is there' : `is ${parts.join(' and ')}`;
}

/** Thousands set apart where that helps: from five digits on, so that years stay years. */
const quantity = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) >= 10_000 && Math.abs(value) < 1e15 ? thousands(value) : value.toString();

const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? literal(values[0]) : `one of ${literals(values, 'or')}`;
const noneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? `not ${literal(values[0])}` : `none of ${literals(values, 'or')}`;

const regex = (source: string): string => `/${short(source)}/`;
const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

const anyOrAll = (matchOn: 'any' | 'all' | undefined, items: readonly string[]): string =>
  items.length === 1 ? list(items) : matchOn === 'all' ? `all of ${list(items)}` : `one of ${list(items, 8, 'or')}`;

const typeText = (type: TypeName): string => `${/^[aio]/.test(type) ? 'an' : 'a'} ${type}`;

function describeWhere(where: RowCondition): string {
  const conditions = Object.entries(where).flatMap(([name, condition]) => {
    if (condition === undefined) return [];
    if (typeof condition !== 'object' || condition === null || condition instanceof Date) {
      return [`${column(name)} is ${literal(condition)}`];
    }
    const { eq, ne, in: some, notIn, gt, gte, lt, lte, isNull } = condition;
    const parts = [
      ...(eq === undefined ? [] : [literal(eq)]),
      ...(ne === undefined ? [] : [`not ${literal(ne)}`]),
      ...(some === undefined ? [] : [oneOf(some)]),
      ...(notIn === undefined ? [] : [noneOf(notIn)]),
      ...(gt === undefined ? [] : [`above ${literal(gt)}`]),
      ...(gte === undefined ? [] : [`at least ${literal(gte)}`]),
      ...(lt === undefined ? [] : [`below ${literal(lt)}`]),
      ...(lte === undefined ? [] : [`at most ${literal(lte)}`]),
      ...(isNull === undefined ? [] : [isNull ? 'null' : 'not null']),
    ];
    return parts.length === 0 ? [] : [`${column(name)} is ${parts.join(' and ')}`];
  });
  return conditions.length === 0 ? '' : `, where ${conditions.join(' and ')}`;
}
