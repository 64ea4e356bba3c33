import { checkOneOf, OptionError } from '@dataenginex/core';
import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import { setImmediate } from 'node:timers/promises';
import { createRowsCheck, type RowsCheckOptions } from './rows/check-rows.ts';
import { ColumnTable } from './rows/column-table.ts';
import { columnRules } from './rules/column-rules.ts';
import type { Columns } from './rules/columns.ts';
import { type Side, toJsonSchema } from './schema/json-schema.ts';
import { InterruptedError } from './errors.ts';
import { Report } from './report/report.ts';
import type { RuleResult } from './report/result.ts';
import { columnsOf, type Rule, type Severity } from './rules/rule.ts';
import { schemaRules, type Unchecked } from './schema/schema-rules.ts';
import { checkStream, isRowStream, type RowStream, type StreamResult } from './streams/check-stream.ts';
import { type MemoryOptions, StreamCheck } from './streams/stream-check.ts';
import { isTableSource, type JudgeOptions, type TableSource } from './table-source.ts';
import { readSurroundings, type Surroundings } from './surroundings.ts';
import { tableRules } from './rules/table-rules.ts';
import type { Table } from './rules/table.ts';

export interface ContractOptions<S extends Side = Side> {
  /**
   * The side of the schema that rows are on: `input`, as they come, before the schema has read them, or `output`, as it
   * gives them.
   *
   * @default 'input'
   */
  side?: S | undefined;
}

export interface CheckOptions extends Surroundings, MemoryOptions {
  signal?: AbortSignal | undefined;
  /** Keep the index and value of every row that breaks a rule, not of the first 20. @default false */
  keepIndexes?: boolean | undefined;
}

export interface SplitOptions extends Surroundings {
  signal?: AbortSignal | undefined;
  /** Rules of these severities make a row bad. @default all */
  severities?: readonly Severity[] | undefined;
}

/** A row that breaks a rule. */
export interface BadRow<T> {
  readonly row: T;
  /** Its place among the rows given, from 0. */
  readonly index: number;
  /** The ids of the rules that it breaks, in the order of the contract. */
  readonly rules: readonly string[];
}

export interface Split<T> {
  readonly report: Report;
  /** In their order. */
  readonly good: T[];
  /** In their order. */
  readonly bad: BadRow<T>[];
}

/** What can be checked: rows in an array, or one after the other, such as of a pipe, or a table of a database. */
export type CheckSource = readonly unknown[] | RowStream | TableSource;

/** What rows must be: made by {@link contract}. */
export interface Contract {
  readonly name: string;
  readonly side: Side;
  /** The columns that the schema names. */
  readonly columns: readonly string[];
  /** Those of the schema first. */
  readonly rules: readonly Rule[];
  /** What the schema demands and no rule asks, as its JSON Schema does not tell. */
  readonly unchecked: readonly Unchecked[];

  /**
   * Asks every rule of all rows. It lets the event loop run every few milliseconds, and looks at `signal` then.
   *
   * @throws {OptionError} When the source is none, or an option is out of range.
   * @throws {InterruptedError} When a stream fails midway: it has the report of the rows before.
   */
  check(source: CheckSource, options?: CheckOptions): Promise<Report>;

  /**
   * Tells the rows that keep every rule from those that break one, which come with the rules' ids. Only rules that a row
   * can break by itself do that: `mostly` forgives the table, not the row.
   *
   * @throws {OptionError} When `rows` is no array, or a severity is none.
   */
  split<T>(rows: readonly T[], options?: SplitOptions): Promise<Split<T>>;
}

/** The type of the rows on one side of a schema. */
export type RowOf<S extends StandardJSONSchemaV1, D extends Side> = D extends 'output'
  ? StandardJSONSchemaV1.InferOutput<S>
  : StandardJSONSchemaV1.InferInput<S>;

/**
 * A contract for rows: the constraints of a schema, and the rules that it cannot say.
 *
 * ```ts
 * import { contract } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * const Reading = z.object({ station: z.string(), tempMax: z.number().nullable() });
 * const Readings = contract('weather.readings', Reading, (c, t) => [
 *   c.tempMax.toBeBetween(-60, 60, { mostly: 0.99 }),
 *   t.rowCountToBeBetween(1, null),
 * ]);
 *
 * const report = await Readings.check([{ station: 'Seattle', tempMax: 12.8 }, { station: 'Seattle', tempMax: 128 }]);
 * report.success; // => false
 * report.failures.map(({ rule }) => rule.id); // => ['tempMax.toBeBetween']
 * ```
 *
 * @param schema Of an object with named properties, from any library that speaks Standard JSON Schema, such as zod 4.
 * @param rules Gets the columns `c`, each with the rules of its type, and the table `t`.
 * @throws {OptionError} When the schema is none of these, an argument of a rule cannot work, or two rules have one id.
 * @see https://standardschema.dev/json-schema
 */
export function contract<S extends StandardJSONSchemaV1, D extends Side = 'input'>(
  name: string,
  schema: S,
  rules: (columns: Columns<RowOf<S, D>>, table: Table<RowOf<S, D>>) => readonly Rule[] = () => [],
  options: ContractOptions<D> = {},
): Contract {
  checkName(name);
  if (typeof schema?.['~standard']?.jsonSchema?.input !== 'function') {
    throw new OptionError('contract.schema', 'a schema that provides Standard JSON Schema', schema);
  }
  const side = checkOneOf('contract.side', options.side ?? 'input', ['input', 'output']);
  const { columns, rules: ofSchema, unchecked } = schemaRules(toJsonSchema(schema, side));

  const own = rules(...rulesOf<RowOf<S, D>>(columns));
  if (!Array.isArray(own)) throw new OptionError('contract.rules', 'a function that returns an array of rules', own);
  return createContract({ name, side, columns, rules: [...ofSchema, ...own], unchecked }, columns);
}

export interface ContractOfOptions {
  /** The columns of a table without rows, which cannot show them. @default those that the rules name */
  columns?: readonly string[] | undefined;
}

/**
 * A contract of rules alone, such as those of other contracts. With no schema to say which columns may be missing, a
 * rule about a column that no row has is an error.
 *
 * ```ts
 * import { contract, contractOf } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * const Readings = contract('readings', z.object({ temp: z.number() }), (c) => [
 *   c.temp.toBeBetween(-60, 60, { tags: ['physics'] }),
 *   c.temp.meanToBeBetween(0, 30),
 * ]);
 * const Physics = contractOf('physics', Readings.rules.filter(({ tags }) => tags.includes('physics')));
 * (await Physics.check([{ temp: 412 }])).success; // => false
 * (await Physics.check([{ tmp: 12 }])).failures.map(({ kind }) => kind); // => ['error']
 * ```
 *
 * @throws {OptionError} When the name is empty, or two rules have one id.
 */
export function contractOf(name: string, rules: readonly Rule[], options: ContractOfOptions = {}): Contract {
  checkName(name);
  if (!Array.isArray(rules)) throw new OptionError('contractOf.rules', 'an array of rules', rules);
  const columns = options.columns ?? [...new Set(rules.flatMap(columnsOf))];
  return createContract({ name, side: 'input', columns, rules, unchecked: [] }, []);
}

function checkName(name: string): void {
  if (typeof name !== 'string' || name === '') throw new OptionError('contract.name', 'a text that is not empty', name);
}

/** `optional`: columns that may be in no row. */
function createContract(facts: Omit<Contract, 'check' | 'split'>, optional: readonly string[]): Contract {
  const { name, columns, rules: all } = facts;
  const ids = new Set<string>();
  for (const { id } of all) {
    if (ids.size === ids.add(id).size) throw new OptionError('contract.rules', `rules with ids of their own`, id);
  }

  const judge = async (
    source: CheckSource,
    { signal, keepIndexes = false, maxValues, maxKeys, spill, ...surroundings }: CheckOptions,
  ): Promise<Report> => {
    const start = performance.now();
    const options = {
      signal,
      keepIndexes,
      columns,
      optionalColumns: optional,
      ...readSurroundings(surroundings),
    };
    const { rows, results, failure } = await judgeSource(all, source, options, { maxValues, maxKeys, spill });
    const report = new Report(name, rows, performance.now() - start, results, failure !== undefined);
    if (failure !== undefined) throw new InterruptedError(report, failure.cause);
    return report;
  };

  return {
    ...facts,
    check: async (source, checkOptions = {}) => judge(source, checkOptions),
    async split(rows, { severities = ['critical', 'warning', 'info'], ...checkOptions } = {}) {
      const wanted = new Set(
        severities.map((severity) => checkOneOf('split.severities', severity, ['critical', 'warning', 'info'])),
      );
      if (!Array.isArray(rows)) throw new OptionError('rows', 'an array', rows);
      const report = await judge(rows, { ...checkOptions, keepIndexes: true });
      return {
        report,
        ...divide(
          rows,
          report.results.filter(({ rule }) => wanted.has(rule.severity)),
        ),
      };
    },
  };
}

/** Every column has all the rules; the type of its rows says which of them may be called. */
function rulesOf<Row>(columns: readonly string[]): [Columns<Row>, Table<Row>];
function rulesOf(columns: readonly string[]): [unknown, unknown] {
  return [Object.fromEntries(columns.map((column) => [column, columnRules(column, columns)])), tableRules(columns)];
}

/** The engine that a source asks for. */
async function judgeSource(
  rules: readonly Rule[],
  source: CheckSource,
  options: JudgeOptions,
  memory: MemoryOptions,
): Promise<StreamResult> {
  options.signal?.throwIfAborted();
  if (Array.isArray(source)) return pushAll(rules, source, options);
  if (source instanceof ColumnTable) return pushAll(rules, source, { ...options, table: source });
  if (isTableSource(source)) return source.judge(rules, options);
  if (isRowStream(source)) {
    const check = new StreamCheck('check', rules, { ...options, ...memory });
    return checkStream(source, check, options.signal);
  }
  const wanted =
    'an array of rows, an iterable or async iterable of rows, or a table such as of `duckdb` or `postgres`';
  throw new OptionError('check.source', wanted, source);
}

/** Rows go in in batches that take some milliseconds, and between them the event loop runs. */
async function pushAll(
  rules: readonly Rule[],
  rows: readonly unknown[] | ColumnTable,
  { signal, ...options }: JudgeOptions & Pick<RowsCheckOptions, 'table'>,
): Promise<{ readonly rows: number; readonly results: readonly RuleResult[] }> {
  const check = createRowsCheck(rules, options);
  let size = 16;
  let last = performance.now();
  for (let at = 0; at < rows.length;) {
    check.push(rows, at, Math.min(at + size, rows.length));
    at += size;
    const took = performance.now() - last;
    if (took > 4) size = Math.max(16, Math.floor(size / 2));
    else if (took < 1) size *= 2;
    if (at >= rows.length || took < 1) continue;
    await setImmediate();
    signal?.throwIfAborted();
    last = performance.now();
  }
  return check.finish();
}

function divide<T>(rows: readonly T[], results: readonly RuleResult[]): Omit<Split<T>, 'report'> {
  const broken = new Map<number, string[]>();
  for (const result of results) {
    if (result.kind === 'observed') continue;
    for (const index of result.unexpectedIndexes) {
      const ids = broken.get(index);
      if (ids === undefined) broken.set(index, [result.rule.id]);
      else ids.push(result.rule.id);
    }
  }
  const good: T[] = [];
  const bad: BadRow<T>[] = [];
  for (const [index, row] of rows.entries()) {
    const ids = broken.get(index);
    if (ids === undefined) good.push(row);
    else bad.push({ row, index, rules: ids });
  }
  return { good, bad };
}
