import { OptionError } from '@dataenginex/core';
import type { NumberArray } from './column-table.ts';
import { boundsText, within } from '../rules/bounds.ts';
import type { Bounds, Expectation, Ordered, Scalar, TypeName } from '../rules/expectations.ts';
import { isDateutilText } from './dateutil.ts';
import { compileJsonSchema } from './json-values.ts';
import { fixedTextCode } from './fixed-texts.ts';
import { createLikeMatcher } from './like.ts';
import { compileRegex, lengthWithin } from './patterns.ts';
import { compileStrftime } from './strftime.ts';
import { createMatcher, type Matcher } from './regex/matcher.ts';
import type { RuleOf } from '../rules/rule.ts';
import { compare, hasType, isNull, keyOf, keyOfAll, keysOfSet, numberOf, show, textOf } from '../values.ts';

/** What each row is asked. */
export interface MapTest {
  /** One: `breaks` gets its value. Several: an array of them. None: the row itself. */
  readonly columns: readonly string[];
  /** Rows that are not asked: those with a null in all the columns, in any, or none. */
  readonly skip: 'all' | 'any' | 'never';
  /** Whether this breaks the rule. Rows come in their order. */
  readonly breaks: (value: unknown, index: number) => boolean;
  /**
   * JavaScript, to be joined by `&&`, that is true of most values of one column that are no nulls and keep the rule, and
   * of no others: so nothing else needs to be asked of them. `constant` names what the code refers to.
   */
  readonly accepts?: ((value: string, constant: (value: unknown) => string) => readonly string[]) | undefined;
  /** Takes numbers that stand in one array, but NaN, as `breaks` does, which is false of each. */
  readonly takeNumbers?: ((numbers: NumberArray, from: number, to: number) => void) | undefined;
}

/** Records why a rule cannot be judged; true, as a row that cannot be judged does not keep the rule. */
export type Fail = (why: string) => true;

/** The rules that look at one row at a time, or at those before it, too. */
export const mapTests = {
  expect_column_values_to_be_null: (rule) => ({
    ...ofColumn(rule, (value) => !isNull(value)),
    skip: 'never',
  }),
  expect_column_values_to_not_be_null: (rule) => ({ ...ofColumn(rule, isNull, isPlain), skip: 'never' }),
  expect_column_values_to_be_in_set: (rule) => inSet(rule, rule.kwargs.value_set, true),
  expect_column_values_to_not_be_in_set: (rule) => inSet(rule, rule.kwargs.value_set, false),
  expect_column_values_to_be_between: (rule, fail) => between(rule, rule.kwargs, fail),
  expect_column_values_to_be_increasing: (rule, fail) => inOrder(rule, 1, rule.kwargs.strictly, fail),
  expect_column_values_to_be_decreasing: (rule, fail) => inOrder(rule, -1, rule.kwargs.strictly, fail),
  expect_column_value_lengths_to_be_between: (rule) => ofLength(rule, rule.kwargs),
  expect_column_value_lengths_to_equal: (rule) =>
    ofLength(rule, { min_value: rule.kwargs.value, max_value: rule.kwargs.value }),
  expect_column_values_to_match_regex: (rule, fail) =>
    matching(rule, [regexMatcher(`${rule.id}.regex`, rule.kwargs.regex)], 'any', fail),
  expect_column_values_to_not_match_regex: (rule, fail) =>
    matching(rule, [regexMatcher(`${rule.id}.regex`, rule.kwargs.regex)], 'none', fail),
  expect_column_values_to_match_regex_list: (rule, fail) =>
    matching(rule, regexes(rule.id, rule.kwargs.regex_list), rule.kwargs.match_on ?? 'any', fail),
  expect_column_values_to_not_match_regex_list: (rule, fail) =>
    matching(rule, regexes(rule.id, rule.kwargs.regex_list), 'none', fail),
  expect_column_values_to_match_like_pattern: (rule, fail) =>
    matching(rule, [createLikeMatcher(rule.kwargs.like_pattern, rule.kwargs.escape)], 'any', fail),
  expect_column_values_to_not_match_like_pattern: (rule, fail) =>
    matching(rule, [createLikeMatcher(rule.kwargs.like_pattern, rule.kwargs.escape)], 'none', fail),
  expect_column_values_to_match_like_pattern_list: (rule, fail) =>
    matching(rule, likes(rule.kwargs), rule.kwargs.match_on ?? 'any', fail),
  expect_column_values_to_not_match_like_pattern_list: (rule, fail) => matching(rule, likes(rule.kwargs), 'none', fail),
  expect_column_values_to_match_strftime_format: (rule, fail) =>
    ofTexts(rule, compileStrftime(`${rule.id}.strftime_format`, rule.kwargs.strftime_format), fail),
  expect_column_values_to_be_json_parseable: (rule) =>
    ofColumn(rule, (value) => typeof value !== 'string' || !isJson(value)),
  expect_column_values_to_be_dateutil_parseable: (rule, fail) => ofTexts(rule, (text) => isDateutilText(text), fail),
  expect_column_values_to_match_json_schema: (rule, fail) =>
    ofTexts(rule, compileJsonSchema(`${rule.id}.json_schema`, rule.kwargs.json_schema), fail),
  expect_column_values_to_be_of_type: (rule) => ofTypes(rule, [rule.kwargs.type_]),
  expect_column_values_to_be_in_type_list: (rule) => ofTypes(rule, rule.kwargs.type_list),
  expect_column_values_to_satisfy: (rule, fail) => ofColumn(rule, unsatisfied(rule.kwargs.satisfies, fail)),
  expect_rows_to_satisfy: (rule, fail) => ({
    columns: [],
    skip: 'never',
    breaks: unsatisfied(rule.kwargs.satisfies, fail),
  }),
  expect_column_pair_values_to_be_equal: (rule) =>
    ofPair(rule, (a, b) => isNull(a) || isNull(b) || keyOf(a) !== keyOf(b)),
  expect_column_pair_values_a_to_be_greater_than_b: (rule, fail) => greater(rule, rule.kwargs.or_equal ?? false, fail),
  expect_column_pair_values_to_be_in_set: (rule) => {
    const pairs = new Set(rule.kwargs.value_pairs_set.map(keyOfAll));
    return ofPair(rule, (a, b) => !pairs.has(keyOfAll([a, b])));
  },
  expect_select_column_values_to_be_unique_within_record: (rule) =>
    ofColumns(rule, (values) => new Set(values.map(keyOf)).size < values.length),
  expect_multicolumn_values_to_be_equal: (rule) => ofColumns(rule, (values) => new Set(values.map(keyOf)).size > 1),
  expect_multicolumn_sum_to_equal: (rule) => ofColumns(rule, (values) => sumOf(values) !== rule.kwargs.sum_total),
} satisfies { readonly [E in Expectation]?: (rule: RuleOf<E>, fail: Fail) => MapTest };

type OfColumn = { readonly kwargs: { readonly column: string } };
type OfPair = {
  readonly kwargs: {
    readonly column_A: string;
    readonly column_B: string;
    readonly ignore_row_if?: 'both_values_are_missing' | 'either_value_is_missing' | 'neither' | undefined;
  };
};
type OfColumns = {
  readonly id: string;
  readonly kwargs: {
    readonly column_list: readonly string[];
    readonly ignore_row_if?: 'all_values_are_missing' | 'any_value_is_missing' | 'never' | undefined;
  };
};

function ofColumn(rule: OfColumn, breaks: MapTest['breaks'], accepts?: MapTest['accepts']): MapTest {
  return { columns: [rule.kwargs.column], skip: 'any', breaks, accepts };
}

function ofPair({ kwargs }: OfPair, breaks: (a: unknown, b: unknown) => boolean): MapTest {
  const skip = ({ both_values_are_missing: 'all', either_value_is_missing: 'any', neither: 'never' } as const)[
    kwargs.ignore_row_if ?? 'both_values_are_missing'
  ];
  const pair = (value: unknown): boolean => Array.isArray(value) && breaks(value[0], value[1]);
  return { columns: [kwargs.column_A, kwargs.column_B], skip, breaks: pair };
}

/** Which rows a rule of several columns does not ask. */
export function skipOf({ id, kwargs }: OfColumns): MapTest['skip'] {
  if (kwargs.column_list.length < 2)
    throw new OptionError(`${id}.column_list`, 'two columns or more', kwargs.column_list);
  return ({ all_values_are_missing: 'all', any_value_is_missing: 'any', never: 'never' } as const)[
    kwargs.ignore_row_if ?? 'all_values_are_missing'
  ];
}

function ofColumns(rule: OfColumns, breaks: (values: readonly unknown[]) => boolean): MapTest {
  const all = (values: unknown): boolean => Array.isArray(values) && breaks(values);
  return { columns: rule.kwargs.column_list, skip: skipOf(rule), breaks: all };
}

function inSet(rule: OfColumn, values: readonly Scalar[], wanted: boolean): MapTest {
  const keys = keysOfSet(values);
  return ofColumn(
    rule,
    (value) => keys.has(keyOf(value)) !== wanted,
    (value, constant) => [
      `(typeof ${value} === 'string' || (typeof ${value} === 'number' && ${value} === ${value}))`,
      `${wanted ? '' : '!'}${constant(keys)}.has(${value})`,
    ],
  );
}

function between(rule: OfColumn, bounds: Bounds<Ordered>, fail: Fail): MapTest {
  const breaks = (value: unknown): boolean => {
    const is = within(value, bounds);
    return is === undefined ? fail(`${show(value)} has no order with ${boundsText(bounds)}`) : !is;
  };
  const { min_value: min = null, max_value: max = null } = bounds;
  if (![min, max].every((bound) => bound === null || typeof bound === 'number')) return ofColumn(rule, breaks);
  return ofColumn(rule, breaks, (value, constant) => [
    `typeof ${value} === 'number'`,
    min === null ? `${value} === ${value}` : `${value} ${bounds.strict_min ? '>' : '>='} ${constant(min)}`,
    max === null ? `${value} === ${value}` : `${value} ${bounds.strict_max ? '<' : '<='} ${constant(max)}`,
  ]);
}

function inOrder(rule: OfColumn, sign: 1 | -1, strictly: boolean | undefined, fail: Fail): MapTest {
  let previous: unknown;
  return ofColumn(rule, (value) => {
    const before = previous;
    previous = value;
    const step = before === undefined ? sign : compare(value, before);
    if (step === undefined) return fail(`${show(value)} has no order with ${show(before)}`);
    return strictly ? step * sign <= 0 : step * sign < 0;
  });
}

function ofLength(rule: OfColumn, { min_value, max_value, strict_min, strict_max }: Bounds<number>): MapTest {
  const low = min_value ?? -1;
  const high = max_value ?? Infinity;
  const min = strict_min ? Math.floor(low) + 1 : Math.ceil(low);
  const max = strict_max ? Math.ceil(high) - 1 : Math.floor(high);
  return ofColumn(rule, (value) => !lengthWithin(textOf(value), min, max));
}

function matching(rule: OfColumn, matchers: readonly Matcher[], wanted: 'any' | 'all' | 'none', fail: Fail): MapTest {
  const searches = matchers.map(giveUp);
  const breaks = (value: unknown, index: number): boolean => {
    const text = textOf(value);
    for (const search of searches) {
      const found = search(text);
      if (found === undefined) return fail(tooLong(text, index));
      if (found !== (wanted === 'all')) return wanted !== 'any';
    }
    return wanted === 'any';
  };
  return ofColumn(rule, breaks, (value, constant) => {
    const tests = matchers.map(({ regex }) => {
      const code = fixedTextCode(regex, value, constant) ?? `${constant(regex)}.test(${value})`;
      return `${wanted === 'none' ? '!' : ''}(${code})`;
    });
    const most = Math.min(...matchers.map((matcher) => matcher.safeLength));
    return [
      `typeof ${value} === 'string'`,
      ...(most === Infinity ? [] : [`${value}.length <= ${most}`]),
      `(${tests.join(wanted === 'any' ? ' || ' : ' && ')})`,
    ];
  });
}

/** Texts as long as one that took too long are not tried, as each would take as long. */
function giveUp({ test }: Matcher): Matcher['test'] {
  let shortest = Infinity;
  return (text) => {
    const found = text.length < shortest ? test(text) : undefined;
    if (found === undefined) shortest = Math.min(shortest, text.length);
    return found;
  };
}

function regexMatcher(option: string, regex: string): Matcher {
  return createMatcher(compileRegex(option, regex));
}

function regexes(id: string, list: readonly string[]): Matcher[] {
  return list.map((regex, index) => regexMatcher(`${id}.regex_list[${index}]`, regex));
}

function likes({
  like_pattern_list: list,
  escape,
}: {
  like_pattern_list: readonly string[];
  escape?: string | undefined;
}) {
  return list.map((pattern) => createLikeMatcher(pattern, escape));
}

function ofTexts(rule: OfColumn, keeps: (text: string) => boolean | undefined, fail: Fail): MapTest {
  return ofColumn(rule, (value, index) => {
    if (typeof value !== 'string') return fail(`${show(value)} is no text`);
    const is = keeps(value);
    return is === undefined ? fail(tooLong(value, index)) : !is;
  });
}

function tooLong(text: string, index: number): string {
  return `row ${index}: its text of ${text.length} characters takes too long to search`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function ofTypes(rule: OfColumn, types: readonly TypeName[]): MapTest {
  const breaks = (value: unknown): boolean => !types.some((type) => hasType(value, type));
  const code = types.length === 1 && types[0] !== undefined ? typeCodes[types[0]] : undefined;
  return ofColumn(rule, breaks, code);
}

const typeCodes: Readonly<Partial<Record<TypeName, (value: string) => readonly string[]>>> = {
  string: (value) => [`typeof ${value} === 'string'`],
  boolean: (value) => [`typeof ${value} === 'boolean'`],
  bigint: (value) => [`typeof ${value} === 'bigint'`],
  number: (value) => [`typeof ${value} === 'number'`, `${value} === ${value}`],
  integer: (value) => [`typeof ${value} === 'number'`, `isInteger(${value})`],
};

/** Accepts values that are no objects. */
export function isPlain(value: string): readonly string[] {
  const [string, number, boolean] = ['string', 'number', 'boolean'].map((type) => `typeof ${value} === '${type}'`);
  return [`(${string} || (${number} && ${value} === ${value}) || ${boolean})`];
}

function unsatisfied(satisfies: (value: unknown) => boolean, fail: Fail): MapTest['breaks'] {
  return (value) => {
    try {
      const answer: unknown = satisfies(value);
      if (answer === true || answer === false) return !answer;
      // A promise, which is no answer yet, may still reject: nobody else listens.
      if (answer instanceof Promise) answer.catch(() => {});
      return fail(`its function returned ${answer instanceof Promise ? 'a promise' : show(answer)}, not true or false`);
    } catch (error) {
      return fail(`its function threw ${error instanceof Error ? `${error.name}: ${error.message}` : show(error)}`);
    }
  };
}

function greater(rule: OfPair, orEqual: boolean, fail: Fail): MapTest {
  return ofPair(rule, (a, b) => {
    if (isNull(a) || isNull(b)) return true;
    const difference = compare(a, b);
    if (difference === undefined) return fail(`${show(a)} has no order with ${show(b)}`);
    return orEqual ? difference < 0 : difference <= 0;
  });
}

/** NaN when one of them is no number. */
function sumOf(values: readonly unknown[]): number {
  let sum = 0;
  for (const value of values) sum += numberOf(value) ?? Number.NaN;
  return sum;
}
