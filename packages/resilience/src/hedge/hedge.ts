import { checkFunction, checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { Call, type Layer, type Next } from '../call.ts';
import { HedgeLostError } from '../errors.ts';
import { createPolicy, type Policy } from '../policy.ts';
import { RecentQuantile } from './recent-quantile.ts';
import { readBudget, type RetryBudget } from '../retry/retry-budget.ts';
import { longestTimerMs } from '../sleep.ts';
import { count, observeAttempt, telemetry } from '../telemetry.ts';

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
    const rest = 'quantile, initialDelayMs, minDelayMs or maxDelayMs';
    throw new OptionError('hedge.delayMs', `left out where ${rest} is given`, fixedDelayMs);
  }
  const latencies = new RecentQuantile(quantile);
  const delay = (): number => {
    if (fixedDelayMs !== undefined) return fixedDelayMs;
    const { current } = latencies;
    return current === undefined ? initialDelayMs : Math.min(maxDelayMs, Math.max(minDelayMs, current));
  };

  const rules = { delay, maxHedges, budget, latencies, onHedge };

  const layer: Layer = (next) => (call) => {
    if (call.aborted) return Promise.reject(call.aborted.reason);
    return new Promise((resolve, reject) => {
      const race = new Race(rules, next, call, resolve, reject);
      call.link(race);
      race.send();
    });
  };

  return createPolicy(layer, {
    get delayMs() {
      return delay();
    },
  });
}

/** What all calls of one policy go by. */
interface Rules {
  readonly delay: () => number;
  readonly maxHedges: number;
  readonly budget: RetryBudget;
  readonly latencies: RecentQuantile;
  readonly onHedge: HedgeOptions['onHedge'];
}

/** The attempts of one call. */
class Race<R> {
  readonly #rules: Rules;
  readonly #next: Next;
  readonly #call: Call<R>;
  readonly #resolve: (value: R) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #delayMs: number;
  #underWay: readonly Racer<R>[] = [];
  #sent = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rules: Rules, next: Next, call: Call<R>, resolve: (value: R) => void, reject: (reason: unknown) => void) {
    this.#rules = rules;
    this.#next = next;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#delayMs = rules.delay();
  }

  send(): void {
    const { run, attempt, deadline } = this.#call;
    const racer = new Racer(run, attempt + this.#sent, deadline);
    this.#underWay = [...this.#underWay, racer];
    this.#sent += 1;
    if (this.#sent <= this.#rules.maxHedges && racer.beganAt + this.#delayMs < deadline.at) {
      this.#timer = setTimeout(() => this.#sendHedge(), this.#delayMs);
    }
    observeAttempt(this.#next, racer).then(
      (value) => this.#won(racer, value),
      (error: unknown) => this.#failed(racer, error),
    );
  }

  abort(reason: unknown): void {
    this.#end(reason);
    this.#reject(reason);
  }

  #sendHedge(): void {
    const { budget, onHedge } = this.#rules;
    if (budget.tokens < 1) return;
    budget.spend();
    try {
      onHedge?.({ attempt: this.#call.attempt + this.#sent, delayMs: this.#delayMs });
    } catch (error) {
      this.abort(error);
    }
    if (this.#underWay.length === 0) return; // aborted by the callback
    count(sent, this.#call);
    this.send();
  }

  #won(racer: Racer<R>, value: R): void {
    if (!this.#underWay.includes(racer)) return;
    if (this.#sent === 1) this.#rules.budget.earn();
    if (racer.attempt > this.#call.attempt) count(won, this.#call);
    // A loser counts with the time it had, though it would have taken longer: a delay made of the winners'
    // alone would get shorter and shorter.
    for (const { beganAt } of this.#underWay) this.#rules.latencies.add(performance.now() - beganAt);
    this.#leave(racer);
    this.#end(this.#underWay.length > 0 ? new HedgeLostError() : undefined);
    this.#resolve(value);
  }

  #failed(racer: Racer<R>, error: unknown): void {
    if (!this.#underWay.includes(racer)) return;
    this.#leave(racer);
    if (this.#underWay.length > 0) return;
    this.#end(undefined);
    this.#reject(error);
  }

  #leave(racer: Racer<R>): void {
    this.#underWay = this.#underWay.filter((other) => other !== racer);
  }

  #end(reason: unknown): void {
    clearTimeout(this.#timer);
    this.#call.unlink(this);
    const losers = this.#underWay;
    this.#underWay = [];
    for (const loser of losers) loser.abort(reason);
  }
}

class Racer<R> extends Call<R> {
  readonly beganAt = performance.now();
}
