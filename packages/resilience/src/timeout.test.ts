import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bulkhead, policy, timeout, TimeoutError } from './index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const after = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(resolve, ms, `after ${ms}`));

describe('timeout', () => {
  it('lets a call through that is quick enough, and clears its timer', async () => {
    const result = timeout(100).run(() => after(99));
    await vi.advanceTimersByTimeAsync(99);
    await expect(result).resolves.toBe('after 99');
  });

  it('rejects with TimeoutError at its time and aborts the signal with it', async () => {
    let signal: AbortSignal | undefined;
    const run = timeout(100).run((attempt) => {
      signal = attempt.signal;
      return new Promise(() => {});
    });
    const failed = run.then(
      () => undefined,
      (error: unknown) => error,
    );
    await vi.advanceTimersByTimeAsync(99);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const error = await failed;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'DEX_TIMEOUT', timeoutMs: 100 });
    expect(signal?.reason).toBe(error);
  });

  it('passes on the error of the function', async () => {
    const error = new Error('503');
    await expect(timeout(100).run(() => Promise.reject(error))).rejects.toBe(error);
  });

  it('tells the attempt how long it has, by the earliest of several', async () => {
    const seen: number[] = [];
    const look = async ({ remainingMs }: { remainingMs: number }): Promise<void> => void seen.push(remainingMs);
    await policy().run(look);
    await policy(timeout(1_000), timeout(300), timeout(600)).run(look);
    const late = timeout(100).run(async (attempt) => {
      await after(40);
      await look(attempt);
    });
    await vi.advanceTimersByTimeAsync(40);
    await late;
    expect(seen).toEqual([Infinity, 300, 60]);
  });

  it.each([
    { around: 100, inside: 200, first: 100 },
    { around: 200, inside: 100, first: 100 },
  ])('expires by the earlier of $around ms around and $inside ms inside', async ({ around, inside, first }) => {
    const run = policy(timeout(around), timeout(inside)).run(() => new Promise(() => {}));
    const failed = expect(run).rejects.toMatchObject({ timeoutMs: first });
    await vi.advanceTimersByTimeAsync(first);
    await failed;
  });

  it('expires in its own time in what an attempt left behind, and in what is begun with its signal later', async () => {
    let leftBehind = Promise.resolve(0);
    let later: AbortSignal | undefined;
    const slow = ({ remainingMs }: { remainingMs: number }) => after(500).then(() => remainingMs);
    await timeout(100).run(async ({ signal }) => {
      leftBehind = timeout(200).run(slow, { signal });
      later = signal;
    });
    const remainingMs = timeout(1_000).run(slow, { signal: later });
    const failed = expect(leftBehind).rejects.toMatchObject({ timeoutMs: 200 });
    await vi.advanceTimersByTimeAsync(200);
    await failed;
    await vi.advanceTimersByTimeAsync(300);
    expect(await remainingMs).toBe(1_000);
  });

  it('does not make a call that was left behind lose its place in a queue', async () => {
    const one = bulkhead({ concurrent: 1 });
    const first = one.run(() => after(500));
    let leftBehind = Promise.resolve('');
    await timeout(100).run(async ({ signal }) => {
      leftBehind = one.run(async () => 'second', { signal });
    });
    await vi.advanceTimersByTimeAsync(500);
    await first;
    expect(await leftBehind).toBe('second');
  });

  it('expires for a waiting call whose turn comes late, before its timer has a chance to', async () => {
    const one = bulkhead({ concurrent: 1 });
    let free = (): void => {};
    const first = one.run(() => new Promise<void>((resolve) => (free = resolve)));
    let calls = 0;
    const second = policy(timeout(100), one).run(async () => (calls += 1));
    const failed = expect(second).rejects.toMatchObject({ timeoutMs: 100 });
    // The clock goes on and the timers stand still, as in an event loop that is blocked.
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 100);
    free();
    await first;
    await failed;
    now.mockRestore();
    expect([calls, one.active, one.queued]).toEqual([0, 0, 0]);
  });

  it('binds the policies that are handed the signal of its attempt', async () => {
    let nested: unknown;
    const outer = timeout(100).run(({ signal }) =>
      policy(timeout(5_000)).run(
        ({ signal: inner, remainingMs }) => {
          nested = [remainingMs, inner];
          return new Promise(() => {});
        },
        { signal },
      ),
    );
    const failed = expect(outer).rejects.toMatchObject({ timeoutMs: 100 });
    expect(nested).toMatchObject([100, { aborted: false }]);
    await vi.advanceTimersByTimeAsync(100);
    await failed;
    expect(nested).toMatchObject([100, { aborted: true, reason: { timeoutMs: 100 } }]);
  });

  it.each([0, -1, NaN, Infinity, 2 ** 31])('refuses %s ms', (ms) => {
    expect(() => timeout(ms)).toThrow('Option "timeout.ms" must be a number');
  });
});
