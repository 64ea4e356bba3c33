import { OptionError } from '@dataenginex/core';
import type { Bounds, Ordered, Scalar } from '../rules/expectations.ts';
import type { ColumnCondition } from '../rules/row-condition.ts';
import type { Rule } from '../rules/rule.ts';
import { momentOf } from '../values.ts';
import { type Dialect, isNumeric, type Term } from './dialect.ts';
import { isWritable } from './quote.ts';
import type { Table } from './table.ts';

/** An operator and its other side, for `a >= b` and so on. */
export type Comparison = '<' | '<=' | '>' | '>=' | '=';

/**
 * A value as SQL to compare a column's values with, in its order; `undefined` when they have none, as texts and numbers.
 */
function bound(dialect: Dialect, { kind }: Term, value: Ordered, option: string): string | undefined {
  if (kind === 'none') return dialect.null('none');
  if (typeof value === 'bigint' || typeof value === 'number') {
    if (kind === 'boolean' || kind === 'integer' || kind === 'number') return numberOf(dialect, kind, value);
    return undefined;
  }
  if (kind === 'date') {
    const time = momentOf(value, 1);
    return Number.isNaN(time) ? undefined : timestampOf(dialect, time);
  }
  if (kind !== 'text') return undefined;
  if (value instanceof Date)
    throw new OptionError(option, 'a text, as databases are not asked for texts as dates', value);
  return textOf(dialect, value);
}

function numberOf(dialect: Dialect, kind: Term['kind'], value: number | bigint): string {
  // Doubles and 64-bit integers are compared as doubles, in which large integers are not exact.
  const exact = typeof value === 'bigint' || (Number.isInteger(value) && Math.abs(value) < 1e30);
  return kind !== 'number' && exact ? `${BigInt(value)}` : dialect.double(Number(value));
}

function timestampOf(dialect: Dialect, time: number): string {
  const date = new Date(time);
  if (date.getUTCFullYear() > 9999) return dialect.moment('infinity');
  if (date.getUTCFullYear() < 1) return dialect.moment('-infinity');
  return dialect.moment(date.toISOString().replace('T', ' ').slice(0, -1));
}

/** A text that no database can have orders as what is before its first such character. */
function textOf(dialect: Dialect, value: string): string {
  return dialect.text(isWritable(value) ? value : value.toWellFormed().replaceAll('\0', ''));
}

const asNumber = (term: Term): string => (term.kind === 'boolean' ? `CAST(${term.sql} AS INTEGER)` : term.sql);

/** What breaks bounds; null of null, and `undefined` when there is no order. */
export function outside(dialect: Dialect, term: Term, bounds: Bounds<Ordered>, id: string): string | undefined {
  const sides: string[] = [];
  const value = asNumber(term);
  for (const [limit, strict, operator] of [
    [bounds.min_value, bounds.strict_min, '<'],
    [bounds.max_value, bounds.strict_max, '>'],
  ] as const) {
    if (limit === undefined || limit === null) continue;
    const other = bound(dialect, term, limit, `${id}.bounds`);
    if (other === undefined) return undefined;
    sides.push(`${value} ${operator}${strict === true ? '=' : ''} ${other}`);
  }
  return sides.length === 0 ? 'FALSE' : `(${sides.join(' OR ')})`;
}

/** Compares two columns; `undefined` when their kinds have no order. */
export function ordered(a: Term, operator: Comparison, b: Term): string | undefined {
  const comparable = [a, b].every((term) => isNumeric(term) || term.kind === 'boolean') || a.kind === b.kind;
  if (a.kind === 'none' || b.kind === 'none') return 'NULL';
  return comparable && a.kind !== 'other' ? `${asNumber(a)} ${operator} ${asNumber(b)}` : undefined;
}

/** Whether values of two columns may be equal. */
export function haveEquals(a: Term, b: Term): boolean {
  return (isNumeric(a) && isNumeric(b)) || (a.kind === b.kind && a.kind !== 'other' && a.kind !== 'none');
}

/** The members of a set that a column can have, as SQL. */
function members(dialect: Dialect, { kind }: Term, values: readonly Scalar[]): string[] {
  const list = values.flatMap((value): string[] => {
    if (value === null || (typeof value === 'number' && Number.isNaN(value))) return [];
    if (kind === 'boolean') return typeof value === 'boolean' ? [value ? 'TRUE' : 'FALSE'] : [];
    if (kind === 'text') return typeof value === 'string' && isWritable(value) ? [dialect.text(value)] : [];
    if (kind === 'date') {
      const time = typeof value === 'string' || value instanceof Date ? momentOf(value, 1) : Number.NaN;
      return Number.isNaN(time) ? [] : [timestampOf(dialect, time)];
    }
    if ((kind !== 'integer' && kind !== 'number') || (typeof value !== 'number' && typeof value !== 'bigint'))
      return [];
    if (kind === 'integer' && !Number.isInteger(Number(value))) return [];
    if (kind === 'number' && typeof value === 'bigint' && BigInt(Number(value)) !== value) return [];
    return [numberOf(dialect, kind, value)];
  });
  return [...new Set(list)];
}

/** Whether a value is one of a set, for values that are no nulls. */
export function isIn(dialect: Dialect, term: Term, values: readonly Scalar[]): string {
  const list = members(dialect, term, values);
  return list.length === 0 ? 'FALSE' : `${term.sql} IN (${list.join(', ')})`;
}

/** The same of one value of a pair, in which nulls are equal. */
export function isSame(dialect: Dialect, term: Term, value: Scalar): string {
  if (value === null || (typeof value === 'number' && Number.isNaN(value))) return `${term.sql} IS NULL`;
  // In pairs an ISO text is no date.
  const list = term.kind === 'date' && typeof value === 'string' ? [] : members(dialect, term, [value]);
  return list.length === 0 ? 'FALSE' : `(${term.sql} IS NOT NULL AND ${term.sql} = ${list[0]})`;
}

/** The rows that a rule's condition takes: true, or else false or null. */
export function conditionOf({ where, id }: Rule, { dialect, term }: Table): string | undefined {
  if (where === undefined) return undefined;
  const tests = Object.entries(where).map(([column, condition]) =>
    holds(dialect, term(column), isBare(condition) ? { eq: condition } : condition, `${id}.where.${column}`),
  );
  return tests.length === 0 ? undefined : tests.join(' AND ');
}

function isBare(condition: Scalar | ColumnCondition): condition is Scalar {
  return typeof condition !== 'object' || condition === null || condition instanceof Date;
}

function holds(dialect: Dialect, term: Term, condition: ColumnCondition, option: string): string {
  const { eq, ne, isNull } = condition;
  const tests: string[] = [];
  if (isNull === true) tests.push('FALSE');
  if (eq !== undefined) tests.push(isIn(dialect, term, [eq]));
  if (ne !== undefined) tests.push(`NOT (${isIn(dialect, term, [ne])})`);
  if (condition.in !== undefined) tests.push(isIn(dialect, term, condition.in));
  if (condition.notIn !== undefined) tests.push(`NOT (${isIn(dialect, term, condition.notIn)})`);
  let isBounded = false;
  for (const [limit, operator] of [
    [condition.gt, '>'],
    [condition.gte, '>='],
    [condition.lt, '<'],
    [condition.lte, '<='],
  ] as const) {
    if (limit === undefined) continue;
    isBounded = true;
    const other = bound(dialect, term, limit, option);
    tests.push(other === undefined ? 'FALSE' : `${asNumber(term)} ${operator} ${other}`);
  }
  const isPositive = eq !== undefined || condition.in !== undefined || isBounded;
  const takesNull = eq === null || (isNull !== false && !isPositive && ne !== null);
  const all = [`${term.sql} IS NOT NULL`, ...tests].join(' AND ');
  return takesNull ? `(${term.sql} IS NULL OR (${all}))` : `(${all})`;
}
