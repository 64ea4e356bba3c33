import { isDeepStrictEqual } from 'node:util';
import { checkOneOf } from '@dataenginex/core';
import { Report } from '../report/report.ts';
import type { TypeName } from '../rules/expectations.ts';
import type { ShapeOptions } from '../rules/rule-options.ts';
import type { Side } from '../schema/json-schema.ts';
import { compare, keyOf, show } from '../values.ts';
import { comparisonResult } from './comparison.ts';
import { type End, type SchemaSource, type Shape, type Shapes, shapesOf } from './schema-shape.ts';

/** How the columns of a table have changed, in one way. */
export interface SchemaChange {
  /** `widened`: what was not allowed is now; `narrowed`: the other way round; `changed`: both, or it cannot be told. */
  readonly kind: 'added' | 'removed' | 'renamed' | 'widened' | 'narrowed' | 'changed';
  /** Such as `tempMax`, `station.name` or `tags[]`; of one that was renamed, the old one. */
  readonly path: string;
  /** What of the column: `column` as a whole, or which of its constraints. */
  readonly what: 'column' | 'type' | 'null' | 'values' | 'min' | 'max' | 'minLength' | 'maxLength' | 'demands';
  readonly from: unknown;
  readonly to: unknown;
  /** Whether who reads the table by its old schema may meet what it does not expect. */
  readonly breaking: boolean;
}

export interface SchemaChangesOptions {
  /** Of schemas: the side that rows are on. @default 'input' */
  side?: Side | undefined;
}

export interface CheckSchemaOptions extends SchemaChangesOptions, ShapeOptions {}

/**
 * What has changed from one schema of a table to the next. Either is a schema (zod), a contract (its critical rules that
 * forgive nothing), a JSON Schema, a `TableState` (types and nulls that it has seen), or a list of names; what only one of
 * the two tells is not compared.
 *
 * It is judged for those who read the table: a column that is gone, a type or null or value that was not there before
 * breaks them; a new column, or less of what they expect, does not. A column that is gone beside the only new one that is
 * just like it, is `renamed`.
 *
 * ```ts
 * import { schemaChanges } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * const before = z.object({ station: z.string(), tempMax: z.int(), wind: z.number().nullable() });
 * const after = z.object({ station: z.string(), tempMax: z.number(), rain: z.number().min(0) });
 * schemaChanges(before, after).map(({ kind, path, breaking }) => `${kind} ${path}: ${breaking}`);
 * // => ['widened tempMax: true', 'removed wind: true', 'added rain: false']
 * ```
 *
 * @throws {OptionError} When a source is none of these.
 */
export function schemaChanges(
  before: SchemaSource,
  after: SchemaSource,
  options: SchemaChangesOptions = {},
): SchemaChange[] {
  const side = checkOneOf('schemaChanges.side', options.side ?? 'input', ['input', 'output']);
  const old = shapesOf('schemaChanges.before', before, side);
  const now = shapesOf('schemaChanges.after', after, side);
  const renamed = findRenamed(old, now);
  const taken = new Set(renamed.values());
  const changes = [...old].flatMap(([path, shape]): SchemaChange[] => {
    const same = now.get(path);
    if (same !== undefined) return compareShapes(path, shape, same);
    const to = renamed.get(path);
    if (to !== undefined) return [change('renamed', path, 'column', path, to)];
    return hasParentIn(path, old, now) ? [] : [change('removed', path, 'column', path, undefined)];
  });
  const added = [...now.keys()].filter((path) => !old.has(path) && !taken.has(path) && !hasParentIn(path, now, old));
  return [...changes, ...added.map((path) => change('added', path, 'column', undefined, path))];
}

/**
 * A report that fails when a change of the schema breaks those who read the table; `details.changes` are all changes.
 *
 * ```ts
 * import { checkSchema } from '@dataenginex/quality';
 *
 * checkSchema('daily', ['date', 'rain'], ['date', 'rain', 'wind']).success; // => true
 * checkSchema('daily', ['date', 'rain'], ['date']).assert(); // throws - schema.compatible: rain was removed
 * ```
 *
 * @throws {OptionError} As {@link schemaChanges}.
 */
export function checkSchema(
  name: string,
  before: SchemaSource,
  after: SchemaSource,
  options: CheckSchemaOptions = {},
): Report {
  const start = performance.now();
  const changes = schemaChanges(before, after, options);
  const breaking = changes.filter((one) => one.breaking);
  const told = (breaking.length > 0 ? breaking : changes).map(inWords);
  const result = comparisonResult(
    {
      name: 'schema.compatible',
      about: 'who reads the table by its schema before can read it by the one after',
      success: breaking.length === 0,
      observed: breaking.map(({ path }) => path),
      summary: told.length === 0 ? 'nothing has changed' : told.join('; '),
      details: { changes },
    },
    options,
  );
  return new Report(name, 0, performance.now() - start, [result]);
}

function change(
  kind: SchemaChange['kind'],
  path: string,
  what: SchemaChange['what'],
  from: unknown,
  to: unknown,
): SchemaChange {
  return { kind, path, what, from, to, breaking: kind !== 'added' && kind !== 'narrowed' };
}

function inWords({ kind, path, what, from, to }: SchemaChange): string {
  if (what === 'column') return `${path} was ${kind}${kind === 'renamed' ? ` to ${String(to)}` : ''}`;
  return `${path}: ${what} ${kind} from ${wordsOf(from)} to ${wordsOf(to)}`;
}

function wordsOf(value: unknown): string {
  if (!Array.isArray(value)) return value === undefined ? 'none' : show(value);
  return `[${value.slice(0, 10).map(show).join(', ')}${value.length > 10 ? ', …' : ''}]`;
}

/** What is inside of something that is gone or new is told with it. */
function hasParentIn(path: string, own: Shapes, other: Shapes): boolean {
  for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) {
    if (own.has(parent) && !other.has(parent)) return true;
  }
  return false;
}

function findRenamed(old: Shapes, now: Shapes): Map<string, string> {
  const added = Map.groupBy(leavesOnlyIn(now, old), likeness);
  return new Map(
    [...Map.groupBy(leavesOnlyIn(old, now), likeness)].flatMap(([key, gone]): [string, string][] => {
      const found = added.get(key) ?? [];
      const [[from, shape] = [], [to, other] = []] = [gone[0], found[0]];
      const isSure = gone.length === 1 && found.length === 1 && isDeepStrictEqual(shape, other);
      return isSure && from !== undefined && to !== undefined ? [[from, to]] : [];
    }),
  );
}

type Leaf = readonly [path: string, shape: Shape];

/** Of what is known, and has nothing inside. */
function leavesOnlyIn(own: Shapes, other: Shapes): readonly Leaf[] {
  const parents = new Set(Array.from(own.keys(), parentOf));
  return [...own].filter(([path, shape]) => !other.has(path) && !parents.has(path) && Object.keys(shape).length > 0);
}

function likeness([path, shape]: Leaf): string {
  return `${parentOf(path)} ${String(keyOf(shape))}`;
}

function parentOf(path: string): string {
  return path.endsWith('[]') ? path.slice(0, -2) : path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

function compareShapes(path: string, old: Shape, now: Shape): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const add = (
    what: SchemaChange['what'],
    kind: SchemaChange['kind'] | undefined,
    from: unknown,
    to: unknown,
  ): void => {
    if (kind !== undefined) changes.push(change(kind, path, what, from, to));
  };
  if (old.types !== undefined && now.types !== undefined) {
    add('type', compareSets(allTypes(old.types), allTypes(now.types)), old.types, now.types);
  }
  if (old.null !== undefined && now.null !== undefined && old.null !== now.null) {
    add('null', now.null ? 'widened' : 'narrowed', old.null, now.null);
  }
  if (old.values !== undefined && now.values !== undefined) {
    add('values', compareSets(keysOf(old.values), keysOf(now.values)), old.values, now.values);
  }
  if (old.ends !== undefined && now.ends !== undefined) {
    for (const what of ['min', 'max', 'minLength', 'maxLength'] as const) {
      const [from, to] = [old.ends[what], now.ends[what]];
      add(what, compareEnds(from, to, what.startsWith('min')), endInWords(from), endInWords(to));
    }
  }
  if (old.demands !== undefined && now.demands !== undefined) {
    // More that is demanded is less that is allowed.
    add('demands', compareSets(new Set(now.demands), new Set(old.demands)), old.demands, now.demands);
  }
  return changes;
}

type Kind = 'widened' | 'narrowed' | 'changed' | undefined;

function compareSets(old: ReadonlySet<unknown> | 'any', now: ReadonlySet<unknown> | 'any'): Kind {
  if (old === 'any' || now === 'any') return old === now ? undefined : now === 'any' ? 'widened' : 'narrowed';
  const isWider = !now.isSubsetOf(old);
  const isNarrower = !old.isSubsetOf(now);
  return isWider && isNarrower ? 'changed' : isWider ? 'widened' : isNarrower ? 'narrowed' : undefined;
}

function allTypes(types: readonly TypeName[] | 'any'): ReadonlySet<unknown> | 'any' {
  return types === 'any' ? types : new Set(types.includes('number') ? [...types, 'integer'] : types);
}

function keysOf(values: readonly unknown[] | 'any'): ReadonlySet<unknown> | 'any' {
  return values === 'any' ? values : new Set(values.map(keyOf));
}

function compareEnds(old: End | undefined, now: End | undefined, isMin: boolean): Kind {
  if (old === undefined || now === undefined)
    return old === now ? undefined : now === undefined ? 'widened' : 'narrowed';
  const order = compare(now.value, old.value);
  if (order === undefined) return 'changed';
  if (order !== 0) return order < 0 === isMin ? 'widened' : 'narrowed';
  return now.strict === old.strict ? undefined : now.strict ? 'narrowed' : 'widened';
}

function endInWords(end: End | undefined): unknown {
  return end?.strict === true ? `${show(end.value)}, itself out` : end?.value;
}
