import { OptionError } from '@dataenginex/core';
import type { StandardJSONSchemaV1 } from '@standard-schema/spec';

/** A schema of JSON Schema 2020-12, as far as it is looked at here. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Which side of a schema rows are on: as they come, or as the schema has read them. */
export type Side = 'input' | 'output';

/** Keyword of ours: what a schema demands beyond its JSON Schema, in words. */
export const UNREAD = 'x-dex-unread';

/**
 * The JSON Schema of one side of a schema. Of zod it asks more: JSON has neither dates nor bigints, and does not tell of
 * refinements, coercion or the flags of a regex.
 */
export function toJsonSchema(schema: StandardJSONSchemaV1, side: Side): JsonSchema {
  const { vendor, jsonSchema } = schema['~standard'];
  const libraryOptions =
    vendor === 'zod' ? { unrepresentable: 'any', override: (node: ZodNode) => describeZod(node, side) } : undefined;
  try {
    return jsonSchema[side]({ target: 'draft-2020-12', libraryOptions });
  } catch (error) {
    throw new OptionError(
      'schema',
      `one with a JSON Schema (${error instanceof Error ? error.message : 'none'})`,
      schema,
    );
  }
}

interface ZodNode {
  readonly zodSchema: { readonly _zod: { readonly def: ZodDef } };
  readonly jsonSchema: Record<string, unknown>;
}

interface ZodDef {
  readonly type: string;
  readonly coerce?: boolean;
  readonly format?: string;
  readonly values?: readonly unknown[];
  readonly in?: { readonly _zod: { readonly def: ZodDef } };
  readonly checks?: readonly { readonly _zod: { readonly def: ZodCheck } }[];
}

interface ZodCheck {
  readonly check: string;
  readonly pattern?: RegExp;
  readonly value?: Date | bigint | number;
  readonly inclusive?: boolean;
}

const notInJson = new Set([
  'symbol',
  'void',
  'undefined',
  'map',
  'set',
  'nan',
  'custom',
  'transform',
  'function',
  'file',
]);

/** Writes what zod knows and JSON Schema does not into the node: types, bounds, regex flags, and what is left unread. */
function describeZod({ zodSchema, jsonSchema: json }: ZodNode, side: Side): void {
  const { def } = zodSchema._zod;
  const unread = (what: string): void => {
    json[UNREAD] = [...new Set([...textsOf(json[UNREAD]), what])];
  };
  const takesAnything = (what: string): void => {
    for (const keyword of Object.keys(json)) delete json[keyword];
    unread(what);
  };

  if (def.type === 'date' || def.type === 'bigint') {
    json.type = def.type;
    Object.assign(json, limitsOf(def));
    if (def.format !== undefined) unread(`its format (${def.format})`);
  }
  // JSON's numbers are not exact past these.
  if (def.values?.some((value) => typeof value === 'bigint' && !Number.isSafeInteger(Number(value))) === true) {
    takesAnything('its values that are large bigints');
  }
  // Undefined is null here, and JSON has no word for it.
  if (def.type === 'literal' && def.values?.includes(undefined) === true && def.values.length > 1) {
    for (const keyword of ['type', 'const', 'enum']) delete json[keyword];
    json.enum = def.values.map((value) => value ?? null);
  }
  if (notInJson.has(def.type)) takesAnything(`its type (${def.type})`);
  for (const { _zod } of def.checks ?? []) readCheck(_zod.def, json, side, unread);

  if (side === 'output') return;
  if (def.coerce === true) takesAnything('what it is coerced from');
  else if (def.type === 'catch') takesAnything('what it falls back from');
  else if (def.type === 'pipe') {
    if (def.in?._zod.def.type === 'transform') takesAnything('what it is made of (preprocess)');
    else unread('what follows its transform');
  }
}

/** The narrowest limits of dates and bigints, as texts, by their keywords. */
function limitsOf({ checks = [] }: ZodDef): Record<string, string> {
  const limits = new Map<string, Date | bigint | number>();
  for (const { _zod } of checks) {
    const { check, value, inclusive } = _zod.def;
    if (value === undefined || (check !== 'greater_than' && check !== 'less_than')) continue;
    const end = check === 'greater_than' ? 'Minimum' : 'Maximum';
    const keyword = inclusive === true ? end.toLowerCase() : `exclusive${end}`;
    const before = limits.get(keyword);
    if (before === undefined || (check === 'greater_than' ? value > before : value < before))
      limits.set(keyword, value);
  }
  return Object.fromEntries(
    [...limits].map(([keyword, value]) => [keyword, value instanceof Date ? value.toISOString() : String(value)]),
  );
}

function readCheck(
  { check, pattern }: ZodCheck,
  json: Record<string, unknown>,
  side: Side,
  unread: (what: string) => void,
): void {
  if (check === 'custom') unread('a refinement');
  if (check === 'overwrite' && side === 'input') unread('what it is changed to before its checks');
  if (check === 'string_format' && pattern !== undefined) addFlags(json, pattern);
}

/** JSON Schema has a regex without its flags; those that change what it finds go inside, as Python and databases write them. */
function addFlags(json: Record<string, unknown>, { source, flags }: RegExp): void {
  const inline = flags.replaceAll(/[^ims]/g, '');
  const isSticky = flags.includes('y');
  if (inline === '' && !isSticky) return;
  const pattern = `${inline === '' ? '' : `(?${inline})`}${isSticky ? String.raw`\A(?:${source})` : source}`;
  for (const holder of [json, ...listOf(json.allOf)]) {
    if (isObject(holder) && holder.pattern === source) holder.pattern = pattern;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}
