import { OptionError } from '@dataenginex/core';
import { type ColumnFacts, readColumn, resolve } from './column-facts.ts';
import type { EveryRule } from '../rules/columns.ts';
import { columnRules } from '../rules/column-rules.ts';
import { isObject, type JsonSchema, textsOf, UNREAD } from './json-schema.ts';
import type { TypeName } from '../rules/expectations.ts';
import type { Rule } from '../rules/rule.ts';
import { tableRules } from '../rules/table-rules.ts';
import { hasType } from '../values.ts';

/** What a schema demands that no rule of its contract asks. */
export interface Unchecked {
  /** Undefined when it is about whole rows. */
  readonly column: string | undefined;
  /** In words, such as `a refinement`. */
  readonly what: string;
}

export interface SchemaRules {
  readonly columns: readonly string[];
  readonly rules: readonly Rule[];
  readonly unchecked: readonly Unchecked[];
}

/**
 * The constraints of a schema as rules, `schema.tempMax.type` and so on, one for each thing that may be wrong.
 *
 * @throws {OptionError} When it is not the schema of an object with named properties.
 */
export function schemaRules(root: JsonSchema): SchemaRules {
  const schema = '$ref' in root ? resolve(root.$ref, root) : root;
  const { properties, additionalProperties } = schema;
  if (!isObject(properties)) {
    const got =
      'anyOf' in schema || 'oneOf' in schema ? 'a union' : 'allOf' in schema ? 'an intersection' : schema.type;
    throw new OptionError('contract.schema', 'one of an object with properties', got);
  }
  const required = new Set(textsOf(schema.required));
  const columns = Object.keys(properties);
  const unchecked: Unchecked[] = [];
  const leave = (column: string | undefined, what: string): void => void unchecked.push({ column, what });

  const rules = Object.entries(properties).flatMap(([column, json]) => {
    const facts = readColumn(json, root);
    const isRequired = required.has(column);
    const built = rulesOf(columnRules(column, columns), `schema.${column}`, facts, isRequired);
    for (const what of new Set(facts.unread)) leave(column, what);
    return built;
  });

  for (const what of textsOf(schema[UNREAD])) leave(undefined, what);
  if (additionalProperties === false) {
    if (columns.length > 0 && required.size === columns.length) {
      rules.push(tableRules(columns).columnsToMatchSet(columns, { id: 'schema.columns' }));
    } else leave(undefined, 'that there are no other columns, as some of its own may be missing');
  }
  return { columns, rules, unchecked };
}

function rulesOf(
  rule: EveryRule<Record<string, unknown>>,
  id: string,
  facts: ColumnFacts,
  isRequired: boolean,
): Rule[] {
  const { types, values, nullable, min, max, minLength, maxLength } = facts;
  const rules: Rule[] = [];
  if (isRequired && nullable !== undefined) {
    // A row without the key has a null there. That no row has it is another thing: the column was renamed, or lost.
    rules.push(nullable ? rule.toExist({ id: `${id}.exists` }) : rule.toNotBeNull({ id: `${id}.required` }));
  }
  const [type] = types ?? [];
  const isTyped = values?.every((value) => types?.some((name) => hasType(value, name)) ?? true) ?? false;
  if (values?.length === 0) rules.push(rule.toBeNull({ id: `${id}.type` }));
  else if (values !== undefined) rules.push(rule.toBeInSet(values, { id: `${id}.enum` }));
  if (!isTyped && types !== undefined) {
    const options = { id: `${id}.type` };
    rules.push(
      types.length === 1 && type !== undefined ? rule.toBeOfType(type, options) : rule.toBeInTypeList(types, options),
    );
  }

  // A limit in JSON Schema is about values of its type and lets all others pass; a rule asks every value.
  const isOnly = (...names: readonly TypeName[]): boolean => {
    const is = types?.every((name) => names.includes(name)) ?? false;
    if (!is) facts.unread.push('what it demands of some of its types');
    return is;
  };
  if ((min !== undefined || max !== undefined) && isOnly('number', 'integer', 'date', 'bigint')) {
    if (min !== undefined && max !== undefined && min.value > max.value) refuseCrossed(id, min.value, max.value);
    const options = { id: `${id}.range`, strictMin: min?.strict, strictMax: max?.strict };
    rules.push(rule.toBeBetween(min?.value ?? null, max?.value ?? null, options));
  }
  if ((minLength !== undefined || maxLength !== undefined) && isOnly('string')) {
    if ((minLength ?? 0) > (maxLength ?? Infinity)) refuseCrossed(id, minLength, maxLength);
    rules.push(rule.lengthsToBeBetween(minLength ?? null, maxLength ?? null, { id: `${id}.length` }));
  }
  const patterns = facts.patterns.length > 0 && isOnly('string') ? facts.patterns : [];
  for (const [at, { regex, format }] of patterns.entries()) {
    const name = `${format === undefined ? 'pattern' : 'format'}${at === 0 ? '' : `.${at + 1}`}`;
    try {
      rules.push(rule.toMatchRegex(regex, { id: `${id}.${name}`, notes: format }));
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      facts.unread.push(`its pattern ${regex}`);
    }
  }
  return rules;
}

function refuseCrossed(id: string, min: unknown, max: unknown): never {
  throw new OptionError(`contract.${id}`, 'one whose minimum is not above its maximum', [min, max]);
}
