import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { circuitBreaker } from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const calls = fc.array(
  fc.record({ waitMs: fc.integer({ min: 0, max: 300 }), fails: fc.boolean(), tookMs: fc.constantFrom(0, 0, 5, 6) }),
  { maxLength: 60 },
);

type Recorded = { atMs: number; fails: boolean; isSlow: boolean };

/** Opens as it should when it opens with the very call at which the counts by hand say so. */
async function opensWith(
  options: { windowCalls: number } | { windowMs: number },
  isInWindow: (call: Recorded, index: number, all: readonly Recorded[]) => boolean,
  made: readonly { waitMs: number; fails: boolean; tookMs: number }[],
): Promise<void> {
  const [minimumCalls, failureRatio, slowCallRatio] = [4, 0.6, 0.4];
  const breaker = circuitBreaker({
    ...options,
    minimumCalls,
    failureRatio,
    slowCallMs: 5,
    slowCallRatio,
    consecutiveFailures: Infinity,
    maxOpenMs: 2 ** 31 - 1,
    openMs: 2 ** 31 - 1,
  });
  const all: Recorded[] = [];
  for (const { waitMs, fails, tookMs } of made) {
    await vi.advanceTimersByTimeAsync(waitMs);
    const run = breaker.run(async () => {
      if (tookMs > 0) await new Promise((resolve) => setTimeout(resolve, tookMs));
      if (fails) throw new Error('503');
    });
    run.catch(() => {});
    await vi.advanceTimersByTimeAsync(tookMs);
    all.push({ atMs: performance.now(), fails, isSlow: tookMs > 5 });
    const recent = all.filter(isInWindow);
    const share = (of: (call: Recorded) => boolean): number => recent.filter(of).length / recent.length;
    const isBad = share((call) => call.fails) >= failureRatio || share((call) => call.isSlow) >= slowCallRatio;
    const isOpen = recent.length >= minimumCalls && isBad;
    expect(breaker.state).toBe(isOpen ? 'open' : 'closed');
    if (isOpen) return;
  }
}

describe('the window of circuitBreaker', () => {
  it('by calls counts the last windowCalls of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 4, max: 12 }), calls, (windowCalls, made) =>
        opensWith({ windowCalls }, (_, index, all) => index >= all.length - windowCalls, made),
      ),
    );
  });

  it('by time counts the calls of the last windowMs, to a tenth of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 100 }), calls, (bucketMs, made) => {
        const bucket = (ms: number): number => Math.floor(ms / bucketMs);
        return opensWith(
          { windowMs: bucketMs * 10 },
          ({ atMs }) => bucket(atMs) > bucket(performance.now()) - 10,
          made,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});
