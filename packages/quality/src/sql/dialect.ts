import type { TypeName } from '../rules/expectations.ts';
import type { RegexSyntax } from './regex.ts';

/** What of a column's type matters: which values it has in JavaScript, and which operations. `none` is of no column. */
export type Kind = 'none' | 'boolean' | 'integer' | 'number' | 'text' | 'date' | 'other';

export interface ColumnType {
  readonly kind: Kind;
  /** As which types its values count; of a `number`, values without a fraction are integers, too. */
  readonly types: readonly TypeName[];
  /** Of a date, whether it is a day without a time. */
  readonly isDay?: boolean | undefined;
  /** As the database names it. */
  readonly name: string;
}

/** A value of each row, in SQL. */
export interface Term extends ColumnType {
  readonly sql: string;
}

/** What databases say differently. Aggregates come without their `FILTER`. */
export interface Dialect {
  readonly name: string;
  readonly regex: RegexSyntax;
  /** What a type is, by the database's name for it. */
  readonly typeOf: (name: string) => ColumnType;
  /** A column as one of few types: null for NaN and infinite dates, UTC, the order of code points. */
  readonly read: (column: string, type: ColumnType) => string;
  /** Null, as a value of a kind. */
  readonly null: (kind: Kind) => string;
  readonly textType: string;
  readonly quote: (name: string) => string;
  readonly text: (value: string) => string;
  readonly double: (value: number) => string;
  /** A moment in UTC, such as `2012-01-01 00:00:00.000`. */
  readonly moment: (text: string) => string;
  readonly asText: (term: Term) => string;
  readonly length: (text: string) => string;
  readonly matches: (text: string, regex: string) => string;
  /** Undefined where the database cannot tell. */
  readonly isJson: (text: string) => string | undefined;
  /** What is handed out, for `decode` to read: of a moment, microseconds since 1970. */
  readonly written: (term: Term) => string;
  readonly sum: (numbers: Term) => string;
  /** Of a sample; no number is infinite. */
  readonly deviation: (numbers: string) => string;
  /** The value of which `share` of the sorted numbers are not above it. */
  readonly quantile: (numbers: string, share: number) => string;
  /** The texts of which the conditions hold, as JSON. */
  readonly listOf: (items: readonly { readonly condition: string; readonly text: string }[]) => string;
}

export const isNumeric = ({ kind }: ColumnType): boolean => kind === 'integer' || kind === 'number';

/** What a value of a column is, in words. */
export function nounOf({ kind, name }: ColumnType): string {
  return kind === 'other' ? `a value of type ${name}` : kind === 'integer' ? 'an integer' : `a ${kind}`;
}

/** Reads a value that `Dialect.written` wrote. */
export function decode(kind: Kind, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (kind === 'boolean') return value === true || value === 't' || value === 'true';
  if (kind === 'number') return Number(value);
  if (kind === 'date') return dateOf(value);
  if (kind === 'other') return typeof value === 'string' ? JSON.parse(value) : value;
  if (kind !== 'integer') return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return typeof value === 'string' ? BigInt(value) : value;
}

/** The moment of microseconds since 1970; what is less than a millisecond is cut off, as a double would round it. */
function dateOf(written: unknown): Date | null {
  const digits = /^-?\d+/.exec(String(written))?.[0];
  if (digits === undefined) return null;
  const micros = BigInt(digits);
  return new Date(Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n));
}
