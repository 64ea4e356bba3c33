import { isDeepStrictEqual } from 'node:util';
import type { Scalar, TypeName } from '../rules/expectations.ts';
import { isObject, type JsonSchema, listOf, textsOf, UNREAD } from './json-schema.ts';
import { compare } from '../values.ts';

type Limit = number | bigint | Date;

/** What a schema says of one column. */
export interface ColumnFacts {
  /** Undefined when it may be of any type. */
  types: readonly TypeName[] | undefined;
  /** Undefined when nothing is said of null, as nothing is of any type. */
  nullable: boolean | undefined;
  /** None are there when it is null always. */
  values: readonly Scalar[] | undefined;
  min: { value: Limit; strict: boolean } | undefined;
  max: { value: Limit; strict: boolean } | undefined;
  minLength: number | undefined;
  maxLength: number | undefined;
  patterns: { regex: string; format: string | undefined }[];
  /** What else the schema demands, in words. */
  unread: string[];
}

/** Formats that come without a pattern, from libraries other than zod. */
const formats: Readonly<Record<string, string>> = {
  date: String.raw`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`,
  time: String.raw`^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d{2}:\d{2})?$`,
  'date-time': String.raw`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$`,
  email: String.raw`^[^\s@]+@[^\s@]+\.[^\s@]+$`,
  uuid: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$',
  ipv4: String.raw`^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.|$)){4}$`,
};

const annotations = new Set(
  '$schema $id $defs definitions $comment id title description default examples deprecated readOnly writeOnly format contentEncoding contentMediaType'.split(
    ' ',
  ),
);

/** Reads the JSON Schema of a column; `root` has what it refers to. */
export function readColumn(schema: unknown, root: JsonSchema, depth = 0): ColumnFacts {
  const facts: ColumnFacts = {
    types: undefined,
    nullable: undefined,
    values: undefined,
    min: undefined,
    max: undefined,
    minLength: undefined,
    maxLength: undefined,
    patterns: [],
    unread: [],
  };
  if (!isObject(schema)) {
    if (schema === false) facts.unread.push('that it is never there');
    return facts;
  }
  if (depth > 8) return { ...facts, unread: ['what it refers to, again and again'] };

  for (const [keyword, value] of Object.entries(schema)) {
    if (!annotations.has(keyword)) readKeyword(facts, keyword, value, root, depth);
  }
  const { format, pattern } = schema;
  if (typeof pattern === 'string') {
    facts.patterns.push({ regex: pattern, format: typeof format === 'string' ? format : undefined });
  } else if (typeof format === 'string' && facts.types?.includes('string')) {
    const regex = formats[format];
    if (regex === undefined) facts.unread.push(`its format (${format})`);
    else facts.patterns.push({ regex, format });
  }
  return facts;
}

function readKeyword(facts: ColumnFacts, keyword: string, value: unknown, root: JsonSchema, depth: number): void {
  switch (keyword) {
    case 'type': {
      const types = typeof value === 'string' ? [value] : textsOf(value);
      allowNull(facts, types.includes('null'));
      facts.types = types.some(isTypeName) ? types.filter(isTypeName) : undefined;
      if (types.every((type) => type === 'null')) facts.values = [];
      return;
    }
    case 'const':
      return readValues(facts, [value]);
    case 'enum':
      return readValues(facts, listOf(value));
    case 'minimum':
    case 'exclusiveMinimum':
      return narrow(facts, 'min', keyword, value, keyword !== 'minimum');
    case 'maximum':
    case 'exclusiveMaximum':
      return narrow(facts, 'max', keyword, value, keyword !== 'maximum');
    case 'minLength':
    case 'maxLength':
      facts[keyword] = Number(value);
      return;
    case 'pattern':
      return;
    case '$ref':
      return merge(facts, readColumn(resolve(value, root), root, depth + 1));
    case 'allOf':
      for (const part of listOf(value)) merge(facts, readColumn(part, root, depth + 1));
      return;
    case 'anyOf':
    case 'oneOf':
      return readAlternatives(
        facts,
        listOf(value).map((part) => readColumn(part, root, depth + 1)),
      );
    case UNREAD:
      facts.unread.push(...textsOf(value));
      return;
    default:
      facts.unread.push(`its ${keyword}`);
  }
}

/** Null is allowed where all that is said of it allows it. */
function allowNull(facts: ColumnFacts, allowed: boolean): void {
  facts.nullable = allowed && facts.nullable !== false;
}

function readValues(facts: ColumnFacts, values: readonly unknown[]): void {
  allowNull(facts, values.includes(null));
  const others = values.filter((value) => value !== null);
  if (values.length === 0) facts.unread.push('that it is never there');
  else if (others.every(isScalar)) facts.values = facts.values?.filter((value) => values.includes(value)) ?? others;
  else facts.unread.push('its values that are objects');
}

function readAlternatives(facts: ColumnFacts, all: readonly ColumnFacts[]): void {
  const branches = all.filter(({ values }) => values?.length !== 0);
  const [only] = branches;
  if (branches.length === 1 && only !== undefined) {
    return merge(facts, { ...only, nullable: all.length > 1 ? true : only.nullable });
  }
  allowNull(facts, branches.length < all.length || branches.some(({ nullable }) => nullable !== false));
  const values = branches.map((branch) => branch.values);
  if (values.every((set) => set !== undefined)) {
    facts.values = [...new Set(values.flat())];
    return;
  }
  const types = branches.map((branch) => branch.types);
  if (types.every((list) => list !== undefined)) facts.types = [...new Set(types.flat())];
  if (branches.some((branch) => hasMoreThanType(branch))) facts.unread.push('which of its alternatives it is');
}

function hasMoreThanType({ values, min, max, minLength, maxLength, patterns, unread }: ColumnFacts): boolean {
  const limits = [values, min, max, minLength, maxLength].some((limit) => limit !== undefined);
  return limits || patterns.length + unread.length > 0;
}

/** Both hold. Of two limits of one kind the first one stands, and that there is another is said. */
function merge(facts: ColumnFacts, more: ColumnFacts): void {
  if (more.nullable !== undefined) allowNull(facts, more.nullable);
  facts.patterns.push(...more.patterns);
  facts.unread.push(...more.unread);
  const both = <T>(name: string, one: T | undefined, other: T | undefined): T | undefined => {
    const clash = one !== undefined && other !== undefined && !isDeepStrictEqual(one, other);
    if (clash) facts.unread.push(`one of its two ${name}`);
    return one ?? other;
  };
  facts.types = both('types', facts.types, more.types);
  facts.values = both('sets of values', facts.values, more.values);
  facts.min = both('minimums', facts.min, more.min);
  facts.max = both('maximums', facts.max, more.max);
  facts.minLength = both('minimal lengths', facts.minLength, more.minLength);
  facts.maxLength = both('maximal lengths', facts.maxLength, more.maxLength);
}

/** Of an inclusive and an exclusive one, the narrower stands. */
function narrow(facts: ColumnFacts, end: 'min' | 'max', keyword: string, json: unknown, strict: boolean): void {
  const value = limitOf(json);
  if (value === undefined) {
    facts.unread.push(`its ${keyword}`);
    return;
  }
  const before = facts[end];
  const narrower = before === undefined ? 1 : (compare(value, before.value) ?? 0) * (end === 'min' ? 1 : -1);
  if (narrower > 0 || (narrower === 0 && strict)) facts[end] = { value, strict };
}

/** Dates and bigints stand in it as texts; an infinity as null. */
function limitOf(value: unknown): Limit | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (/^-?\d+$/.test(value)) return BigInt(value);
  const date = new Date(value);
  return value.endsWith('Z') && !Number.isNaN(date.getTime()) ? date : undefined;
}

/** What a reference within a schema leads to. */
export function resolve(ref: unknown, root: JsonSchema): JsonSchema {
  const path = typeof ref === 'string' && ref.startsWith('#') ? ref.slice(1).split('/').slice(1) : undefined;
  const target = path?.reduce<unknown>((node, key) => (isObject(node) ? node[decode(key)] : undefined), root);
  return isObject(target) ? target : { [UNREAD]: [`what it refers to (${String(ref)})`] };
}

const decode = (key: string): string => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~');

export const typeNames: readonly TypeName[] = [
  'string',
  'number',
  'integer',
  'boolean',
  'object',
  'array',
  'date',
  'bigint',
];

function isTypeName(name: string): name is TypeName {
  return typeNames.some((type) => type === name);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
