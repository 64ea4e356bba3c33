import { checkFunction, checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { backoff, type ExponentialWaitOptions, type Wait } from './backoff.ts';
import { Call } from '../call.ts';
import { RefusedError } from '../errors.ts';
import { createPolicy, type Policy } from '../policy.ts';
import { readBudget, type RetryBudget } from './retry-budget.ts';
import { longestTimerMs, sleep } from '../sleep.ts';
import { count, observeAttempt, telemetry } from '../telemetry.ts';

/** What `stop` and `wait` decide by. */
export interface RetryState {
  /** What the attempt threw; undefined where it answered with a result that is to be retried. */
  readonly error: unknown;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Milliseconds from the start of the first attempt. */
  readonly elapsedMs: number;
  /** The wait before this attempt, in milliseconds; 0 for the first. */
  readonly lastWaitMs: number;
  /** Milliseconds until a timeout around the retry expires; `Infinity` without one. */
  readonly remainingMs: number;
}

/** Told before each wait. */
export interface RetryEvent {
  readonly error: unknown;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** How long the next one waits, in milliseconds. */
  readonly delayMs: number;
}

/** Told when a failure is not retried any more. */
export interface GiveUpEvent {
  readonly error: unknown;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  readonly reason: 'attempts' | 'retryIf' | 'stop' | 'retry-after' | 'deadline' | 'budget';
}

/** Options of `retry`. */
export interface RetryOptions extends ExponentialWaitOptions {
  /** Calls in all, the first included; `Infinity` where `stop`, a timeout or an abort ends them. @default 4 */
  attempts?: number | undefined;
  /** Makes the delays, instead of `baseDelayMs`, `maxDelayMs` and `jitter`; `Infinity` gives up. */
  wait?: Wait | undefined;
  /** Whether another attempt may help. @default every error is retried */
  retryIf?: ((error: unknown, attempt: number) => boolean) | undefined;
  /** Whether a result is as good as a failure. When attempts or time run out, it is returned. @default no result is */
  retryIfResult?: ((result: unknown, attempt: number) => boolean) | undefined;
  /** Ends the attempts before they run out. */
  stop?: ((state: RetryState) => boolean) | undefined;
  /** What bounds retries over all calls; `false` for no bound. @default a `retryBudget()` of this policy's own */
  budget?: RetryBudget | false | undefined;
  /**
   * How long the server asked to be left alone, in milliseconds: the delay is added to it, so no attempt comes before.
   * @default the error's own `retryAfterMs`
   */
  retryAfterMs?: ((error: unknown) => number | undefined) | undefined;
  /** A server that asks for more than this is not asked again: its error is thrown at once. @default 60_000 */
  maxRetryAfterMs?: number | undefined;
  /** Told before each wait. What it throws, the call rejects with. */
  onRetry?: ((event: RetryEvent) => void) | undefined;
  /** Told when a failure is not retried any more, and why. What it throws, the call rejects with. */
  onGiveUp?: ((event: GiveUpEvent) => void) | undefined;
}

const attemptsMade = telemetry.counter('dex.retry.attempts', {
  unit: '{attempt}',
  description: 'Attempts that ended under a retry policy, by outcome.',
});
const retries = telemetry.counter('dex.retry.retries', {
  unit: '{retry}',
  description: 'Attempts after the first.',
});
const givenUp = telemetry.counter('dex.retry.given_up', {
  unit: '{run}',
  description: 'Failures that were not retried any more, by reason.',
});
const success = { 'dex.outcome': 'success' };
const failure = { 'dex.outcome': 'failure' };

/** How an attempt failed: by an error, or by a result that `retryIfResult` refused. */
type Failed<R> = { readonly error: unknown } | { readonly error?: undefined; readonly result: R };

/**
 * Calls again after a failure, whatever the error, with full jitter between attempts. When attempts run out, the last
 * error is thrown as it is. An abort ends the wait between attempts and is never retried. A wait that would outlast a
 * timeout around the retry is not begun: the error is thrown at once. So is a `PolicyClosedError`.
 *
 * ```ts
 * import { retry } from '@dataenginex/resilience';
 *
 * let calls = 0;
 * const flaky = retry({ attempts: 3, baseDelayMs: 1 })(async (city: string) => {
 *   calls += 1;
 *   if (calls < 3) throw new Error('Connection reset.');
 *   return `${city}: 12.8 °C`;
 * });
 * await flaky('Seattle'); // => 'Seattle: 12.8 °C'
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range, or `wait` is given together with what it replaces.
 */
export function retry(options: RetryOptions = {}): Policy {
  const {
    attempts = 4,
    wait = backoff('retry', options),
    retryIf = () => true,
    retryIfResult,
    stop,
    budget: givenBudget,
    retryAfterMs = retryAfterOf,
    maxRetryAfterMs = 60_000,
    onRetry,
    onGiveUp,
  } = options;
  checkInteger('retry.attempts', attempts, { min: 1, max: Infinity });
  checkNumber('retry.maxRetryAfterMs', maxRetryAfterMs, { min: 0, max: longestTimerMs });
  const callbacks = { wait, retryIf, retryIfResult, stop, retryAfterMs, onRetry, onGiveUp };
  for (const [name, callback] of Object.entries(callbacks)) checkFunction(`retry.${name}`, callback);
  const ownDelay = options.baseDelayMs ?? options.maxDelayMs ?? options.jitter;
  if (options.wait !== undefined && ownDelay !== undefined) {
    throw new OptionError('retry.wait', 'left out where baseDelayMs, maxDelayMs or jitter is given', wait);
  }
  const budget = readBudget('retry.budget', givenBudget);
  const isTimed = stop !== undefined || options.wait !== undefined;

  /** How long to wait, or why there is to be no further attempt. */
  const decide = (failed: Failed<unknown>, state: RetryState): number | GiveUpEvent['reason'] => {
    const { error, attempt } = state;
    if (!('result' in failed) && !retryIf(error, attempt)) return 'retryIf';
    if (attempt > 1 && !(error instanceof RefusedError)) budget.spend();
    if (attempt >= attempts) return 'attempts';
    if (stop?.(state) === true) return 'stop';
    const askedMs = Math.max(0, retryAfterMs(error) || 0); // a NaN counts as not asked
    if (askedMs > maxRetryAfterMs) return 'retry-after';
    const delayMs = askedMs + checkNumber('retry.wait()', wait(state), { min: 0, max: Infinity });
    if (delayMs >= state.remainingMs) return 'deadline';
    return budget.tokens < 1 ? 'budget' : Math.min(delayMs, longestTimerMs);
  };

  return createPolicy((next) => {
    const retryFrom = async <R>(first: Failed<R>, call: Call<R>, begin: number): Promise<R> => {
      let failed = first;
      let lastWaitMs = 0;
      for (let attempt = 1; ; attempt++) {
        count(attemptsMade, call, failure);
        const { error } = failed;
        const giveUp = (): R => {
          if ('result' in failed) return failed.result;
          throw error;
        };
        if (call.aborted) return giveUp();
        const elapsedMs = isTimed ? performance.now() - begin : 0;
        const decision = decide(failed, { error, attempt, elapsedMs, lastWaitMs, remainingMs: call.remainingMs });
        if (typeof decision === 'string') {
          count(givenUp, call, { 'dex.reason': decision });
          onGiveUp?.({ error, attempt, reason: decision });
          return giveUp();
        }
        onRetry?.({ error, attempt, delayMs: decision });
        if (call.aborted) return giveUp();
        if (decision > 0) await sleep(decision, call);
        lastWaitMs = decision;
        count(retries, call);

        const current = new Call(call.run, attempt + 1, call.deadline);
        call.link(current);
        try {
          const result = await observeAttempt(next, current);
          if (retryIfResult?.(result, attempt + 1) !== true) {
            budget.refund();
            count(attemptsMade, call, success);
            return result;
          }
          failed = { result };
        } catch (thrown) {
          failed = { error: thrown };
        } finally {
          call.unlink(current);
        }
      }
    };

    return (call) => {
      const begin = isTimed ? performance.now() : 0;
      return observeAttempt(next, call).then(
        (result) => {
          if (retryIfResult?.(result, 1) === true) return retryFrom({ result }, call, begin);
          budget.earn();
          count(attemptsMade, call, success);
          return result;
        },
        (error: unknown) => retryFrom({ error }, call, begin),
      );
    };
  });
}

export function retryAfterOf(error: unknown): number | undefined {
  const found = typeof error === 'object' && error !== null && 'retryAfterMs' in error ? error.retryAfterMs : undefined;
  return typeof found === 'number' ? found : undefined;
}
