import type { Ordered, Partition, Scalar, TypeName } from './expectations.ts';
import type { BoundsOptions, MapOptions, RuleOptions, ShapeOptions } from './rule-options.ts';
import type { Rule } from './rule.ts';

/** A bound; null leaves that side open. */
export type Bound<T> = T | null;

/** What a set of such values may hold. */
type Member<V> = unknown extends V ? Scalar : Extract<V, Scalar>;

/** Rules for values of any type. */
interface ValueRules<V, Row> {
  toBeNull(options?: MapOptions<Row>): Rule;
  toNotBeNull(options?: MapOptions<Row>): Rule;
  /** No value comes twice; of those that do, every one breaks it. */
  toBeUnique(options?: MapOptions<Row>): Rule;
  toBeInSet(values: readonly Member<V>[], options?: MapOptions<Row>): Rule;
  toNotBeInSet(values: readonly Member<V>[], options?: MapOptions<Row>): Rule;
  toBeOfType(type: TypeName, options?: MapOptions<Row>): Rule;
  toBeInTypeList(types: readonly TypeName[], options?: MapOptions<Row>): Rule;
  /** A rule of your own. The type is what the schema says: a value that is of another one arrives here too. */
  toSatisfy(name: string, satisfies: (value: V) => boolean, options?: MapOptions<Row>): Rule;

  /** All values have this type; nulls aside. */
  typeToBe(type: TypeName, options?: RuleOptions<Row>): Rule;
  toExist(options?: ShapeOptions & { columnIndex?: number | undefined }): Rule;
  uniqueValueCountToBeBetween(min: Bound<number>, max: Bound<number>, options?: BoundsOptions<Row>): Rule;
  proportionOfUniqueValuesToBeBetween(min: Bound<number>, max: Bound<number>, options?: BoundsOptions<Row>): Rule;
  proportionOfNonNullValuesToBeBetween(min: Bound<number>, max: Bound<number>, options?: BoundsOptions<Row>): Rule;
  mostCommonValueToBeInSet(
    values: readonly Member<V>[],
    options?: RuleOptions<Row> & { tiesOkay?: boolean | undefined },
  ): Rule;
  distinctValuesToBeInSet(values: readonly Member<V>[], options?: RuleOptions<Row>): Rule;
  distinctValuesToContainSet(values: readonly Member<V>[], options?: RuleOptions<Row>): Rule;
  distinctValuesToEqualSet(values: readonly Member<V>[], options?: RuleOptions<Row>): Rule;
  klDivergenceToBeLessThan(partition: Partition, threshold: number, options?: DivergenceOptions<Row>): Rule;
}

interface DivergenceOptions<Row> extends RuleOptions<Row> {
  /** Count numbers into the partition's bins. @default true */
  bucketizeData?: boolean | undefined;
  /** Weight taken from the expected bins for values beyond them. @default 0 */
  tailWeightHoldout?: number | undefined;
  /** Weight taken from the expected bins for bins of weight 0. @default 0 */
  internalWeightHoldout?: number | undefined;
}

/** Rules for what has an order: numbers, texts (by UTF-16 code units, so ISO dates by time), dates. */
interface OrderRules<V, Row> {
  toBeBetween(min: Bound<V>, max: Bound<V>, options?: BoundsOptions<Row> & MapOptions<Row>): Rule;
  toBeIncreasing(options?: MapOptions<Row> & { strictly?: boolean | undefined }): Rule;
  toBeDecreasing(options?: MapOptions<Row> & { strictly?: boolean | undefined }): Rule;
  minToBeBetween(min: Bound<V>, max: Bound<V>, options?: BoundsOptions<Row>): Rule;
  maxToBeBetween(min: Bound<V>, max: Bound<V>, options?: BoundsOptions<Row>): Rule;
}

/** Rules for numbers. */
interface NumberRules<Row> {
  meanToBeBetween(min: Bound<number>, max: Bound<number>, options?: BoundsOptions<Row>): Rule;
  medianToBeBetween(min: Bound<number>, max: Bound<number>, options?: BoundsOptions<Row>): Rule;
  sumToBeBetween(min: Bound<number>, max: Bound<number>, options?: BoundsOptions<Row>): Rule;
  /** Of a sample: divided by n - 1. */
  stdevToBeBetween(min: Bound<number>, max: Bound<number>, options?: BoundsOptions<Row>): Rule;
  /** Ranges by quantile, both ends inclusive, such as `{ 0.5: [10, 20], 0.99: [null, 35] }`. */
  quantileValuesToBeBetween(
    ranges: Readonly<Record<number, readonly [Bound<number>, Bound<number>]>>,
    options?: RuleOptions<Row> & { interpolation?: Interpolation | undefined },
  ): Rule;
  zScoresToBeLessThan(
    threshold: number,
    options?: MapOptions<Row> & {
      /** Values far below the mean break it too. @default true */
      doubleSided?: boolean | undefined;
    },
  ): Rule;
  toNotBeOutliers(
    options?: MapOptions<Row> & {
      /** By distance from the quartiles, or from the mean. @default 'iqr' */
      method?: 'iqr' | 'std' | undefined;
      /** Of the quartiles' distance, or of the standard deviation. @default 1.5 */
      multiplier?: number | undefined;
    },
  ): Rule;
}

/** Between two values, a quantile is one of them or a mix. */
type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';

type MatchOn = { matchOn?: 'any' | 'all' | undefined };
type Escape = { escape?: string | undefined };

/** Rules for texts. */
interface TextRules<Row> {
  /** In code points. */
  lengthsToBeBetween(min: Bound<number>, max: Bound<number>, options?: BoundsOptions<Row> & MapOptions<Row>): Rule;
  lengthsToEqual(length: number, options?: MapOptions<Row>): Rule;
  /** Found anywhere in the text, unless anchored. A RegExp has no flags. */
  toMatchRegex(regex: string | RegExp, options?: MapOptions<Row>): Rule;
  toNotMatchRegex(regex: string | RegExp, options?: MapOptions<Row>): Rule;
  toMatchRegexList(regexes: readonly (string | RegExp)[], options?: MapOptions<Row> & MatchOn): Rule;
  toNotMatchRegexList(regexes: readonly (string | RegExp)[], options?: MapOptions<Row>): Rule;
  /** SQL's LIKE: `%` for any characters, `_` for one. */
  toMatchLikePattern(pattern: string, options?: MapOptions<Row> & Escape): Rule;
  toNotMatchLikePattern(pattern: string, options?: MapOptions<Row> & Escape): Rule;
  toMatchLikePatternList(patterns: readonly string[], options?: MapOptions<Row> & MatchOn & Escape): Rule;
  toNotMatchLikePatternList(patterns: readonly string[], options?: MapOptions<Row> & Escape): Rule;
  toMatchStrftimeFormat(format: string, options?: MapOptions<Row>): Rule;
  toBeJsonParseable(options?: MapOptions<Row>): Rule;
  /** A date or time in whatever way, as Python's dateutil reads it: it takes a lot, such as `12pm`. */
  toBeDateutilParseable(options?: MapOptions<Row>): Rule;
  /** JSON that keeps a JSON Schema, of draft 2020-12 unless its `$schema` says another. Formats are not checked. */
  toMatchJsonSchema(schema: Readonly<Record<string, unknown>>, options?: MapOptions<Row>): Rule;
}

type Widen<V> = V extends number ? number : V extends string ? string : V;

/**
 * The rules of a column whose values have the type `T`: numbers have bounds and a mean, texts have patterns, and what is
 * `unknown` has every rule.
 */
export type Column<T, Row> = unknown extends T
  ? EveryRule<Row>
  : ValueRules<NonNullable<T>, Row> & RulesOfType<NonNullable<T>, Row>;

type RulesOfType<V, Row> = [V] extends [number | bigint]
  ? OrderRules<Widen<V>, Row> & NumberRules<Row>
  : [V] extends [string]
    ? OrderRules<string, Row> & TextRules<Row>
    : [V] extends [Date]
      ? OrderRules<Date, Row>
      : unknown;

export type EveryRule<Row> = ValueRules<unknown, Row> & OrderRules<Ordered, Row> & NumberRules<Row> & TextRules<Row>;

/** The names of a row's columns: the keys that its type names, not those of an index signature. */
export type ColumnName<Row> = keyof { [K in keyof Row as string extends K ? never : K & string]: true } & string;

/** A row's columns by name. */
export type Columns<Row> = { readonly [K in ColumnName<Row>]: Column<K extends keyof Row ? Row[K] : never, Row> };
