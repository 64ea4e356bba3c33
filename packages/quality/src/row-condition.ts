import type { Ordered, Scalar } from './expectations.ts';

/** What a column's value must be; all that is given must hold. A null passes `isNull: true`, `ne` and `notIn`, and nothing else. */
export interface ColumnCondition {
  readonly eq?: Scalar | undefined;
  readonly ne?: Scalar | undefined;
  readonly in?: readonly Scalar[] | undefined;
  readonly notIn?: readonly Scalar[] | undefined;
  readonly gt?: Ordered | undefined;
  readonly gte?: Ordered | undefined;
  readonly lt?: Ordered | undefined;
  readonly lte?: Ordered | undefined;
  readonly isNull?: boolean | undefined;
}

/** Conditions by column, all of which must hold; a bare value is one to be equal to. */
export type RowCondition = Readonly<Record<string, Scalar | ColumnCondition>>;
