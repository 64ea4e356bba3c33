import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { circuitBreaker, type CircuitBreakerOptions, policy, type Policy, retry, timeout } from '../index.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** An upstream that answers after 10 ms, unless it is down, behind an open breaker that parks; tells which calls came. */
async function setUp(options: CircuitBreakerOptions = {}) {
  const upstream = { isDown: true, arrived: [] as (string | number)[], atOnce: 0, mostAtOnce: 0 };
  const breaker = circuitBreaker({ consecutiveFailures: 1, openMs: 100, openGrowth: 1, park: true, ...options });
  const call = (name: string | number) => async (): Promise<string | number> => {
    upstream.arrived.push(name);
    upstream.atOnce += 1;
    upstream.mostAtOnce = Math.max(upstream.mostAtOnce, upstream.atOnce);
    await new Promise((resolve) => setTimeout(resolve, 10));
    upstream.atOnce -= 1;
    if (upstream.isDown) throw new Error(`503 for ${name}`);
    return name;
  };
  const settled: unknown[] = [];
  const send = (name: string | number, runOptions?: { signal: AbortSignal }, through: Policy = breaker) =>
    void through.run(call(name), runOptions).then(
      (value) => settled.push(value),
      (error: unknown) => settled.push(error),
    );
  for (let failures = 0; failures < (options.consecutiveFailures ?? 1); failures++) send('first');
  await advance(10);
  expect(breaker.state).toBe('open');
  upstream.arrived.length = settled.length = 0;
  return { upstream, breaker, call, send, settled };
}

describe('circuitBreaker with park', () => {
  it('lets calls wait while it is open, and probes with the one that came first', async () => {
    const { upstream, breaker, send, settled } = await setUp();
    for (const name of [1, 2, 3]) send(name);
    await advance(99);
    expect(upstream.arrived).toEqual([]);
    await advance(11);
    expect(upstream.arrived).toEqual([1]);
    expect(settled).toEqual([new Error('503 for 1')]);
    await advance(100);
    upstream.isDown = false;
    await advance(10);
    expect(upstream.arrived).toEqual([1, 2, 3]);
    expect(breaker.state).toBe('closed');
    await advance(10);
    expect(settled.slice(1)).toEqual([2, 3]);
  });

  it('goes from probe to probe when each is aborted as it begins, however many', async () => {
    const { breaker, send, settled } = await setUp({ maxParked: 10_000 });
    const left = Array.from({ length: 10_000 }, () => {
      const leaving = new AbortController();
      return breaker
        .run(async () => leaving.abort('left'), { signal: leaving.signal })
        .catch((error: unknown) => error);
    });
    await advance(100);
    expect(new Set(await Promise.all(left))).toEqual(new Set(['left']));
    send('next');
    await advance(10);
    expect([settled.length, breaker.state]).toEqual([1, 'open']);
  });

  it('probes no oftener than it has callers for', async () => {
    const { upstream, breaker, send } = await setUp();
    await advance(10_000);
    expect(upstream.arrived).toEqual([]);
    upstream.isDown = false;
    send('late');
    expect(upstream.arrived).toEqual(['late']); // the probe is overdue
    await advance(10);
    expect(breaker.state).toBe('closed');
  });

  it('waits ever longer for the next probe, by 2% each time, up to a second', async () => {
    const { upstream, send } = await setUp({ openMs: undefined, openGrowth: undefined });
    const at: number[] = [];
    vi.spyOn(upstream.arrived, 'push').mockImplementation(() => at.push(performance.now()));
    for (let name = 0; name < 200; name++) send(name);
    await advance(120_000);
    const gaps = at.slice(1).map((ms, index) => Math.round(ms - (at[index] ?? 0) - 10));
    expect(gaps.slice(0, 4)).toEqual([41, 42, 43, 44]);
    expect(gaps.at(-1)).toBe(1_000);
  });

  it('releases the others in order: two at once, and one more with each that succeeds', async () => {
    const { upstream, breaker, send, settled } = await setUp();
    const names = Array.from({ length: 40 }, (_, name) => name);
    for (const name of names) send(name);
    upstream.isDown = false;
    await advance(110);
    const arrivals = [upstream.arrived.length];
    for (let step = 0; step < 4; step++) {
      await advance(10);
      arrivals.push(upstream.arrived.length);
    }
    expect(arrivals).toEqual([3, 7, 15, 31, 40]);
    await advance(10);
    expect(upstream.arrived).toEqual(names);
    expect(settled).toEqual(names);
    for (let name = 0; name < 50; name++) send(name);
    expect(upstream.atOnce).toBe(50); // nothing is held back any more
    await advance(10);
    expect(breaker.state).toBe('closed');
  });

  it('puts calls that come while others are released behind them', async () => {
    const { upstream, send } = await setUp();
    for (const name of [1, 2, 3, 4]) send(name);
    upstream.isDown = false;
    await advance(110);
    expect(upstream.arrived).toEqual([1, 2, 3]);
    send(5);
    await advance(20);
    expect(upstream.arrived).toEqual([1, 2, 3, 4, 5]);
  });

  it('halves the release with each failure, and goes on waiting when the circuit opens again', async () => {
    const { upstream, breaker, send, settled } = await setUp({ consecutiveFailures: 4 });
    for (let name = 0; name < 20; name++) send(name);
    upstream.isDown = false;
    await advance(110);
    expect(upstream.arrived).toEqual([0, 1, 2]);
    upstream.isDown = true;
    await advance(10); // 1 and 2 fail: room for one
    expect(upstream.arrived).toEqual([0, 1, 2, 3]);
    await advance(20); // 3 and 4 fail: the circuit opens
    expect(breaker.state).toBe('open');
    upstream.isDown = false;
    await advance(200);
    expect(settled.filter((value) => typeof value === 'number')).toEqual([
      0,
      ...Array.from({ length: 15 }, (_, n) => n + 5),
    ]);
  });

  it('brings back a caller whose probe failed by the retry around it, within its deadline', async () => {
    const { upstream, breaker, call } = await setUp();
    const run = policy(timeout(5_000), retry({ attempts: 8, jitter: 'none', baseDelayMs: 10 }), breaker).run(call('a'));
    await advance(1_000);
    upstream.isDown = false;
    await advance(1_000);
    await expect(run).resolves.toBe('a');
  });

  it('lets a caller leave by its timeout or signal, and never calls for it', async () => {
    const { upstream, breaker, send, settled } = await setUp();
    const controller = new AbortController();
    send('aborted', { signal: controller.signal });
    send('timed out', undefined, policy(timeout(50), breaker));
    send('patient');
    controller.abort('gone');
    await advance(0);
    expect(settled).toEqual(['gone']);
    await advance(50);
    expect(settled[1]).toMatchObject({ code: 'DEX_TIMEOUT' });
    upstream.isDown = false;
    await advance(60);
    expect(upstream.arrived).toEqual(['patient']);
    expect(settled[2]).toBe('patient');
  });

  it('probes with nobody whose deadline has passed, even where its timeout comes late', async () => {
    const { upstream, breaker, send, settled } = await setUp();
    send('late', undefined, policy(timeout(105), breaker));
    send('patient');
    upstream.isDown = false;
    await advance(99);
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 10); // the loop was busy
    await advance(1);
    expect(upstream.arrived).toEqual(['patient']);
    now.mockRestore();
    await advance(10);
    expect(settled).toEqual([expect.objectContaining({ code: 'DEX_TIMEOUT' }), 'patient']);
  });

  it('parks no call that a probe or a released one makes, which would wait for itself', async () => {
    const { upstream, breaker, send, settled } = await setUp();
    for (const name of [1, 2, 3, 4]) send(name, undefined, policy(breaker, breaker));
    upstream.isDown = false;
    await advance(100 + 10 + 10 + 10);
    expect(settled).toEqual([1, 2, 3, 4]);
    expect(breaker.state).toBe('closed');
  });

  it('hands the probe to the next when the caller that probes leaves, also when its function does not', async () => {
    const { upstream, breaker, send, settled } = await setUp();
    const controller = new AbortController();
    const run = breaker.run(() => new Promise(() => {}), { signal: controller.signal });
    send('next');
    await advance(100);
    expect(upstream.arrived).toEqual([]);
    upstream.isDown = false;
    controller.abort('gone');
    await expect(run).rejects.toBe('gone');
    expect(upstream.arrived).toEqual(['next']);
    await advance(10);
    expect(settled).toEqual(['next']);
  });

  it('does not wait for ever for probes and released calls that never settle', async () => {
    const { upstream, breaker, send, settled } = await setUp({ maxOpenMs: 200 });
    for (let calls = 0; calls < 2; calls++) void breaker.run(() => new Promise(() => {}));
    for (const name of [1, 2]) send(name);
    upstream.isDown = false;
    await advance(100 + 200);
    expect(upstream.arrived).toEqual([]);
    await advance(200); // both probes are written off
    expect(upstream.arrived).toEqual([1]);
    await advance(10);
    breaker.isolate();
    await advance(10);
    expect(settled).toEqual([1, 2]);
  });

  it('fails calls beyond maxParked at once', async () => {
    const { upstream, breaker, send, settled } = await setUp({ maxParked: 2 });
    for (const name of [1, 2, 3]) send(name);
    await advance(0);
    expect(settled).toMatchObject([
      {
        code: 'DEX_CIRCUIT_OPEN',
        retryAfterMs: 100,
        message: 'The circuit is open, and all 2 places to wait are taken; the next probe is due in 100 ms.',
      },
    ]);
    upstream.isDown = false;
    await advance(120);
    expect(settled.slice(1)).toEqual([1, 2]);
    breaker.isolate();
    send(4);
    await advance(0);
    expect(settled.at(-1)).toMatchObject({ message: 'The circuit is isolated.' });
  });

  it('fails what is parked when it is isolated or closed, and lets it go on when it is reset', async () => {
    const { upstream, breaker, send, settled } = await setUp();
    send('isolated');
    breaker.isolate();
    await advance(0);
    expect(settled).toMatchObject([{ code: 'DEX_CIRCUIT_OPEN', state: 'isolated', retryAfterMs: Infinity }]);
    breaker.reset();
    send('fails');
    await advance(10);
    expect(breaker.state).toBe('open');
    upstream.isDown = false;
    for (const name of [1, 2, 3]) send(name);
    breaker.reset();
    expect(breaker.state).toBe('closed');
    await advance(20);
    expect(settled.slice(2)).toEqual([1, 2, 3]);
    breaker.isolate();
    breaker.reset();
    upstream.isDown = true;
    send('fails');
    await advance(10);
    send('waits');
    await breaker.close();
    await advance(0);
    expect(settled.at(-1)).toMatchObject({ code: 'DEX_POLICY_CLOSED' });
  });
});
