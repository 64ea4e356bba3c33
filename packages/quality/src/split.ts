import { checkOneOf, OptionError } from '@dataenginex/core';
import type { Report } from './report/report.ts';
import type { RuleResult } from './report/result.ts';
import type { Rule, Severity } from './rules/rule.ts';
import type { MemoryOptions } from './streams/stream-check.ts';
import type { Surroundings } from './surroundings.ts';

/** Which rules make a row bad. */
export interface BreakOptions {
  /** Rules of these severities do. @default all */
  severities?: readonly Severity[] | undefined;
  /** The ids of rules that do not, and are only reported. @default none */
  except?: readonly string[] | undefined;
}

/** Which of rows that have one key are bad, where rows are told as they come. */
export interface RepeatOptions {
  /**
   * `later`: those behind the first. The report has them all. Keys are held in memory, and one more than `maxKeys` throws
   * `RepeatLimitError`.
   *
   * @default rules of keys are refused
   */
  repeats?: 'later' | undefined;
}

export interface SplitOptions extends Surroundings, BreakOptions {
  signal?: AbortSignal | undefined;
}

/** Rows are told as they are judged, some at a time and in their order; a promise that is returned holds the source back. */
export interface StreamSplitOptions<T> extends SplitOptions, RepeatOptions, MemoryOptions {
  good: (rows: readonly T[]) => void | Promise<void>;
  bad: (rows: readonly BadRow<T>[]) => void | Promise<void>;
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

/** What became of the rows of a stream, all of which were told. */
export interface StreamSplit {
  readonly report: Report;
  /** How many there were. */
  readonly good: number;
  /** How many there were. */
  readonly bad: number;
}

const all: readonly Severity[] = ['critical', 'warning', 'info'];

/** @param name Whose options they are, such as `split`. */
export function breaksOf(
  name: string,
  rules: readonly Rule[],
  { severities = all, except = [] }: BreakOptions,
): (rule: Rule) => boolean {
  const wanted = new Set(severities.map((severity) => checkOneOf(`${name}.severities`, severity, all)));
  const ids = new Set(rules.map(({ id }) => id));
  for (const id of except) {
    if (!ids.has(id)) throw new OptionError(`${name}.except`, 'ids of rules of the contract', id);
  }
  const left = new Set(except);
  return ({ id, severity }) => wanted.has(severity) && !left.has(id);
}

/** The rows of an array, by results that have the places of all that break a rule. */
export function divide<T>(rows: readonly T[], results: readonly RuleResult[]): Omit<Split<T>, 'report'> {
  const broken = new Map<number, string[]>();
  for (const result of results) {
    if (result.kind === 'observed') continue;
    for (const index of result.unexpectedIndexes) {
      const ids = broken.get(index);
      if (ids === undefined) broken.set(index, [result.rule.id]);
      else ids.push(result.rule.id);
    }
  }
  return divideBy(rows, 0, broken);
}

/** @param broken By the place of a row, the first of which is `start`. */
export function divideBy<T>(
  rows: readonly T[],
  start: number,
  broken: ReadonlyMap<number, readonly string[]>,
): { good: T[]; bad: BadRow<T>[] } {
  const good: T[] = [];
  const bad: BadRow<T>[] = [];
  for (const [at, row] of rows.entries()) {
    const ids = broken.get(start + at);
    if (ids === undefined) good.push(row);
    else bad.push({ row, index: start + at, rules: ids });
  }
  return { good, bad };
}
