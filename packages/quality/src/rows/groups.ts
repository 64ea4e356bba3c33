import { isDeepStrictEqual } from 'node:util';
import type { createRowsCheck, Judge, RowsCheck, RowsCheckOptions } from './check-rows.ts';
import { ColumnTable } from './column-table.ts';
import type { Planner } from './planner.ts';
import type { GroupFailure, Groups, RuleResult } from '../report/result.ts';
import { columnsOf, type GroupBy, type Rule } from '../rules/rule.ts';
import { detach } from '../streams/unique-keys.ts';
import { type ColumnTest, columnTests } from './where.ts';
import { isNull, keyOf, keyOfAll, show } from '../values.ts';

/** How many of the groups that fail, and of the rows of each, are told. */
const told = 20;

export type Grouped = Rule & { readonly groupBy: GroupBy };
type BrokenRows = ReadonlyMap<number, readonly string[]>;

/** The rules that are judged by groups, with a check for each group. */
export class GroupedRules {
  readonly #groupings: readonly Grouping[];
  /** Of each rule in the contract. */
  readonly #places: ReadonlyMap<string, number>;

  /** @param checkOf Makes a check. */
  constructor(rules: readonly Rule[], options: RowsCheckOptions, checkOf: typeof createRowsCheck) {
    const all: [Grouped, ...Grouped[]][] = [];
    for (const rule of rules.filter(isGrouped)) {
      const known = all.find(([{ groupBy, where }]) => isDeepStrictEqual([groupBy, where], [rule.groupBy, rule.where]));
      if (known === undefined) all.push([rule]);
      else known.push(rule);
    }
    this.#places = new Map(rules.map(({ id }, place) => [id, place]));
    this.#groupings = all.map((same) => new Grouping(same, options, checkOf));
  }

  push(rows: readonly unknown[] | ColumnTable, from: number, to: number, start: number): void {
    for (const grouping of this.#groupings) grouping.push(rows, from, to, start);
  }

  /** Undefined when it is not judged by groups. */
  judgeOf(rule: Rule, planner: Planner): Judge | undefined {
    if (!isGrouped(rule)) return undefined;
    const columns = columnsOf(rule);
    planner.read(columns);
    return () =>
      planner.failure(rule, { columns, condition: 0 }) ??
      this.#groupings.flatMap((grouping) => grouping.resultOf(rule) ?? [])[0] ??
      fail(rule, 'it is in no group', []);
  }

  /** Adds the rows of groups to those of a check. */
  broken(others: BrokenRows): BrokenRows {
    if (this.#groupings.length === 0) return others;
    const all = new Map(others);
    for (const rows of this.#groupings.flatMap((grouping) => grouping.broken())) {
      for (const [index, ids] of rows) {
        const together = [...(all.get(index) ?? []), ...ids];
        all.set(
          index,
          together.toSorted((a, b) => (this.#places.get(a) ?? 0) - (this.#places.get(b) ?? 0)),
        );
      }
    }
    return all;
  }
}

function isGrouped(rule: Rule): rule is Grouped {
  return rule.groupBy !== undefined;
}

/** Rules of one condition and one way to group rows. */
class Grouping {
  readonly #rules: readonly Grouped[];
  readonly #by: GroupBy;
  readonly #tests: readonly ColumnTest[];
  readonly #keepIndexes: boolean;
  readonly #tells: boolean;
  readonly #checkOf: () => RowsCheck;
  /** What becomes of no rows, which tells the kinds of the results. */
  readonly #none: readonly RuleResult[];
  readonly #groups = new Map<unknown, { readonly values: readonly unknown[]; readonly check: RowsCheck }>();
  readonly #touched = new Set<RowsCheck>();
  #isFull = false;
  #results: readonly RuleResult[] | undefined;

  constructor(rules: readonly [Grouped, ...Grouped[]], options: RowsCheckOptions, checkOf: typeof createRowsCheck) {
    const [{ groupBy, where }] = rules;
    this.#rules = rules;
    this.#by = groupBy;
    this.#tests = columnTests(where ?? {});
    this.#keepIndexes = options.keepIndexes;
    this.#tells = options.tells !== undefined;
    const ofGroup = rules.map((rule) => ({ ...rule, where: undefined, groupBy: undefined }));
    // A column that is in no row of a group may be in others.
    const optionalColumns = [...(options.optionalColumns ?? []), ...rules.flatMap(columnsOf)];
    const groupOptions = { ...options, optionalColumns, table: undefined };
    this.#checkOf = () => checkOf(ofGroup, groupOptions);
    this.#none = checkOf(ofGroup, { ...groupOptions, bounds: undefined }).finish().results;
  }

  push(rows: readonly unknown[] | ColumnTable, from: number, to: number, start: number): void {
    for (let at = from; at < to && !this.#isFull; at++) {
      const row = rows instanceof ColumnTable ? rows.row(at) : rows[at];
      if (!this.#tests.every((test) => test.holds(valueOf(row, test.column)))) continue;
      const check = this.#checkFor(row);
      if (rows instanceof ColumnTable) check?.push([row], 0, 1, start + at - from);
      else check?.push(rows, at, at + 1, start + at - from);
      if (check !== undefined && this.#tells) this.#touched.add(check);
    }
  }

  #checkFor(row: unknown): RowsCheck | undefined {
    const { columns, maxGroups } = this.#by;
    const [first = '', ...more] = columns;
    const key = more.length === 0 ? keyOf(valueOf(row, first)) : keyOfAll(columns.map((name) => valueOf(row, name)));
    const known = this.#groups.get(key);
    if (known !== undefined) return known.check;
    if (this.#groups.size >= maxGroups) {
      this.#isFull = true;
      this.#groups.clear();
      return undefined;
    }
    const check = this.#checkOf();
    this.#groups.set(detach(key), { values: columns.map((name) => detach(valueOf(row, name))), check });
    return check;
  }

  broken(): BrokenRows[] {
    const all = [...this.#touched].map((check) => check.broken());
    this.#touched.clear();
    return all;
  }

  /** Once all rows are pushed; undefined of a rule that is another one's. */
  resultOf(rule: Grouped): RuleResult | undefined {
    this.#results ??= this.#finish();
    return this.#results[this.#rules.indexOf(rule)];
  }

  #finish(): readonly RuleResult[] {
    const { columns } = this.#by;
    const most = this.#keepIndexes ? Infinity : told;
    if (this.#isFull) {
      return this.#rules.map(tooManyGroups);
    }
    const all = [...this.#groups.values()].map(({ values, check }) => ({
      group: Object.fromEntries(columns.map((name, at) => [name, isNull(values[at]) ? null : values[at]])),
      results: check.finish().results,
    }));
    return this.#rules.map((rule, at) => {
      const parts = all.flatMap(({ group, results }) => results.slice(at, at + 1).map((result) => ({ group, result })));
      return merge(rule, parts, this.#none[at]?.kind, most);
    });
  }
}

/** The result of a rule past its `maxGroups`. */
export function tooManyGroups(rule: Grouped): RuleResult {
  const { columns, maxGroups } = rule.groupBy;
  return fail(rule, `there are more than ${maxGroups} groups of ${columns.join(', ')}`, []);
}

export interface Part {
  readonly group: Readonly<Record<string, unknown>>;
  readonly result: RuleResult;
}

/** What became of a rule by what became of it in each group. */
export function merge(
  rule: Rule,
  parts: readonly Part[],
  kind: RuleResult['kind'] | undefined,
  most: number,
): RuleResult {
  const failed = parts.filter(({ result }) => !result.success);
  const groups: Groups = { count: parts.length, failed: failed.length, failures: failed.slice(0, most).map(failureOf) };
  const success = failed.length === 0;
  const hits = parts.flatMap(({ result }) => hitsOf(result)).toSorted((a, b) => a.index - b.index);
  const unexpectedIndexes = hits.slice(0, most).map(({ index }) => index);
  for (const { group, result } of failed) {
    if (result.kind === 'error')
      return { ...fail(rule, `in ${show(group)}, ${result.error}`, unexpectedIndexes), groups };
  }
  if (kind !== 'map') {
    const result = { rule, kind: 'observed', success, observed: null, details: undefined, groups } as const;
    const all = parts.flatMap((part) => (part.result.kind === 'observed' ? (part.result.approximation ?? []) : []));
    const [first] = all;
    if (first === undefined) return result;
    return { ...result, approximation: { ...first, uncertain: all.some(({ uncertain }) => uncertain) } };
  }
  const counts = { elementCount: 0, missingCount: 0, unexpectedCount: 0 };
  for (const { result } of parts) {
    if (result.kind !== 'map') continue;
    counts.elementCount += result.elementCount;
    counts.missingCount += result.missingCount;
    counts.unexpectedCount += result.unexpectedCount;
  }
  const unexpectedValues = hits.slice(0, most).map(({ value }) => value);
  return { rule, kind: 'map', success, ...counts, unexpectedValues, unexpectedIndexes, groups };
}

function fail(rule: Rule, error: string, unexpectedIndexes: readonly number[]): RuleResult {
  return { rule, kind: 'error', success: false, error, unexpectedIndexes };
}

function hitsOf(result: RuleResult): { readonly value: unknown; readonly index: number }[] {
  if (result.kind === 'observed') return [];
  const values = result.kind === 'map' ? result.unexpectedValues : [];
  return result.unexpectedIndexes.map((index, at) => ({ value: values[at], index }));
}

function failureOf({ group, result }: Part): GroupFailure {
  const { rule: _, ...facts } = result;
  if (facts.kind === 'observed') return { group, ...facts };
  const unexpectedIndexes = facts.unexpectedIndexes.slice(0, told);
  if (facts.kind === 'error') return { group, ...facts, unexpectedIndexes };
  return { group, ...facts, unexpectedIndexes, unexpectedValues: facts.unexpectedValues.slice(0, told) };
}

function valueOf(row: unknown, column: string): unknown {
  return isRecord(row) && (!(column in {}) || Object.hasOwn(row, column)) ? row[column] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
