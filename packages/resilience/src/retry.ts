import { checkFunction, checkInteger, checkNumber, instrument } from '@dataenginex/core';
import { Call } from './call.ts';
import { createPolicy, type Policy } from './policy.ts';

/** Told before each wait. */
export interface RetryEvent {
  readonly error: unknown;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** How long the next one waits, in milliseconds. */
  readonly delayMs: number;
}

export interface RetryOptions {
  /** Calls in all, the first included. @default 4 */
  attempts?: number | undefined;
  /** Upper end of the first delay, which doubles with each retry. @default 100 */
  baseDelayMs?: number | undefined;
  /** Where the doubling stops. @default 10_000 */
  maxDelayMs?: number | undefined;
  /** Whether another attempt may help. @default every error is retried */
  retryIf?: ((error: unknown, attempt: number) => boolean) | undefined;
  /**
   * How long the server asked to be left alone, in milliseconds: the delay is added to it, so no attempt comes before.
   * @default the error's own `retryAfterMs`
   */
  retryAfterMs?: ((error: unknown) => number | undefined) | undefined;
  /** A server that asks for more than this is not asked again: its error is thrown at once. @default 60_000 */
  maxRetryAfterMs?: number | undefined;
  onRetry?: ((event: RetryEvent) => void) | undefined;
}

const retries = instrument('@dataenginex/resilience').counter('dex.retry.retries', {
  unit: '{retry}',
  description: 'Attempts after the first.',
});

const longestTimerMs = 2 ** 30;

/**
 * Calls again after a failure, with full jitter between attempts. When attempts run out, the last error is thrown as it
 * is. An abort ends the wait between attempts and is never retried.
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
 * @throws {OptionError} At once, when an option is out of range.
 */
export function retry(options: RetryOptions = {}): Policy {
  const {
    attempts = 4,
    baseDelayMs = 100,
    maxDelayMs = 10_000,
    retryIf = () => true,
    retryAfterMs = retryAfterOf,
    maxRetryAfterMs = 60_000,
    onRetry,
  } = options;
  checkInteger('retry.attempts', attempts, { min: 1 });
  checkNumber('retry.baseDelayMs', baseDelayMs, { min: 0, max: longestTimerMs });
  checkNumber('retry.maxDelayMs', maxDelayMs, { min: 0, max: longestTimerMs });
  checkNumber('retry.maxRetryAfterMs', maxRetryAfterMs, { min: 0, max: longestTimerMs });
  checkFunction('retry.retryIf', retryIf);
  checkFunction('retry.retryAfterMs', retryAfterMs);
  checkFunction('retry.onRetry', onRetry);

  /** Undefined when there is to be no further attempt. */
  const delayAfter = (error: unknown, attempt: number): number | undefined => {
    if (attempt >= attempts || !retryIf(error, attempt)) return undefined;
    const askedMs = Math.max(0, retryAfterMs(error) || 0); // a NaN counts as not asked
    return askedMs > maxRetryAfterMs ? undefined : askedMs + fullJitter(attempt, baseDelayMs, maxDelayMs);
  };

  /** Waits for its turn, or rejects when there is to be no further attempt. */
  const prepareNext = async (error: unknown, attempt: number, call: Call): Promise<void> => {
    const delayMs = call.aborted ? undefined : delayAfter(error, attempt);
    if (delayMs === undefined) throw error;
    retries.add(1);
    onRetry?.({ error, attempt, delayMs });
    if (call.aborted) throw error;
    if (delayMs > 0) await sleep(delayMs, call);
  };

  return createPolicy(async (next, call) => {
    try {
      return await next(call);
    } catch (error) {
      await prepareNext(error, 1, call);
    }
    for (let attempt = 2; ; attempt++) {
      const current = new Call(attempt);
      const abort = (reason: unknown): void => current.abort(reason);
      call.onAbort(abort);
      try {
        return await next(current);
      } catch (error) {
        await prepareNext(error, attempt, call);
      } finally {
        call.offAbort(abort);
      }
    }
  });
}

/**
 * Delay before the retry that follows attempt `attempt`: uniform in [0, min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1))).
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
function fullJitter(attempt: number, baseDelayMs: number, maxDelayMs: number): number {
  return Math.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
}

function retryAfterOf(error: unknown): number | undefined {
  const found = typeof error === 'object' && error !== null && 'retryAfterMs' in error ? error.retryAfterMs : undefined;
  return typeof found === 'number' ? found : undefined;
}

/** Never returns early, as a Node timer does: it drops the fraction of its delay, and counts in whole milliseconds. */
function sleep(ms: number, call: Call): Promise<void> {
  const end = performance.now() + ms;
  return new Promise((resolve, reject) => {
    const wake = (): void => {
      const leftMs = end - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(wake, leftMs);
        return;
      }
      call.offAbort(stop);
      resolve();
    };
    const stop = (reason: unknown): void => {
      clearTimeout(timer);
      reject(reason);
    };
    let timer = setTimeout(wake, ms);
    call.onAbort(stop);
  });
}
