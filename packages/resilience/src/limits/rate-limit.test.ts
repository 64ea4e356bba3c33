import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { policy, PolicyClosedError, rateLimit, RateLimitError, retry, timeout } from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const settled = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

/** Notes when calls begin, in milliseconds from now. */
function stopwatch() {
  const start = performance.now();
  const times: number[] = [];
  return {
    times,
    note: async (): Promise<number> => {
      times.push(performance.now() - start);
      return times.length;
    },
  };
}

describe('rateLimit', () => {
  it('lets a burst through at once, the next ones at an even pace, and a burst again after a pause', async () => {
    const { times, note } = stopwatch();
    const ten = rateLimit({ limit: 10, burst: 3 });
    const runs = Array.from({ length: 6 }, () => ten.run(note));
    expect(ten.queued).toBe(3);
    await vi.advanceTimersByTimeAsync(300);
    await Promise.all(runs);
    expect(times).toEqual([0, 0, 0, 100, 200, 300]);
    expect(ten.queued).toBe(0);
    await vi.advanceTimersByTimeAsync(300);
    const again = Array.from({ length: 4 }, () => ten.run(note));
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all(again);
    expect(times.slice(6)).toEqual([600, 600, 600, 700]);
  });

  it('lets the whole limit through at once by default, in a second by default, and 128 wait', async () => {
    const { times, note } = stopwatch();
    const api = rateLimit({ limit: 5 });
    const runs = Array.from({ length: 5 + 128 }, () => api.run(note));
    expect([times, api.queued]).toEqual([[0, 0, 0, 0, 0], 128]);
    await expect(api.run(note)).rejects.toMatchObject({ retryAfterMs: 129 * 200 });
    await vi.advanceTimersByTimeAsync(128 * 200);
    await Promise.all(runs);
    expect(times.at(-1)).toBe(128 * 200);
  });

  it('never lets a call through before its time where the pace is no whole number of milliseconds', async () => {
    const { times, note } = stopwatch();
    const even = rateLimit({ limit: 3, burst: 1 });
    const runs = Array.from({ length: 3 }, () => even.run(note));
    await vi.advanceTimersByTimeAsync(668);
    await Promise.all(runs);
    expect(times).toEqual([0, 334, 668]);
  });

  it('keeps up a pace of more than one call in a millisecond where a burst is allowed', async () => {
    const { times, note } = stopwatch();
    const fast = rateLimit({ limit: 5_000, burst: 10, maxQueued: 500 });
    const runs = Array.from({ length: 510 }, () => fast.run(note));
    await vi.advanceTimersByTimeAsync(101);
    await Promise.all(runs);
    expect(times.filter((ms) => ms === 50)).toHaveLength(5);
  });

  it('refuses where nothing may wait, and says when to come again', async () => {
    const api = rateLimit({ limit: 2, perMs: 3_000, maxQueued: 0 });
    await api.run(async () => {});
    await vi.advanceTimersByTimeAsync(100);
    await api.run(async () => {});
    const error = await settled(api.run(async () => {}));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({
      code: 'DEX_RATE_LIMITED',
      message: 'The limit of 2 calls in 3000 ms is reached. Try again in 1400 ms.',
      limit: 2,
      perMs: 3_000,
      retryAfterMs: 1_400,
      key: undefined,
    });
    await vi.advanceTimersByTimeAsync(1_399);
    await expect(api.run(async () => {})).rejects.toMatchObject({ retryAfterMs: 1 });
    await vi.advanceTimersByTimeAsync(1);
    await expect(api.run(async () => 'in time')).resolves.toBe('in time');
  });

  it('makes a retry around it wait', async () => {
    const { times, note } = stopwatch();
    const api = policy(retry({ baseDelayMs: 0 }), rateLimit({ limit: 1, perMs: 500, maxQueued: 0 }));
    const runs = [api.run(note), api.run(note)];
    await vi.advanceTimersByTimeAsync(500);
    await Promise.all(runs);
    expect(times).toEqual([0, 500]);
  });

  it('refuses at once a call whose turn would come after its deadline, behind those that wait', async () => {
    const { times, note } = stopwatch();
    const api = rateLimit({ limit: 1, perMs: 100 });
    const first = [api.run(note), api.run(note)];
    const inTime = policy(timeout(201), api).run(note);
    await expect(policy(timeout(300), api).run(note)).rejects.toMatchObject({ retryAfterMs: 300 });
    const last = policy(timeout(301), api).run(note);
    await vi.advanceTimersByTimeAsync(300);
    await Promise.all([...first, inTime, last]);
    expect(times).toEqual([0, 100, 200, 300]);
  });

  it('does not begin a call whose deadline passed while the loop was busy, and spends nothing on it', async () => {
    const { times, note } = stopwatch();
    const api = rateLimit({ limit: 1, perMs: 100 });
    const first = api.run(note);
    const late = settled(policy(timeout(150), api).run(note));
    const last = api.run(note);
    const now = performance.now();
    const busy = vi.spyOn(performance, 'now').mockReturnValue(now + 151);
    await vi.advanceTimersByTimeAsync(100);
    busy.mockRestore();
    expect(times).toEqual([0, 151]);
    await vi.advanceTimersByTimeAsync(50);
    await expect(late).resolves.toMatchObject({ code: 'DEX_TIMEOUT' });
    await Promise.all([first, last]);
  });

  it('lets nobody pass those that wait while the loop is busy', async () => {
    const begun: string[] = [];
    const call = (name: string) => async () => begun.push(name);
    const api = rateLimit({ limit: 1, perMs: 100, maxQueued: 2 });
    const runs = [api.run(call('first')), api.run(call('second'))];
    const busy = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 130); // the timer is late
    runs.push(api.run(call('third')));
    await expect(api.run(call('fourth'))).rejects.toMatchObject({ retryAfterMs: 200 });
    busy.mockRestore();
    expect(begun).toEqual(['first']);
    await vi.advanceTimersByTimeAsync(200);
    await Promise.all(runs);
    expect(begun).toEqual(['first', 'second', 'third']);
  });

  it('lets those behind move up when a waiting call is aborted, and keeps no timer when none is left', async () => {
    const { times, note } = stopwatch();
    const api = rateLimit({ limit: 1, perMs: 100 });
    const controller = new AbortController();
    const { signal } = controller;
    const runs = [api.run(note), settled(api.run(note, { signal })), api.run(note)];
    await vi.advanceTimersByTimeAsync(50);
    controller.abort('gone');
    expect(api.queued).toBe(1);
    await expect(runs[1]).resolves.toBe('gone');
    await vi.advanceTimersByTimeAsync(50);
    await Promise.all(runs);
    expect(times).toEqual([0, 100]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);

    const second = new AbortController();
    const both = [1, 2].map(() => settled(api.run(note, { signal: second.signal })));
    expect(vi.getTimerCount()).toBe(1);
    second.abort('gone as well');
    expect(vi.getTimerCount()).toBe(0);
    await expect(Promise.all(both)).resolves.toEqual(['gone as well', 'gone as well']);
    await expect(api.run(note, { signal: AbortSignal.abort('early') })).rejects.toBe('early');
  });

  it('spends nothing on a call that was aborted before it came', async () => {
    const api = rateLimit({ limit: 1, maxQueued: 0 });
    const inner = policy(retry({ attempts: 2, baseDelayMs: 0 }), api);
    const controller = new AbortController();
    const run = settled(
      policy(timeout(50), inner).run(
        async () => {
          controller.abort('gone');
          return 'late';
        },
        { signal: controller.signal },
      ),
    );
    await expect(run).resolves.toBe('gone');
    await expect(api.run(async () => 'second')).rejects.toMatchObject({ code: 'DEX_RATE_LIMITED' });
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(api.run(async () => 'third')).resolves.toBe('third');
  });

  it('may be used by a call that it lets through', async () => {
    const { times, note } = stopwatch();
    const api = rateLimit({ limit: 1, perMs: 100 });
    const first = api.run(note);
    const outer = api.run(async () => {
      await note();
      return api.run(note);
    });
    await vi.advanceTimersByTimeAsync(200);
    await Promise.all([first, outer]);
    expect(times).toEqual([0, 100, 200]);
  });

  it('rejects what waits and what comes once it is closed, and may be closed twice', async () => {
    const api = rateLimit({ limit: 1, key: (city: string) => city });
    const whole = rateLimit({ limit: 1 });
    const daily = policy(api, whole)(async (city: string) => city);
    await expect(daily('Seattle')).resolves.toBe('Seattle');
    const waiting = [settled(daily('Seattle')), settled(daily('Oslo'))];
    expect([api.queued, whole.queued]).toEqual([1, 1]);
    for (const limit of [api, whole]) {
      await limit.close();
      await limit[Symbol.asyncDispose]();
    }
    expect(await Promise.all(waiting)).toEqual([expect.any(PolicyClosedError), expect.any(PolicyClosedError)]);
    await expect(daily('Oslo')).rejects.toMatchObject({ code: 'DEX_POLICY_CLOSED' });
  });

  it.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 0.5 }],
    ['limit', { limit: Number.NaN }],
    ['perMs', { limit: 1, perMs: 0 }],
    ['perMs', { limit: 1, perMs: 2 ** 31 }],
    ['burst', { limit: 1, burst: 0 }],
    ['maxQueued', { limit: 1, maxQueued: -1 }],
    ['maxQueued', { limit: 1, maxQueued: Infinity }],
    ['maxKeys', { limit: 1, maxKeys: 0 }],
    ['maxKeys', { limit: 1, maxKeys: 5 }], // without a key
  ])('refuses a bad %s', (option, options) => {
    expect(() => rateLimit(options)).toThrow(expect.objectContaining({ option: `rateLimit.${option}` }));
  });
});

describe('rateLimit by key', () => {
  const byCity = { key: (city: string) => city };

  it('gives each key a limit and a queue of its own, by argument or by the key of run', async () => {
    const { times, note } = stopwatch();
    const api = rateLimit({ limit: 1, perMs: 100, maxQueued: 1, ...byCity });
    const daily = api(async (_city: string) => note());
    const runs = [daily('Seattle'), daily('Seattle'), daily('Oslo'), api.run(note, { key: 'Oslo' })];
    expect([times, api.queued]).toEqual([[0, 0], 2]);
    await expect(daily('Seattle')).rejects.toMatchObject({
      message: 'The limit of 1 calls in 100 ms is reached for "Seattle". Try again in 200 ms.',
      key: 'Seattle',
    });
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all(runs);
    expect(times).toEqual([0, 0, 100, 100]);
  });

  it('rejects a call without a key, or with a key function that throws or gives none', async () => {
    const api = rateLimit({ limit: 1, ...byCity });
    await expect(api.run(async () => {})).rejects.toMatchObject({ code: 'DEX_KEY', policy: 'rateLimit' });
    const broken = rateLimit({ limit: 1, key: () => JSON.parse('5') });
    await expect(broken(async () => {})()).rejects.toMatchObject({ code: 'DEX_KEY' });
    const throwing = rateLimit({
      limit: 1,
      key: () => {
        throw new Error('no key');
      },
    });
    await expect(throwing(async () => {})()).rejects.toThrow('no key');
  });

  it('remembers so many keys, forgets one only when that changes nothing, and refuses others until then', async () => {
    const { times, note } = stopwatch();
    const daily = rateLimit({ limit: 2, perMs: 200, maxQueued: 0, maxKeys: 2, ...byCity })(async (_city: string) =>
      note(),
    );
    await daily('Seattle');
    await daily('Seattle'); // its time is past after 200 ms
    await vi.advanceTimersByTimeAsync(50);
    await daily('Oslo'); // and this one's after 150
    await expect(daily('Paris')).rejects.toMatchObject({ key: 'Paris', retryAfterMs: 100 });
    await expect(daily('Seattle')).rejects.toMatchObject({ key: 'Seattle', retryAfterMs: 50 });
    await vi.advanceTimersByTimeAsync(99);
    await expect(daily('Paris')).rejects.toMatchObject({ retryAfterMs: 1 });
    await vi.advanceTimersByTimeAsync(1);
    await daily('Paris'); // instead of Oslo; its time is past after 250 ms
    await expect(daily('Oslo')).rejects.toMatchObject({ retryAfterMs: 50 });
    await vi.advanceTimersByTimeAsync(50);
    await daily('Oslo'); // instead of Seattle
    await expect(daily('Rome')).rejects.toMatchObject({ retryAfterMs: 50 });
    expect(times).toEqual([0, 0, 50, 150, 200]);
  });

  it('does not forget a key for which calls wait, even where the loop was busy at their time', async () => {
    const { times, note } = stopwatch();
    const api = rateLimit({ limit: 1, perMs: 100, maxKeys: 1, ...byCity });
    const daily = api(async (_city: string) => note());
    const runs = [daily('Seattle'), daily('Seattle')];
    const now = performance.now();
    const busy = vi.spyOn(performance, 'now').mockReturnValue(now + 101);
    await expect(daily('Oslo')).rejects.toMatchObject({ key: 'Oslo', retryAfterMs: 1 });
    busy.mockRestore();
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all(runs);
    expect(times).toEqual([0, 100]);
    await vi.advanceTimersByTimeAsync(100);
    await daily('Oslo');
  });

  it('remembers 10,000 keys by default', async () => {
    const daily = rateLimit({ limit: 1, ...byCity })(async (city: string) => city);
    for (let n = 0; n < 10_000; n++) await daily(`city ${n}`);
    await expect(daily('one more')).rejects.toMatchObject({ code: 'DEX_RATE_LIMITED', retryAfterMs: 1_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(daily('one more')).resolves.toBe('one more');
  });
});
