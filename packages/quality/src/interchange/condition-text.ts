import { OptionError } from '@dataenginex/core';
import type { ColumnCondition } from '../rules/row-condition.ts';

/** What one column must be. */
export interface Test {
  readonly column: string;
  readonly key: keyof ColumnCondition;
  readonly value: unknown;
}

/** Conditions of which all hold, or any. */
export type Conditions = Test | { readonly all: readonly Conditions[] } | { readonly any: readonly Conditions[] };

type Token =
  | { readonly kind: 'number' | 'text'; readonly value: number | string }
  | { readonly kind: 'name' | 'column' | 'sign'; readonly value: string };

const operators = new Map<string, keyof ColumnCondition>(
  Object.entries({
    '==': 'eq',
    '=': 'eq',
    '!=': 'ne',
    '<>': 'ne',
    '<': 'lt',
    '<=': 'lte',
    '>': 'gt',
    '>=': 'gte',
  }),
);

const mirrored = new Map<string, keyof ColumnCondition>(
  Object.entries({
    eq: 'eq',
    ne: 'ne',
    lt: 'gt',
    lte: 'gte',
    gt: 'lt',
    gte: 'lte',
  }),
);

const nullChecks = new Map<string, boolean>(
  Object.entries({ isnull: true, isna: true, notnull: false, notna: false, isnotnull: false }),
);
const words = new Map<string, unknown>(Object.entries({ true: true, false: false, null: null, none: null }));

/**
 * Reads a row condition that is a text: a query of pandas, a filter of Spark's SQL or `col("x") > 1`, the grammar that
 * Great Expectations once had. These have comparisons with literals, `in`, `between`, checks for null, `and` and `or`.
 *
 * @throws {OptionError} When it has anything else, such as arithmetic or `not`.
 */
export function parseCondition(text: string): Conditions {
  const tokens = tokensOf(text);
  let at = 0;

  const refuse = (): never => {
    throw new OptionError('row_condition', 'comparisons of columns with values, joined by and', text);
  };
  const peek = (...values: readonly string[]): boolean => {
    const token = tokens[at];
    return (
      token !== undefined &&
      (token.kind === 'sign' || token.kind === 'name') &&
      values.includes(token.value.toLowerCase())
    );
  };
  const take = (...values: readonly string[]): boolean => {
    const found = peek(...values);
    if (found) at += 1;
    return found;
  };
  const need = (value: string): void => {
    if (!take(value)) refuse();
  };
  const next = (): Token => tokens[at++] ?? refuse();

  const several = (one: () => Conditions, ...joints: readonly string[]): Conditions[] => {
    const list = [one()];
    while (take(...joints)) list.push(one());
    return list;
  };
  const either = (): Conditions => {
    const any = several(both, 'or', '|', '||');
    return any.length === 1 ? (any[0] ?? refuse()) : { any };
  };
  const both = (): Conditions => {
    const all = several(single, 'and', '&', '&&');
    return all.length === 1 ? (all[0] ?? refuse()) : { all };
  };
  const single = (): Conditions => {
    if (!take('(')) return test();
    const inner = either();
    need(')');
    return inner;
  };

  const test = (): Conditions => {
    const token = tokens[at];
    if (
      token?.kind === 'number' ||
      token?.kind === 'text' ||
      peek('-', 'true', 'false') ||
      (peek('date') && tokens[at + 1]?.value === '(')
    ) {
      const value = literal();
      const operator = operators.get(String(next().value)) ?? refuse();
      return { column: column(), key: mirrored.get(operator) ?? refuse(), value };
    }
    const name = column();
    if (take('.')) {
      const isNull = nullChecks.get(String(next().value).toLowerCase()) ?? refuse();
      need('(');
      need(')');
      return { column: name, key: 'isNull', value: isNull };
    }
    if (take('is')) {
      const isNull = !take('not');
      if (!take('null', 'none')) refuse();
      return { column: name, key: 'isNull', value: isNull };
    }
    if (take('between')) {
      const from = literal();
      need('and');
      return {
        all: [
          { column: name, key: 'gte', value: from },
          { column: name, key: 'lte', value: literal() },
        ],
      };
    }
    if (take('in')) return { column: name, key: 'in', value: list() };
    if (take('not')) {
      need('in');
      return { column: name, key: 'notIn', value: list() };
    }
    const sign = String(next().value);
    const comparison = { column: name, key: operators.get(sign) ?? refuse(), value: literal() };
    if (peek(...operators.keys())) refuse();
    return comparison;
  };

  const column = (): string => {
    const token = next();
    if (token.kind === 'column') return token.value;
    if (token.kind !== 'name' || words.has(token.value.toLowerCase())) return refuse();
    if (token.value !== 'col' || !take('(')) return token.value;
    const name = next();
    need(')');
    return name.kind === 'text' ? String(name.value) : refuse();
  };

  const literal = (): unknown => {
    if (take('-')) {
      const token = next();
      return token.kind === 'number' ? -Number(token.value) : refuse();
    }
    const { kind, value } = next();
    if (kind === 'number' || kind === 'text') return value;
    if (kind === 'name' && value === 'date' && take('(')) {
      const date = next();
      need(')');
      return date.kind === 'text' ? date.value : refuse();
    }
    const word = String(value).toLowerCase();
    return kind === 'name' && words.has(word) ? words.get(word) : refuse();
  };

  const list = (): unknown[] => {
    const end = take('[') ? ']' : ')';
    if (end === ')') need('(');
    const values = [literal()];
    while (take(',')) values.push(literal());
    need(end);
    return values;
  };

  const whole = either();
  return at === tokens.length ? whole : refuse();
}

const tokenPattern =
  /\s*(?:(?<number>\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'|`(?<column>[^`]+)`|(?<name>[a-z_]\w*)|(?<sign>[=!<>]=|<>|&&|\|\||[=<>&|()[\],.-]))/iy;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  const trimmed = text.trim();
  while (tokenPattern.lastIndex < trimmed.length) {
    const groups = tokenPattern.exec(trimmed)?.groups;
    if (groups === undefined) throw new OptionError('row_condition', 'one that can be read', text);
    const { number, double, single, column, name, sign = '' } = groups;
    const quoted = double ?? single;
    if (number !== undefined) tokens.push({ kind: 'number', value: Number(number) });
    else if (quoted !== undefined) tokens.push({ kind: 'text', value: quoted.replaceAll(/\\(.)/g, '$1') });
    else if (column !== undefined) tokens.push({ kind: 'column', value: column });
    else tokens.push(name === undefined ? { kind: 'sign', value: sign } : { kind: 'name', value: name });
  }
  return tokens;
}
