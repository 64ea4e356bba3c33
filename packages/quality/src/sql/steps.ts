import type { ColumnType, Term } from './dialect.ts';
import type { Row } from './table.ts';

/** What a rule wants to know next. Those of several rules are asked at once where one scan can tell. */
export type Ask =
  | { readonly kind: 'measure'; readonly sql: readonly string[]; readonly by?: MeasuredBy }
  | { readonly kind: 'query'; readonly sql: string; readonly isWhole?: boolean }
  | { readonly kind: 'describe'; readonly sql: string }
  | ({ readonly kind: 'examples'; readonly by?: readonly string[]; readonly isOfEach?: boolean } & Flag);

/** The groups that are measured each by itself, of the rows that a condition takes. */
export interface MeasuredBy {
  readonly terms: readonly Term[];
  readonly where: string;
}

/** What tells the rows that break a rule. */
export interface Flag {
  /** Their values, of these columns, are what is told of them. */
  readonly columns: readonly string[];
  /** True of these rows, false or null of others. */
  readonly condition: string;
  /** What `condition` refers to: windows over all rows. */
  readonly windows: readonly Window[];
}

/** A window by its name; a late one refers to others that are not. */
export interface Window {
  readonly name: string;
  readonly sql: string;
  readonly isLate: boolean;
}

/**
 * Rows of a query, a single one of measures, or one for each group, after it. Of examples: `[at, key, values, group]`, the
 * first of all or of each group.
 */
export type Answer = readonly Row[];

/** The way to a result: each step waits for its answer. */
export type Steps<T> = Generator<Ask, T, Answer>;

/** Aggregates over all rows. */
export function* measure(...sql: readonly string[]): Steps<Row> {
  const rows = yield { kind: 'measure', sql };
  return rows[0] ?? [];
}

export function* ask(sql: string): Steps<readonly Row[]> {
  return yield { kind: 'query', sql };
}

/** A query without the table's rows. */
export function* whole(sql: string): Steps<readonly Row[]> {
  return yield { kind: 'query', sql, isWhole: true };
}

/** The types of a query's columns. */
export function* describe(sql: string): Steps<readonly ColumnType[]> {
  const columns = yield { kind: 'describe', sql };
  return columns.flatMap(([, type]) => (isColumnType(type) ? [type] : []));
}

function isColumnType(type: unknown): type is ColumnType {
  return typeof type === 'object' && type !== null && 'kind' in type;
}

/** Conditions that must hold, those left out aside. */
export function all(...conditions: readonly (string | undefined)[]): string {
  const given = conditions.filter((condition) => condition !== undefined && condition !== 'TRUE');
  if (given.includes('FALSE')) return 'FALSE';
  return given.length < 2 ? (given[0] ?? 'TRUE') : given.map((condition) => `(${condition})`).join(' AND ');
}

/** What does not hold; null of null. */
export function not(condition: string): string {
  return condition === 'FALSE' ? 'TRUE' : condition === 'TRUE' ? 'FALSE' : `NOT (${condition})`;
}

/** An aggregate over the rows that meet all conditions. */
export function over(aggregate: string, ...conditions: readonly (string | undefined)[]): string {
  const filter = all(...conditions);
  if (filter === 'FALSE' && aggregate.startsWith('count(')) return '0';
  return filter === 'TRUE' ? aggregate : `${aggregate} FILTER (WHERE ${filter})`;
}

/** A number that a query answers with, NaN of null. */
export function numberOf(value: unknown): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}
