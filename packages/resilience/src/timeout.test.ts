import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { policy, timeout, TimeoutError } from './index.ts';

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

  it('makes no timer where one around it expires first', async () => {
    const run = policy(timeout(100), timeout(100), timeout(200)).run(() => new Promise(() => {}));
    const failed = expect(run).rejects.toMatchObject({ timeoutMs: 100 });
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    await failed;
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
