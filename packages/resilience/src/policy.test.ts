import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Policy, policy, retry, timeout } from './index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const broken = (): Promise<number> => {
  throw new Error('sync');
};
const never = (): Promise<never> => new Promise(() => {});

describe('policy', () => {
  it('composes outside in: a timeout before retry bounds the whole, one after it each attempt', async () => {
    const attempts: number[] = [];
    const slow = (): Promise<never> => {
      attempts.push(Date.now());
      return never();
    };
    const bounded = policy(timeout(1_000), retry({ attempts: 10, baseDelayMs: 0 }), timeout(300));
    const started = Date.now();
    const result = expect(bounded.run(slow)).rejects.toMatchObject({ code: 'DEX_TIMEOUT', timeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    await result;
    expect(attempts.map((at) => at - started)).toEqual([0, 300, 600, 900]);
  });

  it('passes through without policies', async () => {
    await expect(policy().run(async ({ attempt }) => attempt)).resolves.toBe(1);
  });

  it('names an argument that is no policy', () => {
    const notOne: Policy = Object.assign(() => never, { run: never });
    expect(() => policy(retry(), notOne)).toThrow(
      'Option "policy[1]" must be a policy, such as retry(), got a function.',
    );
  });

  it('rejects at once where run is given no function', async () => {
    const calls = retry({ budget: false, onRetry: ({ error }) => expect.unreachable(String(error)) });
    // @ts-expect-error no function
    await expect(calls.run('daily')).rejects.toThrow('Option "run.fn" must be a function, got "daily".');
  });

  it('names what it is to wrap and is no function', () => {
    // @ts-expect-error a promise, of a call that has begun
    expect(() => retry()(Promise.resolve(1))).toThrow(
      'Option "policy.fn" must be a function, got an object (Promise).',
    );
  });

  it('rejects where run is given no signal but something else', async () => {
    // @ts-expect-error no signal
    await expect(retry().run(never, { signal: null })).rejects.toThrow(
      '"run.signal" must be an AbortSignal, or several, got null.',
    );
    // @ts-expect-error one of them is no signal
    await expect(retry().run(never, { signal: [AbortSignal.abort(), 1] })).rejects.toThrow('"run.signal" must be');
  });

  it('ends with the first of several signals to abort, and leaves none with a listener', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const signal = [first.signal, second.signal];
    const waiting = policy(retry(), timeout(1_000)).run(never, { signal });
    second.abort('second');
    await expect(waiting).rejects.toBe('second');
    await expect(retry().run(never, { signal })).rejects.toBe('second');
    await expect(retry().run(async () => 1, { signal: [first.signal, new AbortController().signal] })).resolves.toBe(1);
    for (const each of signal) expect(getEventListeners(each, 'abort')).toHaveLength(0);
  });

  it('goes by the earliest deadline of several signals', async () => {
    const other = new AbortController().signal;
    const remaining = await timeout(5_000).run((outer) =>
      timeout(60_000).run((inner) =>
        retry().run(async ({ remainingMs }) => remainingMs, { signal: [other, inner.signal, outer.signal] }),
      ),
    );
    expect(remaining).toBeGreaterThan(4_000);
    expect(remaining).toBeLessThanOrEqual(5_000);
  });

  it('turns a synchronous throw into a rejection', async () => {
    await expect(timeout(10).run(broken)).rejects.toThrow('sync');
    await expect(retry({ attempts: 1 }).run(broken)).rejects.toThrow('sync');
  });
});

describe('abort', () => {
  const stacks: [string, Policy][] = [
    ['policy()', policy()],
    ['timeout', timeout(1_000)],
    ['retry', retry()],
    ['all', policy(timeout(1_000), retry(), timeout(500))],
  ];

  it.each(stacks)('%s rejects with the reason at once though the function ignores its signal', async (_name, stack) => {
    const controller = new AbortController();
    const reason = new Error('user left');
    const result = expect(stack.run(never, { signal: controller.signal })).rejects.toBe(reason);
    controller.abort(reason);
    await result;
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it.each(stacks)('%s does not call the function when aborted before', async (_name, stack) => {
    const fn = vi.fn(never);
    await expect(stack.run(fn, { signal: AbortSignal.abort('early') })).rejects.toBe('early');
    expect(fn).not.toHaveBeenCalled();
  });

  it.each(stacks)('%s leaves no listener after success or failure', async (_name, stack) => {
    const { signal } = new AbortController();
    await stack.run(async () => 1, { signal });
    const failing = stack.run(() => Promise.reject(new Error('x')), { signal }).catch(() => {});
    await vi.runAllTimersAsync();
    await failing;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('takes one listener for all runs under the same signal, and reaches those that are left', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const ends: (() => void)[] = [];
    const end = () => new Promise<void>((resolve) => ends.push(resolve));
    const runs = Array.from({ length: 100_000 }, () => retry().run(end, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const finish of ends.splice(3)) finish();
    await Promise.all(runs.slice(3));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort('left');
    const left = { status: 'rejected', reason: 'left' };
    expect(await Promise.allSettled(runs.slice(0, 3))).toEqual([left, left, left]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('reaches the signal of the attempt through every layer, also in a retry', async () => {
    const controller = new AbortController();
    let seen: AbortSignal | undefined;
    const run = policy(timeout(1_000), retry({ baseDelayMs: 0 }), timeout(500)).run(
      async ({ signal, attempt }) => {
        if (attempt === 1) throw new Error('first');
        seen = signal;
        return never();
      },
      { signal: controller.signal },
    );
    const result = expect(run).rejects.toBe('stop');
    await vi.advanceTimersByTimeAsync(1);
    expect(seen?.aborted).toBe(false);
    controller.abort('stop');
    await result;
    expect(seen).toMatchObject({ aborted: true, reason: 'stop' });
  });

  it('aborts also a signal that is asked for only afterwards', async () => {
    const controller = new AbortController();
    let late: (() => AbortSignal) | undefined;
    const run = timeout(50).run(
      (attempt) => {
        late = () => attempt.signal;
        return never();
      },
      { signal: controller.signal },
    );
    controller.abort(null);
    await expect(run).rejects.toBe(null);
    expect(late?.().aborted).toBe(true);
  });
});

describe('a wrapped function', () => {
  it('keeps this, arguments, result and name', async () => {
    const wrapped = retry()(async function greet(this: { name: string }, suffix: string) {
      return `${this.name}${suffix}`;
    });
    await expect(wrapped.call({ name: 'Seattle' }, '!')).resolves.toBe('Seattle!');
    expect(wrapped.name).toBe('greet');
  });

  it('gets the signal of the attempt in an options object that has a signal key', async () => {
    const controller = new AbortController();
    const fetchDay = timeout(100)(
      async (_city: string, options: { signal?: AbortSignal | undefined; units: string }) => options,
    );
    const options = { signal: controller.signal, units: 'metric' };
    const received = await fetchDay('Seattle', options);
    expect(received.units).toBe('metric');
    expect(received.signal).toBeInstanceOf(AbortSignal);
    expect(received.signal).not.toBe(controller.signal);
    expect(options.signal).toBe(controller.signal);

    await expect(fetchDay('Seattle', { signal: AbortSignal.abort('gone'), units: '' })).rejects.toBe('gone');
  });

  it.each([undefined, null])('gets it also in place of %s, which says to fetch that there is none', async (none) => {
    const fetchDay = timeout(100)(async (options: { signal?: AbortSignal | null | undefined }) => options);
    expect((await fetchDay({ signal: none })).signal).toBeInstanceOf(AbortSignal);
  });

  it('gets every other argument untouched, so that a row to save gains no signal', async () => {
    const row = { city: 'Seattle' };
    const save = retry()(async (saved: object) => saved);
    await expect(save(row)).resolves.toBe(row);
    const request = new Request('http://127.0.0.1/');
    await expect(save(request)).resolves.toBe(request);
  });

  it('is left to its own when it outlives the timeout', async () => {
    const late = Promise.withResolvers<never>();
    const result = expect(timeout(10).run(() => late.promise)).rejects.toThrow('Timed out');
    await vi.advanceTimersByTimeAsync(10);
    await result;
    late.reject(new Error('nobody hears this, and nothing is unhandled'));
    await vi.advanceTimersByTimeAsync(0);
  });
});

describe('as a decorator', () => {
  const twice = retry({ attempts: 2, baseDelayMs: 0 });
  const legacy = (...args: unknown[]): unknown => Reflect.apply(twice, undefined, args);

  class Weather {
    calls = 0;
    @twice async daily(city: string): Promise<string> {
      this.calls += 1;
      if (this.calls === 1) throw new Error('first');
      return city;
    }
    @twice static async cities(): Promise<number> {
      return 2;
    }
    @twice async #hidden(): Promise<string> {
      return `hidden ${this.calls}`;
    }
    async reveal(): Promise<string> {
      return this.#hidden();
    }
  }

  it('wraps public, static and #private methods', async () => {
    const weather = new Weather();
    const daily = weather.daily('Seattle');
    await vi.runAllTimersAsync();
    await expect(daily).resolves.toBe('Seattle');
    await expect(Weather.cities()).resolves.toBe(2);
    await expect(weather.reveal()).resolves.toBe('hidden 2');
  });

  it('says so when called the legacy way, or on something else than a method', () => {
    expect(() => legacy({}, 'daily', { value: never })).toThrow('"experimentalDecorators" off');
    expect(() => legacy(Weather, 'daily', { value: never })).toThrow('"experimentalDecorators" off');
    expect(() => legacy(Weather, { kind: 'class' })).toThrow('A policy decorates methods');
    expect(() => legacy(undefined, { kind: 'field' })).toThrow('A policy decorates methods');
  });
});
