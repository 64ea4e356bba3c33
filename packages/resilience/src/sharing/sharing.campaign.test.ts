import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Attempt, cache, coalesce, hedge, policy, type Policy, timeout, TimeoutError } from '../index.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.02);
const numRuns = Math.ceil(10_000 * scale);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

// No delay of 0: a timer takes 1 ms at least.

/** What one call of the upstream does; those that hang end with their signal or not at all. */
const callScript = fc.record({
  ms: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.constant(Infinity) },
  ),
  fails: fc.boolean(),
  heedsSignal: fc.boolean(),
});

/** When a caller comes, with which key, and how long it stays at most; it may have left before it came. */
const caller = fc.record({
  atMs: fc.integer({ min: 1, max: 150 }),
  key: fc.constantFrom('a', 'b'),
  leavesAfterMs: fc.oneof(fc.constantFrom(undefined, 'before' as const), fc.integer({ min: 1, max: 80 })),
  deadlineMs: fc.integer({ min: 1, max: 120 }),
});
const callers = fc.array(caller, { minLength: 1, maxLength: 8 });
const callScripts = fc.array(callScript, { minLength: 1, maxLength: 20 });

interface UpstreamCall {
  readonly number: number;
  readonly key: string;
  /** The caller in whose name it was made: all it is known by under `hedge`. */
  readonly caller: number;
  readonly signal: AbortSignal;
  readonly beganMs: number;
  isSettled: boolean;
}

interface Settled {
  readonly caller: number;
  readonly atMs: number;
  readonly value: unknown;
  readonly error: unknown;
}

class Left extends Error {}
class Failed extends Error {
  readonly call: number;
  constructor(call: number) {
    super(`Call ${call} failed.`);
    this.call = call;
  }
}

/** Plays callers against an upstream, to the end; asserts what holds for every policy that shares or repeats calls. */
async function play(
  shared: Policy,
  everyone: readonly (typeof caller extends fc.Arbitrary<infer T> ? T : never)[],
  scripts: readonly (typeof callScript extends fc.Arbitrary<infer T> ? T : never)[],
  onCall: (call: UpstreamCall, all: readonly UpstreamCall[]) => void,
): Promise<{ calls: readonly UpstreamCall[]; settled: readonly Settled[] }> {
  const begin = performance.now();
  const now = (): number => performance.now() - begin;
  const calls: UpstreamCall[] = [];
  const settled: Settled[] = [];
  const signals: AbortSignal[] = [];

  everyone.forEach(({ atMs, key, leavesAfterMs, deadlineMs }, number) => {
    const controller = new AbortController();
    signals.push(controller.signal);
    const fn = ({ signal }: Attempt): Promise<number> => {
      const call: UpstreamCall = {
        number: calls.length,
        key,
        caller: number,
        signal,
        beganMs: now(),
        isSettled: false,
      };
      const { ms, fails, heedsSignal } = scripts[calls.length % scripts.length]!;
      calls.push(call);
      onCall(call, calls);
      return new Promise((resolve, reject) => {
        const end = (): void => {
          call.isSettled = true;
          if (fails) reject(new Failed(call.number));
          else resolve(call.number);
        };
        const timer = ms < Infinity ? setTimeout(end, ms) : undefined;
        if (!heedsSignal) return;
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          call.isSettled = true;
          reject(signal.reason);
        });
      });
    };
    const note = (value: unknown, error: unknown): void => {
      settled.push({ caller: number, atMs: now(), value, error });
    };
    setTimeout(() => {
      if (leavesAfterMs === 'before') controller.abort(new Left());
      else if (leavesAfterMs !== undefined) setTimeout(() => controller.abort(new Left()), leavesAfterMs);
      policy(timeout(deadlineMs), shared)
        .run(fn, { key, signal: controller.signal })
        .then(
          (value) => note(value, undefined),
          (error: unknown) => note(undefined, error),
        );
    }, atMs);
  });
  await vi.advanceTimersByTimeAsync(1_000);

  expect(settled.map((one) => one.caller).toSorted((a, b) => a - b)).toEqual(everyone.map((_, number) => number));
  for (const { caller: number, atMs: settledMs, value, error } of settled) {
    const { atMs, key, leavesAfterMs = Infinity, deadlineMs } = everyone[number]!;
    const leftMs = atMs + (leavesAfterMs === 'before' ? 0 : leavesAfterMs);
    if (error instanceof Left) expect(settledMs).toBe(leftMs);
    else if (error instanceof TimeoutError) expect(settledMs).toBe(atMs + deadlineMs);
    else if (error instanceof Failed) expect(calls[error.call]!.key).toBe(key);
    else if (typeof value === 'number') expect(calls[value]!.key).toBe(key);
    else throw new Error(`Caller ${number} got ${String(value)}, ${String(error)}.`);
    expect(settledMs).toBeLessThanOrEqual(Math.min(atMs + deadlineMs, leftMs));
  }
  expect(vi.getTimerCount()).toBe(0);
  for (const signal of signals) expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  for (const call of calls) expect(call.isSettled || call.signal.aborted).toBe(true);
  return { calls, settled };
}

/** A call that somebody may still be waiting for. */
const isLive = (call: UpstreamCall): boolean => !call.isSettled && !call.signal.aborted;

/** When a call of the upstream was made, no other of its key was under way. */
function expectAlone(call: UpstreamCall, all: readonly UpstreamCall[]): void {
  expect(all.filter((other) => other !== call && other.key === call.key && isLive(other))).toEqual([]);
}

describe(`${numRuns} random schedules`, () => {
  const campaign = { timeout: 120_000 + numRuns * 50 };

  it('of coalesce: every caller settles in its time, with one call per key at a time', campaign, async () => {
    await fc.assert(
      fc.asyncProperty(callers, callScripts, async (everyone, scripts) => {
        const { calls, settled } = await play(coalesce(), everyone, scripts, expectAlone);
        expect(calls.length).toBeLessThanOrEqual(everyone.length);
        // Nobody is given what was over before it came.
        for (const { caller: number, value } of settled) {
          if (typeof value !== 'number') continue;
          const script = scripts[value % scripts.length]!;
          expect(calls[value]!.beganMs + script.ms).toBeGreaterThanOrEqual(everyone[number]!.atMs);
        }
      }),
      { numRuns },
    );
  });

  it('of cache: besides, nothing is given that is older than it may be', campaign, async () => {
    const options = fc.record({
      ttlMs: fc.integer({ min: 0, max: 60 }),
      staleWhileRevalidateMs: fc.integer({ min: 0, max: 60 }),
      staleIfErrorMs: fc.integer({ min: 0, max: 60 }),
      maxEntries: fc.constantFrom(1, 2),
      maxRefreshes: fc.constantFrom(1, 2),
      refreshTimeoutMs: fc.integer({ min: 1, max: 100 }),
      cacheErrorIf: fc.constantFrom(undefined, () => true),
    });
    await fc.assert(
      fc.asyncProperty(options, callers, callScripts, async (settings, everyone, scripts) => {
        const kept = cache(settings);
        const { calls, settled } = await play(kept, everyone, scripts, expectAlone);
        expect(kept.size).toBeLessThanOrEqual(settings.maxEntries);
        const oldestMs = settings.ttlMs + Math.max(settings.staleWhileRevalidateMs, settings.staleIfErrorMs);
        for (const { value, error, atMs } of settled) {
          const from = error instanceof Failed ? error.call : value;
          if (typeof from !== 'number') continue;
          const endedMs = calls[from]!.beganMs + scripts[from % scripts.length]!.ms;
          expect(atMs - endedMs).toBeLessThanOrEqual(oldestMs);
        }
        await kept.close();
        expect(vi.getTimerCount()).toBe(0);
      }),
      { numRuns },
    );
  });

  it('of hedge: besides, attempts are bounded, and none begins for who has left', campaign, async () => {
    const options = fc.record({
      delayMs: fc.integer({ min: 1, max: 40 }),
      maxHedges: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(options, callers, callScripts, async (settings, everyone, scripts) => {
        const { calls, settled } = await play(hedge(settings), everyone, scripts, (call, all) => {
          const own = all.filter((other) => other.caller === call.caller);
          expect(own.length).toBeLessThanOrEqual(1 + settings.maxHedges);
        });
        for (const call of calls) {
          const { atMs } = settled.find((one) => one.caller === call.caller)!;
          expect(call.beganMs).toBeLessThanOrEqual(atMs);
        }
        expect(calls.length).toBeLessThanOrEqual(everyone.length * 1.1 + 20);
        for (const { caller: number, value } of settled) {
          if (typeof value === 'number') expect(calls[value]!.caller).toBe(number);
        }
      }),
      { numRuns },
    );
  });
});
