import { checkInteger, checkNumber, checkOneOf, OptionError } from '@dataenginex/core';
import type { ColumnName } from './columns.ts';
import { checkFlag, checkValue } from './rule-arguments.ts';
import type { Expectation, KwargsOf, Scalar } from './expectations.ts';
import type { ColumnCondition, RowCondition } from './row-condition.ts';
import type { GroupBy, RuleOf, Severity } from './rule.ts';

/** Rows by what their columns must be, for a row of that type. */
export type Where<Row> = {
  readonly [K in ColumnName<Row>]?: K extends keyof Row ? ConditionOf<Row[K]> : never;
};
type ConditionOf<T> = unknown extends T
  ? Scalar | ColumnCondition
  : Extract<T, Scalar> | ColumnCondition<NonNullable<Extract<T, Scalar>>>;

/** Of a rule about which columns there are. */
export interface ShapeOptions {
  /** Unique in its contract. @default such as `tempMax.toBeBetween` or `unique(date, station)` */
  id?: string | undefined;
  /** Only a critical rule, when it fails, fails the report. @default 'critical' */
  severity?: Severity | undefined;
  /** @default none */
  tags?: readonly string[] | undefined;
  /** For whoever reads the report. @default none */
  notes?: string | undefined;
}

export interface RuleOptions<Row> extends ShapeOptions {
  /** Only rows that this holds for are looked at. @default all */
  where?: Where<Row> | undefined;
  /** Judge each group of rows that are equal in this column, or in these, by itself: all must hold. @default one group */
  groupBy?: ColumnName<Row> | readonly ColumnName<Row>[] | undefined;
  /** Past so many groups, the rule is an error: each takes memory. @default 10_000 */
  maxGroups?: number | undefined;
}

/** Of a rule that each value or row keeps or breaks. */
export interface MapOptions<Row> extends RuleOptions<Row> {
  /** The share of values that must keep it, from 0 to 1; nulls do not count. @default 1 */
  mostly?: number | undefined;
}

export interface BoundsOptions<Row> extends RuleOptions<Row> {
  /** The minimum itself is out. @default false */
  strictMin?: boolean | undefined;
  /** The maximum itself is out. @default false */
  strictMax?: boolean | undefined;
}

/** A rule with its common options checked; `name` is its default id, and begins what an error calls the option. */
export function createRule<E extends Expectation>(
  name: string,
  expectation: E,
  kwargs: KwargsOf<E>,
  columns: readonly string[],
  options: RuleOptions<Record<string, unknown>> = {},
): RuleOf<E> {
  const { id = name, where, groupBy, maxGroups = 10_000, severity = 'critical', tags = [], notes } = options;
  if (typeof id !== 'string' || id === '') throw new OptionError(`${name}.id`, 'a text that is not empty', id);
  checkOneOf(`${name}.severity`, severity, ['critical', 'warning', 'info']);
  if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== 'string')) {
    throw new OptionError(`${name}.tags`, 'an array of texts', tags);
  }
  if (notes !== undefined && typeof notes !== 'string') throw new OptionError(`${name}.notes`, 'a text', notes);
  const whole = ofTheWhole[expectation];
  for (const [key, value] of Object.entries({ where, groupBy })) {
    if (whole !== undefined && value !== undefined && !(key === 'where' && expectation === otherTable)) {
      throw new OptionError(`${name}.${key}`, `left out, as ${whole}`, value);
    }
  }
  if (where !== undefined) checkWhere(`${name}.where`, where, columns);
  if ('mostly' in kwargs && kwargs.mostly !== undefined) {
    checkNumber(`${name}.mostly`, kwargs.mostly, { min: 0, max: 1 });
  }
  const groups = groupBy === undefined ? {} : { groupBy: checkGroups(name, groupBy, maxGroups, columns) };
  return { id, expectation, kwargs, where, ...groups, severity, tags, notes };
}

function checkGroups(name: string, groupBy: unknown, maxGroups: number, columns: readonly string[]): GroupBy {
  const list: readonly unknown[] = Array.isArray(groupBy) ? groupBy : [groupBy];
  if (list.length === 0) throw new OptionError(`${name}.groupBy`, 'a column, or several', groupBy);
  return {
    columns: list.map((column) => checkOneOf(`${name}.groupBy`, column, columns)),
    maxGroups: checkInteger(`${name}.maxGroups`, maxGroups, { min: 1 }),
  };
}

const otherTable = 'expect_table_row_count_to_equal_other_table';

/** Rules that do not look at rows, and why they have neither conditions nor groups. */
const ofTheWhole: { readonly [E in Expectation]?: string } = {
  expect_column_to_exist: 'all rows have these columns',
  expect_table_column_count_to_equal: 'all rows have these columns',
  expect_table_column_count_to_be_between: 'all rows have these columns',
  expect_table_columns_to_match_ordered_list: 'all rows have these columns',
  expect_table_columns_to_match_set: 'all rows have these columns',
  [otherTable]: 'it is of the whole table',
  unexpected_rows_expectation: 'the query says which rows',
  expect_query_results_to_match_comparison: 'the queries say which rows',
};

const conditions = new Set<string>([
  'eq',
  'ne',
  'in',
  'notIn',
  'gt',
  'gte',
  'lt',
  'lte',
  'isNull',
] satisfies (keyof ColumnCondition)[]);

function checkWhere(option: string, where: RowCondition, columns: readonly string[]): void {
  if (typeof where !== 'object' || where === null) throw new OptionError(option, 'conditions by column', where);
  for (const [column, condition] of Object.entries(where)) {
    checkOneOf(option, column, columns);
    if (condition === undefined) {
      const wanted = 'given; { isNull: true } is for rows without a value';
      throw new OptionError(`${option}.${column}`, wanted, condition);
    }
    if (typeof condition !== 'object' || condition === null || condition instanceof Date) {
      checkValue(`${option}.${column}`, condition);
      continue;
    }
    const unknown = Object.keys(condition).find((key) => !conditions.has(key));
    if (unknown !== undefined)
      throw new OptionError(`${option}.${column}`, `made of ${[...conditions].join(', ')}`, unknown);
    if (Object.values(condition).every((value) => value === undefined)) {
      throw new OptionError(`${option}.${column}`, `one of ${[...conditions].join(', ')} at least`, condition);
    }
    const { in: some, notIn: others, isNull, ...values } = condition;
    checkFlag(`${option}.${column}.isNull`, isNull);
    for (const [key, list] of Object.entries({ in: some, notIn: others })) {
      if (list === undefined) continue;
      if (!Array.isArray(list)) throw new OptionError(`${option}.${column}.${key}`, 'an array', list);
      list.forEach((value, at) => checkValue(`${option}.${column}.${key}.${at}`, value));
    }
    for (const [key, value] of Object.entries(values)) {
      if (value !== undefined) checkValue(`${option}.${column}.${key}`, value);
    }
  }
}
