import type { ColumnTable } from './column-table.ts';
import type { Plan, Scan } from './scan.ts';
import { isNull } from '../values.ts';

/** The pass of closures, which needs no code from strings. */
export function interpret(plan: Plan, table: ColumnTable | undefined): Scan {
  const { columns, conditions, steps, elements, nulls, absent } = plan;
  const names = [...columns.keys()];
  const arrays = names.map((name) => table?.values.get(name));
  const columnAt = (name: string): number => columns.get(name) ?? -1;
  const blocks = conditions.map((tests, condition) => {
    const own = steps.filter((step) => step.condition === condition);
    return {
      tests: tests.map((test) => ({ test, at: columnAt(test.column) })),
      steps: own.map((step) => ({ step, at: step.columns.map(columnAt) })),
      columns: [
        ...new Set(own.filter((step) => step.columns.length === 1).flatMap((step) => step.columns.map(columnAt))),
      ],
    };
  });
  const wantsRow = steps.some((step) => step.columns.length === 0);
  const ofRow = (item: unknown): unknown[] => {
    const row: Readonly<Record<string, unknown>> = isRecord(item) ? item : empty;
    return names.map((name, at) => {
      const there = name in {} ? Object.hasOwn(row, name) : name in row;
      if (!there) increment(absent, at);
      return there ? row[name] : undefined;
    });
  };
  const ofTable = (index: number): unknown[] =>
    arrays.map((array, at) => {
      if (array === undefined) increment(absent, at);
      return array?.[index];
    });
  return (rows, from, to, start) => {
    for (let index = from; index < to; index++) {
      const item = table === undefined ? rows[index] : wantsRow ? table.row(index) : undefined;
      const rowAt = start + index - from;
      const values = table === undefined ? ofRow(item) : ofTable(index);
      for (const [condition, block] of blocks.entries()) {
        if (!block.tests.every(({ test, at }) => test.holds(values[at]))) continue;
        increment(elements, condition);
        for (const at of block.columns) if (isNull(values[at])) increment(nulls, condition * names.length + at);
        for (const { step, at } of block.steps) {
          const some = at.map((column) => values[column]);
          const skips = step.skip === 'never' ? false : step.skip === 'all' ? some.every(isNull) : some.some(isNull);
          if (skips && at.length > 0) {
            step.skipped++;
            continue;
          }
          const value = at.length === 0 ? item : at.length === 1 ? some[0] : some;
          if (step.breaks(value, rowAt)) step.hit(value, rowAt);
        }
      }
    }
  };
}

/** Of a row that is no object. */
const empty: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null));

function increment(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
