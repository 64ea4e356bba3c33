import { OptionError } from '@dataenginex/core';
import type { Report } from '../report/report.ts';
import type { RuleResult } from '../report/result.ts';
import type { ColumnState } from '../state/column-state.ts';
import type { TableState } from '../state/table-state.ts';
import { SavedReader } from '../saved.ts';
import { isObject } from '../schema/json-schema.ts';

/** What became of one check, as a {@link HistoryStore} keeps it. */
export interface Run {
  /** The contract's name. */
  readonly contract: string;
  readonly at: Date;
  /** The slice of the data that it is about, such as `2012-01-02`; a name that sorts by time. */
  readonly partition?: string | undefined;
  readonly rows: number;
  readonly success: boolean;
  /** Whether the check was cut short, and these are the numbers of the rows before. @default false */
  readonly partial?: boolean | undefined;
  /** Finite numbers by their names: see {@link toRun}. */
  readonly metrics: Readonly<Record<string, number>>;
  /** As `Report.toJSON` gives it; `Report.from` reads it. */
  readonly report?: unknown;
  /** As `TableState.toJSON` gives it; `TableState.from` reads it. */
  readonly state?: unknown;
}

export interface ToRunOptions {
  /** When it was. @default now */
  at?: Date | undefined;
  /** The slice of the data that was checked. @default none */
  partition?: string | undefined;
  /** What is known of the rows that were checked: kept whole, and as metrics of its columns. @default none */
  state?: TableState | undefined;
  /** More numbers to keep, by their names. @default none */
  metrics?: Readonly<Record<string, number>> | undefined;
}

/**
 * A report as a run to keep. Its metrics are `rows`, `durationMs`, and for each rule `rule:` and its id: the number it
 * observed (of a date its milliseconds), or the share of values that break it. With a `state`, each column has
 * `tempMax.nullShare`, `.distinct`, and of numbers and dates `.min`, `.max`, `.median`, of numbers `.mean` and
 * `.deviation`. What is no finite number is left out.
 *
 * ```ts
 * import { contract, toRun } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * const Daily = contract('daily', z.object({ tempMax: z.number() }), (c) => [
 *   c.tempMax.toBeBetween(-60, 60),
 *   c.tempMax.meanToBeBetween(-20, 40),
 * ]);
 * const run = toRun(await Daily.check([{ tempMax: 12 }, { tempMax: 61 }]), { partition: '2012-01' });
 * run.metrics['rows']; // => 2
 * run.metrics['rule:tempMax.toBeBetween']; // => 0.5
 * run.metrics['rule:tempMax.meanToBeBetween']; // => 36.5
 * ```
 *
 * @throws {OptionError} When `at` is no date, `partition` an empty text, or a metric no finite number.
 */
export function toRun(report: Report, options: ToRunOptions = {}): Run {
  const { at = new Date(), partition, state, metrics = {} } = options;
  const measured: [string, number | undefined][] = [
    ...report.results.map((result): [string, number | undefined] => [`rule:${result.rule.id}`, metricOf(result)]),
    ...(state === undefined ? [] : [...state.columns].flatMap(([name, column]) => columnMetrics(name, column))),
    ['rows', report.rows],
    ['durationMs', report.durationMs],
  ];
  const run: Run = {
    contract: report.contract,
    at,
    partition,
    rows: report.rows,
    success: report.success,
    ...(report.partial && { partial: true }),
    metrics: { ...Object.fromEntries(measured.filter(isFinite)), ...metrics },
    report: report.toJSON(),
    ...(state !== undefined && { state: state.toJSON() }),
  };
  checkRun('toRun', run);
  return run;
}

function isFinite(entry: [string, number | undefined]): entry is [string, number] {
  return Number.isFinite(entry[1]);
}

function metricOf(result: RuleResult): number | undefined {
  if (result.kind === 'error') return undefined;
  if (result.kind === 'map') return result.unexpectedCount / (result.elementCount - result.missingCount);
  const { observed } = result;
  if (observed instanceof Date) return observed.getTime();
  return typeof observed === 'number' || typeof observed === 'bigint' ? Number(observed) : undefined;
}

function columnMetrics(name: string, column: ColumnState): [string, number][] {
  const { count, nulls, moments, distinct, times } = column;
  const ordered = moments.count > 0 ? column.quantiles : times;
  return [
    [`${name}.nullShare`, nulls / (count + nulls)],
    [`${name}.distinct`, distinct.estimate()],
    [`${name}.min`, ordered.min],
    [`${name}.max`, ordered.max],
    [`${name}.median`, ordered.quantile(0.5)],
    [`${name}.mean`, moments.mean],
    [`${name}.deviation`, moments.deviation],
  ];
}

/** @param name Of the function that was given it. */
export function checkRun(name: string, { contract, at, partition, rows, metrics }: Run): void {
  if (typeof contract !== 'string' || contract === '') throw new OptionError(`${name}.contract`, 'a name', contract);
  if (!(at instanceof Date) || Number.isNaN(at.getTime())) throw new OptionError(`${name}.at`, 'a valid date', at);
  if (partition !== undefined && (typeof partition !== 'string' || partition === '')) {
    throw new OptionError(`${name}.partition`, 'a text that is not empty', partition);
  }
  if (!Number.isSafeInteger(rows) || rows < 0) throw new OptionError(`${name}.rows`, 'a count', rows);
  const bad = Object.entries(metrics).find(([, value]) => !Number.isFinite(value));
  if (bad !== undefined) throw new OptionError(`${name}.metrics.${bad[0]}`, 'a finite number', bad[1]);
}

/** As JSON; what is long comes last. */
export function writeRun(run: Run): string {
  const { contract, at, partition, rows, success, partial, metrics, report, state } = run;
  return JSON.stringify({ version: 1, contract, at, partition, rows, success, partial, metrics, report, state });
}

/** @throws {SavedDataError} When it is no run. */
export function readRun(json: unknown): Run {
  const saved = new SavedReader('run', json);
  if (!isObject(json)) return saved.refuse('an object');
  if (json['version'] !== 1) saved.field('version').refuse('1');
  const at = new Date(saved.field('at').text());
  if (Number.isNaN(at.getTime())) saved.field('at').refuse('a date');
  const partition = saved.field('partition');
  const partial = saved.field('partial');
  const metrics = saved.field('metrics');
  return {
    contract: saved.field('contract').text(),
    at,
    ...(!partition.isMissing && { partition: partition.text() }),
    rows: saved.field('rows').count(),
    success: saved.field('success').flag(),
    ...(!partial.isMissing && { partial: partial.flag() }),
    metrics: Object.fromEntries(Object.keys(metrics.values()).map((key) => [key, metrics.field(key).number()])),
    ...('report' in json && { report: json.report }),
    ...('state' in json && { state: json.state }),
  };
}
