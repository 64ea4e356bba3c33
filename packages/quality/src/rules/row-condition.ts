import type { Ordered, Scalar } from './expectations.ts';

/** What a column's value must be; all that is given must hold. A null passes `isNull: true`, `ne` and `notIn`, and nothing else. */
export interface ColumnCondition<V extends Scalar = Scalar> {
  readonly eq?: V | undefined;
  readonly ne?: V | undefined;
  readonly in?: readonly V[] | undefined;
  readonly notIn?: readonly V[] | undefined;
  readonly gt?: Extract<V, Ordered> | undefined;
  readonly gte?: Extract<V, Ordered> | undefined;
  readonly lt?: Extract<V, Ordered> | undefined;
  readonly lte?: Extract<V, Ordered> | undefined;
  readonly isNull?: boolean | undefined;
}

/** Conditions by column, all of which must hold; a bare value is one to be equal to. */
export type RowCondition = Readonly<Record<string, Scalar | ColumnCondition>>;
