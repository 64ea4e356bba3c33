import type { Contract } from '../contract.ts';

/** What of a suite or a contract the other one does not ask, or asks otherwise. */
export interface Unmapped {
  /** Where in the suite, such as `expectations.3.kwargs.row_condition`; undefined when it is not in the one written. */
  readonly place: string | undefined;
  readonly expectation: string;
  /** Undefined when it is about several columns, or the table. */
  readonly column: string | undefined;
  readonly reason: string;
  /** The id of the contract's rule; undefined when there is none. */
  readonly rule: string | undefined;
}

/** What the schema of a contract demands without a rule. */
export function unmappedOf({ unchecked }: Contract): Unmapped[] {
  return unchecked.map(({ column, what }) => ({
    place: undefined,
    expectation: 'none',
    column,
    reason: `the schema demands ${what}, and no rule asks it`,
    rule: undefined,
  }));
}
