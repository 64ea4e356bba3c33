import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AdaptiveConcurrency, bulkhead, RateLimitError, timeout, TimeoutError } from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An upstream with so many workers; a call takes `serviceMs`, give or take a third, once a worker is free. */
function createUpstream(workers: number, serviceMs: number) {
  const queue: (() => void)[] = [];
  const upstream = {
    workers,
    serviceMs,
    busy: 0,
    async call(): Promise<void> {
      if (upstream.busy >= upstream.workers) await new Promise<void>((resolve) => queue.push(resolve));
      upstream.busy += 1;
      await new Promise((resolve) => setTimeout(resolve, upstream.serviceMs * (2 / 3 + (2 / 3) * Math.random())));
      upstream.busy -= 1;
      if (upstream.busy < upstream.workers) queue.shift()?.();
    },
  };
  return upstream;
}

/** So many callers without a pause over `ms` milliseconds; tells the limits and the calls of the second half. */
async function load(
  limited: ReturnType<typeof bulkhead>,
  upstream: ReturnType<typeof createUpstream>,
  { callers, ms }: { callers: number; ms: number },
) {
  const end = performance.now() + ms;
  const limits: number[] = [];
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      await limited.run(() => upstream.call());
      if (performance.now() > end - ms / 2 && performance.now() <= end) limits.push(limited.concurrent);
    }
  };
  const done = Promise.all(Array.from({ length: callers }, caller));
  await vi.advanceTimersByTimeAsync(ms + 100_000); // the last callers wait for each other
  await done;
  const sorted = limits.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { low: at(0.1), median: at(0.5), high: at(0.99), perSecond: (sorted.length * 2_000) / ms };
}

const adaptive = (concurrent: AdaptiveConcurrency = {}) => bulkhead({ concurrent, maxQueued: 10_000 });

describe('an adaptive bulkhead', () => {
  it.each([5, 20, 60])('finds about the limit of an upstream with %i workers, and uses them', async (workers) => {
    const limited = adaptive();
    expect(limited.concurrent).toBe(4);
    const found = await load(limited, createUpstream(workers, 50), { callers: 200, ms: 20_000 });
    expect(found.median).toBeGreaterThanOrEqual(workers);
    expect(found.high).toBeLessThanOrEqual(2.5 * workers + 4);
    expect(found.perSecond).toBeGreaterThan(0.9 * (workers / 0.05));
  });

  it('backs off when the upstream loses workers, and comes back with them', async () => {
    const upstream = createUpstream(40, 50);
    const limited = adaptive();
    const before = await load(limited, upstream, { callers: 200, ms: 10_000 });
    upstream.workers = 8;
    const during = await load(limited, upstream, { callers: 200, ms: 50_000 });
    upstream.workers = 40;
    const afterwards = await load(limited, upstream, { callers: 200, ms: 10_000 });
    expect(before.median).toBeGreaterThanOrEqual(40);
    expect(during.high).toBeLessThan(0.75 * before.median);
    expect(during.median).toBeLessThanOrEqual(24);
    expect(during.perSecond).toBeGreaterThan(0.9 * (8 / 0.05));
    expect(afterwards.median).toBeGreaterThanOrEqual(40);
  });

  it('takes slower calls for normal where fewer at once are no faster', async () => {
    const upstream = createUpstream(40, 50);
    const limited = adaptive();
    await load(limited, upstream, { callers: 200, ms: 10_000 });
    upstream.serviceMs = 200;
    const slower = await load(limited, upstream, { callers: 200, ms: 20_000 });
    expect(slower.median).toBeGreaterThanOrEqual(40);
    expect(slower.high).toBeLessThanOrEqual(2.5 * 40 + 4);
    expect(slower.perSecond).toBeGreaterThan(0.8 * (40 / 0.2));
  });

  it.each([200, 90])('learns that calls take 50 ms now, not %i, and lets no longer queue grow for it', async (ms) => {
    const upstream = createUpstream(20, ms);
    const limited = adaptive();
    await load(limited, upstream, { callers: 200, ms: 20_000 });
    upstream.serviceMs = 50;
    const faster = await load(limited, upstream, { callers: 200, ms: 100_000 });
    expect(faster.low).toBeGreaterThanOrEqual(20);
    expect(faster.median).toBeLessThanOrEqual(48);
  });

  it('does not grow where callers do not use it up', async () => {
    const limited = adaptive();
    const found = await load(limited, createUpstream(100, 50), { callers: 3, ms: 20_000 });
    expect(found.high).toBe(4);
  });

  it('stays between its bounds', async () => {
    const limited = adaptive({ min: 7, max: 10 });
    const found = await load(limited, createUpstream(100, 50), { callers: 50, ms: 10_000 });
    expect(found).toMatchObject({ median: 10, high: 10 });
    for (let failures = 0; failures < 100; failures++) {
      await limited.run(() => Promise.reject(new TimeoutError(5))).catch(() => {});
    }
    expect(limited.concurrent).toBe(7);
  });

  it('sinks by a tenth in a round with a timeout or a Retry-After, and not for other errors', async () => {
    const limited = adaptive({ min: 1, max: 100 });
    await load(limited, createUpstream(50, 20), { callers: 100, ms: 10_000 });
    const grown = limited.concurrent;
    const fail = (error: Error): Promise<unknown> => limited.run(() => Promise.reject(error)).catch(() => {});
    await fail(new Error('404'));
    await fail(new RateLimitError({ limit: 1, perMs: 1_000 }, 500));
    expect(limited.concurrent).toBe(grown);
    await fail(Object.assign(new Error('429'), { retryAfterMs: 100 }));
    const once = limited.concurrent;
    expect(once).toBeGreaterThanOrEqual(Math.floor(grown * 0.9) - 1);
    expect(once).toBeLessThanOrEqual(Math.ceil(grown * 0.9));
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all([fail(new TimeoutError(5)), fail(new TimeoutError(5)), fail(new TimeoutError(5))]);
    expect(limited.concurrent).toBeLessThanOrEqual(Math.ceil(once * 0.9));
  });

  it('counts the calls of one round once, however many of them are too much', async () => {
    const busy = new Error('503');
    const limited = adaptive({ min: 10, max: 100, overloadIf: (error) => error === busy });
    await load(limited, createUpstream(50, 20), { callers: 100, ms: 10_000 });
    const grown = limited.concurrent;
    const failing = Array.from({ length: 20 }, () =>
      limited
        .run(async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          throw busy;
        })
        .catch(() => {}),
    );
    await vi.advanceTimersByTimeAsync(5);
    await Promise.all(failing);
    expect(limited.concurrent).toBeGreaterThanOrEqual(Math.floor(grown * 0.9) - 1);
  });

  it('keeps the order where the limit grows and a call that begins makes another', async () => {
    const limited = adaptive({ min: 16, max: 100 });
    const order: string[] = [];
    const nested: Promise<unknown>[] = [];
    const runs = Array.from({ length: 80 }, (_, n) =>
      limited.run(async () => {
        order.push(`call ${n}`);
        if (n >= 16) nested.push(limited.run(async () => order.push(`made by ${n}`)));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }),
    );
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all([...runs, ...nested]);
    expect(limited.concurrent).toBeGreaterThan(16);
    expect(order.slice(0, 80)).toEqual(Array.from({ length: 80 }, (_, n) => `call ${n}`));
  });

  it('gets the place back of a call whose overloadIf throws', async () => {
    const overloadIf = (): boolean => {
      throw new Error('not told');
    };
    const limited = adaptive({ min: 1, max: 1, overloadIf });
    const calls = [1, 2].map(() => limited.run(() => Promise.reject(new Error('503'))));
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ reason: { message: 'not told' } });
    }
    expect([limited.active, limited.queued]).toEqual([0, 0]);
  });

  it('hears of a timeout around it', async () => {
    const limited = adaptive({ min: 1, max: 100 });
    await load(limited, createUpstream(50, 20), { callers: 100, ms: 10_000 });
    const grown = limited.concurrent;
    const stuck = timeout(50).run(({ signal }) =>
      limited.run(
        ({ signal: own }) => new Promise((_, reject) => own.addEventListener('abort', () => reject(own.reason))),
        {
          signal,
        },
      ),
    );
    const failed = expect(stuck).rejects.toBeInstanceOf(TimeoutError);
    await vi.advanceTimersByTimeAsync(50);
    await failed;
    expect(limited.concurrent).toBeLessThan(grown);
  });
});
