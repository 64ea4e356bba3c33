import type { Rule } from '../rules/rule.ts';

/** What became of one rule; `kind` says what was looked at. */
export type RuleResult = MapResult | ObservedResult | FailedResult;

interface Judged {
  readonly rule: Rule;
  readonly success: boolean;
  /** Of a rule that is judged by groups. Counts and rows of a map result are those of all groups together. */
  readonly groups?: Groups | undefined;
}

/** The groups of rows that a rule was judged by. */
export interface Groups {
  readonly count: number;
  /** How many of them break it, or cannot be judged. */
  readonly failed: number;
  /** The first 20 of these, in the order of their first rows; all with `keepIndexes`. */
  readonly failures: readonly GroupFailure[];
}

/** What became of a rule in one group of rows; values and rows are the first 20 at most. */
export type GroupFailure = { readonly group: Readonly<Record<string, unknown>> } & Outcome;

/** What became of a rule, without saying which. */
export type Outcome =
  | Omit<MapResult, 'rule' | 'groups'>
  | Omit<ObservedResult, 'rule' | 'groups'>
  | Omit<FailedResult, 'rule' | 'groups'>;

/** Of a rule that each row keeps or breaks: of a column's values, of pairs, of several columns, of whole rows. */
export interface MapResult extends Judged {
  readonly kind: 'map';
  /** Rows looked at: those that `where` takes. */
  readonly elementCount: number;
  /** Of these, rows left out of the judgement, as their value is null, NaN or not there. */
  readonly missingCount: number;
  /** Of the others, rows that break the rule. */
  readonly unexpectedCount: number;
  /** The values of the first 20 of these (of a pair or several columns: an array), of all with `keepIndexes`. */
  readonly unexpectedValues: readonly unknown[];
  /** Their rows, from 0, one for each of `unexpectedValues`; ascending. None of a table without a key: it has no order. */
  readonly unexpectedIndexes: readonly number[];
  /** Of a table in a database that was given a key: the keys of these rows, one for each. */
  readonly unexpectedKeys?: readonly Readonly<Record<string, unknown>>[];
}

/** How far a result of a stream may be off, where its values did not fit in memory; one of the errors is there. */
export interface Approximation {
  /** The standard error of a number of distinct values, as a share of it: 0.0081. */
  readonly relativeError?: number;
  /** What the rank of a quantile is off by at most in 99 % of cases, as a share of the values: 0.0105. */
  readonly rankError?: number;
  /** What counts of the commonest values are off by at most. */
  readonly countError?: number;
  /** Whether the verdict could be another within the error; of distinct values, within three times of it. */
  readonly uncertain: boolean;
}

/** Of a rule about a whole column or table. */
export interface ObservedResult extends Judged {
  readonly kind: 'observed';
  /** A number, a value, a list of values…, null where there is nothing to observe, as in an empty column, or by groups. */
  readonly observed: unknown;
  /** More about it, by the names of Great Expectations, such as the counts of a column's values. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** Only where it is an estimate. */
  readonly approximation?: Approximation | undefined;
}

/** Of a rule that could not be judged, and so does not hold. */
export interface FailedResult extends Judged {
  readonly kind: 'error';
  readonly success: false;
  /** Why: a column that is in no row, values that have no order… */
  readonly error: string;
  /**
   * Of a map rule: the first 20 rows that break it or that it cannot judge (all with `keepIndexes`), ascending, so that
   * a row without an order is set apart and not the whole table. Where the column is in no row, every row.
   */
  readonly unexpectedIndexes: readonly number[];
  /** As of a map rule. */
  readonly unexpectedKeys?: readonly Readonly<Record<string, unknown>>[];
}
