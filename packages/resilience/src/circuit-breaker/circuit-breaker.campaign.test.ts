import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { circuitBreaker, type CircuitState, timeout } from '../index.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.02);
const numRuns = Math.ceil(10_000 * scale);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settings = fc.record({
  windowCalls: fc.integer({ min: 1, max: 8 }),
  failureRatio: fc.constantFrom(0.3, 0.5, 1),
  slowCallMs: fc.constant(50),
  slowCallRatio: fc.constantFrom(0.5, 1),
  consecutiveFailures: fc.constantFrom(2, 4, Infinity),
  openMs: fc.constantFrom(20, 100),
  maxOpenMs: fc.constantFrom(100, 300),
  openGrowth: fc.constantFrom(1, 2),
  halfOpenCalls: fc.integer({ min: 1, max: 4 }),
});
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;

const action = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      tookMs: fc.constantFrom(0, 10, 10, 60, 150, Infinity),
      fails: fc.boolean(),
      abortAfterMs: fc.constantFrom(undefined, undefined, 0, 5, 40, 200),
      deadlineMs: fc.constantFrom(undefined, undefined, 30, 250),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 150 }) }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'isolate' as const }, { kind: 'reset' as const }) },
);
const schedule = fc.array(action, { minLength: 1, maxLength: 40 });
type CallAction = Extract<typeof action extends fc.Arbitrary<infer T> ? T : never, { kind: 'call' }>;

/** A breaker that cannot be mistaken: it keeps everything and counts it again each time. */
class Model {
  state: CircuitState = 'closed';
  /** Goes up with every change, so that late results are known as such. */
  period = 0;
  readonly #settings: Settings;
  #log: { fails: boolean; isSlow: boolean; successesBefore: number }[] = [];
  #probing = new Set<number>();
  #failedProbes = 0;
  #dueMs = 0;

  constructor(given: Settings) {
    this.#settings = given;
  }

  admits(call: number): boolean {
    if (this.state === 'open' && performance.now() >= this.#dueMs) this.become('half-open', this.#settings.maxOpenMs);
    if (this.state !== 'half-open') return this.state === 'closed';
    if (performance.now() >= this.#dueMs) {
      this.#probing.clear();
      this.#dueMs = performance.now() + this.#settings.maxOpenMs;
    }
    if (this.#log.length + this.#probing.size >= this.#settings.halfOpenCalls) return false;
    this.#probing.add(call);
    return true;
  }

  get successes(): number {
    return this.#log.filter(({ fails }) => !fails).length;
  }

  settle(
    call: number,
    period: number,
    outcome: { fails: boolean; isSlow: boolean; successesBefore: number } | undefined,
  ): void {
    if (period !== this.period) return;
    this.#probing.delete(call);
    if (outcome === undefined) return;
    this.#log.push(outcome);
    const { windowCalls, failureRatio, slowCallRatio, halfOpenCalls, openMs, openGrowth } = this.#settings;
    const recent = this.#log.slice(this.state === 'half-open' ? -halfOpenCalls : -windowCalls);
    const calls = this.state === 'half-open' ? halfOpenCalls : recent.length;
    const share = (of: 'fails' | 'isSlow'): number => recent.filter((logged) => logged[of]).length / calls;
    const isBad = share('fails') >= failureRatio || share('isSlow') >= slowCallRatio;
    const { successes } = this;
    const row = this.#log.filter(({ fails, successesBefore }) => fails && successesBefore === successes).length;
    const isLong = this.state === 'closed' && row >= this.#settings.consecutiveFailures;
    const isFull = calls >= windowCalls || this.state === 'half-open';
    if ((isBad && isFull) || isLong) {
      this.#failedProbes = this.state === 'half-open' ? this.#failedProbes + 1 : 0;
      this.become('open', Math.min(this.#settings.maxOpenMs, openMs * openGrowth ** this.#failedProbes));
    } else if (this.state === 'half-open' && recent.length >= halfOpenCalls) this.become('closed');
  }

  become(state: CircuitState, forMs = 0): void {
    this.state = state;
    this.period += 1;
    this.#log = [];
    this.#probing.clear();
    this.#dueMs = performance.now() + forMs;
  }
}

/** Runs a call as the schedule has it; tells when its function is called, and when it is given up. */
function start(
  breaker: ReturnType<typeof circuitBreaker>,
  { tookMs, fails, abortAfterMs, deadlineMs }: CallAction,
  onCalled: () => void,
  onGivenUp: () => void = () => {},
): Promise<unknown> {
  const work = () =>
    new Promise((resolve, reject) => {
      onCalled();
      const end = (): void => (fails ? reject(new Error('503')) : resolve('sunny'));
      if (tookMs === 0) end();
      else if (tookMs !== Infinity) setTimeout(end, tookMs);
    });
  const controller = new AbortController();
  if (abortAfterMs !== undefined) setTimeout(() => controller.abort('gone'), abortAfterMs);
  const run = ({ signal }: { signal: AbortSignal }): Promise<unknown> => {
    signal.addEventListener('abort', onGivenUp); // before the breaker hears of it
    return breaker.run(work, { signal });
  };
  return deadlineMs === undefined ? run(controller) : timeout(deadlineMs).run(run, controller);
}

describe('whatever happens to its calls', () => {
  it(
    `circuitBreaker does what a naive one would, in ${numRuns} schedules`,
    { timeout: 120_000 + numRuns * 60 },
    async () => {
      await fc.assert(
        fc.asyncProperty(settings, schedule, async (given, actions) => {
          vi.spyOn(Math, 'random').mockReturnValue(0);
          const breaker = circuitBreaker({ ...given, minimumCalls: given.windowCalls });
          const model = new Model(given);
          for (const [index, next] of actions.entries()) {
            if (next.kind === 'wait') await vi.advanceTimersByTimeAsync(next.ms);
            else if (next.kind === 'isolate') {
              breaker.isolate();
              model.become('isolated');
            } else if (next.kind === 'reset') {
              breaker.reset();
              model.become('closed');
            } else {
              let isCalled = false;
              const beganMs = performance.now();
              const expected = model.admits(index);
              const { period, successes: successesBefore } = model;
              const settle = (failed: boolean | undefined): void => {
                const isSlow = performance.now() - beganMs > given.slowCallMs;
                const outcome = failed === undefined ? undefined : { fails: failed, isSlow, successesBefore };
                if (expected) model.settle(index, period, outcome);
              };
              start(breaker, next, () => (isCalled = true)).then(
                () => settle(false),
                (error: unknown) => settle(error instanceof Error && error.message === '503' ? true : undefined),
              );
              expect(isCalled).toBe(expected);
            }
            await vi.advanceTimersByTimeAsync(0);
            expect(breaker.state).toBe(model.state);
          }
          vi.clearAllTimers();
        }),
        { numRuns },
      );
    },
  );

  it(`callers that park lose nothing, in ${numRuns} schedules`, { timeout: 120_000 + numRuns * 60 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        schedule,
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        async (given, actions, maxParked, closes) => {
          const wrong: string[] = [];
          const check = (isRight: boolean, what: string): void => void (isRight || wrong.push(what));
          /** Calls since the state changed, less those given up. */
          let probes = 0;
          let changedMs = 0;
          let period = 0;
          const breaker = circuitBreaker({
            ...given,
            park: true,
            maxParked,
            onStateChange: () => {
              probes = 0;
              changedMs = performance.now();
              period += 1;
            },
          });
          const outcomes: string[] = [];
          const arrived: number[] = [];
          let isClosed = false;
          for (const [index, next] of actions.entries()) {
            if (next.kind === 'wait') await vi.advanceTimersByTimeAsync(next.ms);
            else if (next.kind !== 'call') breaker[next.kind]();
            else {
              const state = { called: undefined as number | undefined, isGivenUp: false };
              const onCalled = (): void => {
                const isExpected = !isClosed && !state.isGivenUp && state.called === undefined;
                check(isExpected, `${index} is called in vain`);
                check(/^(closed|half-open)$/.test(breaker.state), `${index} is called while ${breaker.state}`);
                arrived.push(index);
                state.called = period;
                probes += 1;
                const grants = 1 + Math.floor((performance.now() - changedMs) / given.maxOpenMs);
                const isBounded = breaker.state !== 'half-open' || probes <= given.halfOpenCalls * grants;
                check(isBounded, `${index} is one probe too many`);
              };
              const onGivenUp = (): void => {
                state.isGivenUp = true;
                if (state.called === period && outcomes[index] === undefined) probes -= 1;
              };
              const end = (outcome: string): void => {
                check(outcomes[index] === undefined, `${index} settles twice`);
                outcomes[index] = outcome;
              };
              start(breaker, next, onCalled, onGivenUp).then(
                () => end('served'),
                () => end('failed'),
              );
            }
            await vi.advanceTimersByTimeAsync(0);
          }
          if (closes) {
            await breaker.close();
            isClosed = true;
          } else {
            breaker.reset();
            await vi.advanceTimersByTimeAsync(100 * given.maxOpenMs);
            breaker.reset();
          }
          await vi.advanceTimersByTimeAsync(60_000);
          const unsettled = actions.filter(
            (next, index) => next.kind === 'call' && outcomes[index] === undefined && !arrived.includes(index),
          );
          expect(unsettled).toEqual([]);
          expect(wrong).toEqual([]);
          expect(vi.getTimerCount()).toBe(0);
          // First come, first served: nobody who waited was overtaken.
          expect(arrived).toEqual(arrived.toSorted((a, b) => a - b));
          if (closes) return;
          for (let failures = 0; breaker.state === 'closed' && failures < 9; failures++) {
            await breaker.run(() => Promise.reject(new Error('503'))).catch(() => {});
          }
          expect(breaker.state).toBe('open');
          const parked = Array.from({ length: maxParked }, () => breaker.run(async () => 'sunny'));
          await expect(breaker.run(async () => 'sunny')).rejects.toThrow('places to wait are taken');
          await vi.advanceTimersByTimeAsync(60_000);
          await expect(Promise.all(parked)).resolves.toHaveLength(maxParked);
        },
      ),
      { numRuns },
    );
  });
});
