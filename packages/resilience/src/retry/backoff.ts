import { checkInteger, checkNumber, checkOneOf } from '@dataenginex/core';
import type { RetryState } from './retry.ts';
import { longestTimerMs } from '../sleep.ts';

/** How long to wait before the next attempt, in milliseconds. */
export type Wait = (state: RetryState) => number;

/** How much of a delay is left to chance, so that clients which failed together do not come back together. */
export type Jitter = 'full' | 'equal' | 'decorrelated' | 'none';

/** Options of `exponentialWait`. */
export interface ExponentialWaitOptions {
  /** The delay after the first attempt, before jitter; it doubles with each retry. @default 100, at most `maxDelayMs` */
  baseDelayMs?: number | undefined;
  /** Where the doubling stops. @default 10_000, at least `baseDelayMs` */
  maxDelayMs?: number | undefined;
  /** With `d` the delay: 'full' [0, d), 'equal' [d/2, d), 'decorrelated' [base, 3 × the last wait). @default 'full' */
  jitter?: Jitter | undefined;
}

/**
 * Exponential backoff: after attempt `n` a delay of `min(maxDelayMs, baseDelayMs * 2 ** (n - 1))`, less the jitter.
 *
 * ```ts
 * import { exponentialWait } from '@dataenginex/resilience';
 *
 * const wait = exponentialWait({ baseDelayMs: 100, maxDelayMs: 1_000, jitter: 'none' });
 * [1, 2, 3, 4, 5].map((attempt) => wait({ attempt, error: undefined, elapsedMs: 0, lastWaitMs: 0, remainingMs: Infinity }));
 * // => [100, 200, 400, 800, 1000]
 * ```
 *
 * @throws {OptionError} When an option is out of range.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function exponentialWait(options: ExponentialWaitOptions = {}): Wait {
  return backoff('exponentialWait', options);
}

/** @param owner Whose options these are, for the errors. */
export function backoff(owner: string, options: ExponentialWaitOptions): Wait {
  const { baseDelayMs: leastMs = 0, jitter = 'full' } = options;
  checkNumber(`${owner}.baseDelayMs`, leastMs, { min: 0, max: longestTimerMs });
  const { maxDelayMs = Math.max(10_000, leastMs) } = options;
  checkNumber(`${owner}.maxDelayMs`, maxDelayMs, { min: leastMs, max: longestTimerMs });
  const { baseDelayMs = Math.min(100, maxDelayMs) } = options;
  checkOneOf(`${owner}.jitter`, jitter, ['full', 'equal', 'decorrelated', 'none']);
  return ({ attempt, lastWaitMs }) => {
    if (jitter === 'decorrelated') {
      return Math.min(maxDelayMs, between(baseDelayMs, Math.max(baseDelayMs, lastWaitMs) * 3));
    }
    const delayMs = Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(attempt - 1, 31));
    if (jitter === 'none') return delayMs;
    return between(jitter === 'equal' ? delayMs / 2 : 0, delayMs);
  };
}

/**
 * The same delay each time, or one drawn from a range.
 *
 * @param ms Milliseconds, or the low end of the range.
 * @param toMs The high end, exclusive. @default ms
 * @throws {OptionError} When one is out of range.
 */
export function fixedWait(ms: number, toMs = ms): Wait {
  checkNumber('fixedWait.ms', ms, { min: 0, max: longestTimerMs });
  checkNumber('fixedWait.toMs', toMs, { min: ms, max: longestTimerMs });
  return () => between(ms, toMs);
}

/** The sum of several waits, such as a fixed one and a random one. */
export function sumOfWaits(...waits: readonly Wait[]): Wait {
  return (state) => waits.reduce((sum, wait) => sum + wait(state), 0);
}

/**
 * One wait after another: the first for the first `times` retries, then the next, whose attempts are counted from 1
 * again; the last goes on.
 *
 * ```ts
 * import { exponentialWait, fixedWait, retry, waitsInTurn } from '@dataenginex/resilience';
 *
 * // At once twice, then with backoff.
 * const upstream = retry({ attempts: 8, wait: waitsInTurn([[2, fixedWait(0)]], exponentialWait()) });
 * await upstream.run(async () => 'sunny'); // => 'sunny'
 * ```
 *
 * @throws {OptionError} When a count is not an integer from 1.
 */
export function waitsInTurn(turns: readonly (readonly [times: number, wait: Wait])[], last: Wait): Wait {
  for (const [times] of turns) checkInteger('waitsInTurn.times', times, { min: 1 });
  return (state) => {
    let { attempt } = state;
    for (const [times, wait] of turns) {
      if (attempt <= times) return wait({ ...state, attempt });
      attempt -= times;
    }
    return last({ ...state, attempt });
  };
}

function between(low: number, high: number): number {
  return low + Math.random() * (high - low);
}
