import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  bulkhead,
  fixedWait,
  type GiveUpEvent,
  hedge,
  policy,
  PolicyClosedError,
  retry,
  type RetryBudget,
  type RetryEvent,
  type RetryOptions,
  type RetryState,
  timeout,
} from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Fails with each of `errors` in turn, then answers; tells when it was called, in ms from the start. */
async function play(
  errors: unknown[],
  options: RetryOptions,
): Promise<{ calls: number[]; events: RetryEvent[]; result: unknown }> {
  const started = Date.now();
  const calls: number[] = [];
  const events: RetryEvent[] = [];
  const run = retry({ ...options, onRetry: (event) => events.push(event) }).run(async ({ attempt }) => {
    calls.push(Date.now() - started);
    expect(attempt).toBe(calls.length);
    if (attempt <= errors.length) throw errors[attempt - 1];
    return 'answer';
  });
  const settled = run.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return { calls, events, result: await settled };
}

describe('retry', () => {
  it('answers from the first attempt without waiting', async () => {
    expect(await play([], {})).toEqual({ calls: [0], events: [], result: 'answer' });
  });

  it('makes 4 attempts by default and throws the last error as it is', async () => {
    const errors = [1, 2, 3, 4].map((n) => new Error(`failure ${n}`));
    const { calls, events, result } = await play(errors, {});
    expect(calls).toHaveLength(4);
    expect(result).toBe(errors[3]);
    expect(events.map(({ error, attempt }) => [error, attempt])).toEqual([
      [errors[0], 1],
      [errors[1], 2],
      [errors[2], 3],
    ]);
  });

  it('doubles the upper end of the jitter up to maxDelayMs', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { calls } = await play(Array(5).fill('x'), { attempts: 6, baseDelayMs: 100, maxDelayMs: 500 });
    expect(calls).toEqual([0, 50, 150, 350, 600, 850]);
  });

  it('keeps every delay in [0, min(maxDelayMs, baseDelayMs * 2 ** (n - 1)))', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: 0, max: 5_000 }),
        async (baseDelayMs, more) => {
          const maxDelayMs = baseDelayMs + more;
          const { events } = await play(Array(6).fill('x'), { attempts: 7, baseDelayMs, maxDelayMs });
          expect(events).toHaveLength(6);
          for (const { attempt, delayMs } of events) {
            const upper = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
            expect(delayMs).toBeGreaterThanOrEqual(0);
            expect(upper === 0 ? delayMs === 0 : delayMs < upper).toBe(true);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('never comes before Retry-After', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60_000 }), async (retryAfterMs) => {
        const { calls } = await play([Object.assign(new Error('429'), { retryAfterMs })], { baseDelayMs: 100 });
        expect(calls[1]).toBeGreaterThanOrEqual(retryAfterMs);
        expect(calls[1]).toBeLessThanOrEqual(retryAfterMs + 101);
      }),
      { numRuns: 50 },
    );
  });

  it('never comes before Retry-After on the real clock either', async () => {
    vi.useRealTimers();
    for (let round = 0; round < 20; round++) {
      let failedAt = 0;
      const waitedMs = await retry({ baseDelayMs: 0 }).run(async ({ attempt }) => {
        if (attempt > 1) return performance.now() - failedAt;
        failedAt = performance.now();
        throw Object.assign(new Error('503'), { retryAfterMs: 5.9 }); // a timer's delay loses its fraction
      });
      expect(waitedMs).toBeGreaterThanOrEqual(5.9);
    }
    vi.useFakeTimers();
  });

  it('gives up at once when the server asks for longer than maxRetryAfterMs', async () => {
    const error = Object.assign(new Error('429'), { retryAfterMs: 60_001 });
    const { calls, result } = await play([error], {});
    expect(calls).toEqual([0]);
    expect(result).toBe(error);
  });

  it('does not wait for a policy that is closed', async () => {
    const inner = bulkhead();
    await inner.close();
    const given: unknown[] = [];
    const upstream = policy(retry({ onGiveUp: ({ attempt, reason }) => given.push(attempt, reason) }), inner);
    await expect(upstream.run(async () => 'answer')).rejects.toBeInstanceOf(PolicyClosedError);
    expect(given).toEqual([1, 'retry-after']);
  });

  it('ignores a retryAfterMs that makes no sense, and takes one from the option', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const odd = Object.assign(new Error('429'), { retryAfterMs: 'soon' });
    expect((await play([odd], {})).calls).toEqual([0, 0]);
    expect((await play([odd], { retryAfterMs: () => NaN })).calls).toEqual([0, 0]);
    expect((await play([odd], { retryAfterMs: () => -5 })).calls).toEqual([0, 0]);
    expect((await play([odd], { retryAfterMs: () => 700 })).calls).toEqual([0, 700]);
  });

  it('asks retryIf with the error and the attempt', async () => {
    const fatal = new Error('404');
    const { calls, result } = await play([new Error('503'), fatal], {
      retryIf: (error, attempt) => error !== fatal && attempt < 3,
    });
    expect(calls).toHaveLength(2);
    expect(result).toBe(fatal);
  });

  it('stops waiting when aborted, and makes no further attempt', async () => {
    const controller = new AbortController();
    const fn = vi.fn(() => Promise.reject(new Error('503')));
    const result = expect(retry({ retryAfterMs: () => 1_000 }).run(fn, { signal: controller.signal })).rejects.toBe(
      'bye',
    );
    await vi.advanceTimersByTimeAsync(500);
    controller.abort('bye');
    await result;
    await vi.runAllTimersAsync();
    expect(fn).toHaveBeenCalledTimes(1);
  });

  it('makes no further attempt when aborted from onRetry or retryIf', async () => {
    for (const hook of ['onRetry', 'retryIf'] as const) {
      for (const baseDelayMs of [0, 500]) {
        const controller = new AbortController();
        const abort = (): boolean => {
          controller.abort('enough');
          return true;
        };
        const fn = vi.fn(() => Promise.reject(new Error('503')));
        const run = retry({ baseDelayMs, [hook]: abort }).run(fn, { signal: controller.signal });
        await expect(run).rejects.toBe('enough');
        await vi.runAllTimersAsync();
        expect(fn).toHaveBeenCalledTimes(1);
        expect(vi.getTimerCount()).toBe(0);
      }
    }
  });

  it('retries a result that retryIfResult refuses, and returns the last one when attempts run out', async () => {
    const events: unknown[] = [];
    let calls = 0;
    const poll = retry({
      attempts: 3,
      baseDelayMs: 0,
      retryIfResult: (result, attempt) => result === 'pending' && attempt < 4,
      retryIf: () => false,
      onRetry: (event) => events.push(event),
    });
    await expect(poll.run(async () => (++calls < 3 ? 'pending' : 'done'))).resolves.toBe('done');
    expect(events).toEqual([1, 2].map((attempt) => ({ error: undefined, attempt, delayMs: 0 })));
    await expect(poll.run(async () => 'pending')).resolves.toBe('pending');
  });

  it('tells stop and wait how it stands', async () => {
    const states: RetryState[] = [];
    const { calls, result } = await play(['a', 'b', 'c'], {
      attempts: Infinity,
      wait: (state) => {
        states.push(state);
        return state.attempt * 100;
      },
      stop: ({ elapsedMs }) => elapsedMs >= 300,
    });
    expect(calls).toEqual([0, 100, 300]);
    expect(result).toBe('c');
    expect(states).toEqual([
      { error: 'a', attempt: 1, elapsedMs: 0, lastWaitMs: 0, remainingMs: Infinity },
      { error: 'b', attempt: 2, elapsedMs: 100, lastWaitMs: 100, remainingMs: Infinity },
    ]);
  });

  it('gives up on a wait that is Infinity, and says so of one that is no number', async () => {
    expect((await play(['a'], { wait: () => Infinity })).result).toBe('a');
    expect((await play(['a'], { wait: () => NaN })).result).toMatchObject({ option: 'retry.wait()', got: NaN });
  });

  it('begins no wait that a timeout around it would cut short', async () => {
    const reasons: unknown[] = [];
    const stack = policy(
      timeout(1_000),
      retry({ attempts: 9, wait: fixedWait(400), onGiveUp: (event) => reasons.push(event) }),
    );
    const began = Date.now();
    const run = stack.run(async ({ attempt }) => Promise.reject(new Error(`failure ${attempt}`)));
    const settled = run.catch((error: unknown) => [error, Date.now() - began]);
    await vi.runAllTimersAsync();
    const error = new Error('failure 3');
    expect(await settled).toEqual([error, 800]);
    expect(reasons).toEqual([{ error, attempt: 3, reason: 'deadline' }]);
  });

  it.each<[GiveUpEvent['reason'], RetryOptions]>([
    ['attempts', { attempts: 1 }],
    ['retryIf', { retryIf: () => false }],
    ['stop', { stop: () => true }],
    ['retry-after', { retryAfterMs: () => 60_001 }],
    ['deadline', { wait: () => Infinity }],
    ['budget', { budget: { tokens: 0, spend() {}, refund() {}, earn() {} } }],
  ])('tells onGiveUp why: %s', async (reason, options) => {
    const onGiveUp = vi.fn();
    const { calls, events, result } = await play(['x'], { ...options, onGiveUp });
    expect([calls, events, result]).toEqual([[0], [], 'x']);
    expect(onGiveUp.mock.calls).toEqual([[{ error: 'x', attempt: 1, reason }]]);
  });

  it('refuses to be told the delay in two ways', () => {
    expect(() => retry({ wait: fixedWait(1), jitter: 'none' })).toThrow(
      'Option "retry.wait" must be left out where baseDelayMs, maxDelayMs or jitter is given, got a function.',
    );
  });

  it.each<[RetryOptions, string]>([
    [{ attempts: 0 }, 'Option "retry.attempts" must be an integer from 1 to Infinity, got 0.'],
    [{ attempts: 1.5 }, 'Option "retry.attempts"'],
    [{ baseDelayMs: -1 }, 'Option "retry.baseDelayMs"'],
    [{ maxDelayMs: -1 }, 'Option "retry.maxDelayMs" must be a number from 0'],
    [{ maxRetryAfterMs: NaN }, 'Option "retry.maxRetryAfterMs"'],
  ])('refuses %j', (options, message) => {
    expect(() => retry(options)).toThrow(message);
  });

  it.each([null, true, {}, { spend() {}, refund() {} }])('refuses %j for a budget', (bad) => {
    // @ts-expect-error no budget
    const budget: RetryBudget = bad;
    expect(() => retry({ budget })).toThrow('Option "retry.budget" must be a retryBudget() or false');
    expect(() => hedge({ budget })).toThrow('Option "hedge.budget" must be a retryBudget() or false');
  });
});
