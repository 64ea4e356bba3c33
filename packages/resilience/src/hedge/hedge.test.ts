import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Attempt,
  hedge,
  type HedgeEvent,
  HedgeLostError,
  type HedgeOptions,
  policy,
  type Policy,
  retry,
  retryBudget,
  timeout,
} from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** What an attempt does after so many milliseconds: it answers, or throws an error. */
type Script = readonly [ms: number, outcome: string | Error];

const hangs: Script = [Infinity, 'never'];

/** Plays one call, an attempt by each line of the script; tells when each began, in ms, and its signal's reason. */
async function play(
  script: readonly Script[],
  stack: Policy = hedge({ delayMs: 100 }),
  signal?: AbortSignal,
): Promise<{ began: number[]; result: unknown; tookMs: number; reasons: unknown[]; numbers: number[] }> {
  const begin = performance.now();
  const began: number[] = [];
  const numbers: number[] = [];
  const signals: AbortSignal[] = [];
  const run = stack.run(
    (attempt: Attempt) =>
      new Promise<string>((resolve, reject) => {
        const [ms, outcome] = script[began.length]!;
        began.push(performance.now() - begin);
        numbers.push(attempt.attempt);
        signals.push(attempt.signal);
        if (ms < Infinity) setTimeout(() => (outcome instanceof Error ? reject(outcome) : resolve(outcome)), ms);
      }),
    { signal },
  );
  let tookMs = -1;
  const settled = run
    .catch((error: unknown) => error)
    .finally(() => {
      tookMs = performance.now() - begin;
    });
  await vi.runAllTimersAsync();
  const result = await settled;
  return { began, result, tookMs, reasons: signals.map(({ reason }) => reason as unknown), numbers };
}

/** Makes the hedge see calls of these latencies, which must be shorter than its delay. */
async function feed(stack: ReturnType<typeof hedge>, latencies: readonly number[]): Promise<void> {
  for (const ms of latencies) await play([[ms, 'ok'], hangs], stack);
}

describe('hedge', () => {
  it('sends no second attempt when the first answers in time', async () => {
    const { began, result, reasons } = await play([[99, 'first']]);
    expect({ began, result, reasons }).toEqual({ began: [0], result: 'first', reasons: [undefined] });
  });

  it('takes the second attempt when it answers first, and aborts the other with the reason', async () => {
    const { began, numbers, result, tookMs, reasons } = await play([hangs, [20, 'second']]);
    expect({ began, numbers, result, tookMs }).toEqual({
      began: [0, 100],
      numbers: [1, 2],
      result: 'second',
      tookMs: 120,
    });
    expect(reasons).toEqual([expect.any(HedgeLostError), undefined]);
    expect(reasons[0]).toMatchObject({ code: 'DEX_HEDGE_LOST' });
  });

  it('aborts the second when the first answers after all', async () => {
    const { result, reasons } = await play([[110, 'first'], hangs]);
    expect(result).toBe('first');
    expect(reasons).toEqual([undefined, expect.any(HedgeLostError)]);
  });

  it('throws a failure before the hedge at once and sends none', async () => {
    const failure = new Error('503');
    const { began, result, tookMs } = await play([[10, failure]]);
    expect({ began, result, tookMs }).toEqual({ began: [0], result: failure, tookMs: 10 });
  });

  it.each([
    [
      'first',
      [
        [150, new Error('first failed')],
        [200, 'answer'],
      ],
    ],
    [
      'second',
      [
        [300, 'answer'],
        [50, new Error('second failed')],
      ],
    ],
  ] as [string, Script[]][])('waits for the other when the %s fails', async (_name, script) => {
    const { result, tookMs, reasons } = await play(script);
    expect({ result, tookMs, reasons }).toEqual({ result: 'answer', tookMs: 300, reasons: [undefined, undefined] });
  });

  it('throws the error of the last to fail when all have', async () => {
    const [first, second] = [new Error('first failed'), new Error('second failed')];
    await expect(
      play([
        [300, first],
        [50, second],
      ]),
    ).resolves.toMatchObject({ result: first, tookMs: 300 });
    await expect(
      play([
        [120, first],
        [50, second],
      ]),
    ).resolves.toMatchObject({ result: second, tookMs: 150 });
  });

  it('sends as many as maxHedges, one delay apart, also after one of them failed', async () => {
    const stack = hedge({ delayMs: 100, maxHedges: 3 });
    const { began, result } = await play([hangs, [10, new Error('x')], hangs, [5, 'fourth']], stack);
    expect({ began, result }).toEqual({ began: [0, 100, 200, 300], result: 'fourth' });
  });

  it('sends two attempts at once with a delay of 0', async () => {
    const { began } = await play(
      [
        [10, 'a'],
        [10, 'b'],
      ],
      hedge({ delayMs: 0 }),
    );
    expect(began[1]).toBeLessThanOrEqual(1);
  });

  it('tells of each hedge, and fails the call when the callback throws', async () => {
    const events: HedgeEvent[] = [];
    await play([hangs, [1, 'x']], hedge({ delayMs: 100, onHedge: (event) => events.push(event) }));
    expect(events).toEqual([{ attempt: 2, delayMs: 100 }]);

    const broken = hedge({
      delayMs: 100,
      onHedge: () => {
        throw new Error('callback');
      },
    });
    const { began, result } = await play([hangs, hangs], broken);
    expect({ began, result }).toMatchObject({ began: [0], result: { message: 'callback' } });
  });

  it('counts the attempts of a retry around it', async () => {
    const stack = policy(retry({ attempts: 2, baseDelayMs: 0 }), hedge({ delayMs: 100 }));
    const { numbers, result } = await play([[5, new Error('503')], hangs, [5, 'third']], stack);
    expect({ numbers, result }).toEqual({ numbers: [1, 2, 3], result: 'third' });
  });
});

describe('the delay', () => {
  it('is initialDelayMs until 16 attempts answered, then their 95th percentile', async () => {
    const stack = hedge();
    expect(stack.delayMs).toBe(100);
    await feed(
      stack,
      Array.from({ length: 15 }, (_, index) => 10 + index),
    );
    expect(stack.delayMs).toBe(100);
    await feed(stack, [25]);
    expect(stack.delayMs).toBe(25); // of 10 to 25, the 16th
    await feed(stack, Array<number>(112).fill(20));
    expect(stack.delayMs).toBe(20); // 5 of 128 are above
  });

  it('is the quantile asked for', async () => {
    const stack = hedge({ quantile: 0.5, initialDelayMs: 1_000 });
    await feed(
      stack,
      Array.from({ length: 16 }, (_, index) => 10 * (index + 1)),
    );
    expect(stack.delayMs).toBe(80);
  });

  it('forgets all but the last 128', async () => {
    const stack = hedge({ quantile: 1, initialDelayMs: 1_000 });
    await feed(stack, Array<number>(16).fill(500));
    await feed(stack, Array<number>(127).fill(20));
    expect(stack.delayMs).toBe(500);
    await feed(stack, [20]);
    expect(stack.delayMs).toBe(20);
  });

  it('stays within minDelayMs and maxDelayMs', async () => {
    const stack = hedge({ minDelayMs: 30, maxDelayMs: 60, initialDelayMs: 1_000 });
    await feed(stack, Array<number>(16).fill(2));
    expect(stack.delayMs).toBe(30);
    const slow = hedge({ minDelayMs: 30, maxDelayMs: 60, initialDelayMs: 1_000 });
    await feed(slow, Array<number>(16).fill(500));
    expect(slow.delayMs).toBe(60);
  });

  it('finds back to the latencies, though what takes longer than it is cut off', async () => {
    const stack = hedge({ initialDelayMs: 45, budget: false });
    for (let call = 0; call < 1_000; call++)
      await play(
        [
          [10 * (1 + (call % 10)), 'ok'],
          [5, 'hedge'],
        ],
        stack,
      );
    expect(stack.delayMs).toBeGreaterThanOrEqual(90);
  });

  it('does not count failures, which are quick', async () => {
    const stack = hedge();
    for (let call = 0; call < 20; call++) await play([[1, new Error('503')]], stack);
    expect(stack.delayMs).toBe(100);
  });
});

describe('the budget', () => {
  it('bounds hedges to 20 and a tenth of the calls that were sent none', async () => {
    const stack = hedge({ delayMs: 10 });
    let hedges = 0;
    for (let call = 0; call < 1_000; call++) hedges += (await play([[50, 'slow'], hangs], stack)).began.length - 1;
    expect(hedges).toBeLessThanOrEqual(20 + (1_000 - hedges) / 10);
    expect(hedges).toBeGreaterThan(100);
  });

  it('may be shared, or none', async () => {
    const budget = retryBudget({ maxTokens: 1 });
    const [one, other] = [hedge({ delayMs: 10, budget }), hedge({ delayMs: 10, budget })];
    expect((await play([[50, 'slow'], hangs], one)).began).toHaveLength(2);
    expect((await play([[50, 'slow'], hangs], other)).began).toHaveLength(1);

    const free = hedge({ delayMs: 10, budget: false });
    for (let call = 0; call < 50; call++) expect((await play([[50, 'slow'], hangs], free)).began).toHaveLength(2);
  });
});

describe('abort', () => {
  it('rejects at once, aborts every attempt, and sends no hedge afterwards', async () => {
    for (const [at, attempts] of [
      [50, 1],
      [150, 2],
    ] as const) {
      const controller = new AbortController();
      setTimeout(() => controller.abort('user left'), at);
      const { began, result, tookMs, reasons } = await play([hangs, hangs], undefined, controller.signal);
      expect({ attempts: began.length, result, tookMs }).toEqual({ attempts, result: 'user left', tookMs: at });
      expect(new Set(reasons)).toEqual(new Set(['user left']));
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    }
  });

  it('sends no hedge when onHedge aborts', async () => {
    const controller = new AbortController();
    const stack = hedge({ delayMs: 10, onHedge: () => controller.abort('enough') });
    await expect(play([hangs, hangs], stack, controller.signal)).resolves.toMatchObject({
      began: [0],
      result: 'enough',
    });
  });

  it('does not call the function when aborted before', async () => {
    await expect(play([], undefined, AbortSignal.abort('early'))).resolves.toMatchObject({
      began: [],
      result: 'early',
    });
  });

  it('sends no hedge that would begin after the deadline', async () => {
    const onHedge = vi.fn();
    const stack = policy(timeout(100), hedge({ delayMs: 100, onHedge }));
    await expect(play([hangs], stack)).resolves.toMatchObject({ result: { code: 'DEX_TIMEOUT' } });
    expect(onHedge).not.toHaveBeenCalled();
  });
});

it.each([
  [{ delayMs: -1 }, 'hedge.delayMs'],
  [{ delayMs: NaN }, 'hedge.delayMs'],
  [{ quantile: 0 }, 'hedge.quantile'],
  [{ quantile: 1.1 }, 'hedge.quantile'],
  [{ initialDelayMs: Infinity }, 'hedge.initialDelayMs'],
  [{ minDelayMs: 50, maxDelayMs: 20 }, 'hedge.maxDelayMs'],
  [{ maxHedges: 0 }, 'hedge.maxHedges'],
  [{ maxHedges: 1.5 }, 'hedge.maxHedges'],
] as [HedgeOptions, string][])('hedge(%j) is refused', (options, option) => {
  expect(() => hedge(options)).toThrow(`Option "${option}" must be`);
});

it('names the options that a fixed delay leaves without use', () => {
  expect(() => hedge({ delayMs: 5, quantile: 0.9 })).toThrow(
    'must be left out where quantile, initialDelayMs, minDelayMs or maxDelayMs is given, got 5.',
  );
});
