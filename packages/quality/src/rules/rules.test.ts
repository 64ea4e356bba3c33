import { OptionError } from '@dataenginex/core';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Columns, contract, type Rule, type Table } from '../index.ts';

const Row = z.object({ n: z.number(), m: z.number(), s: z.string(), d: z.date() });
type RowType = z.infer<typeof Row>;

function rulesOf(build: (c: Columns<RowType>, t: Table<RowType>) => Rule[]): readonly Rule[] {
  return contract('test', Row, build).rules.filter(({ id }) => !id.startsWith('schema.'));
}

const bins = { bins: [0, 1, 2], weights: [0.5, 0.5] };
const yes = () => true;

/** Each rule there is: how it is written, what Great Expectations calls it, with which arguments. */
const all: [build: (c: Columns<RowType>, t: Table<RowType>) => Rule, expectation: string, kwargs: object][] = [
  [({ n }) => n.toBeNull(), 'column_values_to_be_null', {}],
  [({ n }) => n.toNotBeNull({ mostly: 0.5 }), 'column_values_to_not_be_null', { mostly: 0.5 }],
  [({ n }) => n.toBeUnique(), 'column_values_to_be_unique', {}],
  [({ n }) => n.toBeInSet([1, 2]), 'column_values_to_be_in_set', { value_set: [1, 2] }],
  [({ s }) => s.toNotBeInSet(['a']), 'column_values_to_not_be_in_set', { value_set: ['a'] }],
  [({ n }) => n.toBeOfType('integer'), 'column_values_to_be_of_type', { type_: 'integer' }],
  [({ n }) => n.toBeInTypeList(['number']), 'column_values_to_be_in_type_list', { type_list: ['number'] }],
  [({ n }) => n.toSatisfy('yes', yes), 'column_values_to_satisfy', { name: 'yes', satisfies: yes }],
  [({ n }) => n.typeToBe('number'), 'column_type_to_be', { type_: 'number' }],
  [({ n }) => n.toExist({ columnIndex: 0 }), 'column_to_exist', { column_index: 0 }],
  [
    ({ n }) => n.uniqueValueCountToBeBetween(1, 2),
    'column_unique_value_count_to_be_between',
    { min_value: 1, max_value: 2 },
  ],
  [
    ({ n }) => n.proportionOfUniqueValuesToBeBetween(0.5, 1),
    'column_proportion_of_unique_values_to_be_between',
    { min_value: 0.5, max_value: 1 },
  ],
  [
    ({ n }) => n.proportionOfNonNullValuesToBeBetween(0.5, null),
    'column_proportion_of_non_null_values_to_be_between',
    { min_value: 0.5 },
  ],
  [
    ({ n }) => n.mostCommonValueToBeInSet([1], { tiesOkay: true }),
    'column_most_common_value_to_be_in_set',
    { value_set: [1], ties_okay: true },
  ],
  [({ n }) => n.distinctValuesToBeInSet([1]), 'column_distinct_values_to_be_in_set', { value_set: [1] }],
  [({ n }) => n.distinctValuesToContainSet([1]), 'column_distinct_values_to_contain_set', { value_set: [1] }],
  [({ n }) => n.distinctValuesToEqualSet([1]), 'column_distinct_values_to_equal_set', { value_set: [1] }],
  [
    ({ n }) =>
      n.klDivergenceToBeLessThan(bins, 0.1, {
        bucketizeData: false,
        tailWeightHoldout: 0.01,
        internalWeightHoldout: 0.02,
      }),
    'column_kl_divergence_to_be_less_than',
    {
      partition_object: bins,
      threshold: 0.1,
      bucketize_data: false,
      tail_weight_holdout: 0.01,
      internal_weight_holdout: 0.02,
    },
  ],
  [({ d }) => d.toBeBetween(new Date(0), null), 'column_values_to_be_between', { min_value: new Date(0) }],
  [({ n }) => n.toBeIncreasing({ strictly: true }), 'column_values_to_be_increasing', { strictly: true }],
  [({ n }) => n.toBeDecreasing(), 'column_values_to_be_decreasing', {}],
  [
    ({ n }) => n.minToBeBetween(0, 1, { strictMin: true }),
    'column_min_to_be_between',
    { min_value: 0, max_value: 1, strict_min: true },
  ],
  [
    ({ s }) => s.maxToBeBetween(null, 'z', { strictMax: true }),
    'column_max_to_be_between',
    { max_value: 'z', strict_max: true },
  ],
  [({ n }) => n.meanToBeBetween(0, 1), 'column_mean_to_be_between', { min_value: 0, max_value: 1 }],
  [({ n }) => n.medianToBeBetween(0, 1), 'column_median_to_be_between', { min_value: 0, max_value: 1 }],
  [({ n }) => n.sumToBeBetween(0, Infinity), 'column_sum_to_be_between', { min_value: 0, max_value: Infinity }],
  [({ n }) => n.stdevToBeBetween(0, 1), 'column_stdev_to_be_between', { min_value: 0, max_value: 1 }],
  [
    ({ n }) => n.quantileValuesToBeBetween({ 0.25: [null, 1], 0.5: [0, 2] }, { interpolation: 'linear' }),
    'column_quantile_values_to_be_between',
    {
      quantile_ranges: {
        quantiles: [0.25, 0.5],
        value_ranges: [
          [null, 1],
          [0, 2],
        ],
      },
      allow_relative_error: 'linear',
    },
  ],
  [
    ({ n }) => n.zScoresToBeLessThan(3, { doubleSided: false }),
    'column_value_z_scores_to_be_less_than',
    { threshold: 3, double_sided: false },
  ],
  [
    ({ n }) => n.toNotBeOutliers({ method: 'std', multiplier: 3 }),
    'column_values_to_not_be_outliers',
    { method: 'std', multiplier: 3 },
  ],
  [({ s }) => s.lengthsToBeBetween(1, 2), 'column_value_lengths_to_be_between', { min_value: 1, max_value: 2 }],
  [({ s }) => s.lengthsToEqual(3), 'column_value_lengths_to_equal', { value: 3 }],
  [({ s }) => s.toMatchRegex(/^a+$/), 'column_values_to_match_regex', { regex: '^a+$' }],
  [({ s }) => s.toNotMatchRegex('(?i)b'), 'column_values_to_not_match_regex', { regex: '(?i)b' }],
  [
    ({ s }) => s.toMatchRegexList(['a', /b/u], { matchOn: 'all' }),
    'column_values_to_match_regex_list',
    { regex_list: ['a', 'b'], match_on: 'all' },
  ],
  [({ s }) => s.toNotMatchRegexList(['a']), 'column_values_to_not_match_regex_list', { regex_list: ['a'] }],
  [
    ({ s }) => s.toMatchLikePattern('a%', { escape: '!' }),
    'column_values_to_match_like_pattern',
    { like_pattern: 'a%', escape: '!' },
  ],
  [({ s }) => s.toNotMatchLikePattern('_'), 'column_values_to_not_match_like_pattern', { like_pattern: '_' }],
  [
    ({ s }) => s.toMatchLikePatternList(['a', 'b'], { matchOn: 'any', escape: '!' }),
    'column_values_to_match_like_pattern_list',
    { like_pattern_list: ['a', 'b'], match_on: 'any', escape: '!' },
  ],
  [
    ({ s }) => s.toNotMatchLikePatternList(['a']),
    'column_values_to_not_match_like_pattern_list',
    { like_pattern_list: ['a'] },
  ],
  [
    ({ s }) => s.toMatchStrftimeFormat('%Y-%m-%d'),
    'column_values_to_match_strftime_format',
    { strftime_format: '%Y-%m-%d' },
  ],
  [({ s }) => s.toBeJsonParseable(), 'column_values_to_be_json_parseable', {}],
  [({ s }) => s.toBeDateutilParseable(), 'column_values_to_be_dateutil_parseable', {}],
  [
    ({ s }) => s.toMatchJsonSchema({ type: 'object' }, { mostly: 0 }),
    'column_values_to_match_json_schema',
    { json_schema: { type: 'object' }, mostly: 0 },
  ],
  [(_, t) => t.pairToBeEqual('n', 'm'), 'column_pair_values_to_be_equal', { column_A: 'n', column_B: 'm' }],
  [
    (_, t) => t.pairAToBeGreaterThanB('n', 'm', { orEqual: true, ignoreRowIf: 'neither', mostly: 0.5 }),
    'column_pair_values_a_to_be_greater_than_b',
    { column_A: 'n', column_B: 'm', or_equal: true, ignore_row_if: 'neither', mostly: 0.5 },
  ],
  [
    (_, t) =>
      t.pairToBeInSet('n', 's', [
        [1, 'a'],
        [2, null],
      ]),
    'column_pair_values_to_be_in_set',
    {
      column_A: 'n',
      column_B: 's',
      value_pairs_set: [
        [1, 'a'],
        [2, null],
      ],
    },
  ],
  [
    (_, t) => t.unique('n', 's', { ignoreRowIf: 'never' }),
    'compound_columns_to_be_unique',
    { column_list: ['n', 's'], ignore_row_if: 'never' },
  ],
  [
    (_, t) => t.uniqueWithinRecord(['n', 'm']),
    'select_column_values_to_be_unique_within_record',
    { column_list: ['n', 'm'] },
  ],
  [
    (_, t) => t.multicolumnValuesToBeEqual(['n', 'm'], { mostly: 1 }),
    'multicolumn_values_to_be_equal',
    { column_list: ['n', 'm'], mostly: 1 },
  ],
  [
    (_, t) => t.multicolumnSumToEqual(['n', 'm'], 3),
    'multicolumn_sum_to_equal',
    { column_list: ['n', 'm'], sum_total: 3 },
  ],
  [(_, t) => t.rowsToSatisfy('yes', yes), 'rows_to_satisfy', { name: 'yes', satisfies: yes }],
  [(_, t) => t.rowCountToEqual(2), 'table_row_count_to_equal', { value: 2 }],
  [
    (_, t) => t.rowCountToBeBetween(1, 2, { strictMin: true }),
    'table_row_count_to_be_between',
    { min_value: 1, max_value: 2, strict_min: true },
  ],
  [(_, t) => t.columnCountToEqual(4), 'table_column_count_to_equal', { value: 4 }],
  [(_, t) => t.columnCountToBeBetween(1, null), 'table_column_count_to_be_between', { min_value: 1 }],
  [(_, t) => t.columnsToMatchOrderedList(['n']), 'table_columns_to_match_ordered_list', { column_list: ['n'] }],
  [
    (_, t) => t.columnsToMatchSet(['n'], { exactMatch: false }),
    'table_columns_to_match_set',
    { column_set: ['n'], exact_match: false },
  ],
  [
    (_, t) => t.fresh('d', { withinMs: 1000, aheadMs: 0, epochUnit: 'seconds', severity: 'warning' }),
    'column_freshness_to_be_within',
    { within_ms: 1000, ahead_ms: 0, epoch_unit: 'seconds' },
  ],
  [
    (_, t) => t.rowCountToEqualOtherTable('raw', { where: { n: 1 } }),
    'table_row_count_to_equal_other_table',
    { other_table_name: 'raw' },
  ],
  [
    (_, t) => t.unexpectedRows('SELECT * FROM {batch} WHERE n > m'),
    'unexpected_rows_expectation',
    { unexpected_rows_query: 'SELECT * FROM {batch} WHERE n > m' },
  ],
  [
    (_, t) => t.queryResultsToMatchComparison('SELECT 1', 'SELECT 2', { mostly: 0.5, dataSource: 'other' }),
    'query_results_to_match_comparison',
    { base_query: 'SELECT 1', comparison_query: 'SELECT 2', comparison_data_source_name: 'other', mostly: 0.5 },
  ],
];

describe('rules', () => {
  it.each(all)('%s', (build, expectation, kwargs) => {
    const [rule] = rulesOf((c, t) => [build(c, t)]);
    expect(rule?.expectation).toBe(expectation.startsWith('un') ? expectation : `expect_${expectation}`);
    const { column, ...rest } = { column: 'none', ...rule?.kwargs };
    expect(rest).toEqual(kwargs);
    const ofColumn = expectation.startsWith('column_') && !('column_A' in kwargs);
    expect(column).toBe(ofColumn ? /^(?:\w+\()?(\w)\b/.exec(rule?.id ?? '')?.[1] : 'none');
  });

  it('are those of the README, and all that Great Expectations has', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| `(\w+)\b[^|]*\| `((?:un)?expect\w+)`/gm)];
    const methods = rulesOf((c, t) => all.map(([build], at) => ({ ...build(c, t), id: `${build(c, t).id} ${at}` })));
    const named = methods.map(({ id, expectation }) => `${/(\w+)[ (]/.exec(id)?.[1]}: ${expectation}`);
    expect(rows.map(([, method, expectation]) => `${method}: ${expectation}`).toSorted()).toEqual(named.toSorted());

    const path = new URL('../../test/great-expectations/cases.json', import.meta.url);
    const { cases }: { cases: { expectation: string }[] } = JSON.parse(readFileSync(path, 'utf8'));
    const missing = new Set(cases.map(({ expectation }) => expectation));
    for (const { expectation } of methods) missing.delete(expectation);
    expect([...missing]).toEqual([]);
  });

  it('run on rows, each of them', async () => {
    const onRows = all.filter(([, expectation]) => !/unexpected_rows|query_results/.test(expectation));
    const Table = contract('test', Row, (c, t) => onRows.map(([build], at) => ({ ...build(c, t), id: `${at}` })));
    const { results } = await Table.check([{ n: 1, m: 2, s: 'a', d: new Date(1) }], { tables: { raw: 1 } });
    const failed = results.filter(({ kind }) => kind === 'error');
    expect(failed).toEqual([]);
  });
});

describe('arguments of a rule', () => {
  const refuse = (build: (c: Columns<RowType>, t: Table<RowType>) => unknown, message: string) => {
    const built = () => rulesOf((c, t) => (build(c, t), []));
    expect(built).toThrow(OptionError);
    expect(built).toThrow(message);
  };

  it('name the rule and the argument when they cannot work', () => {
    refuse(({ n }) => n.toBeBetween(null, null), 'Option "n.toBeBetween.min" must be given, or else max, got null.');
    expect(rulesOf(({ n }) => [n.toBeBetween(2, 2)])).toHaveLength(1);
    refuse(({ n }) => n.toBeBetween(2, 1), 'Option "n.toBeBetween.max" must be at least min, 2, got 1.');
    refuse(
      ({ n }) => n.toBeBetween(Number.NaN, 1),
      'Option "n.toBeBetween.min" must be a number, a text, a date or null',
    );
    refuse(({ d }) => d.toBeBetween(new Date('x'), null), 'Option "d.toBeBetween.min"');
    // @ts-expect-error -- bounds of two types
    refuse(({ n }) => n.toBeBetween(1, 'b'), 'Option "n.toBeBetween.max" must be of the type of min, number, got "b".');
    // @ts-expect-error -- no flag
    refuse(({ n }) => n.toBeBetween(1, 2, { strictMin: 1 }), 'Option "n.toBeBetween.strictMin" must be true or false');
    // @ts-expect-error -- a mean is no text
    refuse(({ n }) => n.meanToBeBetween('1', null), 'Option "n.meanToBeBetween.min" must be a number or null');
    refuse(({ n }) => n.toNotBeNull({ mostly: 1.1 }), 'Option "n.toNotBeNull.mostly" must be a number from 0 to 1');
    refuse(({ n }) => n.toBeInSet([]), 'Option "n.toBeInSet.values" must be an array of at least one');
    // @ts-expect-error -- no value
    refuse(({ n }) => n.toBeInSet([1, {}]), 'Option "n.toBeInSet.values.1" must be a number, a text, a boolean');
    // @ts-expect-error -- no type
    refuse(({ n }) => n.toBeOfType('int'), 'Option "n.toBeOfType.type" must be one of "string", "number"');
    refuse(({ s }) => s.toMatchRegex('('), 'Option "s.toMatchRegex.regex" must be a regular expression');
    refuse(({ s }) => s.toMatchRegex(/a/i), 'Option "s.toMatchRegex.regex" must be a regex without flags, got "/a/i".');
    refuse(({ s }) => s.toMatchRegexList(['a', '']), 'Option "s.toMatchRegexList.regexes.1" must be a text');
    refuse(({ s }) => s.toMatchStrftimeFormat('%Q'), 'Option "s.toMatchStrftimeFormat.format"');
    // @ts-expect-error -- no function
    refuse(({ n }) => n.toSatisfy('x'), 'Option "n.toSatisfy.satisfies" must be a function, got undefined.');
    // @ts-expect-error -- no function
    refuse((_, t) => t.rowsToSatisfy('x'), 'Option "rowsToSatisfy.satisfies" must be a function');
    refuse((_, t) => t.unique('n'), 'Option "unique.columns" must be two columns or more');
    // @ts-expect-error -- misspelt
    refuse((_, t) => t.unique('n', 'x'), 'Option "unique.columns" must be one of "n", "m", "s", "d", got "x".');
    // @ts-expect-error -- one value
    refuse((_, t) => t.pairToBeInSet('n', 'm', [[1]]), 'Option "pairToBeInSet.pairs.0" must be a pair');
    // @ts-expect-error -- not for pairs
    refuse((_, t) => t.pairToBeEqual('n', 'm', { ignoreRowIf: 'never' }), 'Option "pairToBeEqual.ignoreRowIf"');
    refuse((_, t) => t.rowCountToEqual(1.5), 'Option "rowCountToEqual.count" must be an integer from 0, got 1.5.');
  });

  it('of quantiles and partitions are checked in whole', () => {
    refuse(({ n }) => n.quantileValuesToBeBetween({}), 'must be ranges by quantile, at least one');
    refuse(({ n }) => n.quantileValuesToBeBetween({ 2: [0, 1] }), 'ranges.2" must be a number from 0 to 1, got 2.');
    // @ts-expect-error -- no pair
    refuse(({ n }) => n.quantileValuesToBeBetween({ 0.5: [0] }), 'ranges.0.5" must be a pair');
    // @ts-expect-error -- none
    refuse(({ n }) => n.klDivergenceToBeLessThan(null, 1), 'partition" must be a partition, got null');
    const kl = (partition: object, message: string) =>
      // @ts-expect-error -- of any shape
      refuse(({ n }) => n.klDivergenceToBeLessThan(partition, 1), message);
    kl({ bins: [0, 1, 2], weights: [0.5, 0.4] }, 'partition.weights" must be numbers that sum to 1, got 0.9.');
    kl({ bins: [0, 1, 1], weights: [0.5, 0.5] }, 'partition.bins.2" must be above 1, got 1.');
    kl({ bins: [0, 1], weights: [0.5, 0.5] }, 'partition.weights" must be as many as there are places, 1');
    kl({ values: ['a'], weights: [0.5, 0.5] }, 'partition.weights" must be as many as there are places, 1');
  });

  it('that all rules have are checked as well', () => {
    refuse(({ n }) => n.toBeNull({ id: '' }), 'Option "n.toBeNull.id" must be a text that is not empty');
    // @ts-expect-error -- no severity
    refuse(({ n }) => n.toBeNull({ severity: 'error' }), 'Option "n.toBeNull.severity" must be one of "critical"');
    // @ts-expect-error -- no array
    refuse(({ n }) => n.toBeNull({ tags: 'a' }), 'Option "n.toBeNull.tags" must be an array of texts, got "a".');
    // @ts-expect-error -- no text
    refuse(({ n }) => n.toBeNull({ notes: 1 }), 'Option "n.toBeNull.notes" must be a text, got 1.');
    // @ts-expect-error -- misspelt
    refuse(({ n }) => n.toBeNull({ where: { x: 1 } }), 'Option "n.toBeNull.where" must be one of "n", "m", "s", "d"');
    // @ts-expect-error -- no comparison
    refuse(({ n }) => n.toBeNull({ where: { m: { above: 1 } } }), 'Option "n.toBeNull.where.m" must be made of eq, ne');
    // @ts-expect-error -- not of which columns there are
    refuse(({ n }) => n.toExist({ where: { m: 1 } }), 'Option "n.toExist.where" must be left out');
    // @ts-expect-error -- no condition
    refuse(({ n }) => n.toBeNull({ where: { m: undefined } }), 'Option "n.toBeNull.where.m" must be given');
    refuse(({ n }) => n.toBeNull({ where: { m: {} } }), 'Option "n.toBeNull.where.m" must be one of eq, ne');
    refuse(({ n }) => n.toBeNull({ where: { m: { gt: undefined } } }), 'Option "n.toBeNull.where.m" must be one of eq');
    refuse(
      ({ s }) => s.toMatchLikePattern('a', { escape: '!!' }),
      '"s.toMatchLikePattern.escape" must be one character',
    );
    // @ts-expect-error -- no conditions
    refuse(({ n }) => n.toBeNull({ where: 'm > 1' }), 'Option "n.toBeNull.where" must be conditions by column');
  });
});
