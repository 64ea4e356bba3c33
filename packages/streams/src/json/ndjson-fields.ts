import { OptionError } from '@dataenginex/core';

/** The given fields of a row, those that it has, in the order asked for. */
export type Fields<Name extends string> = Partial<Record<Name, unknown>>;

/** Reads the row of a text that lies between `start` and `end`, if it can. */
type ReadRow = (text: string, start: number, end: number) => Fields<string> | undefined;

/** Beyond these a row is parsed as a whole: an expression would get large, or its stack deep. */
const MAX_ROW_LENGTH = 65_536;
const MAX_SHAPE_LENGTH = 8_192;
const MAX_DEPTH = 8;
/** Shapes kept at a time, and made in a run. */
const MAX_SHAPES = 8;
const MAX_LEARNED = 64;

const STRING = String.raw`"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?`;

/** What stands behind commas and colons: nothing as `JSON.stringify` has it, or a space as Python's `json.dumps`. */
const SPACES = ['', ' '];

export function checkFields(option: string, fields: readonly string[]): void {
  const isRight = Array.isArray(fields) && fields.length > 0 && fields.every((field) => typeof field === 'string');
  if (!isRight || new Set(fields).size < fields.length) throw new OptionError(option, 'names that differ', fields);
}

/**
 * Reads a few fields of each row, some three times as fast as `JSON.parse` reads all of them.
 *
 * Rows of a file look alike. A row is parsed as a whole, and becomes a regular expression: its keys as they stand,
 * with JSON's grammar for the values, and a group around the fields that are wanted. V8 compiles that to machine code.
 * Rows that match are JSON by construction; those that do not are parsed as a whole, which has the last word on what is
 * malformed, twice there, or merely of another shape.
 *
 * @returns A reader whose rows are `undefined` for JSON that is no object, and which throws what `JSON.parse` throws.
 */
export function createPick(fields: readonly string[]): ReadRow {
  const known = createShapes(fields);
  return (text, start, end) => {
    const row = known.read(text, start, end);
    if (row !== undefined) return row;
    const line = text.slice(start, end);
    const whole: unknown = JSON.parse(line);
    if (!isObject(whole)) return undefined;
    known.learn(line.trim(), whole);
    return pick(whole, fields);
  };
}

/** `fromEntries` defines what it is given, so that `__proto__` is a field like any other. */
function pick(row: object, fields: readonly string[]): Fields<string> {
  const entries = new Map(Object.entries(row));
  return Object.fromEntries(fields.filter((field) => entries.has(field)).map((field) => [field, entries.get(field)]));
}

function createShapes(fields: readonly string[]): {
  readonly read: ReadRow;
  readonly learn: (line: string, row: object) => void;
} {
  const shapes: ReadRow[] = [];
  let hits = 0;
  let misses = 0;
  let learned = 0;
  /** Where rows have no shape in common, trying would only cost. */
  const isOfUse = (): boolean => misses <= hits + MAX_LEARNED;
  return {
    read(text, start, end) {
      if (end - start > MAX_ROW_LENGTH || !isOfUse()) return undefined;
      for (const [place, shape] of shapes.entries()) {
        const row = shape(text, start, end);
        if (row === undefined) continue;
        hits += 1;
        if (place > 0) shapes.unshift(...shapes.splice(place, 1));
        return row;
      }
      misses += 1;
      return undefined;
    },
    learn(line, row) {
      if (learned === MAX_LEARNED || line.length > MAX_SHAPE_LENGTH || !isOfUse()) return;
      // Assigning to it would set the prototype.
      if (fields.includes('__proto__')) return;
      learned += 1;
      for (const space of SPACES) {
        const shape = createShape(row, fields, space);
        if (shape?.(line, 0, line.length) === undefined) continue;
        shapes.unshift(shape);
        shapes.length = Math.min(shapes.length, MAX_SHAPES);
        return;
      }
    },
  };
}

function createShape(row: object, fields: readonly string[], space: string): ReadRow | undefined {
  const source = objectPattern(row, fields, space, MAX_DEPTH);
  if (source === undefined) return undefined;
  const pattern = new RegExp(source, 'y');
  const keys = Object.keys(row);
  const names = keys.filter((key) => fields.includes(key));
  const groups = fields
    .filter((field) => names.includes(field))
    .map((name) => ({ name, group: names.indexOf(name) + 1 }));
  return (text, start, end) => {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const { lastIndex } = pattern;
    if (lastIndex !== end && !(lastIndex === end - 1 && text[lastIndex] === '\r')) return undefined;
    const found: Fields<string> = {};
    for (const { name, group } of groups) found[name] = read(match[group] ?? '');
    return found;
  };
}

function read(json: string): unknown {
  const first = json.charCodeAt(0);
  if (first === 0x22 && !json.includes('\\')) return json.slice(1, -1);
  return first <= 0x39 && first !== 0x22 ? Number(json) : JSON.parse(json);
}

/** The source of an expression for values like this one; `undefined` when it is nested too deeply. */
function valuePattern(value: unknown, space: string, depth: number): string | undefined {
  if (Array.isArray(value)) {
    const item = depth === 0 ? undefined : valuePattern(value[0], space, depth - 1);
    return item === undefined ? undefined : String.raw`\[(?:${item}(?:,${space}${item})*)?\]`;
  }
  if (isObject(value)) return objectPattern(value, [], space, depth);
  // What this row has there is tried first.
  if (typeof value === 'string') return `(?:${STRING}|${NUMBER}|true|false|null)`;
  if (typeof value === 'number') return `(?:${NUMBER}|${STRING}|true|false|null)`;
  return `(?:true|false|null|${NUMBER}|${STRING})`;
}

function objectPattern(row: object, fields: readonly string[], space: string, depth: number): string | undefined {
  if (depth === 0) return undefined;
  const members: string[] = [];
  for (const [key, value] of Object.entries(row)) {
    const source = valuePattern(value, space, depth - 1);
    if (source === undefined) return undefined;
    members.push(`${literal(JSON.stringify(key))}:${space}${fields.includes(key) ? `(${source})` : source}`);
  }
  return String.raw`\{${members.join(`,${space}`)}\}`;
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
