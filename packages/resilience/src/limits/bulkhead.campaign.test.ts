import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bulkhead, BulkheadFullError, policy, timeout } from '../index.ts';

const numRuns = Math.ceil(10_000 * Number(process.env['DEX_CAMPAIGN'] ?? 0.02));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;

const ms = fc.integer({ min: 0, max: 12 });
const call = fc.record({
  priority: fc.integer({ min: 0, max: 2 }),
  takesMs: ms,
  fails: fc.boolean(),
  heedsItsSignal: fc.boolean(),
  abortAfterMs: fc.option(ms, { nil: undefined }),
  timeoutMs: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
});
const schedule = fc.record({
  concurrent: fc.integer({ min: 1, max: 3 }),
  maxQueued: fc.integer({ min: 0, max: 5 }),
  steps: fc.array(fc.oneof({ arbitrary: call, weight: 3 }, { arbitrary: ms, weight: 1 }), { maxLength: 30 }),
  closes: fc.boolean(),
});

interface Waiting {
  readonly number: number;
  readonly priority: number;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

async function runSchedule({ concurrent, maxQueued, steps, closes }: Drawn<typeof schedule>): Promise<void> {
  const limited = bulkhead({ concurrent, maxQueued });
  const signals: AbortSignal[] = [];
  const waiting = new Set<Waiting>();
  const displaced = new Set<Waiting>();
  let running = 0;
  let settled = 0;
  let calls = 0;

  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const goesBefore = (one: Waiting, other: Waiting): boolean =>
    one.priority === other.priority ? one.number < other.number : one.priority > other.priority;
  const canBegin = ({ signal, deadline }: Waiting): boolean => !signal.aborted && performance.now() < deadline;

  const begin = ({ priority, takesMs, fails, heedsItsSignal, ...step }: Drawn<typeof call>): void => {
    calls += 1;
    const controller = new AbortController();
    const { timeoutMs, abortAfterMs } = step;
    const { signal } = controller;
    const mine = { number: calls, priority, deadline: performance.now() + (timeoutMs ?? Infinity), signal };
    const wasFull = limited.active === concurrent && limited.queued === maxQueued;
    const last = [...waiting]
      .filter((other) => !other.signal.aborted)
      .toSorted((a, b) => (goesBefore(a, b) ? 1 : -1))[0];
    const displaces = last !== undefined && goesBefore(mine, last);
    if (wasFull && displaces) {
      displaced.add(last);
      waiting.delete(last);
    }
    signals.push(signal);
    if (!wasFull || displaces) waiting.add(mine);

    const work = async (attempt: { signal: AbortSignal }): Promise<void> => {
      waiting.delete(mine);
      check(canBegin(mine), `${mine.number} begins too late`);
      for (const other of waiting) {
        check(!canBegin(other) || goesBefore(mine, other), `${mine.number} begins before ${other.number}`);
      }
      running += 1;
      check(running <= concurrent, `${running} at once`);
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(end, takesMs);
        if (heedsItsSignal) attempt.signal.addEventListener('abort', end);
      });
      running -= 1;
      if (fails) throw new Error('503');
    };
    const outer = timeoutMs === undefined ? limited : policy(timeout(timeoutMs), limited);
    const aborts = abortAfterMs === undefined ? undefined : setTimeout(() => controller.abort('gone'), abortAfterMs);
    outer
      .run(work, { signal, priority })
      .catch((error: unknown) => {
        const isRefused = error instanceof BulkheadFullError;
        check(!isRefused || wasFull || displaced.has(mine), `${mine.number} is refused for nothing`);
      })
      .finally(() => {
        settled += 1;
        waiting.delete(mine);
        clearTimeout(aborts);
      });
    check(limited.queued <= maxQueued, `${limited.queued} wait`);
  };

  for (const step of steps) {
    if (typeof step === 'object') begin(step);
    else await vi.advanceTimersByTimeAsync(step);
    check(limited.queued === 0 || limited.active === concurrent, 'a place is lost');
    check(limited.active >= running, 'a place is given twice');
  }
  if (closes) await limited.close();
  await vi.advanceTimersByTimeAsync(12 * 40);
  expect(problems).toEqual([]);
  expect([settled, running, limited.active, limited.queued]).toEqual([calls, 0, 0, 0]);
  expect(vi.getTimerCount()).toBe(0);
  for (const signal of signals) expect(getEventListeners(signal, 'abort')).toEqual([]);
}

describe('a bulkhead', () => {
  it(`keeps every promise in ${numRuns} random schedules`, { timeout: 120_000 + 20 * numRuns }, async () => {
    await fc.assert(fc.asyncProperty(schedule, runSchedule), { numRuns });
  });
});
