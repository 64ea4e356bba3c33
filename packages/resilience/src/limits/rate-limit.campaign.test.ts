import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { policy, rateLimit, RateLimitError, timeout } from '../index.ts';

const numRuns = Math.ceil(10_000 * Number(process.env['DEX_CAMPAIGN'] ?? 0.02));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;

const ms = fc.integer({ min: 0, max: 40 });
const call = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  abortAfterMs: fc.option(ms, { nil: undefined }),
  timeoutMs: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
});
const schedule = fc.record({
  limit: fc.integer({ min: 1, max: 5 }),
  perMs: fc.integer({ min: 1, max: 50 }),
  burst: fc.integer({ min: 1, max: 4 }),
  maxQueued: fc.integer({ min: 0, max: 4 }),
  maxKeys: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(fc.oneof({ arbitrary: call, weight: 3 }, { arbitrary: ms, weight: 1 }), { maxLength: 30 }),
  closes: fc.boolean(),
});

const rounding = 1e-6;

async function runSchedule({ steps, closes, ...options }: Drawn<typeof schedule>): Promise<void> {
  const { limit, perMs, burst, maxQueued, maxKeys } = options;
  const api = rateLimit({ ...options, key: String });
  const intervalMs = perMs / limit;
  const begun: Record<string, { at: number; number: number }[]> = { a: [], b: [], c: [] };
  const signals: AbortSignal[] = [];
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  let settled = 0;
  let calls = 0;

  /** Whether one more call now would be within the bound in each window that ends now. */
  const hasRoom = (key: string, slack: number): boolean => {
    const times = begun[key] ?? [];
    return times.every(({ at }, index) => {
      const inWindow = times.length - index + 1;
      return inWindow <= burst + (performance.now() - at) / intervalMs + slack;
    });
  };
  const begin = ({ key, timeoutMs, abortAfterMs }: Drawn<typeof call>): void => {
    calls += 1;
    const number = calls;
    const controller = new AbortController();
    const { signal } = controller;
    signals.push(signal);
    const aborts = abortAfterMs === undefined ? undefined : setTimeout(() => controller.abort('gone'), abortAfterMs);
    const hadRoom = hasRoom(key, -rounding);
    const work = async (): Promise<void> => {
      const mine = begun[key] ?? [];
      check(!signal.aborted, `${number} begins after its abort`);
      check(hasRoom(key, rounding), `${number} begins too early`);
      check((mine.at(-1)?.number ?? 0) < number, `${number} begins out of turn`);
      mine.push({ at: performance.now(), number });
    };
    const outer = timeoutMs === undefined ? api : policy(timeout(timeoutMs), api);
    const queuedBefore = api.queued;
    outer
      .run(work, { signal, key })
      .catch((error: unknown) => {
        if (!(error instanceof RateLimitError)) return;
        const longestMs = (maxQueued + burst + 1) * intervalMs + 1;
        check(error.retryAfterMs > 0 && error.retryAfterMs <= longestMs, `${number} is told ${error.retryAfterMs} ms`);
        const isForNothing = hadRoom && queuedBefore === 0 && maxKeys === 3;
        check(!isForNothing, `${number} is refused for nothing`);
      })
      .finally(() => {
        settled += 1;
        clearTimeout(aborts);
      });
  };

  for (const step of steps) {
    if (typeof step === 'object') begin(step);
    else await vi.advanceTimersByTimeAsync(step);
  }
  if (closes) await api.close();
  await vi.advanceTimersByTimeAsync(100 + (maxQueued + burst) * (intervalMs + 1));
  expect(problems).toEqual([]);
  expect([settled, api.queued, vi.getTimerCount()]).toEqual([calls, 0, 0]);
  for (const signal of signals) expect(getEventListeners(signal, 'abort')).toEqual([]);
}

describe('a rate limit', () => {
  it(`keeps every promise in ${numRuns} random schedules`, { timeout: 120_000 + 20 * numRuns }, async () => {
    await fc.assert(fc.asyncProperty(schedule, runSchedule), { numRuns });
  });
});
