import type { Judge } from './check-rows.ts';
import type { Collector } from './collect.ts';
import type { Fail } from './map-tests.ts';
import { type Planner, Trouble, collecting } from './planner.ts';
import type { RuleResult } from '../report/result.ts';
import type { RuleOf } from '../rules/rule.ts';
import { momentOf, show } from '../values.ts';

type FreshRule = RuleOf<'expect_column_freshness_to_be_within'>;

const dayMs = 86_400_000;

/** Judges how old the newest moment is at `now`, by default when all rows are through. */
export function judgeFreshness(rule: FreshRule, planner: Planner, now: number | undefined): Judge {
  const { column, epoch_unit: unit = 'milliseconds' } = rule.kwargs;
  const trouble = new Trouble();
  const newest = new Newest(unit === 'seconds' ? 1000 : 1, trouble.fail);
  const tally = planner.ask(rule, collecting(column, newest));
  return () => {
    const error = planner.failure(rule, tally)?.error ?? trouble.why;
    if (error !== undefined) return { rule, kind: 'error', success: false, error, unexpectedIndexes: [] };
    return freshness(rule, newest.moment, now ?? Date.now());
  };
}

/** The verdict on the newest moment, in milliseconds since 1970; undefined when there is none, which is not fresh. */
export function freshness(rule: FreshRule, newest: number | undefined, now: number): RuleResult {
  const { within_ms: within, ahead_ms: ahead = dayMs } = rule.kwargs;
  const age = newest === undefined ? null : now - newest;
  return {
    rule,
    kind: 'observed',
    success: age !== null && age <= within && -age <= ahead,
    observed: age,
    details: { newest: newest === undefined ? null : isoOf(newest), now: isoOf(now) },
  };
}

const isoOf = (moment: number): string => new Date(moment).toISOString();

class Newest implements Collector {
  moment: number | undefined;
  readonly #unitMs: number;
  readonly #fail: Fail;

  constructor(unitMs: number, fail: Fail) {
    this.#unitMs = unitMs;
    this.#fail = fail;
  }

  add(value: unknown): boolean {
    const moment = momentOf(value, this.#unitMs);
    if (Number.isNaN(moment)) return this.#fail(`${show(value)} is no moment`);
    if (this.moment === undefined || moment > this.moment) this.moment = moment;
    return false;
  }
}
