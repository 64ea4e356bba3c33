import { AsyncLocalStorage } from 'node:async_hooks';
import type { Call, Next } from '../call.ts';
import { CircuitOpenError, PolicyClosedError, RefusedError } from '../errors.ts';
import { CallWindow, type OutcomeWindow } from './outcome-window.ts';
import { count, telemetry } from '../telemetry.ts';
import { WaitQueue } from '../limits/wait-queue.ts';

/**
 * Calls pass while `closed`, and fail at once while `open`; `half-open` lets a few through to see whether the upstream
 * is back. An `isolated` circuit was opened by hand, and stays so until it is reset by hand.
 */
export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated';

/** Told when a circuit changes its state. */
export interface StateChangeEvent {
  readonly from: CircuitState;
  readonly to: CircuitState;
  /** Whose circuit it is; undefined where the breaker has no keys. */
  readonly key: string | undefined;
}

/** What the circuits of one breaker share. */
export interface CircuitSettings {
  readonly createWindow: () => OutcomeWindow;
  readonly minimumCalls: number;
  readonly failureRatio: number;
  readonly slowCallMs: number | undefined;
  readonly slowCallRatio: number;
  readonly consecutiveFailures: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
  readonly openGrowth: number;
  readonly halfOpenCalls: number;
  readonly failureIf: (error: unknown) => boolean;
  readonly failureIfResult: ((result: unknown) => boolean) | undefined;
  readonly onStateChange: ((event: StateChangeEvent) => void) | undefined;
  /** The places for parked calls, shared by all keys. */
  readonly places: { readonly max: number; taken: number };
}

const transitions = telemetry.counter('dex.circuit_breaker.transitions', {
  unit: '{transition}',
  description: 'Changes of state, by the state they led to.',
});
const refused = telemetry.counter('dex.circuit_breaker.refused', {
  unit: '{call}',
  description: 'Calls that failed because the circuit was not closed.',
});
const parkings = telemetry.counter('dex.circuit_breaker.parked', {
  unit: '{call}',
  description: 'Calls that waited for the circuit to close.',
});

type Outcome = 'success' | 'failure' | 'ignored';

/** What is known since the state last changed. What calls of an earlier period come to is not counted any more. */
interface Period {
  readonly window: OutcomeWindow;
  successes: number;
  /** Of calls that began after the last success: what was under way beside it ends in an order that tells nothing. */
  consecutiveFailures: number;
  /** Probes or released calls under way, less those written off. */
  inFlight: number;
  /** How many of them there may be. */
  limit: number;
  /** Goes up when those under way are written off, since they do not settle. */
  round: number;
}

/** A probe or a released call, to those that its function makes; without a period once it has settled. */
interface Watched {
  period: Period | undefined;
  outer: Watched | undefined;
}

const watched = new AsyncLocalStorage<Watched>();
let watchedNow = 0;

/** The state machine of one upstream. */
export class Circuit {
  readonly #settings: CircuitSettings;
  readonly #key: string | undefined;
  #state: CircuitState = 'closed';
  #period: Period;
  #failedProbes = 0;
  /** While open, when the next probe is due; else when calls that do not settle are written off. */
  #dueMs = 0;
  readonly #parked = new WaitQueue(() => {
    this.#settings.places.taken -= 1;
    if (this.#parked.size === 0) clearTimeout(this.#timer);
  });
  #isReleasing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: CircuitSettings, key: string | undefined) {
    this.#settings = settings;
    this.#key = key;
    this.#period = this.#createPeriod();
  }

  get state(): CircuitState {
    return this.#state;
  }

  get parked(): number {
    return this.#parked.size;
  }

  run<R>(call: Call<R>, next: Next): Promise<R> {
    if (call.aborted) return Promise.reject(call.aborted.reason);
    if (this.#parked.size === 0 && this.#state === 'closed') return this.#pass(call, next);
    if (this.#isPartOfAnother()) return next(call);
    if (this.#parked.size === 0) {
      if (performance.now() >= this.#dueMs) this.#proceed(call);
      if (this.#state === 'half-open' && this.#hasRoom()) return this.#watch(call, next);
    }
    const { places } = this.#settings;
    if (this.#state !== 'isolated' && places.taken < places.max) return this.#park(call, next);
    count(refused, call);
    return Promise.reject(this.#refusal());
  }

  isolate(): void {
    this.#become('isolated');
    this.#parked.rejectAll(this.#refusal());
  }

  reset(): void {
    if (this.#state === 'closed') this.#period = this.#createPeriod();
    else this.#become('closed');
    this.#release();
  }

  /** Lets go of parked calls; what is under way changes nothing any more. */
  close(): void {
    this.#period = this.#createPeriod();
    this.#parked.rejectAll(new PolicyClosedError());
  }

  /** The plain case: nothing is limited, so nobody needs to know when the call is given up. */
  #pass<R>(call: Call<R>, next: Next): Promise<R> {
    const period = this.#period;
    const { successes } = period;
    const beganMs = this.#settings.slowCallMs === undefined ? 0 : performance.now();
    return next(call).then(
      (value) => {
        this.#record(period, successes, this.#outcomeOf(value, call), beganMs, call);
        return value;
      },
      (error: unknown) => {
        this.#record(period, successes, this.#outcomeOfError(error, call), beganMs, call);
        throw error;
      },
    );
  }

  /** A probe or a released call: it holds a place until it settles, is aborted or is written off. */
  #watch<R>(call: Call<R>, next: Next): Promise<R> {
    const period = this.#period;
    const { round, successes } = period;
    const beganMs = performance.now();
    period.inFlight += 1;
    const own: Watched = { period, outer: watched.getStore() };
    watchedNow += 1;
    const settle = (decide: () => Outcome): void => {
      if (own.period === undefined) return;
      own.period = undefined;
      own.outer = undefined;
      watchedNow -= 1;
      if (watchedNow === 0) watched.disable(); // while it is used, each promise of the process takes Node 22 longer
      call.unlink(watching);
      if (round === period.round) period.inFlight -= 1;
      let outcome: Outcome = 'failure';
      try {
        outcome = decide();
      } finally {
        this.#record(period, successes, outcome, beganMs, call);
        if (this.#parked.size > 0) this.#release();
      }
    };
    const watching = { abort: (): void => settle(() => 'ignored') };
    call.link(watching);
    return watched
      .run(own, () => next(call))
      .then(
        (value) => {
          settle(() => this.#outcomeOf(value, call));
          return value;
        },
        (error: unknown) => {
          settle(() => this.#outcomeOfError(error, call));
          throw error;
        },
      );
  }

  /** Whether it is made by a probe, or a released call: that one waits for it, and would wait for ever if it parked. */
  #isPartOfAnother(): boolean {
    for (let other = watched.getStore(); other !== undefined; other = other.outer) {
      if (other.period === this.#period) return true;
    }
    return false;
  }

  #outcomeOf(value: unknown, call: Call<unknown>): Outcome {
    if (call.aborted) return 'ignored';
    return this.#settings.failureIfResult?.(value) === true ? 'failure' : 'success';
  }

  #outcomeOfError(error: unknown, call: Call<unknown>): Outcome {
    if (call.aborted || error instanceof RefusedError) return 'ignored';
    return this.#settings.failureIf(error) ? 'failure' : 'success';
  }

  /** @param successes How many there had been when the call began. */
  #record(period: Period, successes: number, outcome: Outcome, beganMs: number, call: Call<unknown>): void {
    if (period !== this.#period || outcome === 'ignored') return;
    const { slowCallMs } = this.#settings;
    const isFailure = outcome === 'failure';
    const isSlow = slowCallMs !== undefined && performance.now() - beganMs > slowCallMs;
    period.window.record(isFailure, isSlow);
    if (!isFailure) {
      period.successes += 1;
      period.consecutiveFailures = 0;
    } else if (successes === period.successes) period.consecutiveFailures += 1;
    if (this.#state === 'half-open') this.#judgeProbes(period.window, call);
    else this.#judge(period, isFailure, call);
  }

  #judge(period: Period, isFailure: boolean, call: Call<unknown>): void {
    const { minimumCalls, consecutiveFailures } = this.#settings;
    const { calls } = period.window;
    if (
      period.consecutiveFailures >= consecutiveFailures ||
      (calls >= minimumCalls && this.#isBad(period.window, calls))
    ) {
      this.#failedProbes = 0;
      this.#become('open', call);
    } else if (this.#parked.size > 0) {
      period.limit = isFailure ? Math.max(1, period.limit >> 1) : period.limit + 1;
    }
  }

  #judgeProbes(window: OutcomeWindow, call: Call<unknown>): void {
    const { halfOpenCalls } = this.#settings;
    if (this.#isBad(window, halfOpenCalls)) {
      this.#failedProbes += 1;
      this.#become('open', call);
    } else if (window.calls >= halfOpenCalls) this.#become('closed', call);
  }

  #isBad({ failures, slow }: OutcomeWindow, calls: number): boolean {
    return failures / calls >= this.#settings.failureRatio || slow / calls >= this.#settings.slowCallRatio;
  }

  #become(to: CircuitState, call?: Call<unknown>): void {
    const { openMs, maxOpenMs, openGrowth, onStateChange } = this.#settings;
    const from = this.#state;
    this.#state = to;
    this.#period = this.#createPeriod();
    const waitMs =
      to === 'open'
        ? Math.min(maxOpenMs, openMs * openGrowth ** this.#failedProbes) * (1 - 0.2 * Math.random())
        : maxOpenMs;
    this.#dueMs = performance.now() + waitMs;
    this.#arm();
    if (from === to) return;
    count(transitions, call, { 'dex.circuit_breaker.state': to });
    try {
      onStateChange?.({ from, to, key: this.#key });
    } catch (error) {
      // No call is to blame for it; as a listener's, it is the process that hears of it.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #createPeriod(): Period {
    const { createWindow, halfOpenCalls } = this.#settings;
    const window = this.#state === 'half-open' ? new CallWindow(halfOpenCalls) : createWindow();
    return { window, successes: 0, consecutiveFailures: 0, inFlight: 0, limit: 2 * halfOpenCalls, round: 0 };
  }

  #hasRoom(): boolean {
    const { window, inFlight, limit } = this.#period;
    if (this.#state === 'half-open') return window.calls + inFlight < this.#settings.halfOpenCalls;
    return this.#state === 'closed' && inFlight < limit;
  }

  /** Goes on once it is due: to probes, or to others where calls under way do not settle. */
  #proceed(call: Call<unknown> | undefined): void {
    if (this.#state === 'open') this.#become('half-open', call);
    else {
      this.#period.round += 1;
      this.#period.inFlight = 0;
      this.#dueMs = performance.now() + this.#settings.maxOpenMs;
      this.#arm();
    }
  }

  #refusal(): CircuitOpenError {
    const { places } = this.#settings;
    const retryAfterMs = {
      closed: 0,
      'half-open': 0,
      open: Math.max(0, this.#dueMs - performance.now()),
      isolated: Infinity,
    }[this.#state];
    return new CircuitOpenError(this.#state, retryAfterMs, this.#key, places.max);
  }

  #park<R>(call: Call<R>, next: Next): Promise<R> {
    count(parkings, call);
    this.#settings.places.taken += 1;
    const parked = this.#parked.wait(call, 0, () => this.#watch(call, next));
    if (this.#parked.size === 1) this.#arm();
    return parked;
  }

  /** Sends parked calls on, the first that came first, as many as there is room for. */
  #release(): void {
    if (this.#isReleasing) return; // a call that ends as it starts makes room for the loop that started it
    this.#isReleasing = true;
    for (;;) if (!this.#hasRoom() || !this.#parked.startNext()) break;
    this.#isReleasing = false;
  }

  /** There is a timer only while calls are parked: nobody else waits for the next probe. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#parked.size > 0) this.#timer = setTimeout(this.#tick, Math.max(0, this.#dueMs - performance.now()));
  }

  readonly #tick = (): void => {
    // Node's timers come up to a millisecond early.
    if (performance.now() < this.#dueMs) {
      this.#arm();
      return;
    }
    this.#proceed(this.#parked.first);
    this.#release();
  };
}
