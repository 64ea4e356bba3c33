/** Bounds, inclusive unless strict; one that is left out bounds nothing. */
export interface Bounds<T> {
  readonly min_value?: T | undefined;
  readonly max_value?: T | undefined;
  readonly strict_min?: boolean | undefined;
  readonly strict_max?: boolean | undefined;
}

/** The share of rows for which it must hold, from 0 to 1. */
interface Mostly {
  readonly mostly?: number | undefined;
}

interface OfColumn {
  readonly column: string;
}

type ColumnMap<K = unknown> = OfColumn & Mostly & K;

interface OfPair extends Mostly {
  readonly column_A: string;
  readonly column_B: string;
  readonly ignore_row_if?: 'both_values_are_missing' | 'either_value_is_missing' | 'neither' | undefined;
}

interface OfColumns extends Mostly {
  readonly column_list: readonly string[];
  readonly ignore_row_if?: 'all_values_are_missing' | 'any_value_is_missing' | 'never' | undefined;
}

/** Numbers, texts or dates: what has an order. */
export type Ordered = number | bigint | string | Date;
export type Scalar = Ordered | boolean | null;

/**
 * The type of a value: those of JSON Schema, where `integer` is a number without a fraction and `object` no array and no
 * date, and two that JSON lacks. Each value of a column is judged; pandas' dtypes, which are of whole columns, have none.
 */
export type TypeName = 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'date' | 'bigint';

/**
 * The expectations of Great Expectations' core, by their names there, with their arguments.
 *
 * @see https://greatexpectations.io/expectations/
 */
export interface Kwargs {
  expect_column_values_to_be_null: ColumnMap;
  expect_column_values_to_not_be_null: ColumnMap;
  expect_column_values_to_be_unique: ColumnMap;
  expect_column_values_to_be_in_set: ColumnMap<{ readonly value_set: readonly Scalar[] }>;
  expect_column_values_to_not_be_in_set: ColumnMap<{ readonly value_set: readonly Scalar[] }>;
  expect_column_values_to_be_between: ColumnMap<Bounds<Ordered>>;
  expect_column_values_to_be_increasing: ColumnMap<{ readonly strictly?: boolean | undefined }>;
  expect_column_values_to_be_decreasing: ColumnMap<{ readonly strictly?: boolean | undefined }>;
  expect_column_value_z_scores_to_be_less_than: ColumnMap<{
    readonly threshold: number;
    readonly double_sided?: boolean | undefined;
  }>;
  expect_column_values_to_not_be_outliers: ColumnMap<{
    readonly method?: 'iqr' | 'std' | undefined;
    readonly multiplier?: number | undefined;
  }>;
  expect_column_value_lengths_to_be_between: ColumnMap<Bounds<number>>;
  expect_column_value_lengths_to_equal: ColumnMap<{ readonly value: number }>;
  expect_column_values_to_match_regex: ColumnMap<{ readonly regex: string }>;
  expect_column_values_to_not_match_regex: ColumnMap<{ readonly regex: string }>;
  expect_column_values_to_match_regex_list: ColumnMap<{
    readonly regex_list: readonly string[];
    readonly match_on?: 'any' | 'all' | undefined;
  }>;
  expect_column_values_to_not_match_regex_list: ColumnMap<{ readonly regex_list: readonly string[] }>;
  expect_column_values_to_match_like_pattern: ColumnMap<LikePattern>;
  expect_column_values_to_not_match_like_pattern: ColumnMap<LikePattern>;
  expect_column_values_to_match_like_pattern_list: ColumnMap<{
    readonly like_pattern_list: readonly string[];
    readonly match_on?: 'any' | 'all' | undefined;
    readonly escape?: string | undefined;
  }>;
  expect_column_values_to_not_match_like_pattern_list: ColumnMap<{
    readonly like_pattern_list: readonly string[];
    readonly escape?: string | undefined;
  }>;
  expect_column_values_to_match_strftime_format: ColumnMap<{ readonly strftime_format: string }>;
  expect_column_values_to_be_json_parseable: ColumnMap;
  expect_column_values_to_be_dateutil_parseable: ColumnMap;
  /** JSON Schema 2020-12 unless its `$schema` says another draft. Formats are not checked. */
  expect_column_values_to_match_json_schema: ColumnMap<{ readonly json_schema: Readonly<Record<string, unknown>> }>;
  expect_column_values_to_be_of_type: ColumnMap<{ readonly type_: TypeName }>;
  expect_column_values_to_be_in_type_list: ColumnMap<{ readonly type_list: readonly TypeName[] }>;
  expect_column_type_to_be: OfColumn & { readonly type_: TypeName };

  expect_column_min_to_be_between: OfColumn & Bounds<Ordered>;
  expect_column_max_to_be_between: OfColumn & Bounds<Ordered>;
  expect_column_mean_to_be_between: OfColumn & Bounds<number>;
  expect_column_median_to_be_between: OfColumn & Bounds<number>;
  expect_column_sum_to_be_between: OfColumn & Bounds<number>;
  expect_column_stdev_to_be_between: OfColumn & Bounds<number>;
  expect_column_unique_value_count_to_be_between: OfColumn & Bounds<number>;
  expect_column_proportion_of_unique_values_to_be_between: OfColumn & Bounds<number>;
  expect_column_proportion_of_non_null_values_to_be_between: OfColumn & Bounds<number>;
  expect_column_most_common_value_to_be_in_set: OfColumn & {
    readonly value_set: readonly Scalar[];
    readonly ties_okay?: boolean | undefined;
  };
  expect_column_distinct_values_to_be_in_set: OfColumn & { readonly value_set: readonly Scalar[] };
  expect_column_distinct_values_to_contain_set: OfColumn & { readonly value_set: readonly Scalar[] };
  expect_column_distinct_values_to_equal_set: OfColumn & { readonly value_set: readonly Scalar[] };
  expect_column_quantile_values_to_be_between: OfColumn & {
    readonly quantile_ranges: {
      readonly quantiles: readonly number[];
      readonly value_ranges: readonly (readonly [number | null, number | null])[];
    };
    readonly allow_relative_error?: boolean | 'lower' | 'higher' | 'midpoint' | 'nearest' | 'linear' | undefined;
  };
  expect_column_kl_divergence_to_be_less_than: OfColumn & {
    readonly partition_object: Partition;
    readonly threshold: number;
    readonly bucketize_data?: boolean | undefined;
    readonly tail_weight_holdout?: number | undefined;
    readonly internal_weight_holdout?: number | undefined;
  };

  expect_column_pair_values_to_be_equal: OfPair;
  expect_column_pair_values_a_to_be_greater_than_b: OfPair & { readonly or_equal?: boolean | undefined };
  expect_column_pair_values_to_be_in_set: OfPair & { readonly value_pairs_set: readonly (readonly [Scalar, Scalar])[] };
  expect_compound_columns_to_be_unique: OfColumns;
  expect_select_column_values_to_be_unique_within_record: OfColumns;
  expect_multicolumn_values_to_be_equal: OfColumns;
  expect_multicolumn_sum_to_equal: OfColumns & { readonly sum_total: number };

  expect_column_to_exist: OfColumn & { readonly column_index?: number | undefined };
  expect_table_columns_to_match_ordered_list: { readonly column_list: readonly string[] };
  expect_table_columns_to_match_set: {
    readonly column_set: readonly string[];
    readonly exact_match?: boolean | undefined;
  };
  expect_table_column_count_to_equal: { readonly value: number };
  expect_table_column_count_to_be_between: Pick<Bounds<number>, 'min_value' | 'max_value'>;
  expect_table_row_count_to_equal: { readonly value: number };
  expect_table_row_count_to_be_between: Bounds<number>;
  /** The other table is one of the same database, or one that the check of rows is given. */
  expect_table_row_count_to_equal_other_table: { readonly other_table_name: string };

  /** Of databases alone: the query finds no row. In it, `{batch}` is the table. */
  unexpected_rows_expectation: { readonly unexpected_rows_query: string };
  /**
   * Of databases alone: two queries find the same rows, in any order, or at least `mostly` of them. Columns are told by
   * their places. The other query is asked of the same database unless it names another.
   */
  expect_query_results_to_match_comparison: Mostly & {
    readonly base_query: string;
    readonly comparison_query: string;
    readonly comparison_data_source_name?: string | undefined;
  };

  /**
   * Ours: the newest moment of a column is at most so old, and at most so far ahead, by default a day. Dates,
   * ISO 8601 texts (UTC unless they say otherwise), and numbers of milliseconds or seconds since 1970.
   */
  expect_column_freshness_to_be_within: OfColumn & {
    readonly within_ms: number;
    readonly ahead_ms?: number | undefined;
    readonly epoch_unit?: 'milliseconds' | 'seconds' | undefined;
  };
  /** Ours, without a counterpart: values that are not null satisfy a function, of the rules on rows alone. */
  expect_column_values_to_satisfy: ColumnMap<{
    readonly name: string;
    readonly satisfies: (value: unknown) => boolean;
  }>;
  /** Ours: rows satisfy a function. */
  expect_rows_to_satisfy: Mostly & {
    readonly name: string;
    readonly satisfies: (row: unknown) => boolean;
  };
  /** Ours: what runs, partitions, schemas or tables are like beside others, in words. It is judged there, by no engine. */
  expect_comparison_to_hold: { readonly about: string };
}

interface LikePattern {
  readonly like_pattern: string;
  readonly escape?: string | undefined;
}

/** How values are expected to be spread: over numbers between `bins`, or over values. */
export type Partition =
  | {
      readonly bins: readonly number[];
      readonly weights: readonly number[];
      readonly tail_weights?: readonly [number, number] | undefined;
    }
  | { readonly values: readonly Scalar[]; readonly weights: readonly number[] };

export type Expectation = keyof Kwargs;
export type KwargsOf<E extends Expectation> = Kwargs[E];
