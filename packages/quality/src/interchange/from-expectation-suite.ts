import { OptionError } from '@dataenginex/core';
import { type Contract, contractOf } from '../contract.ts';
import { columnRules } from '../rules/column-rules.ts';
import type { Rule } from '../rules/rule.ts';
import { tableRules } from '../rules/table-rules.ts';
import { isObject, listOf, textsOf } from '../schema/json-schema.ts';
import { readRowCondition } from './row-conditions.ts';
import type { Unmapped } from './unmapped.ts';
import { columnReadings, type Reading, tableReadings } from './suite-rules.ts';
import { readTypeName } from './type-names.ts';

export interface FromSuiteOptions {
  /** Values for `{"$PARAMETER": "name"}`, before those of the suite. @default none */
  parameters?: Readonly<Record<string, unknown>> | undefined;
  /** The contract's name. @default the suite's */
  name?: string | undefined;
}

export interface SuiteContract {
  readonly contract: Contract;
  /** Empty when the contract asks all that the suite does. */
  readonly unmapped: readonly Unmapped[];
}

/**
 * The contract that a suite of Great Expectations is, of its versions 1 and 0.
 *
 * An expectation that cannot be said here is in `unmapped` with its place and why, and in the contract's `unchecked`; it
 * is never dropped without a word. What only says how to run or show it, such as `result_format`, is passed over.
 *
 * @param suite The suite's JSON, parsed.
 * @throws {OptionError} When it is no suite, or has no name and is given none.
 */
export function fromExpectationSuite(suite: unknown, options: FromSuiteOptions = {}): SuiteContract {
  if (!isObject(suite) || !Array.isArray(suite.expectations)) {
    throw new OptionError('suite', 'a suite of Great Expectations, an object with expectations', suite);
  }
  const name = options.name ?? suite.name ?? suite.expectation_suite_name;
  if (typeof name !== 'string' || name === '') throw new OptionError('name', 'given, as the suite has none', name);
  const parameters = {
    ...asObject(suite.evaluation_parameters),
    ...asObject(suite.suite_parameters),
    ...options.parameters,
  };

  const rules: Rule[] = [];
  const unmapped: Unmapped[] = [];
  const ids = new Set<string>();
  for (const [at, item] of suite.expectations.entries()) {
    const expectation = new SuiteExpectation(item, `expectations.${at}`, parameters);
    const rule = expectation.read(ids);
    if (rule !== undefined) {
      ids.add(rule.id);
      rules.push(rule);
    }
    unmapped.push(...expectation.trouble.map((what) => ({ ...what, rule: rule?.id })));
  }
  const unchecked = unmapped.map(({ column, expectation, reason }) => ({ column, what: `${expectation}: ${reason}` }));
  return { contract: { ...contractOf(name, rules), unchecked }, unmapped };
}

/** Arguments that say how to run, show or keep an expectation, not what it asks. */
const passedOver = new Set(
  'column column_A column_B row_condition condition_parser result_format include_config catch_exceptions batch_id rendered_content id meta notes description severity windows domain'.split(
    ' ',
  ),
);

/** Arguments of versions before 1 that hold here anyway, or that change nothing but for what is said. */
const bygone = new Map([
  ['parse_strings_as_datetimes', 'texts are compared as dates only where they are ISO 8601'],
  ['output_strftime_format', 'observed values are told as they are'],
  ['allow_cross_type_comparisons', 'values without an order are an error of the rule'],
]);

const aliases = new Map([
  ['expect_multicolumn_values_to_be_unique', 'expect_select_column_values_to_be_unique_within_record'],
]);

/** One expectation of a suite, on its way to a rule. */
class SuiteExpectation {
  readonly trouble: Omit<Unmapped, 'rule'>[] = [];
  readonly #item: Readonly<Record<string, unknown>>;
  readonly #kwargs: Readonly<Record<string, unknown>>;
  readonly #type: string;
  readonly #place: string;
  readonly #missing: readonly string[];

  constructor(item: unknown, place: string, parameters: Readonly<Record<string, unknown>>) {
    const missing = new Set<string>();
    this.#item = asObject(item);
    this.#kwargs = asObject(fill(this.#item.kwargs, parameters, missing));
    this.#missing = [...missing];
    this.#place = place;
    const type = String(this.#item.type ?? this.#item.expectation_type).toLowerCase();
    this.#type = aliases.get(type) ?? type;
  }

  read(taken: ReadonlySet<string>): Rule | undefined {
    for (const parameter of this.#missing) this.#report('kwargs', `the parameter ${parameter} has no value`);
    if (this.#missing.length > 0) return undefined;
    const inColumn = new Map(Object.entries(columnReadings)).get(this.#type);
    const reading = inColumn ?? new Map(Object.entries(tableReadings)).get(this.#type);
    if (reading === undefined) return this.#report('type', 'there is no such rule');
    const known = new Set([...passedOver, ...reading.args, ...Object.keys(reading.options), ...bygone.keys()]);
    const unknown = Object.keys(this.#kwargs).filter((key) => !known.has(key) && this.#kwargs[key] !== null);
    for (const key of unknown) this.#report(`kwargs.${key}`, 'there is no such argument');
    if (unknown.length > 0) return undefined;
    return this.#build(reading, inColumn !== undefined, taken);
  }

  #build(reading: Reading<string>, isOfColumn: boolean, taken: ReadonlySet<string>): Rule | undefined {
    const { column, row_condition: condition, condition_parser: parser } = this.#kwargs;
    try {
      if (isOfColumn && typeof column !== 'string') throw new OptionError('column', 'a text', column);
      const isMissing = condition === undefined || condition === null || condition === '';
      const where = isMissing ? undefined : readRowCondition(condition, parser);
      const columns = [...this.#columns(), ...Object.keys(where ?? {})];
      const { method, args } = this.#call(reading);
      const rules = isOfColumn ? columnRules(String(column), columns) : tableRules(columns);
      const build = methodOf(rules, method);
      const options = { ...this.#options(reading), where };
      const { id } = build(...args, options);
      const rule = build(...args, { ...options, id: freeId(this.#ownId ?? id, taken) });
      for (const [key, why] of bygone) if (this.#kwargs[key] === true) this.#report(`kwargs.${key}`, why);
      if (this.#kwargs.windows !== undefined)
        this.#report('kwargs.windows', 'its parameters have the values of the suite');
      return rule;
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      return this.#report(`kwargs${error.option.startsWith('row_condition') ? '.row_condition' : ''}`, error.message);
    }
  }

  /** The names of columns that it is about. */
  #columns(): string[] {
    const { column, column_A: a, column_B: b, column_list: list } = this.#kwargs;
    return textsOf([column, a, b, ...listOf(list)]).slice();
  }

  /** Types are not of columns here but of values, of which a whole number may be one of two. */
  #call({ method, args }: Reading<string>): { method: string; args: unknown[] } {
    const values = args.map((key) => readArgument(key, this.#kwargs[key] ?? (boundKeys.has(key) ? null : undefined)));
    const [first] = values;
    if (method === 'unique') {
      const names = textsOf(first);
      if (names.length < listOf(first).length) throw new OptionError('column_list', 'an array of texts', first);
      return { method, args: [...names] };
    }
    if (method === 'typeToBe') return { method, args: [readTypeName(first)[0]] };
    if (method === 'toBeOfType') {
      const types = readTypeName(first);
      return types.length === 1 ? { method, args: [types[0]] } : { method: 'toBeInTypeList', args: [types] };
    }
    if (method === 'toBeInTypeList') {
      const types = Array.isArray(first) ? [...new Set(first.flatMap((name) => this.#typesOf(name)))] : first;
      return { method, args: [types] };
    }
    return { method, args: values };
  }

  /** Lists of types often have the names of several databases: those that are not known are said. */
  #typesOf(name: unknown): readonly string[] {
    try {
      return readTypeName(name);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      this.#report('kwargs.type_list', error.message);
      return [];
    }
  }

  #options({ options }: Reading<string>): Record<string, unknown> {
    const { tags } = asObject(this.#item.meta);
    const given = Object.entries(options)
      .filter(([key]) => (this.#kwargs[key] ?? null) !== null)
      .map(([key, option]) => [option, this.#kwargs[key]]);
    const { interpolation, ...others } = Object.fromEntries(given);
    return {
      ...others,
      ...(interpolation === undefined || interpolation === false ? {} : { interpolation }),
      severity: this.#item.severity ?? this.#kwargs.severity ?? undefined,
      tags: Array.isArray(tags) ? textsOf(tags) : undefined,
      notes: this.#notes(),
    };
  }

  /** Of version 1 beside the arguments, of older ones among what else there is to say, as a text, texts or Markdown. */
  #notes(): string | undefined {
    const { notes: own, description, meta } = this.#item;
    const { notes: older } = asObject(meta);
    const texts = [description, own, isObject(older) ? older.content : older].flat();
    const lines = textsOf(texts).filter((text) => text !== '');
    return lines.length === 0 ? undefined : lines.join('\n');
  }

  /** The id that a rule had here, before it went to Great Expectations and came back. */
  get #ownId(): string | undefined {
    const { dex_id: id } = asObject(this.#item.meta);
    return typeof id === 'string' ? id : undefined;
  }

  #report(where: string, reason: string): undefined {
    const { column } = this.#kwargs;
    this.trouble.push({
      place: `${this.#place}.${where}`,
      expectation: this.#type,
      column: typeof column === 'string' ? column : undefined,
      reason,
    });
  }
}

const boundKeys = new Set(['min_value', 'max_value']);

function readArgument(key: string, value: unknown): unknown {
  // As there: a bound that is a text is a number, or else a date.
  if (boundKeys.has(key) && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) {
    return Number(value);
  }
  if (key !== 'quantile_ranges' || !isObject(value)) return value;
  const ranges = listOf(value.value_ranges);
  return Object.fromEntries(listOf(value.quantiles).map((quantile, at) => [String(quantile), ranges[at]]));
}

/** The value with each parameter's in its place. */
function fill(value: unknown, parameters: Readonly<Record<string, unknown>>, missing: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, parameters, missing));
  if (!isObject(value)) return value;
  const { $PARAMETER: parameter } = value;
  if (typeof parameter !== 'string') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, parameters, missing)]));
  }
  if (Object.hasOwn(parameters, parameter)) return parameters[parameter];
  const own = value[`$PARAMETER.${parameter}`];
  if (own === undefined) missing.add(parameter);
  return own;
}

function freeId(id: string, taken: ReadonlySet<string>): string {
  for (let count = 1; ; count++) {
    const free = count === 1 ? id : `${id}.${count}`;
    if (!taken.has(free)) return free;
  }
}

function methodOf(rules: object, method: string): (...args: readonly unknown[]) => Rule;
function methodOf(rules: object, method: string): unknown {
  return Reflect.get(rules, method);
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}
