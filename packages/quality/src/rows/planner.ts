import { isDeepStrictEqual } from 'node:util';
import type { Collector } from './collect.ts';
import type { ColumnTable } from './column-table.ts';
import type { Fail, MapTest } from './map-tests.ts';
import type { FailedResult } from '../report/result.ts';
import type { Rule } from '../rules/rule.ts';
import { detach } from '../streams/unique-keys.ts';
import { type Plan, type Scan, type Step, createScan } from './scan.ts';
import { type ColumnTest, columnTests } from './where.ts';

/** How many of the values that break a rule are kept. */
export const kept = 20;

/** The rows that break one rule, or why it cannot be judged. */
export class Tally implements Step {
  readonly columns: readonly string[];
  readonly skip: MapTest['skip'];
  readonly accepts: MapTest['accepts'];
  readonly takeNumbers: MapTest['takeNumbers'];
  readonly condition: number;
  readonly breaks: MapTest['breaks'];
  skipped = 0;
  unexpected = 0;
  /** All rows that break it since it was emptied last, where they are wanted. */
  recent: number[] | undefined;
  readonly values: unknown[] = [];
  readonly indexes: number[] = [];
  readonly #most: number;

  constructor(test: MapTest, condition: number, most: number) {
    this.columns = test.columns;
    this.skip = test.skip;
    this.accepts = test.accepts;
    this.takeNumbers = test.takeNumbers;
    this.breaks = test.breaks;
    this.condition = condition;
    this.#most = most;
  }

  hit(value: unknown, index: number): void {
    this.unexpected++;
    this.recent?.push(index);
    if (this.values.length >= this.#most) return;
    // With all values wanted, the rows are held anyway.
    this.values.push(this.#most === Infinity ? value : detach(value));
    this.indexes.push(index);
  }
}

/** Why a rule, or what several of them share, cannot be judged: the first reason counts. */
export class Trouble {
  why: string | undefined;

  readonly fail: Fail = (why) => {
    this.why ??= why;
    return true;
  };
}

/** What several rules may have in common: conditions, columns and what is collected of them. */
export class Planner {
  readonly #columns = new Map<string, number>();
  readonly #conditions: ColumnTest[][] = [];
  readonly #wheres: Rule['where'][] = [];
  readonly #collected = new Map<string, { collector: Collector; tally: Tally; trouble: Trouble }>();
  readonly #steps: Tally[] = [];
  readonly #told: { readonly id: string; readonly tally: Tally }[] = [];
  /** How many distinct values, or numbers, a collector may hold. */
  readonly maxValues: number;
  readonly #most: number;
  readonly #optional: ReadonlySet<string>;
  #plan: Plan | undefined;

  constructor(keepIndexes: boolean, optional: readonly string[], maxValues = Infinity) {
    this.maxValues = maxValues;
    this.#optional = new Set(optional);
    this.#most = keepIndexes ? Infinity : kept;
    this.condition(undefined);
  }

  /** The condition's number, the same for the same condition. */
  condition(where: Rule['where']): number {
    const known = this.#wheres.findIndex((other) => isDeepStrictEqual(other, where));
    if (known >= 0) return known;
    const tests = where === undefined ? [] : columnTests(where);
    this.read(tests.map(({ column }) => column));
    this.#conditions.push(tests);
    return this.#wheres.push(where) - 1;
  }

  ask(rule: Rule, test: MapTest): Tally {
    this.read(test.columns);
    const tally = new Tally(test, this.condition(rule.where), this.#most);
    this.#steps.push(tally);
    return tally;
  }

  /** Collects a column's values that are no nulls, once for all rules that want the same of it. */
  collect<C extends Collector>(
    rule: Rule,
    column: string,
    kind: new (fail: Fail, maxValues: number) => C,
  ): { collector: C; tally: Tally; trouble: Trouble } {
    const key = JSON.stringify([this.condition(rule.where), column, kind.name]);
    const known = this.#collected.get(key);
    if (known !== undefined && known.collector instanceof kind) return { ...known, collector: known.collector };
    const trouble = new Trouble();
    const collector = new kind(trouble.fail, this.maxValues);
    const tally = this.ask(rule, collecting(column, collector));
    this.#collected.set(key, { collector, tally, trouble });
    return { collector, tally, trouble };
  }

  /** Wants the rows of a rule told by `broken`. */
  tell(id: string, tally: Tally): void {
    tally.recent = [];
    this.#told.push({ id, tally });
  }

  /** The rows that break a rule that is told, since this was asked last, with the ids of these rules in their order. */
  broken(): ReadonlyMap<number, readonly string[]> {
    const broken = new Map<number, string[]>();
    for (const { id, tally } of this.#told) {
      for (const index of tally.recent ?? []) {
        const ids = broken.get(index);
        if (ids === undefined) broken.set(index, [id]);
        else ids.push(id);
      }
      tally.recent = [];
    }
    return broken;
  }

  /** Adds columns to those that are read of each row. */
  read(columns: readonly string[]): void {
    for (const column of columns) {
      if (!this.#columns.has(column)) this.#columns.set(column, this.#columns.size);
    }
  }

  scan(table: ColumnTable | undefined): Scan {
    const [columns, conditions] = [this.#columns.size, this.#conditions.length];
    this.#plan = {
      columns: this.#columns,
      conditions: this.#conditions,
      steps: this.#steps,
      elements: new Float64Array(conditions),
      nulls: new Float64Array(conditions * columns),
      absent: new Float64Array(columns),
    };
    return createScan(this.#plan, table);
  }

  elements(condition: number): number {
    return this.#plan?.elements[condition] ?? 0;
  }

  /** What became of a rule whose column no row has, `undefined` where each column is in one. */
  failure(rule: Rule, { columns, condition }: Pick<Tally, 'columns' | 'condition'>): FailedResult | undefined {
    const missed = this.#missed(columns, condition);
    if (missed === undefined) return undefined;
    const unexpectedIndexes = Array.from({ length: Math.min(this.elements(0), this.#most) }, (_, index) => index);
    return { rule, kind: 'error', success: false, error: `no row has the column "${missed}"`, unexpectedIndexes };
  }

  /** Whether any row has a column. */
  has(column: string): boolean {
    return this.#plan?.absent[this.#columns.get(column) ?? -1] !== this.elements(0);
  }

  /** Rows that a step did not ask. */
  missing({ columns, condition, skip, skipped }: Tally): number {
    const [column] = columns;
    if (columns.length !== 1 || column === undefined) return skipped;
    if (skip === 'never') return 0;
    return this.#plan?.nulls[condition * this.#columns.size + (this.#columns.get(column) ?? -1)] ?? 0;
  }

  /** The first column of a rule, or of its condition, that no row has; of no rows none is missed. */
  #missed(columns: readonly string[], condition: number): string | undefined {
    const rows = this.elements(0);
    const all = [...columns, ...(this.#conditions[condition] ?? []).map(({ column }) => column)];
    return all.find((column) => rows > 0 && !this.has(column) && !this.#optional.has(column));
  }
}

export function collecting(column: string, collector: Collector): MapTest {
  return {
    columns: [column],
    skip: 'any',
    breaks: (value, index) => collector.add(value, index),
    takeNumbers: collector.addNumbers?.bind(collector),
  };
}
