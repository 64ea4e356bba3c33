import type { ColumnTable } from './column-table.ts';
import { isPlain } from './map-tests.ts';
import type { Plan, Scan, Step } from './scan.ts';
import { isNullObject } from '../values.ts';

/** Of a row that is no object. */
const empty: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null));

/** Of what a function reads and asks. */
export interface Part {
  /** Columns for which it counts the rows that have none. */
  readonly counted: readonly string[];
  readonly asked: readonly Step[];
  /** It counts elements. */
  readonly isFirst: boolean;
}

/**
 * The function for some steps, over rows or over the columns of a table. Its code has no text of users in it but names of
 * columns, as `JSON.stringify` quotes them.
 */
export function generatePart(plan: Plan, { counted, asked, isFirst }: Part, table?: ColumnTable): Scan {
  const constants: unknown[] = [];
  const constant = (value: unknown): string => `k${constants.push(value) - 1}`;
  const reads = new Map<string, Read>();
  const valueOf = (column: string): string => {
    const known = reads.get(column);
    if (known !== undefined) return known.value;
    const read = table === undefined ? ofRow(column, reads.size) : ofTable(table, column, reads.size, constant);
    reads.set(column, read);
    return read.value;
  };
  const placeOf = (column: string): number => plan.columns.get(column) ?? -1;
  const absences = new Map(
    counted.map((column) => {
      const name = JSON.stringify(column);
      const has = column in {} ? `hasOwn(row, ${name})` : `${name} in row`;
      return [column, `if (${valueOf(column)} === undefined && !(${has})) absent[${placeOf(column)}]++;`];
    }),
  );
  const ask = (step: Step, value: string): string => {
    const name = constant(step);
    return `if (${name}.breaks(${value}, at)) ${name}.hit(${value}, at);`;
  };

  const ofOne = (column: string, steps: readonly Step[], condition: number): string => {
    const value = valueOf(column);
    const ofNull = steps.filter((step) => step.skip === 'never').map((step) => ask(step, value));
    const count = `nulls[${constant(condition * plan.columns.size + placeOf(column))}]++;`;
    const judge = `if (${isNullCode(value)}) { ${count} ${ofNull.join(' ')} }
      else { ${steps.map((step) => ask(step, value)).join('\n')} }`;
    const accepts = steps.map((step) => step.accepts?.(value, constant));
    if (accepts.includes(undefined)) return judge;
    const codes = new Set(accepts.flatMap((code) => code ?? []));
    // Whatever else accepts a value takes no null.
    for (const code of isPlain(value)) if (codes.size > 1) codes.delete(code);
    const absence = condition === 0 ? absences.get(column) : undefined;
    if (absence !== undefined) absences.delete(column);
    return `if (!(${[...codes].join(' && ')})) { ${absence ?? ''} ${judge} }`;
  };
  const ofMore = (step: Step): string => {
    if (step.columns.length === 0) return ask(step, 'item');
    const values = step.columns.map(valueOf);
    const skip = step.skip === 'never' ? 'false' : values.map(isNullCode).join(step.skip === 'all' ? ' && ' : ' || ');
    return `if (${skip}) ${constant(step)}.skipped++;
      else { const values = [${values.join(', ')}]; ${ask(step, 'values')} }`;
  };

  const steps = Map.groupBy(asked, ({ condition }) => condition);
  const blocks = plan.conditions.flatMap((tests, condition) => {
    const { more, byColumn } = sortSteps(steps.get(condition) ?? []);
    const code = [
      ...[...byColumn].map(([column, own]) => ofOne(column, own, condition)),
      ...more.map(ofMore),
      ...(isFirst && condition > 0 ? [`elements[${condition}]++;`] : []),
    ].join('\n');
    if (code === '' || condition === 0) return code;
    const holds = tests.map((test) => `${constant(test)}.holds(${valueOf(test.column)})`).join(' && ');
    return `if (${holds || 'true'}) { ${code} }`;
  });

  const all = [...reads.values()];
  const body = [...all.map(({ code }) => code), ...absences.values(), ...blocks].join('\n');
  const wantsItem = asked.some(({ columns }) => columns.length === 0);
  const loop =
    table === undefined
      ? `for (let index = from; index < to; index++) {
          const item = rows[index], at = start + index - from;
          const row = typeof item === 'object' && item !== null ? item : empty;
          ${body}
        }`
      : `${all.map(({ hoisted }) => hoisted).join('\n')}
        for (let at = from; at < to; at++) {
          ${wantsItem ? `const item = ${constant(table)}.row(at);` : ''}
          ${body}
        }`;
  const code = `return (rows, from, to, start) => {
    ${body.trim() === '' ? '' : loop}
    ${isFirst ? 'elements[0] += to - from;' : ''}
  }`;
  const { elements, nulls, absent } = plan;
  const fixed = { empty, hasOwn: Object.hasOwn, isInteger: Number.isInteger, isNullObject, elements, nulls, absent };
  const names = [...Object.keys(fixed), ...constants.map((_, index) => `k${index}`)];
  return factoryOf(names, code)(...Object.values(fixed), ...constants);
}

/** How a column's value comes into a variable. */
interface Read {
  readonly value: string;
  readonly code: string;
  /** What stands before the loop. */
  readonly hoisted: string;
}

function ofRow(column: string, index: number): Read {
  const name = JSON.stringify(column);
  const code = column in {} ? `hasOwn(row, ${name}) ? row[${name}] : undefined` : `row[${name}]`;
  return { value: `c${index}`, code: `const c${index} = ${code};`, hoisted: '' };
}

/** The array's kind stands in the code, so that arrays of different kinds do not share what V8 learns of them. */
function ofTable(table: ColumnTable, column: string, index: number, constant: (value: unknown) => string): Read {
  const array = table.values.get(column);
  if (array === undefined) return { value: `c${index}`, code: `const c${index} = undefined;`, hoisted: '' };
  const kind = Object.prototype.toString.call(array).slice(8, -1);
  return {
    value: `c${index}`,
    code: `const c${index} = a${index}[at];`,
    hoisted: `const a${index} = ${constant(array)}; ${JSON.stringify(kind)};`,
  };
}

/** Those about one column by its name, and those about none or several. */
export function sortSteps(steps: readonly Step[]): { byColumn: Map<string, Step[]>; more: Step[] } {
  const byColumn = new Map<string, Step[]>();
  const more: Step[] = [];
  for (const step of steps) {
    const [column, ...others] = step.columns;
    const known = byColumn.get(column ?? '');
    if (column === undefined || others.length > 0) more.push(step);
    else if (known === undefined) byColumn.set(column, [step]);
    else known.push(step);
  }
  return { byColumn, more };
}

function isNullCode(value: string): string {
  return `(${value} === undefined || ${value} !== ${value} || (typeof ${value} === 'object' && isNullObject(${value})))`;
}

type Factory = (...values: unknown[]) => Scan;

/** Those of the last plans: a function that is made anew is slow anew, until V8 knows it. */
const factories = new Map<string, Factory>();
const mostFactories = 500;

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
