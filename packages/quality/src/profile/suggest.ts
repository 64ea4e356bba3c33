import { checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { columnRules } from '../rules/column-rules.ts';
import { createRule, type MapOptions } from '../rules/rule-options.ts';
import type { Rule } from '../rules/rule.ts';
import { tableRules } from '../rules/table-rules.ts';
import { codeOf, contractText, memberOf, type Proposal } from './contract-text.ts';
import type { ColumnProfile, Profile } from './profile.ts';
import { regexOf } from './shape-regex.ts';
import { enumOf, schemaOf, typesOf } from './traits.ts';

export interface SuggestOptions {
  /** The contract's name. @default 'table' */
  name?: string | undefined;
  /** A text that takes at most so many values, each at least ten times, is an enum. @default 20 */
  maxEnum?: number | undefined;
  /** A pattern or format that so large a share of texts has is a rule, with `mostly` when some have it not. @default 0.98 */
  minShare?: number | undefined;
}

/** A contract that the rows of a profile keep. */
export interface Suggestion {
  readonly name: string;
  /** All of it as rules, for `contractOf(name, rules, { columns })`; the notes say why each was proposed. */
  readonly rules: readonly Rule[];
  readonly columns: readonly string[];
  /** The same as a TypeScript module with a zod schema, to be read and kept. */
  readonly code: string;
}

type Row = Record<string, unknown>;

/**
 * Proposes a contract from what rows were like: types, nulls, enums, formats and patterns, bounds rounded outward, keys.
 * The rows of the profile keep it. Read it before you rely on it: it knows what was, not what must be.
 *
 * ```ts
 * import { contractOf, profile, suggest } from '@dataenginex/quality';
 *
 * const rows = Array.from({ length: 60 }, (_, id) => ({ id, temp: 10 + (id % 7), weather: id % 3 === 0 ? 'rain' : 'sun' }));
 * const { name, rules, columns, code } = suggest(await profile(rows), { name: 'weather' });
 * rules.map(({ id }) => id).slice(-2); // => ['weather.toBeInSet', 'id.toBeUnique']
 * code.includes("weather: z.enum(['rain', 'sun']),"); // => true
 * (await contractOf(name, rules, { columns }).check(rows)).success; // => true
 * ```
 *
 * @throws {OptionError} When an option cannot be.
 */
export function suggest(profile: Profile, options: SuggestOptions = {}): Suggestion {
  const { name = 'table', maxEnum = 20, minShare = 0.98 } = options;
  if (typeof name !== 'string' || name === '') throw new OptionError('suggest.name', 'a text that is not empty', name);
  checkInteger('suggest.maxEnum', maxEnum, { min: 1, max: 20 });
  checkNumber('suggest.minShare', minShare, { min: 0.5, max: 1 });
  // An object literal cannot have that key.
  const of = profile.columns.filter((column) => column.name !== '__proto__');
  const columns = of.map((column) => column.name);
  const key = keyOf({ ...profile, columns: of });
  const proposals = of.flatMap((column) => ofColumn(column, { columns, rows: profile.rows, key, maxEnum, minShare }));
  const all = [...ofTable(profile, columns), ...proposals, ...ofKey(profile, key, columns)];
  const fields = of.map((column) => [column.name, schemaOf(column, maxEnum)] as const);
  return { name, rules: all.map(({ rule }) => rule), columns, code: contractText(name, profile.rows, fields, all) };
}

function ofTable({ rows }: Profile, columns: readonly string[]): Proposal[] {
  if (rows === 0) return [];
  const notes = `${counted(rows, 'row')} in the profile`;
  const rule = tableRules(columns).rowCountToBeBetween(1, null, { notes });
  return [{ rule, code: `t.rowCountToBeBetween(1, null, ${codeOf({ notes })})` }];
}

/** The first that was compared row by row, of rows enough to be no accident, and of texts that are no prose. */
function keyOf({ rows, keys, columns }: Profile): readonly string[] {
  const isShort = (name: string): boolean =>
    columns.some((column) => column.name === name && (column.texts?.maxLength ?? 0) <= 64);
  return keys.find((key) => rows >= 20 && key.exact && key.columns.every(isShort))?.columns ?? [];
}

function ofKey({ rows }: Profile, [first, second]: readonly string[], columns: readonly string[]): Proposal[] {
  if (first === undefined) return [];
  const notes = `${counted(rows, 'row')}, and none has what another has`;
  if (second === undefined) {
    const rule = columnRules(first, columns).toBeUnique({ notes });
    return [{ rule, code: `${memberOf('c', first)}.toBeUnique(${codeOf({ notes })})` }];
  }
  const kwargs = { column_list: [first, second] };
  const rule = createRule(`unique(${first}, ${second})`, 'expect_compound_columns_to_be_unique', kwargs, columns, {
    notes,
  });
  return [{ rule, code: `t.unique(${codeOf(first)}, ${codeOf(second)}, ${codeOf({ notes })})` }];
}

interface Surroundings {
  readonly columns: readonly string[];
  readonly rows: number;
  readonly key: readonly string[];
  readonly maxEnum: number;
  readonly minShare: number;
}

function ofColumn(column: ColumnProfile, { columns, rows, key, maxEnum, minShare }: Surroundings): Proposal[] {
  const { name, count, nulls, numbers, dates, texts } = column;
  const own = columnRules(name, columns);
  const member = memberOf('c', name);
  const proposals: Proposal[] = [];
  /** A rule that the schema has as well needs no code. */
  const propose = (rule: Rule, method?: string, ...args: readonly unknown[]): void => {
    const code = method === undefined ? undefined : `${member}.${method}(${args.map(codeOf).join(', ')})`;
    proposals.push({ rule, code });
  };

  propose(own.toExist({ notes: 'in the profile' }));
  if (count === 0) return proposals;
  if (nulls === 0) propose(own.toNotBeNull({ notes: `none of ${counted(rows, 'row')} is null` }));
  else {
    const options = {
      mostly: roundDown((count / rows) * 0.95),
      severity: 'warning',
      notes: `${nulls} of ${counted(rows, 'row')} are null`,
    } as const;
    if (options.mostly >= 0.5) propose(own.toNotBeNull(options), 'toNotBeNull', options);
  }
  const types = typesOf(column);
  const [type] = types;
  const notesOfType = `of ${counted(count, 'value')}`;
  if (types.length === 1 && type !== undefined) propose(own.toBeOfType(type, { notes: notesOfType }));
  else if (types.length > 1) propose(own.toBeInTypeList(types, { notes: notesOfType }));

  if (types.length === 1 && numbers !== undefined && type !== 'bigint') {
    const min = boundOf(numbers.min, numbers, -1);
    // Ids go on.
    const max = key.includes(name) ? null : boundOf(numbers.max, numbers, 1);
    const options = { notes: `${counted(count, 'value')} from ${numbers.min} to ${numbers.max}` };
    if (min !== null || max !== null) propose(own.toBeBetween(min, max, options), 'toBeBetween', min, max, options);
  }
  if (types.length === 1 && dates !== undefined) {
    const min = new Date(`${dates.min.slice(0, dates.min.indexOf('-', 1))}-01-01T00:00:00Z`);
    const options = { notes: `the first of ${counted(count, 'date')} is ${dates.min}` };
    if (!Number.isNaN(min.getTime())) propose(own.toBeBetween(min, null, options), 'toBeBetween', min, null, options);
  }
  if (types.length === 1 && texts !== undefined) {
    const values = enumOf(column, maxEnum);
    const pattern = values === undefined ? patternOf(column, minShare) : undefined;
    if (values !== undefined) {
      propose(own.toBeInSet(values, { notes: `${counted(count, 'value')}, of which ${values.length} differ` }));
    } else if (pattern !== undefined) {
      const { regex, mostly, notes, inSchema } = pattern;
      const options: MapOptions<Row> = { ...(mostly !== undefined && { mostly }), notes };
      if (inSchema) propose(own.toMatchRegex(regex, options));
      else propose(own.toMatchRegex(regex, options), 'toMatchRegex', regex, options);
    } else {
      const max = niceAbove(texts.maxLength);
      const options = { notes: `${counted(count, 'text')} of ${texts.minLength} to ${texts.maxLength} characters` };
      const min = Math.min(1, texts.minLength);
      propose(own.lengthsToBeBetween(min, max, options), 'lengthsToBeBetween', min, max, options);
    }
  }
  return proposals;
}

interface Pattern {
  readonly regex: string;
  readonly mostly: number | undefined;
  readonly notes: string;
  /** Whether the schema says it, as it has a name for the format. */
  readonly inSchema: boolean;
}

const regexes = {
  date: String.raw`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`,
  'date-time': String.raw`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$`,
  uuid: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$',
};

function patternOf(column: ColumnProfile, minShare: number): Pattern | undefined {
  const { texts, count } = column;
  if (texts === undefined || count < 20) return undefined;
  const mostlyOf = (some: number): number | undefined => (some === count ? undefined : roundDown(some / count));
  const [format] = texts.formats;
  if (format !== undefined && format.count >= minShare * count) {
    const what = { date: 'an ISO date', 'date-time': 'an ISO time in UTC', uuid: 'a UUID' }[format.format];
    const notes = `${format.count} of ${counted(count, 'text')} are ${what}`;
    return { regex: regexes[format.format], mostly: mostlyOf(format.count), notes, inSchema: format.count === count };
  }
  const found = regexOf(texts, minShare);
  if (found === undefined) return undefined;
  const notes = `${found.count} of ${counted(count, 'text')} look like ${found.shapes.join(' or ')}`;
  return { regex: found.regex, mostly: mostlyOf(found.count), notes, inSchema: false };
}

/**
 * A bound at least a twentieth of the range beyond the extreme, rounded outward to a step of 1, 2 or 5. What is never
 * negative stays so, and an infinity has none.
 */
function boundOf(extreme: number, { min, max }: { min: number; max: number }, direction: 1 | -1): number | null {
  if (!Number.isFinite(extreme)) return null;
  const range = Number.isFinite(max - min) && max > min ? max - min : Math.max(Math.abs(extreme), 1);
  const power = 10 ** Math.floor(Math.log10(range));
  const step = power / (range / power < 2 ? 10 : range / power < 5 ? 5 : 2);
  const beyond = (extreme + direction * 0.05 * range) / step;
  const bound = Number(((direction < 0 ? Math.floor(beyond) : Math.ceil(beyond)) * step).toPrecision(12));
  if (direction < 0 ? min >= 0 && bound < 0 : max <= 0 && bound > 0) return 0;
  const isBeyond = direction < 0 ? bound <= extreme : bound >= extreme;
  return Number.isFinite(bound) && isBeyond ? bound : extreme;
}

function niceAbove(length: number): number {
  const step = 10 ** Math.max(1, Math.floor(Math.log10(Math.max(1, length))));
  return Math.ceil((length * 1.5) / step) * step;
}

/** To two digits, so that what is there keeps it. */
function roundDown(share: number): number {
  return Math.floor(share * 100) / 100;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
