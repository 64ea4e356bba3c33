import { runInThisContext } from 'node:vm';

export type Row = string[] | Record<string, string>;

/** Which columns a row has, and which of them are wanted. */
export interface Columns {
  /** In the order of the text; for rows without names `undefined`, and then all are wanted. */
  readonly names: readonly string[] | undefined;
  readonly build: Build;
}

/** Makes a row of a text by the bounds of its fields: where each starts and ends, one after the other. */
type Build = (text: string, bounds: Int32Array, count: number) => Row;

/** Whether these are names that can stand in a header. */
export function areNames(names: unknown): names is readonly string[] {
  return Array.isArray(names) && names.every((name) => typeof name === 'string') && typeof placesOf(names) !== 'string';
}

type Places = ReadonlyMap<string, number>;

/** @returns The place of each name, or what is wrong with them. */
function placesOf(names: readonly string[]): Places | string {
  const places = new Map<string, number>();
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? '';
    if (places.has(name)) return `the column ${JSON.stringify(name)} is named twice`;
    places.set(name, index);
  }
  // Assigned to an object it would set the prototype, and the column be lost.
  return places.has('__proto__') ? 'a column cannot be named "__proto__"' : places;
}

/** Other names for columns. */
export type Rename = Readonly<Record<string, string>> | ((name: string, index: number) => string);

/** @returns The columns that a header names, or what is wrong with it. */
export function readHeader(
  fields: readonly string[],
  rename: Rename | undefined,
  wanted: readonly string[] | undefined,
): Columns | string {
  let names = fields;
  if (typeof rename === 'function') names = fields.map((name, index) => rename(name, index));
  else if (rename !== undefined) {
    const others = new Map(Object.entries(rename));
    names = fields.map((name) => others.get(name) ?? name);
    const problem = problemOfLack(new Set(fields), [...others.keys()]);
    if (problem !== undefined) return problem;
  }
  const places = placesOf(names);
  if (typeof places === 'string') return places;
  return problemOfLack(places, wanted ?? []) ?? nameColumns(names, wanted, places);
}

function problemOfLack(known: Pick<ReadonlySet<string>, 'has'>, wanted: readonly string[]): string | undefined {
  const name = wanted.find((column) => !known.has(column));
  return name === undefined ? undefined : `the header has no column ${JSON.stringify(name)}`;
}

/** @param wanted Some of the names. */
export function nameColumns(
  names: readonly string[],
  wanted: readonly string[] = names,
  places: Places = new Map(names.map((name, index) => [name, index])),
): Columns {
  const columns = wanted.map((name): [string, number] => [name, (places.get(name) ?? 0) * 2]);
  return { names, build: columns.length <= MAX_COMPILED ? compileBuild(columns) : createBuild(columns) };
}

/** Wide rows gain nothing, and take long to compile. */
const MAX_COMPILED = 256;

/** Kept for files of the same columns: a new function would have to be compiled, and get warm, once more. */
const compiled = new Map<string, Build>();
const MAX_KEPT = 32;

/**
 * Rows made by a constructor have one hidden class and take half the time of rows made name by name. So do those of a
 * literal, but V8 may come to allocate these where old objects live, and then takes twice as long. Unlike
 * `new Function`, this works where code from strings is not allowed.
 */
function compileBuild(columns: readonly [string, number][]): Build {
  const fields = columns.map(
    ([name, place]) => `this[${JSON.stringify(name)}] = text.slice(bounds[${place}], bounds[${place + 1}]);`,
  );
  const code = `'use strict'; {
    const Row = function (text, bounds) { ${fields.join(' ')} };
    Row.prototype = Object.prototype;
    (text, bounds) => new Row(text, bounds);
  }`;
  const build: Build = compiled.get(code) ?? runInThisContext(code);
  compiled.delete(code);
  compiled.set(code, build);
  const [oldest = ''] = compiled.keys();
  if (compiled.size > MAX_KEPT) compiled.delete(oldest);
  return build;
}

function createBuild(columns: readonly [string, number][]): Build {
  return (text, bounds) => {
    const row: Record<string, string> = {};
    for (const [name, place] of columns) row[name] = text.slice(bounds[place], bounds[place + 1]);
    return row;
  };
}

export const unnamed: Columns = {
  names: undefined,
  build: (text, bounds, count) =>
    Array.from({ length: count }, (_, index) => text.slice(bounds[index * 2], bounds[index * 2 + 1])),
};
