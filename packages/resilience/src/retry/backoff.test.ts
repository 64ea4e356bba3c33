import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { exponentialWait, fixedWait, type RetryState, sumOfWaits, type Wait, waitsInTurn } from '../index.ts';

afterEach(() => void vi.restoreAllMocks());

const state = (attempt: number, lastWaitMs = 0): RetryState => ({
  error: undefined,
  attempt,
  elapsedMs: 0,
  lastWaitMs,
  remainingMs: Infinity,
});

/** The waits of the first attempts, each given what the one before answered. */
function play(wait: Wait, attempts: number): number[] {
  const waits: number[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) waits.push(wait(state(attempt, waits.at(-1))));
  return waits;
}

describe('exponentialWait', () => {
  it.each([
    ['none', [100, 200, 400, 500, 500]],
    ['full', [25, 50, 100, 125, 125]],
    ['equal', [62.5, 125, 250, 312.5, 312.5]],
    ['decorrelated', [150, 187.5, 215.625, 236.71875, 252.5390625]],
  ] as const)('with jitter %s spreads the delay as stated', (jitter, expected) => {
    vi.spyOn(Math, 'random').mockReturnValue(0.25);
    expect(play(exponentialWait({ baseDelayMs: 100, maxDelayMs: 500, jitter }), 5)).toEqual(expected);
  });

  it('stays in its range, whatever chance says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('full', 'equal', 'decorrelated', 'none'),
        fc.nat(1_000),
        fc.nat(10_000),
        fc.integer({ min: 1, max: 2_000 }),
        (jitter, baseDelayMs, moreMs, attempts) => {
          const maxDelayMs = baseDelayMs + moreMs;
          const wait = exponentialWait({ baseDelayMs, maxDelayMs, jitter });
          const last = wait(state(attempts, maxDelayMs));
          expect(last).toBeGreaterThanOrEqual(0);
          expect(last).toBeLessThanOrEqual(maxDelayMs);
        },
      ),
    );
  });

  it('takes one of its delays alone for the other, where the default would contradict it', () => {
    expect(play(exponentialWait({ maxDelayMs: 50, jitter: 'none' }), 2)).toEqual([50, 50]);
    expect(play(exponentialWait({ baseDelayMs: 20_000, jitter: 'none' }), 2)).toEqual([20_000, 20_000]);
    expect(() => exponentialWait({ baseDelayMs: 200, maxDelayMs: 100 })).toThrow(
      'Option "exponentialWait.maxDelayMs" must be a number from 200 to 2147483647, got 100.',
    );
  });

  it('refuses a jitter it does not know', () => {
    // @ts-expect-error no such jitter
    expect(() => exponentialWait({ jitter: 'some' })).toThrow('Option "exponentialWait.jitter" must be one of');
    expect(() => exponentialWait({ maxDelayMs: NaN })).toThrow('Option "exponentialWait.maxDelayMs"');
  });
});

describe('fixedWait', () => {
  it('is the same each time, or drawn from [ms, toMs)', () => {
    expect(play(fixedWait(50), 3)).toEqual([50, 50, 50]);
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    expect(fixedWait(100, 300)(state(1))).toBe(200);
  });

  it.each([
    [-1, undefined, 'Option "fixedWait.ms" must be a number from 0'],
    [NaN, undefined, 'Option "fixedWait.ms"'],
    [100, 50, 'Option "fixedWait.toMs" must be a number from 100'],
  ])('refuses %s to %s', (ms, toMs, message) => {
    expect(() => fixedWait(ms, toMs)).toThrow(message);
  });
});

describe('sumOfWaits', () => {
  it('adds up, and is 0 of none', () => {
    expect(sumOfWaits(fixedWait(100), exponentialWait({ jitter: 'none' }))(state(3))).toBe(500);
    expect(sumOfWaits()(state(1))).toBe(0);
  });
});

describe('waitsInTurn', () => {
  it('goes through its turns, and counts the attempts of each from 1', () => {
    const wait = waitsInTurn(
      [
        [2, fixedWait(0)],
        [1, fixedWait(7)],
      ],
      exponentialWait({ jitter: 'none' }),
    );
    expect(play(wait, 6)).toEqual([0, 0, 7, 100, 200, 400]);
  });

  it('refuses a turn of no retries', () => {
    expect(() => waitsInTurn([[0, fixedWait(0)]], fixedWait(1))).toThrow('Option "waitsInTurn.times"');
  });
});
