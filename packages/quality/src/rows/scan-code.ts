import type { ColumnTable } from './column-table.ts';
import { isPlain } from './map-tests.ts';
import type { Plan, Scan, Step } from './scan.ts';
import { isNullObject } from '../values.ts';

/** What a function over rows reads and asks. */
export interface Part {
  /** Columns for which it counts the rows that have none. */
  readonly counted: readonly string[];
  readonly asked: readonly Step[];
  /** It counts elements. */
  readonly isFirst: boolean;
}

/** The function for some steps, over rows. */
export function generateRows(plan: Plan, { counted, asked, isFirst }: Part): Scan {
  const code = new Code(plan, undefined);
  const absences = new Map(counted.map((column) => [column, code.countAbsent(column)]));
  const blocks = code.blocks(asked, isFirst, absences);
  // As in a column, a loop without calls, if all that is asked can be.
  const accepts = absences.size === 0 ? code.acceptsAll : 'false';
  return code.compile(`
    const offset = start - from;
    all: for (let index = from; index < to; index++) {
      let item, row ${code.variables.map((name) => `, ${name}`).join('')};
      for (;;) {
        item = rows[index];
        row = typeof item === 'object' && item !== null ? item : empty;
        ${code.reads}
        if (!(${accepts})) break;
        if (++index >= to) break all;
      }
      ${[...absences.values()].join('\n')} ${blocks}
    }
    ${isFirst ? 'elements[0] += to - from;' : ''}`);
}

/** The function for some steps over the columns of a table, row by row. */
export function generateTableRows(plan: Plan, asked: readonly Step[], isFirst: boolean, table: ColumnTable): Scan {
  const code = new Code(plan, table);
  const blocks = code.blocks(asked, isFirst, new Map());
  const item = asked.some(({ columns }) => columns.length === 0) ? `const item = ${code.constant(table)}.row(at);` : '';
  const names = code.variables.length === 0 ? '' : `let ${code.variables.join(', ')};`;
  const loop = `for (let at = from; at < to; at++) { ${item} ${names} ${code.reads} ${blocks} }`;
  return code.compile(`${blocks === '' ? '' : loop} ${isFirst ? 'elements[0] += to - from;' : ''}`);
}

/** The function for all steps without a condition about one column of a table. */
export function generateColumn(plan: Plan, column: string, steps: readonly Step[], table: ColumnTable): Scan {
  const code = new Code(plan, table);
  const { accepts = 'false', judge } = code.ofColumn(column, steps, 0);
  const value = code.valueOf(column);
  // A loop without a call in it is twice as fast.
  return code.compile(`
    for (let at = from; at < to; at++) {
      let ${value} = ${value}s[at];
      while (${accepts}) {
        if (++at >= to) return;
        ${value} = ${value}s[at];
      }
      ${judge}
    }`);
}

/** Code for a value, and what is true of those that need not be asked. */
interface Judged {
  readonly accepts: string | undefined;
  readonly judge: string;
}

/** A function in the making. Its code has no text of users in it but names of columns, as `JSON.stringify` quotes them. */
class Code {
  readonly #plan: Plan;
  readonly #table: ColumnTable | undefined;
  readonly #constants: unknown[] = [];
  readonly #values = new Map<string, string>();
  readonly #before: string[] = [];
  #accepts: string[] | undefined = [];
  #reads = '';

  constructor(plan: Plan, table: ColumnTable | undefined) {
    this.#plan = plan;
    this.#table = table;
  }

  /** The name by which the code has a value. */
  constant(value: unknown): string {
    return `k${this.#constants.push(value) - 1}`;
  }

  /** A column's variable. */
  valueOf(column: string): string {
    const known = this.#values.get(column);
    if (known !== undefined) return known;
    const value = `c${this.#values.size}`;
    this.#values.set(column, value);
    const name = JSON.stringify(column);
    if (this.#table !== undefined) {
      const array = this.#table.values.get(column) ?? [];
      // Its kind is in the code, so that arrays of different kinds do not share what V8 learns of them.
      const kind = JSON.stringify(Object.prototype.toString.call(array));
      this.#before.push(`const ${value}s = ${this.constant(array)}; ${kind};`);
      this.#reads += `${value} = ${value}s[at];\n`;
    } else if (column in {}) this.#reads += `${value} = hasOwn(row, ${name}) ? row[${name}] : undefined;\n`;
    else this.#reads += `${value} = row[${name}];\n`;
    return value;
  }

  get variables(): readonly string[] {
    return [...this.#values.values()];
  }

  /** Reads all columns that have a variable. */
  get reads(): string {
    return this.#reads;
  }

  /** What is true of rows that need not be asked anything, false where that cannot be told without a call. */
  get acceptsAll(): string {
    return this.#accepts?.join(' && ') || 'false';
  }

  countAbsent(column: string): string {
    const name = JSON.stringify(column);
    const has = column in {} ? `hasOwn(row, ${name})` : `${name} in row`;
    return `if (${this.valueOf(column)} === undefined && !(${has})) absent[${this.#placeOf(column)}]++;`;
  }

  /** Asks steps, by their conditions. What is put into a branch that is rarely taken is taken out of `absences`. */
  blocks(asked: readonly Step[], isFirst: boolean, absences: Map<string, string>): string {
    const steps = Map.groupBy(asked, ({ condition }) => condition);
    const blocks = this.#plan.conditions.map((tests, condition) => {
      const { more, byColumn } = sortSteps(steps.get(condition) ?? []);
      const ofOne = [...byColumn].map(([column, own]) => {
        const { accepts, judge } = this.ofColumn(column, own, condition);
        this.#accepts?.push(accepts ?? 'false');
        if (accepts === undefined) return judge;
        const absence = (condition === 0 ? absences.get(column) : undefined) ?? '';
        if (condition === 0) absences.delete(column);
        return `if (!(${accepts})) { ${absence} ${judge} }`;
      });
      const count = isFirst && condition > 0 ? [`elements[${condition}]++;`] : [];
      const code = [...count, ...ofOne, ...more.map((step) => this.#ofMore(step))].join('\n');
      if (more.length > 0 || (condition > 0 && code !== '')) this.#accepts = undefined;
      if (code === '' || condition === 0) return code;
      const holds = tests.map((test) => `${this.constant(test)}.holds(${this.valueOf(test.column)})`).join(' && ');
      return `if (${holds || 'true'}) { ${code} }`;
    });
    return blocks.filter((block) => block !== '').join('\n');
  }

  ofColumn(column: string, steps: readonly Step[], condition: number): Judged {
    const value = this.valueOf(column);
    const ofNull = steps.filter((step) => step.skip === 'never').map((step) => this.#ask(step, value));
    const place = this.constant(condition * this.#plan.columns.size + this.#placeOf(column));
    const judge = `if (${isNullCode(value)}) { nulls[${place}]++; ${ofNull.join(' ')} }
      else { ${steps.map((step) => this.#ask(step, value)).join('\n')} }`;
    const accepts = steps.map((step) => step.accepts?.(value, (operand) => this.#operand(operand)));
    if (accepts.includes(undefined)) return { accepts: undefined, judge };
    const codes = new Set(accepts.length === 0 ? isPlain(value) : accepts.flatMap((code) => code ?? []));
    // Whatever else accepts a value takes no null.
    for (const code of isPlain(value)) if (codes.size > 1) codes.delete(code);
    return { accepts: [...codes].join(' && '), judge };
  }

  compile(body: string): Scan {
    const { elements, nulls, absent } = this.#plan;
    const fixed = { empty, hasOwn: Object.hasOwn, isInteger: Number.isInteger, isNullObject, elements, nulls, absent };
    const names = [...Object.keys(fixed), ...this.#constants.map((_, index) => `k${index}`)];
    const code = `return (rows, from, to, start) => { ${this.#before.join('\n')} ${body} }`;
    return factoryOf(names, code)(...Object.values(fixed), ...this.#constants);
  }

  #placeOf(column: string): number {
    return this.#plan.columns.get(column) ?? -1;
  }

  /** Loops over columns that differ in numbers alone share their code; that of rows is faster with numbers in it. */
  #operand(value: unknown): string {
    if (typeof value === 'number' && this.#table === undefined) return String(value);
    const name = this.constant(value);
    if (typeof value !== 'number') {
      this.#accepts = undefined;
      return name;
    }
    this.#before.push(`const n${name} = ${name} * 1;`); // V8 then knows that it is one
    return `n${name}`;
  }

  #ask(step: Step, value: string): string {
    const name = this.constant(step);
    const at = this.#table === undefined ? 'offset + index' : 'at';
    return `if (${name}.breaks(${value}, ${at})) ${name}.hit(${value}, ${at});`;
  }

  #ofMore(step: Step): string {
    if (step.columns.length === 0) return this.#ask(step, 'item');
    const values = step.columns.map((column) => this.valueOf(column));
    const skip = step.skip === 'never' ? 'false' : values.map(isNullCode).join(step.skip === 'all' ? ' && ' : ' || ');
    return `if (${skip}) ${this.constant(step)}.skipped++;
      else { const values = [${values.join(', ')}]; ${this.#ask(step, 'values')} }`;
  }
}

/** Of a row that is no object. */
const empty: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null));

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
