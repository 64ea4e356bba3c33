import { checkInteger, checkOneOf, OptionError } from '@dataenginex/core';
import { Report } from '../report/report.ts';
import type { RuleResult } from '../report/result.ts';
import type { ShapeOptions } from '../rules/rule-options.ts';
import { startOf } from './calendar.ts';
import { comparisonResult, rounded } from './comparison.ts';
import { checkRange, expectedRange, type RangeOptions } from './expected-range.ts';
import type { HistoryCallOptions, HistoryStore } from './history-store.ts';
import { checkRun, type Run } from './run.ts';

/** How one metric of a run is held against the runs before it. */
export interface AnomalyCheck extends RangeOptions, ShapeOptions {
  /** Its name in `run.metrics`, such as `rows`. */
  metric: string;
  /** How many of the runs before it are looked at, the newest. @default 30; for changes 1 */
  window?: number | undefined;
  /** With fewer of them it is not judged. @default 7, or `window` if that is less; for changes 1 */
  minRuns?: number | undefined;
  /**
   * Only runs of the same hour, weekday or month are looked at, in UTC: of the partition if its name is a date, else of
   * the run. Or a period: every seventh run before it, for 7.
   *
   * @default undefined, all runs
   */
  season?: 'hour' | 'weekday' | 'month' | number | undefined;
}

/**
 * Holds the metrics of a run against those of the contract's runs before it. Whether the run itself is kept already does
 * not matter.
 *
 * A run with a partition has before it the partitions of smaller names, each by its last run; so one that is run again
 * counts once. A run without one has before it the older runs without one. Runs of checks that were cut short do not
 * count. A metric that the run has not, fails; one with
 * fewer than `minRuns` before it is not judged, which the result says (`details.judged`), and holds.
 *
 * ```ts
 * import { anomalies, type Run } from '@dataenginex/quality';
 *
 * const day = (at: number, rows: number): Run =>
 *   ({ contract: 'daily', at: new Date(Date.UTC(2012, 0, at)), rows, success: true, metrics: { rows } });
 * const runs = [24, 24, 23, 24, 24, 22, 24, 24].map((rows, at) => day(at + 1, rows));
 * const history = { append: async () => {}, runs: async () => runs };
 *
 * const report = await anomalies(history, day(9, 2), [{ metric: 'rows', method: 'robustZ', threshold: 3.5 }]);
 * report.assert(); // throws rows.robustZ: 2, expected from 22.
 * ```
 *
 * @returns A report with one result for each check; `observed` is the metric, `details` has `expected` (`min`, `max`,
 * `center`, `scale`), the `score` in deviations, the number of `runs` it rests on, and `judged`.
 * @throws {OptionError} When an option is out of range.
 */
export async function anomalies(
  history: Pick<HistoryStore, 'runs'>,
  run: Run,
  checks: readonly AnomalyCheck[],
  options: HistoryCallOptions = {},
): Promise<Report> {
  const start = performance.now();
  checkRun('anomalies.run', run);
  if (!Array.isArray(checks)) throw new OptionError('anomalies.checks', 'an array of checks', checks);
  checks.forEach((check, at) => checkCheck(`anomalies.checks.${at}`, check));
  const runs = await history.runs({ contract: run.contract }, options);
  const before = runsBefore(
    run,
    runs.filter(({ partial = false }) => !partial),
  );
  const results = checks.map((check) => judge(check, run, before));
  return new Report(run.contract, run.rows, performance.now() - start, results);
}

function checkCheck(name: string, check: AnomalyCheck): void {
  const { metric, season } = check;
  if (typeof metric !== 'string' || metric === '') throw new OptionError(`${name}.metric`, 'a name', metric);
  const { method } = checkRange(name, check);
  const { window, minRuns } = countsOf(check);
  checkInteger(`${name}.window`, window, { min: method === 'zScore' ? 2 : 1, max: Infinity });
  checkInteger(`${name}.minRuns`, minRuns, { min: method === 'zScore' ? 2 : 1, max: window });
  if (typeof season === 'number') checkInteger(`${name}.season`, season, { min: 2 });
  else if (season !== undefined) checkOneOf(`${name}.season`, season, ['hour', 'weekday', 'month']);
}

function countsOf({ method, window, minRuns }: AnomalyCheck): { window: number; minRuns: number } {
  const ofChange = method === 'relativeChange' || method === 'absoluteChange';
  const size = window ?? (ofChange ? 1 : 30);
  return { window: size, minRuns: minRuns ?? (ofChange ? 1 : Math.min(7, size)) };
}

/** In their order. */
function runsBefore(run: Run, runs: readonly Run[]): Run[] {
  const { partition, at } = run;
  if (partition === undefined) return runs.filter((other) => other.partition === undefined && other.at < at);
  const last = new Map<string, Run>();
  for (const other of runs) {
    if (other.partition !== undefined && other.partition < partition) last.set(other.partition, other);
  }
  return [...last].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, other]) => other);
}

function judge(check: AnomalyCheck, run: Run, before: readonly Run[]): RuleResult {
  const { metric, method = 'robustZ', season } = check;
  const { window, minRuns } = countsOf(check);
  const name = `${metric}.${method}`;
  const value = run.metrics[metric];
  if (value === undefined) {
    const error = `the run has no metric ${metric}; it has ${Object.keys(run.metrics).join(', ')}`;
    const { rule } = comparisonResult(
      { name, about: `${metric} is as it is expected to be`, success: false, observed: null, summary: error },
      check,
    );
    return { rule, kind: 'error', success: false, error, unexpectedIndexes: [] };
  }

  const numbers = inSeason(season, run, before).flatMap(({ metrics }) => metrics[metric] ?? []);
  const rests = numbers.slice(-window);
  const expected = rests.length < minRuns ? undefined : expectedRange(rests, check);
  const runs = rests.length;
  const about = `${metric} is as the runs before it let expect (${method})`;
  if (expected === undefined) {
    const summary = `${rounded(value)}, not judged: ${runs} of ${minRuns} runs`;
    return comparisonResult(
      { name, about, success: true, observed: value, summary, details: { judged: false, runs } },
      check,
    );
  }
  const { min, max, center, scale } = expected;
  // A little off must not read as the very number.
  const write = [min, max].some((bound) => rounded(bound) === rounded(value)) ? String : rounded;
  const range = rangeInWords(min, max, write);
  const summary = `${write(value)}, expected ${range} by ${runs} ${runs === 1 ? 'run' : 'runs'}`;
  const score = scale === 0 ? (value === center ? 0 : Infinity * Math.sign(value - center)) : (value - center) / scale;
  const details = { judged: true, expected, score, runs };
  return comparisonResult(
    { name, about, success: value >= min && value <= max, observed: value, summary, details },
    check,
  );
}

function rangeInWords(min: number, max: number, write: (bound: number) => string): string {
  if (min === max) return write(min);
  const bounds = [min === -Infinity ? '' : `from ${write(min)}`, max === Infinity ? '' : `to ${write(max)}`];
  return bounds.filter((bound) => bound !== '').join(' ');
}

function inSeason(season: AnomalyCheck['season'], run: Run, before: readonly Run[]): readonly Run[] {
  if (season === undefined) return before;
  if (typeof season === 'number') return before.filter((_, at) => (before.length - at) % season === 0);
  const part = { hour: 'getUTCHours', weekday: 'getUTCDay', month: 'getUTCMonth' } as const;
  const phase = ({ partition = '', at }: Run): number => (startOf(partition) ?? at)[part[season]]();
  return before.filter((other) => phase(other) === phase(run));
}
