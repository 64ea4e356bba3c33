import { checkInteger, checkNumber, checkOneOf, OptionError } from '@dataenginex/core';
import { typeNames } from '../schema/column-facts.ts';
import type { EveryRule } from './columns.ts';
import type { Expectation, KwargsOf, TypeName } from './expectations.ts';
import { compileStrftime } from '../rows/strftime.ts';
import {
  checkBounds,
  checkFlag,
  checkGiven,
  checkJsonSchema,
  checkList,
  checkNumberBounds,
  checkPartition,
  checkRanges,
  checkRegex,
  checkText,
  checkValues,
} from './rule-arguments.ts';
import { createRule, type MapOptions, type RuleOptions } from './rule-options.ts';
import type { RuleOf } from './rule.ts';

type Row = Record<string, unknown>;

const interpolations = ['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const;
const optional = <T, R>(value: T | undefined, check: (value: T) => R): R | undefined =>
  value === undefined ? undefined : check(value);

/** Every rule there is, for one column of a table; by its type, a contract says which of them may be called. */
export function columnRules(column: string, columns: readonly string[]): EveryRule<Row> {
  const of = (name: string): string => `${column}.${name}`;
  const rule = <E extends Expectation>(
    name: string,
    expectation: E,
    kwargs: KwargsOf<E>,
    options: RuleOptions<Row> | undefined,
  ): RuleOf<E> => createRule(of(name), expectation, kwargs, columns, options);
  const map = (options: MapOptions<Row> | undefined) => ({ column, mostly: options?.mostly });

  const type = (name: string, value: TypeName): TypeName => checkOneOf(of(`${name}.type`), value, typeNames);
  const regexes = (name: string, list: readonly (string | RegExp)[]): string[] =>
    checkList(of(`${name}.regexes`), list).map((regex, at) => checkRegex(of(`${name}.regexes.${at}`), regex));
  const patterns = (name: string, list: readonly string[]): string[] =>
    checkList(of(`${name}.patterns`), list).map((pattern, at) => checkText(of(`${name}.patterns.${at}`), pattern));
  const matchOn = (name: string, value: 'any' | 'all' | undefined) =>
    optional(value, (given) => checkOneOf(of(`${name}.matchOn`), given, ['any', 'all']));
  const escapeOf = (name: string, options: { escape?: string | undefined } | undefined) =>
    optional(options?.escape, (given) => {
      if (checkText(of(`${name}.escape`), given).length === 1) return given;
      throw new OptionError(of(`${name}.escape`), 'one character', given);
    });
  const like = (name: string, pattern: string, options: { escape?: string | undefined } | undefined) => ({
    like_pattern: checkText(of(`${name}.pattern`), pattern),
    escape: escapeOf(name, options),
  });

  return {
    toBeNull: (options) => rule('toBeNull', 'expect_column_values_to_be_null', map(options), options),
    toNotBeNull: (options) => rule('toNotBeNull', 'expect_column_values_to_not_be_null', map(options), options),
    toBeUnique: (options) => rule('toBeUnique', 'expect_column_values_to_be_unique', map(options), options),
    toBeInSet: (values, options) => {
      const value_set = checkValues(of('toBeInSet.values'), values);
      return rule('toBeInSet', 'expect_column_values_to_be_in_set', { ...map(options), value_set }, options);
    },
    toNotBeInSet: (values, options) => {
      const value_set = checkValues(of('toNotBeInSet.values'), values);
      return rule('toNotBeInSet', 'expect_column_values_to_not_be_in_set', { ...map(options), value_set }, options);
    },
    toBeOfType: (name, options) =>
      rule(
        'toBeOfType',
        'expect_column_values_to_be_of_type',
        { ...map(options), type_: type('toBeOfType', name) },
        options,
      ),
    toBeInTypeList: (names, options) => {
      const type_list = checkList(of('toBeInTypeList.types'), names).map((name) => type('toBeInTypeList', name));
      return rule('toBeInTypeList', 'expect_column_values_to_be_in_type_list', { ...map(options), type_list }, options);
    },
    toSatisfy: (name, satisfies, options) => {
      const kwargs = {
        name: checkText(of('toSatisfy.name'), name),
        satisfies: checkGiven(of('toSatisfy.satisfies'), satisfies),
      };
      return rule(`toSatisfy(${name})`, 'expect_column_values_to_satisfy', { ...map(options), ...kwargs }, options);
    },

    typeToBe: (name, options) =>
      rule('typeToBe', 'expect_column_type_to_be', { column, type_: type('typeToBe', name) }, options),
    toExist: (options) => {
      const column_index = optional(options?.columnIndex, (at) => checkInteger(of('toExist.columnIndex'), at));
      return rule('toExist', 'expect_column_to_exist', { column, column_index }, options);
    },
    uniqueValueCountToBeBetween: (min, max, options) => {
      const name = 'uniqueValueCountToBeBetween';
      const bounds = checkNumberBounds(of(name), min, max, options);
      return rule(name, 'expect_column_unique_value_count_to_be_between', { column, ...bounds }, options);
    },
    proportionOfUniqueValuesToBeBetween: (min, max, options) => {
      const name = 'proportionOfUniqueValuesToBeBetween';
      const bounds = checkNumberBounds(of(name), min, max, options);
      return rule(name, 'expect_column_proportion_of_unique_values_to_be_between', { column, ...bounds }, options);
    },
    proportionOfNonNullValuesToBeBetween: (min, max, options) => {
      const name = 'proportionOfNonNullValuesToBeBetween';
      const bounds = checkNumberBounds(of(name), min, max, options);
      return rule(name, 'expect_column_proportion_of_non_null_values_to_be_between', { column, ...bounds }, options);
    },
    mostCommonValueToBeInSet: (values, options) => {
      const name = 'mostCommonValueToBeInSet';
      const value_set = checkValues(of(`${name}.values`), values);
      const ties_okay = checkFlag(of(`${name}.tiesOkay`), options?.tiesOkay);
      return rule(name, 'expect_column_most_common_value_to_be_in_set', { column, value_set, ties_okay }, options);
    },
    distinctValuesToBeInSet: (values, options) => {
      const value_set = checkValues(of('distinctValuesToBeInSet.values'), values);
      return rule(
        'distinctValuesToBeInSet',
        'expect_column_distinct_values_to_be_in_set',
        { column, value_set },
        options,
      );
    },
    distinctValuesToContainSet: (values, options) => {
      const value_set = checkValues(of('distinctValuesToContainSet.values'), values);
      return rule(
        'distinctValuesToContainSet',
        'expect_column_distinct_values_to_contain_set',
        { column, value_set },
        options,
      );
    },
    distinctValuesToEqualSet: (values, options) => {
      const value_set = checkValues(of('distinctValuesToEqualSet.values'), values);
      return rule(
        'distinctValuesToEqualSet',
        'expect_column_distinct_values_to_equal_set',
        { column, value_set },
        options,
      );
    },
    klDivergenceToBeLessThan: (partition, threshold, options) => {
      const name = 'klDivergenceToBeLessThan';
      const holdout = (key: 'tailWeightHoldout' | 'internalWeightHoldout') =>
        optional(options?.[key], (weight) => checkNumber(of(`${name}.${key}`), weight, { min: 0, max: 1 }));
      const kwargs = {
        partition_object: checkPartition(of(`${name}.partition`), partition),
        threshold: checkNumber(of(`${name}.threshold`), threshold, { min: 0 }),
        bucketize_data: checkFlag(of(`${name}.bucketizeData`), options?.bucketizeData),
        tail_weight_holdout: holdout('tailWeightHoldout'),
        internal_weight_holdout: holdout('internalWeightHoldout'),
      };
      return rule(name, 'expect_column_kl_divergence_to_be_less_than', { column, ...kwargs }, options);
    },

    toBeBetween: (min, max, options) => {
      const bounds = checkBounds(of('toBeBetween'), min, max, options);
      return rule('toBeBetween', 'expect_column_values_to_be_between', { ...map(options), ...bounds }, options);
    },
    toBeIncreasing: (options) => {
      const strictly = checkFlag(of('toBeIncreasing.strictly'), options?.strictly);
      return rule('toBeIncreasing', 'expect_column_values_to_be_increasing', { ...map(options), strictly }, options);
    },
    toBeDecreasing: (options) => {
      const strictly = checkFlag(of('toBeDecreasing.strictly'), options?.strictly);
      return rule('toBeDecreasing', 'expect_column_values_to_be_decreasing', { ...map(options), strictly }, options);
    },
    minToBeBetween: (min, max, options) => {
      const bounds = checkBounds(of('minToBeBetween'), min, max, options);
      return rule('minToBeBetween', 'expect_column_min_to_be_between', { column, ...bounds }, options);
    },
    maxToBeBetween: (min, max, options) => {
      const bounds = checkBounds(of('maxToBeBetween'), min, max, options);
      return rule('maxToBeBetween', 'expect_column_max_to_be_between', { column, ...bounds }, options);
    },

    meanToBeBetween: (min, max, options) => {
      const bounds = checkNumberBounds(of('meanToBeBetween'), min, max, options);
      return rule('meanToBeBetween', 'expect_column_mean_to_be_between', { column, ...bounds }, options);
    },
    medianToBeBetween: (min, max, options) => {
      const bounds = checkNumberBounds(of('medianToBeBetween'), min, max, options);
      return rule('medianToBeBetween', 'expect_column_median_to_be_between', { column, ...bounds }, options);
    },
    sumToBeBetween: (min, max, options) => {
      const bounds = checkNumberBounds(of('sumToBeBetween'), min, max, options);
      return rule('sumToBeBetween', 'expect_column_sum_to_be_between', { column, ...bounds }, options);
    },
    stdevToBeBetween: (min, max, options) => {
      const bounds = checkNumberBounds(of('stdevToBeBetween'), min, max, options);
      return rule('stdevToBeBetween', 'expect_column_stdev_to_be_between', { column, ...bounds }, options);
    },
    quantileValuesToBeBetween: (ranges, options) => {
      const name = 'quantileValuesToBeBetween';
      const quantile_ranges = checkRanges(of(`${name}.ranges`), ranges);
      const allow_relative_error = optional(options?.interpolation, (given) =>
        checkOneOf(of(`${name}.interpolation`), given, interpolations),
      );
      return rule(
        name,
        'expect_column_quantile_values_to_be_between',
        { column, quantile_ranges, allow_relative_error },
        options,
      );
    },
    zScoresToBeLessThan: (threshold, options) => {
      const kwargs = {
        threshold: checkNumber(of('zScoresToBeLessThan.threshold'), threshold),
        double_sided: checkFlag(of('zScoresToBeLessThan.doubleSided'), options?.doubleSided),
      };
      return rule(
        'zScoresToBeLessThan',
        'expect_column_value_z_scores_to_be_less_than',
        { ...map(options), ...kwargs },
        options,
      );
    },
    toNotBeOutliers: (options) => {
      const kwargs = {
        method: optional(options?.method, (given) => checkOneOf(of('toNotBeOutliers.method'), given, ['iqr', 'std'])),
        multiplier: optional(options?.multiplier, (given) =>
          checkNumber(of('toNotBeOutliers.multiplier'), given, { min: 0 }),
        ),
      };
      return rule(
        'toNotBeOutliers',
        'expect_column_values_to_not_be_outliers',
        { ...map(options), ...kwargs },
        options,
      );
    },

    lengthsToBeBetween: (min, max, options) => {
      const bounds = checkNumberBounds(of('lengthsToBeBetween'), min, max, options);
      return rule(
        'lengthsToBeBetween',
        'expect_column_value_lengths_to_be_between',
        { ...map(options), ...bounds },
        options,
      );
    },
    lengthsToEqual: (length, options) => {
      const value = checkInteger(of('lengthsToEqual.length'), length, { min: 0 });
      return rule('lengthsToEqual', 'expect_column_value_lengths_to_equal', { ...map(options), value }, options);
    },
    toMatchRegex: (pattern, options) => {
      const regex = checkRegex(of('toMatchRegex.regex'), pattern);
      return rule('toMatchRegex', 'expect_column_values_to_match_regex', { ...map(options), regex }, options);
    },
    toNotMatchRegex: (pattern, options) => {
      const regex = checkRegex(of('toNotMatchRegex.regex'), pattern);
      return rule('toNotMatchRegex', 'expect_column_values_to_not_match_regex', { ...map(options), regex }, options);
    },
    toMatchRegexList: (list, options) => {
      const kwargs = {
        regex_list: regexes('toMatchRegexList', list),
        match_on: matchOn('toMatchRegexList', options?.matchOn),
      };
      return rule(
        'toMatchRegexList',
        'expect_column_values_to_match_regex_list',
        { ...map(options), ...kwargs },
        options,
      );
    },
    toNotMatchRegexList: (list, options) => {
      const regex_list = regexes('toNotMatchRegexList', list);
      return rule(
        'toNotMatchRegexList',
        'expect_column_values_to_not_match_regex_list',
        { ...map(options), regex_list },
        options,
      );
    },
    toMatchLikePattern: (pattern, options) => {
      const kwargs = like('toMatchLikePattern', pattern, options);
      return rule(
        'toMatchLikePattern',
        'expect_column_values_to_match_like_pattern',
        { ...map(options), ...kwargs },
        options,
      );
    },
    toNotMatchLikePattern: (pattern, options) => {
      const kwargs = like('toNotMatchLikePattern', pattern, options);
      return rule(
        'toNotMatchLikePattern',
        'expect_column_values_to_not_match_like_pattern',
        { ...map(options), ...kwargs },
        options,
      );
    },
    toMatchLikePatternList: (list, options) => {
      const kwargs = {
        like_pattern_list: patterns('toMatchLikePatternList', list),
        match_on: matchOn('toMatchLikePatternList', options?.matchOn),
        escape: escapeOf('toMatchLikePatternList', options),
      };
      return rule(
        'toMatchLikePatternList',
        'expect_column_values_to_match_like_pattern_list',
        { ...map(options), ...kwargs },
        options,
      );
    },
    toNotMatchLikePatternList: (list, options) => {
      const kwargs = {
        like_pattern_list: patterns('toNotMatchLikePatternList', list),
        escape: escapeOf('toNotMatchLikePatternList', options),
      };
      return rule(
        'toNotMatchLikePatternList',
        'expect_column_values_to_not_match_like_pattern_list',
        { ...map(options), ...kwargs },
        options,
      );
    },
    toMatchStrftimeFormat: (format, options) => {
      const strftime_format = checkText(of('toMatchStrftimeFormat.format'), format);
      compileStrftime(of('toMatchStrftimeFormat.format'), format);
      return rule(
        'toMatchStrftimeFormat',
        'expect_column_values_to_match_strftime_format',
        { ...map(options), strftime_format },
        options,
      );
    },
    toBeJsonParseable: (options) =>
      rule('toBeJsonParseable', 'expect_column_values_to_be_json_parseable', map(options), options),
    toBeDateutilParseable: (options) =>
      rule('toBeDateutilParseable', 'expect_column_values_to_be_dateutil_parseable', map(options), options),
    toMatchJsonSchema: (schema, options) => {
      const name = 'toMatchJsonSchema';
      const json_schema = checkJsonSchema(of(`${name}.schema`), schema);
      return rule(name, 'expect_column_values_to_match_json_schema', { ...map(options), json_schema }, options);
    },
  };
}
