import { type ColumnTable, isNumberArray } from './column-table.ts';
import type { MapTest } from './map-tests.ts';
import { interpret } from './scan-closures.ts';
import { generateColumn, generateRows, generateTableRows, sortSteps } from './scan-code.ts';
import type { ColumnTest } from './where.ts';

/** One question to each row, and whom to tell of those that break it. */
export interface Step extends MapTest {
  /** Its condition, one of `Plan.conditions`. */
  readonly condition: number;
  /** Rows it does not ask, of several columns; of one column they are counted in `Plan.nulls`. */
  skipped: number;
  hit(value: unknown, index: number): void;
}

/** All that one pass over the rows does and counts. */
export interface Plan {
  /** Each with its place. */
  readonly columns: ReadonlyMap<string, number>;
  /** Each is a list of tests, all of which must hold; that of index 0 is empty. */
  readonly conditions: readonly (readonly ColumnTest[])[];
  readonly steps: readonly Step[];
  /** Rows by condition. */
  readonly elements: Float64Array;
  /** Nulls by condition, then by column. */
  readonly nulls: Float64Array;
  /** Rows without the column at all. */
  readonly absent: Float64Array;
}

/**
 * Looks at `rows[from]` to before `rows[to]`, the first of which is row `start` of all; one that was made for a table of
 * columns looks at its own rows.
 */
export type Scan = (rows: readonly unknown[], from: number, to: number, start: number) => void;

/**
 * One function for all rules, in which each column is read once per row and by its name, so that V8 sees one shape of row
 * at each place. Where Node runs without code from strings, it is put together from closures: the same, slower.
 */
export function createScan(plan: Plan, table?: ColumnTable): Scan {
  try {
    return table === undefined ? ofRows(plan) : ofColumns(plan, table);
  } catch (error) {
    if (error instanceof EvalError) return interpret(plan, table);
    throw error;
  }
}

/** V8 does not optimize a function of many more: past 150 or so it is 10 times as slow. */
const mostColumns = 64;
/** Rows that several functions look at one after the other, while they are in the processor's cache. */
const atOnce = 256;

function ofRows(plan: Plan): Scan {
  const columns = [...plan.columns.keys()];
  if (columns.length <= mostColumns) {
    return generateRows(plan, { counted: columns, asked: plan.steps, isFirst: true });
  }
  const { more, byColumn } = sortSteps(plan.steps);
  const scans = [generateRows(plan, { counted: [], asked: more, isFirst: true })];
  for (let at = 0; at < columns.length; at += mostColumns) {
    const counted = columns.slice(at, at + mostColumns);
    const asked = counted.flatMap((column) => byColumn.get(column) ?? []);
    scans.push(generateRows(plan, { counted, asked, isFirst: false }));
  }
  return (rows, from, to, start) => {
    for (let at = from; at < to; at += atOnce) {
      for (const scan of scans) scan(rows, at, Math.min(at + atOnce, to), start + at - from);
    }
  };
}

/** A loop for each column, over its array alone; what is about several columns, or some of the rows, goes row by row. */
function ofColumns(plan: Plan, table: ColumnTable): Scan {
  const always = sortSteps(plan.steps.filter(({ condition }) => condition === 0));
  const sometimes = sortSteps(plan.steps.filter(({ condition }) => condition !== 0));
  const scans = [
    generateTableRows(plan, [...always.more, ...sometimes.more], true, table),
    ...[...always.byColumn].flatMap(([column, steps]) => ofColumn(plan, column, steps, table)),
  ];
  const rest = [...sometimes.byColumn.values()];
  for (let at = 0; at < rest.length; at += mostColumns) {
    scans.push(generateTableRows(plan, rest.slice(at, at + mostColumns).flat(), false, table));
  }
  const missing = [...plan.columns].filter(([name]) => !table.values.has(name)).map(([, place]) => place);
  return (rows, from, to, start) => {
    for (const place of missing) plan.absent[place] = (plan.absent[place] ?? 0) + to - from;
    for (const scan of scans) scan(rows, from, to, start);
  };
}

/** What takes all numbers of a typed array at once is asked apart. */
function ofColumn(plan: Plan, column: string, steps: readonly Step[], table: ColumnTable): Scan[] {
  const values = table.values.get(column);
  if (!isNumberArray(values)) return [generateColumn(plan, column, steps, table)];
  const scans = steps.flatMap(({ takeNumbers }): Scan[] => {
    return takeNumbers === undefined ? [] : [(_, from, to) => takeNumbers(values, from, to)];
  });
  const others = steps.filter(({ takeNumbers }) => takeNumbers === undefined);
  return [...scans, generateColumn(plan, column, others, table)];
}
