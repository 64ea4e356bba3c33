import type { Bound, ColumnName } from './columns.ts';
import type { Scalar } from './expectations.ts';
import type { BoundsOptions, MapOptions, RuleOptions, ShapeOptions } from './rule-options.ts';
import type { Rule } from './rule.ts';

export interface PairOptions<Row> extends MapOptions<Row> {
  /** Rows that are left out. @default 'both_values_are_missing' */
  ignoreRowIf?: 'both_values_are_missing' | 'either_value_is_missing' | 'neither' | undefined;
}

export interface ColumnListOptions<Row> extends MapOptions<Row> {
  /** Rows that are left out. @default 'all_values_are_missing' */
  ignoreRowIf?: 'all_values_are_missing' | 'any_value_is_missing' | 'never' | undefined;
}

type ValueOf<Row, K> = K extends keyof Row ? (unknown extends Row[K] ? unknown : NonNullable<Row[K]>) : never;

/** Of which sort values are; two of the same can be compared. */
type Sort<V> = unknown extends V
  ? 'any'
  : [V] extends [number | bigint]
    ? 'number'
    : [V] extends [string]
      ? 'text'
      : [V] extends [boolean]
        ? 'boolean'
        : [V] extends [Date]
          ? 'date'
          : 'other';

/** The columns that can be compared with column `A`. */
type Comparable<Row, A> = {
  [K in ColumnName<Row>]: Sort<ValueOf<Row, K>> extends Sort<ValueOf<Row, A>> | 'any'
    ? K
    : 'any' extends Sort<ValueOf<Row, A>>
      ? K
      : never;
}[ColumnName<Row>];

/** The columns that have an order; `number` alone takes those that can be summed. */
type SortedBy<Row, S extends string> = {
  [K in ColumnName<Row>]: Sort<ValueOf<Row, K>> extends S | 'any' ? K : never;
}[ColumnName<Row>];

/** The rules of a table: of pairs of columns, of several, of whole rows, of its shape. */
export interface Table<Row> {
  pairToBeEqual<A extends ColumnName<Row>>(a: A, b: Comparable<Row, A>, options?: PairOptions<Row>): Rule;
  pairAToBeGreaterThanB<A extends SortedBy<Row, 'number' | 'text' | 'date'>>(
    a: A,
    b: Comparable<Row, A>,
    options?: PairOptions<Row> & { orEqual?: boolean | undefined },
  ): Rule;
  pairToBeInSet<A extends ColumnName<Row>, B extends ColumnName<Row>>(
    a: A,
    b: B,
    pairs: readonly (readonly [PairValue<Row, A>, PairValue<Row, B>])[],
    options?: PairOptions<Row>,
  ): Rule;

  /** No combination of these columns' values comes twice; of those that do, every row breaks it. */
  unique(...columns: readonly ColumnName<Row>[]): Rule;
  unique(...columnsAndOptions: readonly [...ColumnName<Row>[], ColumnListOptions<Row>]): Rule;
  /** In each row, these columns' values differ from each other. */
  uniqueWithinRecord(columns: readonly ColumnName<Row>[], options?: ColumnListOptions<Row>): Rule;
  multicolumnValuesToBeEqual(columns: readonly ColumnName<Row>[], options?: ColumnListOptions<Row>): Rule;
  multicolumnSumToEqual(
    columns: readonly SortedBy<Row, 'number'>[],
    sum: number,
    options?: ColumnListOptions<Row>,
  ): Rule;
  /** A rule of your own for whole rows. The type is what the schema says: rows that differ arrive here too. */
  rowsToSatisfy(name: string, satisfies: (row: Row) => boolean, options?: MapOptions<Row>): Rule;

  /**
   * The newest moment of this column is not older than `withinMs`: of a date, an ISO 8601 text, which is in UTC unless it
   * says otherwise, or a number since 1970. When it is judged, `now` of the check says what time it is.
   */
  fresh(column: Moments<Row>, options: FreshOptions<Row>): Rule;

  rowCountToEqual(count: number, options?: RuleOptions<Row>): Rule;
  rowCountToBeBetween(min: Bound<number>, max: Bound<number>, options?: BoundsOptions<Row>): Rule;
  /** As many rows as another table of the database has, or of those that a check of rows is given as `tables`. */
  rowCountToEqualOtherTable(table: string, options?: Omit<RuleOptions<Row>, 'groupBy' | 'maxGroups'>): Rule;
  columnCountToEqual(count: number, options?: ShapeOptions): Rule;
  columnCountToBeBetween(min: Bound<number>, max: Bound<number>, options?: ShapeOptions): Rule;
  /** Names of any kind: columns that the schema does not know are what this looks for. */
  columnsToMatchOrderedList(columns: readonly string[], options?: ShapeOptions): Rule;
  columnsToMatchSet(
    columns: readonly string[],
    options?: ShapeOptions & {
      /** There are no others. @default true */
      exactMatch?: boolean | undefined;
    },
  ): Rule;

  /** Of databases alone: this query finds no row. In it, `{batch}` is the table. */
  unexpectedRows(query: string, options?: ShapeOptions): Rule;
  /** Of databases alone: both queries find the same rows, in any order; columns are told by their places. */
  queryResultsToMatchComparison(query: string, comparison: string, options?: ComparisonOptions): Rule;
}

export interface FreshOptions<Row> extends RuleOptions<Row> {
  /** The newest moment may be that old. */
  withinMs: number;
  /** It may be that far ahead of the clock: a date can be of a time zone that is. @default 86_400_000, a day */
  aheadMs?: number | undefined;
  /** What numbers count. @default 'milliseconds' */
  epochUnit?: 'milliseconds' | 'seconds' | undefined;
}

interface ComparisonOptions extends ShapeOptions {
  /** The share of rows that must be found by both, of the rows of the longer result. @default 1 */
  mostly?: number | undefined;
  /** The name of the data source that the comparison is asked of. @default the same one */
  dataSource?: string | undefined;
}

/** Columns that may hold moments. */
type Moments<Row> = SortedBy<Row, 'number' | 'text' | 'date'>;

type PairValue<Row, K> = unknown extends ValueOf<Row, K> ? Scalar : Extract<ValueOf<Row, K>, Scalar> | null;
