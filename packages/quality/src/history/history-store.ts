import { checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { checkRun, type Run } from './run.ts';

/** Where runs are kept: `fileHistory`, `sqliteHistory`, or what has these two. */
export interface HistoryStore {
  /** Keeps a run. It is on the disk when this resolves. */
  append(run: Run, options?: HistoryCallOptions): Promise<void>;
  /** The runs that were asked for, the oldest first; of one moment, in the order in which they came. */
  runs(query?: RunQuery, options?: HistoryCallOptions): Promise<Run[]>;
}

export interface HistoryCallOptions {
  signal?: AbortSignal | undefined;
}

/** Which runs: those that are all of this. */
export interface RunQuery {
  /** @default of any */
  contract?: string | undefined;
  /** @default of any, and of none */
  partition?: string | undefined;
  /** Not before; the moment itself counts. @default the first */
  from?: Date | undefined;
  /** Before; the moment itself does not count. @default the last */
  to?: Date | undefined;
  /** Of these, so many of the newest. @default all */
  latest?: number | undefined;
  /** With `report` and `state`, which are long. @default false */
  whole?: boolean | undefined;
}

/** How much a store keeps. What is past it is told no more, and removed at some later `append`. */
export interface RetentionOptions {
  /** So many of the newest runs of each contract. @default 1000 */
  maxRuns?: number | undefined;
  /** Runs of the last so many milliseconds. @default Infinity */
  maxAgeMs?: number | undefined;
}

export interface Retention {
  readonly maxRuns: number;
  readonly maxAgeMs: number;
}

export function checkRetention(name: string, { maxRuns = 1000, maxAgeMs = Infinity }: RetentionOptions): Retention {
  checkInteger(`${name}.maxRuns`, maxRuns, { min: 1, max: Infinity });
  checkNumber(`${name}.maxAgeMs`, maxAgeMs, { min: 1, max: Infinity });
  return { maxRuns, maxAgeMs };
}

export function checkPath(name: string, path: string): void {
  if (typeof path === 'string' && path !== '' && !path.includes(':memory:')) return;
  throw new OptionError(`${name}.path`, 'the path of a file', path);
}

export function checkAppend(run: Run, signal: AbortSignal | undefined): void {
  checkRun('append', run);
  signal?.throwIfAborted();
}

export function checkQuery({ from, to, latest }: RunQuery, signal: AbortSignal | undefined): void {
  for (const [name, date] of Object.entries({ from, to })) {
    if (date === undefined || (date instanceof Date && !Number.isNaN(date.getTime()))) continue;
    throw new OptionError(`runs.${name}`, 'a valid date', date);
  }
  if (latest !== undefined) checkInteger('runs.latest', latest, { min: 1 });
  signal?.throwIfAborted();
}
