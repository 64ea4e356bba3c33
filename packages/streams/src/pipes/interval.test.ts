import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { interval, pipe, run, take } from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('interval', () => {
  it('counts from 0, the first after its time', async () => {
    const beats: number[] = [];
    const running = run(pipe(interval(1_000), take(3)), { write: (items) => void beats.push(...items), close() {} });
    await vi.advanceTimersByTimeAsync(999);
    expect(beats).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(beats).toEqual([0]);
    await vi.advanceTimersByTimeAsync(2_000);
    await running;
    expect(beats).toEqual([0, 1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves out what falls due while the pipe is busy, and keeps the beat', async () => {
    const beats: [beat: number, at: number][] = [];
    const started = performance.now();
    const controller = new AbortController();
    const running = run(
      interval(100),
      {
        write: async ([beat = -1]) => {
          beats.push([beat, performance.now() - started]);
          if (beat === 0) await new Promise((resolve) => setTimeout(resolve, 250));
        },
        close() {},
      },
      { signal: controller.signal },
    );
    running.catch(() => {});
    // In steps, since the pipe rests for a turn of the real event loop.
    for (let ms = 0; ms < 600; ms += 10) await vi.advanceTimersByTimeAsync(10);
    expect(beats).toEqual([
      [0, 100],
      [3, 400],
      [4, 500],
      [5, 600],
    ]);
    controller.abort(new Error('Enough.'));
    await expect(running).rejects.toThrow('Enough.');
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, 1.5, 2 ** 31, Number.NaN])('refuses %d', (ms) => {
    expect(() => interval(ms)).toThrow('Option "interval.ms" must be an integer from 1 to 2147483647');
  });
});
