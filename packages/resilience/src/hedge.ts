import { checkFunction, checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { Call, type Layer } from './call.ts';
import { HedgeLostError } from './errors.ts';
import { createPolicy, type Policy } from './policy.ts';
import { RecentQuantile } from './recent-quantile.ts';
import { readBudget, type RetryBudget } from './retry-budget.ts';
import { longestTimerMs } from './sleep.ts';
import { count, observeAttempt, telemetry } from './telemetry.ts';

/** Told when a hedge is sent. */
export interface HedgeEvent {
  /** The number of the attempt that is sent, 2 for the first hedge. */
  readonly attempt: number;
  /** How long the attempt before has not answered, in milliseconds. */
  readonly delayMs: number;
}

/** Options of `hedge`. */
export interface HedgeOptions {
  /** A fixed delay in milliseconds. @default the `quantile` of the latencies observed */
  delayMs?: number | undefined;
  /** Which part of recent attempts the delay lets answer, above 0 and at most 1. @default 0.95 */
  quantile?: number | undefined;
  /** The delay until 16 attempts have been observed, in milliseconds. @default 100 */
  initialDelayMs?: number | undefined;
  /** The least delay that the observed latencies lead to, in milliseconds. @default 5 */
  minDelayMs?: number | undefined;
  /** The longest, in milliseconds. @default 10_000 */
  maxDelayMs?: number | undefined;
  /** Attempts of a call besides the first, each one delay after the other. @default 1 */
  maxHedges?: number | undefined;
  /**
   * What bounds hedges over all calls; `false` for no bound. A hedge takes a token, and a call that succeeds without
   * one earns.
   * @default `retryBudget({ maxTokens: 20, tokenRatio: 0.1 })` of this policy's own: a tenth more calls
   */
  budget?: RetryBudget | false | undefined;
  /** Told before each hedge. What it throws, the call rejects with. */
  onHedge?: ((event: HedgeEvent) => void) | undefined;
}

/** Made by `hedge`. */
export interface HedgePolicy extends Policy {
  /** How long the next call waits for its first attempt before it sends another, in milliseconds. */
  readonly delayMs: number;
}

const sent = telemetry.counter('dex.hedge.sent', {
  unit: '{attempt}',
  description: 'Attempts sent because the one before had not answered.',
});
const won = telemetry.counter('dex.hedge.won', {
  unit: '{attempt}',
  description: 'Hedges that answered first.',
});

/**
 * Sends a second attempt when the first has not answered after a delay, and takes whichever succeeds first; the other's
 * signal aborts with a `HedgeLostError`. For calls that may be made twice, such as reads. It cuts the slowest calls
 * short at the price of a few more: with the default delay, the time in which 95 of 100 recent attempts answered.
 *
 * A failure waits for the other attempt, where one is under way; the error of the last to fail is thrown. A failure
 * before the hedge is sent is thrown at once: to call again after failures is what `retry` is for, put before `hedge`.
 *
 * ```ts
 * import { hedge } from '@dataenginex/resilience';
 *
 * const replica = hedge({ delayMs: 10 });
 * await replica.run(({ attempt, signal }) =>
 *   attempt === 2
 *     ? Promise.resolve('12.8 °C')
 *     : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
 * ); // => '12.8 °C'
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range, or `delayMs` is given together with what it replaces.
 * @see https://research.google/pubs/the-tail-at-scale/
 */
export function hedge(options: HedgeOptions = {}): HedgePolicy {
  const {
    delayMs: fixedDelayMs,
    quantile = 0.95,
    initialDelayMs = 100,
    minDelayMs = 5,
    maxDelayMs = 10_000,
    maxHedges = 1,
    onHedge,
  } = options;
  const budget = readBudget('hedge.budget', options.budget, { maxTokens: 20, tokenRatio: 0.1 });
  checkNumber('hedge.delayMs', fixedDelayMs ?? 0, { min: 0, max: longestTimerMs });
  checkNumber('hedge.quantile', quantile, { min: 0, max: 1 });
  if (quantile === 0) throw new OptionError('hedge.quantile', 'above 0', quantile);
  checkNumber('hedge.initialDelayMs', initialDelayMs, { min: 0, max: longestTimerMs });
  checkNumber('hedge.minDelayMs', minDelayMs, { min: 0, max: longestTimerMs });
  checkNumber('hedge.maxDelayMs', maxDelayMs, { min: minDelayMs, max: longestTimerMs });
  checkInteger('hedge.maxHedges', maxHedges, { min: 1 });
  checkFunction('hedge.onHedge', onHedge);
  const observed = options.quantile ?? options.initialDelayMs ?? options.minDelayMs ?? options.maxDelayMs;
  if (fixedDelayMs !== undefined && observed !== undefined) {
    throw new OptionError('hedge.delayMs', 'left out where the delay is made from latencies', fixedDelayMs);
  }
  const latencies = new RecentQuantile(quantile);
  const delay = (): number => {
    if (fixedDelayMs !== undefined) return fixedDelayMs;
    const { current } = latencies;
    return current === undefined ? initialDelayMs : Math.min(maxDelayMs, Math.max(minDelayMs, current));
  };

  const layer: Layer = (next) => (call) => {
    if (call.aborted) return Promise.reject(call.aborted.reason);
    return new Promise((resolve, reject) => {
      const delayMs = delay();
      /** The attempts under way, and when they began. */
      const racing = new Map<typeof call, number>();
      let attempts = 0;
      let timer: ReturnType<typeof setTimeout> | undefined;

      const send = (): void => {
        const attempt = new Call(call.run, call.attempt + attempts, call.deadline);
        const now = performance.now();
        racing.set(attempt, now);
        attempts += 1;
        if (attempts <= maxHedges && now + delayMs < call.deadline.at) timer = setTimeout(sendHedge, delayMs);
        observeAttempt(next, attempt).then(
          (value) => {
            if (!racing.has(attempt)) return;
            if (attempts === 1) budget.earn();
            if (attempt.attempt > call.attempt) count(won, call);
            // A loser counts with the time it had, though it would have taken longer: a delay made of the winners'
            // alone would get shorter and shorter.
            for (const began of racing.values()) latencies.add(performance.now() - began);
            racing.delete(attempt);
            stop(racing.size > 0 ? new HedgeLostError() : undefined);
            resolve(value);
          },
          (error: unknown) => {
            if (!racing.delete(attempt) || racing.size > 0) return;
            stop(undefined);
            reject(error);
          },
        );
      };
      const sendHedge = (): void => {
        if (budget.tokens < 1) return;
        budget.spend();
        try {
          onHedge?.({ attempt: call.attempt + attempts, delayMs });
        } catch (error) {
          waiting.abort(error);
        }
        if (racing.size === 0) return; // aborted by the callback
        count(sent, call);
        send();
      };
      const stop = (reason: unknown): void => {
        clearTimeout(timer);
        call.unlink(waiting);
        for (const attempt of racing.keys()) attempt.abort(reason);
        racing.clear();
      };
      const waiting = {
        abort(reason: unknown): void {
          stop(reason);
          reject(reason);
        },
      };
      call.link(waiting);
      send();
    });
  };

  return createPolicy(layer, {
    get delayMs() {
      return delay();
    },
  });
}
