import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { timeout, TimeoutError } from './index.ts';

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

  it.each([0, -1, NaN, Infinity, 2 ** 31])('refuses %s ms', (ms) => {
    expect(() => timeout(ms)).toThrow('Option "timeout.ms" must be a number');
  });
});
