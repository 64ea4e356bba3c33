import { dereference, type Schema, type SchemaDraft, Validator } from '@cfworker/json-schema';
import { OptionError } from '@dataenginex/core';
import { createMatcher } from './regex/matcher.ts';
import { isObject } from '../schema/json-schema.ts';

/**
 * Whether a text is JSON that keeps a JSON Schema, of the draft that its `$schema` names. Formats are not checked: they
 * are annotations, and to Great Expectations, too. Undefined of texts that take too long: by a pattern in it,
 * by `uniqueItems` of very many, or as they are too deep.
 *
 * @throws {OptionError} When it is no schema: a keyword has a value that it cannot have, or a reference leads nowhere.
 */
export function compileJsonSchema(option: string, schema: unknown): (text: string) => boolean | undefined {
  const refuse = (why: string): never => {
    throw new OptionError(option, `a JSON Schema (${why})`, schema);
  };
  if (!isObject(schema)) return refuse('an object');
  const draft = draftOf(schema.$schema);
  if (draft === undefined) return refuse('of draft 4, 6, 7, 2019-09 or 2020-12');
  const copy = withoutFormats(schema);
  const validator = new Validator(copy, draft);
  const known: Readonly<Record<string, Schema | boolean>> = dereference(structuredClone(copy));
  for (const [uri, part] of Object.entries(known)) {
    const why = typeof part === 'boolean' ? undefined : faultOf(part, known);
    if (why !== undefined) return refuse(`${uri.split('#')[1] ?? ''}${why}`);
  }
  const lengths = Object.values(known).flatMap((part) => patternsOf(part).map((regex) => lengthOf(regex)));
  const most = Math.min(Infinity, ...lengths);
  const comparesItems = Object.values(known).some((part) => typeof part !== 'boolean' && part.uniqueItems === true);
  return (text) => {
    if (text.length > most) return undefined;
    const json = parsed(text);
    if (json === undefined) return false;
    if (comparesItems && pairsIn(json.value) > mostPairs) return undefined;
    try {
      return validator.validate(json.value).valid;
    } catch (error) {
      // Arrays within arrays, deeper than calls may go.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };
}

/** The validator compares each item with each: this takes some tenths of a second. */
const mostPairs = 1e8;

/** How many pairs the items of all arrays make. */
function pairsIn(json: unknown): number {
  let pairs = 0;
  const waiting = [json];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) pairs += value.length ** 2;
    for (const item of Object.values(value)) waiting.push(item);
  }
  return pairs;
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function draftOf(uri: unknown): SchemaDraft | undefined {
  if (uri === undefined) return '2020-12';
  const name = typeof uri === 'string' ? /draft[-/](0[467]|2019-09|2020-12)\//.exec(uri)?.[1] : undefined;
  return ({ '04': '4', '06': '7', '07': '7', '2019-09': '2019-09', '2020-12': '2020-12' } as const)[name ?? ''];
}

/** A copy, as the validator writes into what it is given. */
function withoutFormats(schema: Schema): Schema {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => (key === 'format' && typeof value === 'string' ? undefined : value)),
  );
}

const typeNames: Schema = { enum: ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] };
const schema: Schema = { type: ['object', 'boolean'] };
const texts: Schema = { type: 'array', items: { type: 'string' } };

/** What keywords may be, of one part of a schema: its own parts are asked by themselves. */
const kinds: readonly (readonly [keywords: string, kind: Schema])[] = [
  ['type', { anyOf: [typeNames, { type: 'array', minItems: 1, items: typeNames }] }],
  ['enum', { type: 'array' }],
  ['required', texts],
  ['pattern $ref', { type: 'string' }],
  ['multipleOf', { type: 'number', exclusiveMinimum: 0 }],
  ['minimum maximum', { type: 'number' }],
  ['exclusiveMinimum exclusiveMaximum', { type: ['number', 'boolean'] }],
  [
    'minLength maxLength minItems maxItems minContains maxContains minProperties maxProperties',
    { type: 'integer', minimum: 0 },
  ],
  ['uniqueItems', { type: 'boolean' }],
  ['allOf anyOf oneOf prefixItems', { type: 'array', minItems: 1, items: schema }],
  ['not if then else contains propertyNames additionalProperties unevaluatedProperties unevaluatedItems', schema],
  ['properties patternProperties $defs dependentSchemas', { type: 'object', additionalProperties: schema }],
  ['dependentRequired', { type: 'object', additionalProperties: texts }],
];
const keywords = new Validator(
  { properties: Object.fromEntries(kinds.flatMap(([names, kind]) => names.split(' ').map((name) => [name, kind]))) },
  '2020-12',
);

function patternsOf(part: Schema | boolean): readonly string[] {
  if (typeof part === 'boolean') return [];
  return [...(part.pattern === undefined ? [] : [part.pattern]), ...Object.keys(part.patternProperties ?? {})];
}

const lengthOf = (regex: string): number => createMatcher(new RegExp(regex, 'u')).safeLength;

function faultOf(part: Schema, known: Readonly<Record<string, unknown>>): string | undefined {
  const { valid, errors } = keywords.validate(part);
  if (!valid) return `${errors.at(-1)?.instanceLocation.slice(1) ?? ''}: ${errors.at(-1)?.error ?? 'invalid'}`;
  if (part.$ref !== undefined && !((part.__absolute_ref__ ?? part.$ref) in known))
    return `/$ref: ${part.$ref} is not there`;
  for (const regex of patternsOf(part)) {
    try {
      lengthOf(regex);
    } catch {
      return `: ${regex} is no regular expression`;
    }
  }
  return undefined;
}
