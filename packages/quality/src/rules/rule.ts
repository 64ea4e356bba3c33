import type { Expectation, KwargsOf } from './expectations.ts';
import type { RowCondition } from './row-condition.ts';

/** What a broken rule means for whoever gates by it. */
export type Severity = 'critical' | 'warning' | 'info';

/**
 * One rule of a contract: an expectation with its arguments, as plain data, so that each engine reads the same. Arguments
 * have the names that Great Expectations gives them.
 */
export type Rule = { [E in Expectation]: RuleOf<E> }[Expectation];

export interface RuleOf<E extends Expectation> {
  /** Unique in its contract, such as `tempMax.toBeBetween`. */
  readonly id: string;
  readonly expectation: E;
  readonly kwargs: KwargsOf<E>;
  /** Only rows that this holds for are looked at. */
  readonly where: RowCondition | undefined;
  /** Rows are judged by groups, each by itself, and all must hold. Those that `where` does not take are in none. */
  readonly groupBy?: GroupBy | undefined;
  readonly severity: Severity;
  readonly tags: readonly string[];
  /** For whoever reads the report. */
  readonly notes: string | undefined;
}

/** Rows are in one group when their values in these columns are equal; nulls are. */
export interface GroupBy {
  readonly columns: readonly string[];
  /** Past so many groups, the rule is not judged. */
  readonly maxGroups: number;
}

/** All columns that a rule names, also in its condition and its groups. */
export function columnsOf({ kwargs, where = {}, groupBy }: Rule): readonly string[] {
  return [
    ...('column' in kwargs ? [kwargs.column] : []),
    ...('column_A' in kwargs ? [kwargs.column_A, kwargs.column_B] : []),
    ...('column_list' in kwargs ? kwargs.column_list : []),
    ...('column_set' in kwargs ? kwargs.column_set : []),
    ...Object.keys(where),
    ...(groupBy?.columns ?? []),
  ];
}
