import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  bulkhead,
  circuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  policy,
  retry,
  type StateChangeEvent,
  timeout,
} from '../index.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0); // an open circuit is open for all of its time
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const succeed = async (): Promise<string> => 'sunny';
const fail = async (): Promise<never> => Promise.reject(new Error('503'));
const hang = (): Promise<never> => new Promise(() => {});
const after = (ms: number, value = 'late'): Promise<string> => new Promise((resolve) => setTimeout(resolve, ms, value));
const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

type Runner = { run(fn: () => Promise<unknown>): Promise<unknown> };

/** Runs calls one after the other: 's' succeeds, 'f' fails; what is neither success nor that failure is thrown on. */
async function play(breaker: Runner, outcomes: string): Promise<void> {
  for (const outcome of outcomes) {
    await breaker.run(outcome === 's' ? succeed : fail).catch((error: unknown) => {
      if (!(error instanceof Error && error.message === '503')) throw error;
    });
  }
}

/** What a call comes to, once it does. */
function outcomeOf(promise: Promise<unknown>): { is: unknown } {
  const outcome: { is: unknown } = { is: 'pending' };
  promise.then(
    (value) => (outcome.is = value),
    (error: unknown) => (outcome.is = error),
  );
  return outcome;
}

describe('circuitBreaker', () => {
  it('opens after 10 failures in a row by default, and then calls nothing', async () => {
    const breaker = circuitBreaker();
    await play(breaker, 'f'.repeat(9));
    expect(breaker.state).toBe('closed');
    await play(breaker, 'f');
    expect(breaker.state).toBe('open');
    const fn = vi.fn(succeed);
    await expect(breaker.run(fn)).rejects.toMatchObject({
      name: 'CircuitOpenError',
      code: 'DEX_CIRCUIT_OPEN',
      state: 'open',
      retryAfterMs: 5_000,
      key: undefined,
      message: 'The circuit is open; the next probe is due in 5000 ms.',
    });
    expect(fn).not.toHaveBeenCalled();
  });

  it('counts in a row only calls that began after the last success', async () => {
    const breaker = circuitBreaker({ windowCalls: 1_000, minimumCalls: 1_000 });
    const ends: ((fails: boolean) => void)[] = [];
    const underWay = Array.from({ length: 21 }, () =>
      breaker.run(() => new Promise((resolve, reject) => void ends.push((fails) => (fails ? reject : resolve)(1)))),
    );
    const settled = Promise.allSettled(underWay);
    for (const [index, end] of ends.entries()) end(index > 0); // all at once, as after a stall: first a success
    await settled;
    expect(breaker.state).toBe('closed');
    await play(breaker, 'f'.repeat(9));
    expect(breaker.state).toBe('closed');
    await play(breaker, 'f');
    expect(breaker.state).toBe('open');
  });

  it('opens when half of the calls in the window failed, 20 at the least', async () => {
    const breaker = circuitBreaker();
    await play(breaker, 'sf'.repeat(9) + 'f');
    expect(breaker.state).toBe('closed');
    await play(breaker, 's');
    expect(breaker.state).toBe('open');
  });

  it('stays closed below the ratio, and forgets what left the window', async () => {
    const breaker = circuitBreaker({ windowCalls: 10, consecutiveFailures: Infinity });
    await play(breaker, 'ssf'.repeat(100));
    expect(breaker.state).toBe('closed');
    await play(breaker, 'f');
    expect(breaker.state).toBe('closed'); // 4 of 10: f ssf ssf ssf, less the first of all
    await play(breaker, 'f');
    expect(breaker.state).toBe('open');
  });

  it('judges by the calls of the last windowMs, where that is given', async () => {
    const breaker = circuitBreaker({ windowMs: 1_000, minimumCalls: 4, consecutiveFailures: Infinity });
    await play(breaker, 'fff');
    await advance(1_000);
    await play(breaker, 's');
    expect(breaker.state).toBe('closed');
    await advance(1_900); // a tenth that was used before is used again
    await play(breaker, 'fff');
    expect(breaker.state).toBe('closed');
    await advance(899);
    await play(breaker, 'f');
    expect(breaker.state).toBe('open');
  });

  it('opens when half of the calls were slow, though they succeeded', async () => {
    const breaker = circuitBreaker({ windowCalls: 4, slowCallMs: 100 });
    for (const ms of [100, 101, 100, 101]) {
      const run = breaker.run(() => after(ms));
      await advance(ms);
      await expect(run).resolves.toBe('late');
    }
    expect(breaker.state).toBe('open');
  });

  it('takes the errors and results that count from failureIf and failureIfResult', async () => {
    const breaker = circuitBreaker({
      consecutiveFailures: 2,
      failureIf: (error) => error instanceof Error && error.message === '503',
      failureIfResult: (result) => result === 'stale',
    });
    for (const run of [fail, () => Promise.reject(new Error('404')), fail, succeed, fail]) {
      await breaker.run<unknown>(run).catch(() => {});
    }
    expect(breaker.state).toBe('closed');
    await expect(breaker.run(async () => 'stale')).resolves.toBe('stale');
    expect(breaker.state).toBe('open');
  });

  it('counts a call that was aborted from outside, or refused further in, as nothing', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const controller = new AbortController();
    const run = breaker.run(({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)), {
      signal: controller.signal,
    });
    controller.abort('gone');
    await expect(run).rejects.toBe('gone');
    const timed = outcomeOf(timeout(10).run(({ signal }) => breaker.run(hang, { signal })));
    await advance(10);
    expect(timed.is).toMatchObject({ code: 'DEX_TIMEOUT' });

    const busy = policy(breaker, bulkhead({ concurrent: 1, maxQueued: 0 }));
    const first = busy.run(() => after(10));
    await expect(busy.run(succeed)).rejects.toMatchObject({ code: 'DEX_BULKHEAD_FULL' });
    await advance(10);
    await first;
    expect(breaker.state).toBe('closed');
  });

  it('counts the timeout of an attempt further in', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const run = outcomeOf(policy(breaker, timeout(10)).run(hang));
    await advance(10);
    expect(run.is).toMatchObject({ code: 'DEX_TIMEOUT' });
    expect(breaker.state).toBe('open');
  });

  it('does not count calls that began before the state changed', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 100 });
    const early = breaker.run(() => after(150).then(fail));
    early.catch(() => {});
    await play(breaker, 'f');
    await advance(100);
    await play(breaker, 's');
    await advance(50);
    await expect(early).rejects.toThrow('503');
    expect(breaker.state).toBe('closed');
  });

  it('leaves a call that is aborted already uncalled', async () => {
    const fn = vi.fn(succeed);
    await expect(circuitBreaker().run(fn, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    expect(fn).not.toHaveBeenCalled();
  });
});

describe('circuitBreaker, half-open', () => {
  const open = async (options: CircuitBreakerOptions = {}) => {
    const events: StateChangeEvent[] = [];
    const breaker = circuitBreaker({
      consecutiveFailures: 1,
      openMs: 100,
      onStateChange: (event) => events.push(event),
      ...options,
    });
    await play(breaker, 'f');
    return { breaker, events };
  };

  it('lets one probe through after openMs, and closes when it succeeds', async () => {
    const { breaker, events } = await open();
    await advance(99);
    await expect(breaker.run(succeed)).rejects.toMatchObject({ retryAfterMs: 1 });
    await advance(1);
    const probe = breaker.run(() => after(50));
    expect(breaker.state).toBe('half-open');
    await expect(breaker.run(succeed)).rejects.toMatchObject({ state: 'half-open', retryAfterMs: 0 });
    await advance(50);
    await expect(probe).resolves.toBe('late');
    expect(breaker.state).toBe('closed');
    expect(events).toEqual([
      { from: 'closed', to: 'open', key: undefined },
      { from: 'open', to: 'half-open', key: undefined },
      { from: 'half-open', to: 'closed', key: undefined },
    ]);
  });

  it('is open for longer after each probe that fails, up to maxOpenMs, and begins anew once it was closed', async () => {
    const { breaker } = await open({ maxOpenMs: 300 });
    for (const ms of [100, 200, 300, 300]) {
      await advance(ms - 1);
      await expect(breaker.run(succeed)).rejects.toBeInstanceOf(CircuitOpenError);
      await advance(1);
      await play(breaker, 'f');
    }
    await advance(300);
    await play(breaker, 'sf');
    await advance(100);
    await play(breaker, 's');
  });

  it('is open for up to a fifth less, at random', async () => {
    vi.mocked(Math.random).mockReturnValue(0.5);
    const { breaker } = await open();
    await expect(breaker.run(succeed)).rejects.toMatchObject({ retryAfterMs: 90 });
  });

  it('judges by halfOpenCalls probes: opens as soon as it is sure, closes when all are in', async () => {
    const { breaker } = await open({ halfOpenCalls: 4 });
    await advance(100);
    await play(breaker, 'sf');
    expect(breaker.state).toBe('half-open');
    await play(breaker, 'f');
    expect(breaker.state).toBe('open');
    await advance(200);
    const probes = [1, 2, 3, 4].map(() => breaker.run(() => after(10)));
    await expect(breaker.run(succeed)).rejects.toMatchObject({ state: 'half-open' });
    await advance(10);
    await Promise.all(probes);
    expect(breaker.state).toBe('closed');
  });

  it('opens again for a slow probe', async () => {
    const { breaker } = await open({ slowCallMs: 10 });
    await advance(100);
    const probe = breaker.run(() => after(11));
    await advance(11);
    await expect(probe).resolves.toBe('late');
    expect(breaker.state).toBe('open');
  });

  it('takes another probe for one that is aborted, and for one that does not settle within maxOpenMs', async () => {
    const { breaker } = await open({ maxOpenMs: 200 });
    await advance(100);
    const controller = new AbortController();
    const aborted = breaker.run(hang, { signal: controller.signal });
    controller.abort('gone');
    await expect(aborted).rejects.toBe('gone');
    const later = new AbortController();
    breaker.run(hang, { signal: later.signal }).catch(() => {});
    await advance(199);
    await expect(breaker.run(succeed)).rejects.toMatchObject({ state: 'half-open' });
    await advance(1);
    void breaker.run(hang);
    later.abort('gone'); // its place was given away already
    await expect(breaker.run(succeed)).rejects.toMatchObject({ state: 'half-open' });
    await advance(200);
    await play(breaker, 's');
    expect(breaker.state).toBe('closed');
  });

  it('takes what a probe calls through the breaker for a part of it, until the probe has settled', async () => {
    const { breaker } = await open({ halfOpenCalls: 2 });
    await advance(100);
    let leftBehind: Promise<unknown> = Promise.resolve();
    const probe = breaker.run(() => {
      leftBehind = after(20).then(() => breaker.run(succeed));
      return breaker.run(() => breaker.run(() => after(10)));
    });
    const other = breaker.run(() => after(50));
    const refused = outcomeOf(leftBehind);
    await advance(10);
    await expect(probe).resolves.toBe('late');
    expect(breaker.state).toBe('half-open');
    await advance(10);
    expect(refused.is).toMatchObject({ state: 'half-open' });
    await advance(30);
    await other;
    expect(breaker.state).toBe('closed');
  });

  it('refuses what a probe calls through it after it was isolated', async () => {
    const { breaker } = await open();
    await advance(100);
    const probe = breaker.run(() => {
      breaker.isolate();
      return breaker.run(succeed);
    });
    await expect(probe).rejects.toMatchObject({ state: 'isolated' });
  });

  it('keeps its place no longer when failureIf throws', async () => {
    const { breaker } = await open();
    await advance(100);
    const wrong = new Error('wrong');
    const faulty = circuitBreaker({
      consecutiveFailures: 1,
      openMs: 100,
      failureIf: (error) => {
        if (error === wrong) throw new TypeError('no such field');
        return true;
      },
    });
    await play(faulty, 'f');
    await advance(100);
    await expect(faulty.run(() => Promise.reject(wrong))).rejects.toThrow('no such field');
    expect(faulty.state).toBe('open');
    await play(breaker, 's');
  });

  it('is waited for by a retry around it', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 1_000 });
    const calls: number[] = [];
    const begin = Date.now();
    const run = policy(retry({ jitter: 'none', baseDelayMs: 10 }), breaker).run(async () => {
      calls.push(Date.now() - begin);
      return calls.length === 1 ? fail() : succeed();
    });
    await advance(2_000);
    await expect(run).resolves.toBe('sunny');
    // The second attempt is refused at 10 ms; the third comes 20 ms after the probe is due.
    expect(calls).toEqual([0, 1_020]);
  });
});

describe('circuitBreaker, by hand', () => {
  it('isolates until it is reset, and is not tried again', async () => {
    const breaker = circuitBreaker();
    breaker.isolate();
    expect(breaker.state).toBe('isolated');
    await advance(3_600_000);
    await expect(breaker.run(succeed)).rejects.toMatchObject({
      state: 'isolated',
      retryAfterMs: Infinity,
      message: 'The circuit is isolated.',
    });
    const attempts = vi.fn();
    await expect(policy(retry({ onRetry: attempts }), breaker).run(succeed)).rejects.toThrow('isolated');
    expect(attempts).not.toHaveBeenCalled();
    breaker.reset();
    expect(breaker.state).toBe('closed');
    await play(breaker, 's');
  });

  it('forgets what it counted when it is reset', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 2 });
    await play(breaker, 'f');
    breaker.reset();
    await play(breaker, 'f');
    expect(breaker.state).toBe('closed');
  });

  it('tells of changes only, also to a listener that throws or changes the state', async () => {
    const seen: string[] = [];
    const uncaught: unknown[] = [];
    const listen = (error: unknown): void => void uncaught.push(error);
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', listen);
    const breaker = circuitBreaker({
      consecutiveFailures: 1,
      onStateChange: ({ from, to }) => {
        seen.push(`${from} → ${to}`);
        if (to === 'open') breaker.isolate();
        if (to === 'isolated') throw new Error('listener');
      },
    });
    breaker.reset();
    await expect(breaker.run(fail)).rejects.toThrow('503');
    expect(breaker.state).toBe('isolated');
    await vi.waitFor(() => expect(uncaught).toEqual([new Error('listener')]), 5_000);
    process.off('uncaughtException', listen);
    for (const listener of before) process.on('uncaughtException', listener);
    breaker.isolate();
    breaker.reset();
    expect(seen).toEqual(['closed → open', 'open → isolated', 'isolated → closed']);
  });

  it('refuses calls once it is closed for good, and lets those under way end', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1 });
    const run = breaker.run(() => after(10));
    await breaker.close();
    await breaker[Symbol.asyncDispose]();
    await expect(breaker.run(succeed)).rejects.toMatchObject({ code: 'DEX_POLICY_CLOSED' });
    await advance(10);
    await expect(run).resolves.toBe('late');
  });
});
