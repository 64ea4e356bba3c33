import { checkOneOf, OptionError } from '@dataenginex/core';
import type { Operator } from '@dataenginex/streams';
import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import { setImmediate } from 'node:timers/promises';
import { createRowsCheck, type RowsCheckOptions } from './rows/check-rows.ts';
import { ColumnTable } from './rows/column-table.ts';
import { columnRules } from './rules/column-rules.ts';
import type { Columns } from './rules/columns.ts';
import { type Side, toJsonSchema } from './schema/json-schema.ts';
import { InterruptedError } from './errors.ts';
import { Report } from './report/report.ts';
import { list } from './report/words.ts';
import type { RuleResult } from './report/result.ts';
import { columnsOf, type Rule } from './rules/rule.ts';
import { schemaRules, type Unchecked } from './schema/schema-rules.ts';
import {
  type BreakOptions,
  breaksOf,
  divide,
  divideBy,
  type RepeatOptions,
  type Split,
  type SplitOptions,
  type StreamSplit,
  type StreamSplitOptions,
} from './split.ts';
import { checkStream, isRowStream, type Judged, type RowStream, type StreamResult } from './streams/check-stream.ts';
import { createGate, type GateOptions } from './streams/gate.ts';
import { type MemoryOptions, memoryOf, StreamCheck } from './streams/stream-check.ts';
import { isTableSource, type JudgeOptions, type TableSource, type TableSplit } from './table-source.ts';
import { readSurroundings, type Surroundings } from './surroundings.ts';
import { observed } from './telemetry.ts';
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
   * The rows of a stream are told as they are judged. A rule about all rows (that values are unique, z-scores, outliers)
   * cannot tell a row then: it is left to the report by `except`.
   *
   * @throws {OptionError} When the source is none, an option is out of range, or a rule cannot tell the rows of a stream.
   * @throws {InterruptedError} When a stream fails midway, once all rows before are told.
   */
  split<T>(rows: readonly T[], options?: SplitOptions): Promise<Split<T>>;
  split<T>(rows: RowStream<T>, options: StreamSplitOptions<T>): Promise<StreamSplit>;
  /** A table's rows are found by queries, each row by one of two, which run when they are iterated. */
  split(table: TableSource, options?: SplitOptions): Promise<TableSplit>;

  /**
   * An operator for pipes: it lets rows through that keep every rule, and sends the others to `rejects`. For each run of
   * the pipe there is one report. What it cannot judge row by row is as in `split`.
   *
   * @throws {OptionError} At once, when an option is out of range or a rule cannot tell the rows of a stream.
   * @throws {BadRowError} From the pipe, when a row is bad and there is no `rejects`.
   * @throws {RejectLimitError} From the pipe, when more than `maxRejects` rows are bad.
   * @throws {OperatorError} From the pipe, when `rejects` throws.
   */
  gate<T>(options?: GateOptions): Operator<T, T>;
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
function createContract(facts: Omit<Contract, 'check' | 'split' | 'gate'>, optional: readonly string[]): Contract {
  const { name, columns, rules: all } = facts;
  const ids = new Set<string>();
  for (const { id } of all) {
    if (ids.size === ids.add(id).size) throw new OptionError('contract.rules', `rules with ids of their own`, id);
  }

  const judgeOptions = ({ signal, keepIndexes = false, now, tables }: CheckOptions) => ({
    signal,
    keepIndexes,
    columns,
    optionalColumns: optional,
    ...readSurroundings({ now, tables }),
  });
  const reported = (judge: () => Promise<StreamResult>): Promise<Report> =>
    observed(name, async () => {
      const start = performance.now();
      const { rows, results, failure } = await judge();
      const report = new Report(name, rows, performance.now() - start, results, failure !== undefined);
      if (failure !== undefined) throw new InterruptedError(report, failure.cause);
      return report;
    });
  const check = async (source: CheckSource, options: CheckOptions = {}): Promise<Report> =>
    reported(() => judgeSource(all, source, judgeOptions(options), memoryOf(options)));

  /** A check that tells bad rows. */
  const open = (of: string, options: BreakOptions & RepeatOptions & CheckOptions): StreamCheck => {
    const tells = breaksOf(of, all, options);
    const repeats = options.repeats === undefined ? undefined : checkOneOf(`${of}.repeats`, options.repeats, ['later']);
    return new StreamCheck(of, all, { ...judgeOptions(options), ...memoryOf(options), tells, repeats });
  };

  function split<T>(rows: readonly T[], options?: SplitOptions): Promise<Split<T>>;
  function split<T>(rows: RowStream<T>, options: StreamSplitOptions<T>): Promise<StreamSplit>;
  function split(table: TableSource, options?: SplitOptions): Promise<TableSplit>;
  async function split<T>(
    rows: RowStream<T> | TableSource,
    options: SplitOptions & Partial<StreamSplitOptions<T>> = {},
  ): Promise<Split<T> | StreamSplit | TableSplit> {
    const { signal, good, bad } = options;
    signal?.throwIfAborted();
    if (isTableSource(rows)) {
      const breaks = breaksOf('split', all, options);
      const splitting = rows.split(all, { ...judgeOptions(options), breaks });
      const report = await reported(() => splitting);
      const { good: goodRows, bad: badRows } = await splitting;
      return { report, good: goodRows, bad: badRows };
    }
    if (good === undefined && bad === undefined && isArray(rows)) {
      const breaks = breaksOf('split', all, options);
      const report = await check(rows, { ...options, keepIndexes: true });
      const results = report.results.filter(({ rule }) => breaks(rule));
      return { report, ...divide(rows, results) };
    }
    if (!isRowStream(rows))
      throw new OptionError('split.source', 'an array, an iterable or async iterable of rows, or a table', rows);
    for (const [option, told] of Object.entries({ good, bad })) {
      if (typeof told !== 'function')
        throw new OptionError(`split.${option}`, 'a function, for rows of a stream', told);
    }
    const counts = { good: 0, bad: 0 };
    const tell: Judged<T> = async (some, start, broken) => {
      const parts = divideBy(some, start, broken);
      counts.good += parts.good.length;
      counts.bad += parts.bad.length;
      if (parts.good.length > 0) await good?.(parts.good);
      if (parts.bad.length > 0) await bad?.(parts.bad);
    };
    const report = await reported(() => checkStream(rows, open('split', options), signal, tell));
    return { report, ...counts };
  }

  return {
    ...facts,
    check,
    split,
    gate: (options = {}) => createGate(name, options, () => open('gate', options)),
  };
}

function isArray<T>(rows: RowStream<T>): rows is readonly T[] {
  return Array.isArray(rows);
}

/** Every column has all the rules; the type of its rows says which of them may be called. */
function rulesOf<Row>(columns: readonly string[]): [Columns<Row>, Table<Row>];
function rulesOf(columns: readonly string[]): [unknown, unknown] {
  const byName = Object.fromEntries(columns.map((column) => [column, columnRules(column, columns)]));
  // Where types are not checked but stripped, a misspelt column is told here.
  const named = new Proxy(byName, {
    get(target, name) {
      if (typeof name === 'symbol' || Object.hasOwn(target, name)) return Reflect.get(target, name);
      throw new OptionError('contract.rules', `about the columns of the schema, ${list(columns)}`, name);
    },
  });
  return [named, tableRules(columns)];
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
