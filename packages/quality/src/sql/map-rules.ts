import { OptionError } from '@dataenginex/core';
import { skipOf } from '../rows/map-tests.ts';
import type { Bounds, Expectation, TypeName } from '../rules/expectations.ts';
import type { RuleOf } from '../rules/rule.ts';
import { show } from '../values.ts';
import { type Dialect, nounOf, type Term } from './dialect.ts';
import { translateLike } from './like.ts';
import { translateRegex } from './regex.ts';
import { translateStrftime } from './strftime.ts';
import { not } from './steps.ts';
import type { Table } from './table.ts';
import { haveEquals, isIn, isSame, ordered, outside } from './terms.ts';

/** What each row is asked, as rows/map-tests.ts asks it. */
export interface MapQuestion {
  /** One, several, none: what the rows that break it show. */
  readonly columns: readonly string[];
  /** Rows that are not asked: those with a null in all the columns, in any, or none. */
  readonly skip: 'all' | 'any' | 'never';
  /** True of the rows, of those asked, that break the rule. */
  readonly breaks: string;
  /** Why it cannot be judged, if such rows are there. */
  readonly trouble?: string | undefined;
  /** What tells the rows that are the trouble, where not all that break the rule are. */
  readonly troubled?: string | undefined;
}

type Questions = { readonly [E in Expectation]?: (rule: RuleOf<E>, table: Table) => MapQuestion };

export const mapQuestions = {
  expect_column_values_to_be_null: (rule, table) => ({
    columns: [rule.kwargs.column],
    skip: 'never',
    breaks: `${table.term(rule.kwargs.column).sql} IS NOT NULL`,
  }),
  expect_column_values_to_not_be_null: (rule, table) => ({
    columns: [rule.kwargs.column],
    skip: 'never',
    breaks: `${table.term(rule.kwargs.column).sql} IS NULL`,
  }),
  expect_column_values_to_be_in_set: (rule, table) =>
    ofColumn(rule, table, (term) => not(isIn(table.dialect, scalar(rule, term), rule.kwargs.value_set))),
  expect_column_values_to_not_be_in_set: (rule, table) =>
    ofColumn(rule, table, (term) => isIn(table.dialect, scalar(rule, term), rule.kwargs.value_set)),
  expect_column_values_to_be_between: (rule, table) => {
    const term = scalar(rule, table.term(rule.kwargs.column));
    const breaks = outside(table.dialect, term, rule.kwargs, rule.id);
    const { min_value: min, max_value: max } = rule.kwargs;
    return {
      ...ofColumn(rule, table, () => breaks ?? 'TRUE'),
      trouble: breaks === undefined ? `${nounOf(term)} has no order with ${show(min ?? max)}` : undefined,
    };
  },
  expect_column_value_lengths_to_be_between: (rule, table) => ofLength(rule, table, rule.kwargs),
  expect_column_value_lengths_to_equal: (rule, table) =>
    ofLength(rule, table, { min_value: rule.kwargs.value, max_value: rule.kwargs.value }),
  expect_column_values_to_match_regex: (rule, table) => ofRegexes(rule, table, [rule.kwargs.regex], 'any'),
  expect_column_values_to_not_match_regex: (rule, table) => ofRegexes(rule, table, [rule.kwargs.regex], 'none'),
  expect_column_values_to_match_regex_list: (rule, table) =>
    ofRegexes(rule, table, rule.kwargs.regex_list, rule.kwargs.match_on ?? 'any'),
  expect_column_values_to_not_match_regex_list: (rule, table) => ofRegexes(rule, table, rule.kwargs.regex_list, 'none'),
  expect_column_values_to_match_like_pattern: (rule, table) =>
    ofLike(rule, table, [rule.kwargs.like_pattern], 'any', rule.kwargs.escape),
  expect_column_values_to_not_match_like_pattern: (rule, table) =>
    ofLike(rule, table, [rule.kwargs.like_pattern], 'none', rule.kwargs.escape),
  expect_column_values_to_match_like_pattern_list: (rule, table) =>
    ofLike(rule, table, rule.kwargs.like_pattern_list, rule.kwargs.match_on ?? 'any', rule.kwargs.escape),
  expect_column_values_to_not_match_like_pattern_list: (rule, table) =>
    ofLike(rule, table, rule.kwargs.like_pattern_list, 'none', rule.kwargs.escape),
  expect_column_values_to_match_strftime_format: (rule, table) => {
    const term = table.term(rule.kwargs.column);
    const { kind } = term;
    const regexes = translateStrftime(`${rule.id}.strftime_format`, rule.kwargs.strftime_format, table.dialect.regex);
    const isText = kind === 'text' || kind === 'none';
    return {
      ...ofColumn(rule, table, ({ sql }) =>
        isText ? `NOT (${regexes.map((regex) => table.dialect.matches(sql, regex)).join(' OR ')})` : 'TRUE',
      ),
      trouble: isText ? undefined : `${nounOf(term)} is no text`,
    };
  },
  expect_column_values_to_be_json_parseable: (rule, table) =>
    ofColumn(rule, table, ({ sql, kind }) => {
      const is = table.dialect.isJson(sql);
      if (is === undefined)
        throw new OptionError(rule.id, 'a rule that this version of the database can judge', rule.expectation);
      return kind === 'text' ? `NOT ${is}` : 'TRUE';
    }),
  expect_column_values_to_be_of_type: (rule, table) => ofTypes(rule, table, [rule.kwargs.type_]),
  expect_column_values_to_be_in_type_list: (rule, table) => ofTypes(rule, table, rule.kwargs.type_list),
  expect_column_pair_values_to_be_equal: (rule, table) =>
    ofPair(rule, table, (a, b) => (haveEquals(a, b) ? `NOT coalesce(${a.sql} = ${b.sql}, FALSE)` : 'TRUE')),
  expect_column_pair_values_a_to_be_greater_than_b: (rule, table) => {
    const [a, b] = [table.term(rule.kwargs.column_A), table.term(rule.kwargs.column_B)];
    if ((a.kind === 'date' && b.kind === 'text') || (a.kind === 'text' && b.kind === 'date')) {
      throw new OptionError(
        rule.id,
        'of two texts or two dates, as databases are not asked for texts as dates',
        b.name,
      );
    }
    const keeps = ordered(a, rule.kwargs.or_equal === true ? '>=' : '>', b);
    const question = ofPair(rule, table, () => `NOT coalesce(${keeps ?? 'FALSE'}, FALSE)`);
    if (keeps !== undefined) return question;
    const troubled = `${a.sql} IS NOT NULL AND ${b.sql} IS NOT NULL`;
    return { ...question, trouble: `${nounOf(a)} has no order with ${nounOf(b)}`, troubled };
  },
  expect_column_pair_values_to_be_in_set: (rule, table) =>
    ofPair(rule, table, (a, b) => {
      const pairs = rule.kwargs.value_pairs_set.map(
        ([left, right]) => `(${isSame(table.dialect, a, left)} AND ${isSame(table.dialect, b, right)})`,
      );
      return `NOT (${['FALSE', ...pairs].join(' OR ')})`;
    }),
  expect_select_column_values_to_be_unique_within_record: (rule, table) =>
    ofColumns(rule, table, (terms) => {
      const pairs = terms.flatMap((a, at) => terms.slice(at + 1).map((b) => same(a, b)));
      return pairs.join(' OR ');
    }),
  expect_multicolumn_values_to_be_equal: (rule, table) =>
    ofColumns(rule, table, ([first, ...others]) =>
      first === undefined ? 'FALSE' : others.map((other) => `NOT (${same(first, other)})`).join(' OR '),
    ),
  expect_multicolumn_sum_to_equal: (rule, table) =>
    ofColumns(rule, table, (terms) => {
      const numbers = terms.map((term) => {
        if (term.kind === 'number') return term.sql;
        const isOne = term.kind === 'integer' || term.kind === 'boolean';
        const number = term.kind === 'boolean' ? `CAST(${term.sql} AS INTEGER)` : term.sql;
        return isOne ? `CAST(${number} AS DOUBLE PRECISION)` : table.dialect.null('number');
      });
      return `NOT coalesce(${numbers.join(' + ')} = ${table.dialect.double(rule.kwargs.sum_total)}, FALSE)`;
    }),
} satisfies Questions;

type OfColumn = { readonly id: string; readonly kwargs: { readonly column: string } };
type OfPair = {
  readonly id: string;
  readonly kwargs: {
    readonly column_A: string;
    readonly column_B: string;
    readonly ignore_row_if?: 'both_values_are_missing' | 'either_value_is_missing' | 'neither' | undefined;
  };
};
type OfColumns = Parameters<typeof skipOf>[0];

/** Values of other types, such as lists, are only told from nulls. */
export function scalar(rule: { readonly id: string }, term: Term): Term {
  if (term.kind !== 'other') return term;
  throw new OptionError(rule.id, 'a rule that a column of this type can be asked', term.name);
}

/** `breaks` is null of null, or the same of all values. */
function ofColumn(rule: OfColumn, table: Table, breaks: (term: Term) => string): MapQuestion {
  const { column } = rule.kwargs;
  const term = table.term(column);
  const condition = breaks(term);
  return { columns: [column], skip: 'any', breaks: condition === 'TRUE' ? `${term.sql} IS NOT NULL` : condition };
}

function ofPair(rule: OfPair, table: Table, breaks: (a: Term, b: Term) => string): MapQuestion {
  const { column_A: a, column_B: b, ignore_row_if: ignored = 'both_values_are_missing' } = rule.kwargs;
  const skips = { both_values_are_missing: 'all', either_value_is_missing: 'any', neither: 'never' } as const;
  const [left, right] = [scalar(rule, table.term(a)), scalar(rule, table.term(b))];
  return { columns: [a, b], skip: skips[ignored], breaks: breaks(left, right) };
}

function ofColumns(rule: OfColumns, table: Table, breaks: (terms: readonly Term[]) => string): MapQuestion {
  const columns = rule.kwargs.column_list;
  const terms = columns.map((column) => scalar(rule, table.term(column)));
  return { columns, skip: skipOf(rule), breaks: breaks(terms) };
}

/** Equal, or both null. */
function same(a: Term, b: Term): string {
  if (haveEquals(a, b)) return `${a.sql} IS NOT DISTINCT FROM ${b.sql}`;
  return `(${a.sql} IS NULL AND ${b.sql} IS NULL)`;
}

function ofLength(rule: OfColumn, table: Table, bounds: Bounds<number>): MapQuestion {
  return ofColumn(rule, table, (term) => {
    const length = table.dialect.length(textOf(rule, table, term));
    const integer: Term = { kind: 'integer', types: [], name: 'length', sql: length };
    return outside(table.dialect, integer, bounds, rule.id) ?? 'FALSE';
  });
}

function textOf(rule: { readonly id: string }, { dialect }: Table, term: Term): string {
  // A double's digits are not the same everywhere: 1 may be 1.0.
  if (term.kind === 'number') throw new OptionError(rule.id, 'a rule about a column with a text of its own', term.name);
  return dialect.asText(scalar(rule, term));
}

function ofRegexes(rule: OfColumn, table: Table, regexes: readonly string[], wanted: 'any' | 'all' | 'none') {
  const translated = regexes.map((regex) => translateRegex(`${rule.id}.regex`, regex, table.dialect.regex));
  return matching(rule, table, wanted, (text) => translated.map((regex) => table.dialect.matches(text, regex)));
}

function ofLike(
  rule: OfColumn,
  table: Table,
  patterns: readonly string[],
  wanted: 'any' | 'all' | 'none',
  escape: string | undefined,
): MapQuestion {
  return matching(rule, table, wanted, (text) =>
    patterns.map((pattern) => `${text} LIKE ${table.dialect.text(translateLike(pattern, escape))} ESCAPE '!'`),
  );
}

function matching(
  rule: OfColumn,
  table: Table,
  wanted: 'any' | 'all' | 'none',
  tests: (text: string) => readonly string[],
): MapQuestion {
  return ofColumn(rule, table, (term) => {
    const list = tests(textOf(rule, table, term)).join(wanted === 'all' ? ' AND ' : ' OR ');
    return wanted === 'none' ? list : not(list);
  });
}

function ofTypes(rule: OfColumn, table: Table, types: readonly TypeName[]): MapQuestion {
  return ofColumn(rule, table, (term) => isOfNone(rule, table.dialect, term, types));
}

function isOfNone(rule: OfColumn, dialect: Dialect, term: Term, types: readonly TypeName[]): string {
  if (term.kind === 'other' && term.types.length === 0) scalar(rule, term);
  if (term.types.some((type) => types.includes(type))) return 'FALSE';
  if (term.kind === 'number' && types.includes('integer')) return `NOT (${isWhole(dialect, term)})`;
  return 'TRUE';
}

/** Whether a double is a number without a fraction; an infinity is none. */
export function isWhole(dialect: Dialect, { sql }: Term): string {
  return `${sql} = trunc(${sql}) AND abs(${sql}) < ${dialect.double(Infinity)}`;
}
