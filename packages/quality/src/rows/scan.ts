import { type MapTest, isPlain } from './map-tests.ts';
import { isNull, isNullObject } from '../values.ts';
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

/** Looks at `rows[from]` to before `rows[to]`, the first of which is row `start` of all. */
export type Scan = (rows: readonly unknown[], from: number, to: number, start: number) => void;

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

/** V8 does not optimize a function of many more: past 150 or so it is 10 times as slow. */
const mostColumns = 64;
/** Rows that several functions look at one after the other, while they are in the processor's cache. */
const atOnce = 256;

function generate(plan: Plan): Scan {
  const { columns, steps } = plan;
  if (columns.length <= mostColumns) return generatePart(plan, columns, steps, true);
  const scans = [
    generatePart(
      plan,
      [],
      steps.filter((step) => step.columns.length !== 1),
      true,
    ),
  ];
  const stepsOf = new Map<string, Step[]>();
  for (const step of steps) {
    const [column, ...more] = step.columns;
    if (column === undefined || more.length > 0) continue;
    const known = stepsOf.get(column);
    if (known === undefined) stepsOf.set(column, [step]);
    else known.push(step);
  }
  for (let at = 0; at < columns.length; at += mostColumns) {
    const some = columns.slice(at, at + mostColumns);
    const own = some.flatMap((column) => stepsOf.get(column) ?? []);
    scans.push(generatePart(plan, some, own, false));
  }
  return (rows, from, to, start) => {
    for (let at = from; at < to; at += atOnce) {
      for (const scan of scans) scan(rows, at, Math.min(at + atOnce, to), start + at - from);
    }
  };
}

/**
 * The function for some steps, which counts what is absent of some columns and, if it is the first, elements. Its code has
 * no text of users in it but names of columns, as `JSON.stringify` quotes them.
 */
function generatePart(plan: Plan, counted: readonly string[], asked: readonly Step[], isFirst: boolean): Scan {
  const used = new Set([...counted, ...asked.flatMap(({ columns }) => columns)]);
  for (const tests of plan.conditions) for (const { column } of tests) used.add(column);
  const constants: unknown[] = [];
  const constant = (value: unknown): string => `k${constants.push(value) - 1}`;
  const valueOf = (column: string): string => `c${plan.columns.indexOf(column)}`;
  const ask = (step: Step, value: string): string => {
    const name = constant(step);
    return `if (${name}.breaks(${value}, at)) ${name}.hit(${value}, at);`;
  };
  const reads = plan.columns.map((column, index) => {
    const name = JSON.stringify(column);
    if (!used.has(column)) return '';
    return `const c${index} = ${column in {} ? `hasOwn(row, ${name}) ? row[${name}] : undefined` : `row[${name}]`};`;
  });
  const absences = plan.columns.map((column, index) => {
    const name = JSON.stringify(column);
    const has = column in {} ? `hasOwn(row, ${name})` : `${name} in row`;
    if (!counted.includes(column)) return '';
    return `if (c${index} === undefined && !(${has})) absent[${index}]++;`;
  });
  const blocks = plan.conditions.map((tests, condition) => {
    const steps = asked.filter((step) => step.condition === condition);
    const ofOne = plan.columns.map((column, index) => {
      const own = used.has(column)
        ? steps.filter(({ columns: [name, ...more] }) => name === column && more.length === 0)
        : [];
      if (own.length === 0) return '';
      const ofNull = own.filter((step) => step.skip === 'never').map((step) => ask(step, `c${index}`));
      const count = `nulls[${condition * plan.columns.length + index}]++;`;
      const judge = `if (${isNullCode(`c${index}`)}) { ${count} ${ofNull.join(' ')} }
        else { ${own.map((step) => ask(step, `c${index}`)).join('\n')} }`;
      const accepts = own.map((step) => step.accepts?.(`c${index}`, constant));
      if (accepts.includes(undefined)) return judge;
      const codes = new Set(accepts.flatMap((code) => code ?? []));
      // Whatever else accepts a value takes no null.
      for (const code of isPlain(`c${index}`)) if (codes.size > 1) codes.delete(code);
      const guarded = condition === 0 ? absences.splice(index, 1, '') : [];
      return `if (!(${[...codes].join(' && ')})) { ${guarded.join('')} ${judge} }`;
    });
    const ofMore = steps
      .filter((step) => step.columns.length !== 1)
      .map((step) => {
        if (step.columns.length === 0) return ask(step, 'item');
        const skips = step.columns.map((column) => isNullCode(valueOf(column)));
        const skip = step.skip === 'never' ? 'false' : skips.join(step.skip === 'all' ? ' && ' : ' || ');
        const values = step.columns.map(valueOf).join(', ');
        return `if (${skip}) ${constant(step)}.skipped++; else { const values = [${values}]; ${ask(step, 'values')} }`;
      });
    const block = [...ofOne, ...ofMore].join('\n');
    const holds = tests.map((test) => `${constant(test)}.holds(${valueOf(test.column)})`).join(' && ');
    const count = isFirst ? `elements[${condition}]++;` : '';
    return holds === '' ? block : `if (${holds}) { ${count} ${block} }`;
  });
  const body = `return (rows, from, to, start) => {
    const offset = start - from;
    for (let index = from; index < to; index++) {
      const item = rows[index], at = offset + index;
      const row = typeof item === 'object' && item !== null ? item : empty;
      ${reads.join('\n')}
      ${absences.join('\n')}
      ${blocks.join('\n')}
    }
    ${isFirst ? 'elements[0] += to - from;' : ''}
  }`;
  const { elements, nulls, absent } = plan;
  const fixed = { empty, hasOwn: Object.hasOwn, isInteger: Number.isInteger, isNullObject, elements, nulls, absent };
  const names = [...Object.keys(fixed), ...constants.map((_, index) => `k${index}`)];
  return factoryOf(names, body)(...Object.values(fixed), ...constants);
}

function isNullCode(value: string): string {
  return `(${value} === undefined || ${value} !== ${value} || (typeof ${value} === 'object' && isNullObject(${value})))`;
}

type Factory = (...values: unknown[]) => Scan;

/** Those of the last plans: a function that is made anew is slow anew, until V8 knows it. */
const factories = new Map<string, Factory>();
const mostFactories = 100;

function factoryOf(names: readonly string[], body: string): Factory {
  const factory = factories.get(body) ?? compile(names, body);
  factories.delete(body);
  factories.set(body, factory);
  for (const oldest of factories.keys()) {
    if (factories.size <= mostFactories) break;
    factories.delete(oldest);
  }
  return factory;
}

function compile(names: readonly string[], body: string): Factory {
  const compiled = Reflect.construct(Function, [...names, body]);
  return (...values) => compiled(...values);
}

function interpret(plan: Plan): Scan {
  const { columns, conditions, steps, elements, nulls, absent } = plan;
  const columnAt = (name: string): number => columns.indexOf(name);
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
  return (rows, from, to, start) => {
    for (let index = from; index < to; index++) {
      const item = rows[index];
      const rowAt = start + index - from;
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
          if (step.breaks(value, rowAt)) step.hit(value, rowAt);
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
