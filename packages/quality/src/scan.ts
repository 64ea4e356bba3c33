import type { MapTest } from './map-tests.ts';
import { isNull, isNullObject } from './values.ts';
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
  readonly columns: readonly string[];
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

/** Looks at rows, the first of which is the `start`th. */
export type Scan = (rows: readonly unknown[], start: number) => void;

/** Of a row that is no object. */
const empty: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null));

/**
 * One function for all rules, in which each column is read once per row and by its name, so that V8 sees one shape of row
 * at each place. Where Node runs without code from strings, it is put together from closures: the same, slower.
 */
export function createScan(plan: Plan): Scan {
  try {
    return generate(plan);
  } catch (error) {
    if (error instanceof EvalError) return interpret(plan);
    throw error;
  }
}

/** The code has no text of users in it but names of columns, as `JSON.stringify` quotes them. */
function generate(plan: Plan): Scan {
  const constants: unknown[] = [];
  const constant = (value: unknown): string => `k${constants.push(value) - 1}`;
  const column = (name: string): number => plan.columns.indexOf(name);
  const reads = plan.columns.map((name, index) => {
    const property = JSON.stringify(name);
    const value = name in {} ? `(hasOwn(row, ${property}) ? row[${property}] : undefined)` : `row[${property}]`;
    const has = name in {} ? `hasOwn(row, ${property})` : `${property} in row`;
    return `const c${index} = ${value};
      const n${index} = c${index} === undefined || c${index} !== c${index} || (typeof c${index} === 'object' && isNullObject(c${index}));
      if (c${index} === undefined && !(${has})) absent[${index}]++;`;
  });
  const isHit = (step: Step, value: string): string => {
    const call = `${constant(step)}.breaks(${value}, at)`;
    return `if (${step.inline?.(value, { call, constant }) ?? call}) ${constant(step)}.hit(${value}, at);`;
  };
  const blocks = plan.conditions.map((tests, condition) => {
    const steps = plan.steps.filter((step) => step.condition === condition);
    const singles = plan.columns.map((name, index) => {
      const own = steps.filter((step) => step.columns.length === 1 && step.columns[0] === name);
      if (own.length === 0) return '';
      const count = `nulls[${condition * plan.columns.length + index}]++;`;
      const code = (skip: boolean): string =>
        own
          .filter((step) => !skip || step.skip === 'never')
          .map((step) => isHit(step, `c${index}`))
          .join('\n');
      return `if (n${index}) { ${count} ${code(true)} } else { ${code(false)} }`;
    });
    const others = steps
      .filter((step) => step.columns.length !== 1)
      .map((step) => {
        if (step.columns.length === 0) return isHit(step, 'item');
        const values = step.columns.map((name) => `c${column(name)}`);
        const skips = step.columns.map((name) => `n${column(name)}`).join(step.skip === 'all' ? ' && ' : ' || ');
        const skip = step.skip === 'never' ? '' : `if (${skips}) ${constant(step)}.skipped++; else`;
        return `${skip} { const values = [${values.join(', ')}]; ${isHit(step, 'values')} }`;
      });
    const holds = tests.map((test) => `${constant(test)}.holds(c${column(test.column)})`).join(' && ');
    return `if (${holds || 'true'}) { elements[${condition}]++; ${singles.join('\n')} ${others.join('\n')} }`;
  });
  const body = `return (rows, start) => {
    for (let index = 0; index < rows.length; index++) {
      const item = rows[index], at = start + index;
      const row = typeof item === 'object' && item !== null ? item : empty;
      ${reads.join('\n')}
      ${blocks.join('\n')}
    }
  }`;
  const fixed = { empty, hasOwn: Object.hasOwn, isNullObject, ...counters(plan) };
  const names = [...Object.keys(fixed), ...constants.map((_, index) => `k${index}`)];
  const make = Reflect.construct(Function, [...names, body]);
  return make(...Object.values(fixed), ...constants);
}

function counters({ elements, nulls, absent }: Plan): Pick<Plan, 'elements' | 'nulls' | 'absent'> {
  return { elements, nulls, absent };
}

function interpret(plan: Plan): Scan {
  const { columns, conditions, steps, elements, nulls, absent } = plan;
  const index = (name: string): number => columns.indexOf(name);
  const blocks = conditions.map((tests, condition) => {
    const own = steps.filter((step) => step.condition === condition);
    return {
      tests: tests.map((test) => ({ test, at: index(test.column) })),
      steps: own.map((step) => ({ step, at: step.columns.map(index) })),
      columns: [...new Set(own.filter((step) => step.columns.length === 1).flatMap((step) => step.columns.map(index)))],
    };
  });
  return (rows, start) => {
    for (const [offset, item] of rows.entries()) {
      const row: Readonly<Record<string, unknown>> = isRecord(item) ? item : empty;
      const values = columns.map((name, at) => {
        const there = name in {} ? Object.hasOwn(row, name) : name in row;
        if (!there) increment(absent, at);
        return there ? row[name] : undefined;
      });
      for (const [condition, block] of blocks.entries()) {
        if (!block.tests.every(({ test, at }) => test.holds(values[at]))) continue;
        increment(elements, condition);
        for (const at of block.columns) if (isNull(values[at])) increment(nulls, condition * columns.length + at);
        for (const { step, at } of block.steps) {
          const some = at.map((column) => values[column]);
          const skips = step.skip === 'never' ? false : step.skip === 'all' ? some.every(isNull) : some.some(isNull);
          if (skips && at.length > 0) {
            step.skipped++;
            continue;
          }
          const value = at.length === 0 ? item : at.length === 1 ? some[0] : some;
          if (step.breaks(value, start + offset)) step.hit(value, start + offset);
        }
      }
    }
  };
}

function increment(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
