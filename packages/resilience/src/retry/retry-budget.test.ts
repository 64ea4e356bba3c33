import { describe, expect, it } from 'vitest';
import { bulkhead, policy, RefusedError, retry, retryBudget } from '../index.ts';

/** A stream of calls of which a share fails at random; tells how many attempts were made and how many calls served. */
async function simulate(
  calls: number,
  failureRatio: number,
  upstream = retry({ baseDelayMs: 0 }),
): Promise<{ perCall: number; served: number }> {
  let seed = 42;
  const random = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed / 2 ** 32;
  };
  let attempts = 0;
  let served = 0;
  for (let call = 0; call < calls; call++) {
    const answer = upstream.run(async () => {
      attempts += 1;
      if (random() < failureRatio) throw new Error('503');
    });
    await answer.then(
      () => (served += 1),
      () => {},
    );
  }
  return { perCall: attempts / calls, served: served / calls };
}

describe('retryBudget', () => {
  it('does not starve a mix of which a quarter fails: all but the unlucky are served', async () => {
    const { perCall, served } = await simulate(20_000, 0.26);
    expect(served).toBeGreaterThan(1 - 0.26 ** 4 - 0.002);
    expect(perCall).toBeCloseTo((1 - 0.26 ** 4) / (1 - 0.26), 1);
  });

  it('does not starve it when all calls come at once either', async () => {
    const failures: unknown[] = [];
    const upstream = retry({ attempts: 8, baseDelayMs: 0, onGiveUp: ({ reason }) => failures.push(reason) });
    let attempts = 0;
    const calls = Array.from({ length: 5_000 }, () =>
      upstream.run(async () => {
        attempts += 1;
        if ((attempts * 0.618_034) % 1 < 0.26) throw new Error('503');
      }),
    );
    await Promise.allSettled(calls);
    expect(failures).toEqual([]);
    expect(attempts / 5_000).toBeCloseTo(1 / 0.74, 1);
  });

  it('lets an outage cost 100 retries and then one attempt per call', async () => {
    expect(await simulate(10_000, 1)).toEqual({ perCall: 1.01, served: 0 });
    expect(await simulate(1_000, 1, retry({ baseDelayMs: 0, budget: false }))).toEqual({ perCall: 4, served: 0 });
  });

  it('comes back with the upstream', async () => {
    const budget = retryBudget({ maxTokens: 10, tokenRatio: 0.5 });
    const upstream = retry({ baseDelayMs: 0, budget });
    await simulate(100, 1, upstream);
    expect(budget.tokens).toBe(0);
    await simulate(4, 0, upstream);
    expect(budget.tokens).toBe(2);
    await simulate(100, 0, upstream);
    expect(budget.tokens).toBe(10);
  });

  it('pays for retries that fail, and not for what another attempt would not help', async () => {
    const budget = retryBudget({ maxTokens: 10, tokenRatio: 0 });
    const upstream = retry({
      baseDelayMs: 0,
      budget,
      retryIf: (error) => error !== '404',
      retryIfResult: (r) => r === '',
    });
    const play = (...outcomes: string[]): Promise<unknown> =>
      upstream
        .run(async ({ attempt }) => {
          const outcome = outcomes[attempt - 1];
          if (outcome === '404' || outcome === '503') throw outcome;
          return outcome;
        })
        .catch(() => {});
    const after: number[] = [];
    for (const outcomes of [['503', '503', '503', '503'], ['503', '404'], ['404'], ['503', 'sunny'], ['', '', 'x']]) {
      await play(...outcomes);
      after.push(budget.tokens);
    }
    expect(after).toEqual([7, 7, 7, 8, 8]);
  });

  it('does not pay for what a policy further in refused, since the upstream never saw it', async () => {
    const budget = retryBudget({ maxTokens: 10 });
    const full = bulkhead({ concurrent: 1, maxQueued: 0 });
    const running = full.run(() => new Promise((resolve) => setTimeout(resolve, 20)));
    await expect(policy(retry({ baseDelayMs: 0, budget }), full).run(async () => 1)).rejects.toBeInstanceOf(
      RefusedError,
    );
    expect(budget.tokens).toBe(10);
    await running;
  });

  it('is shared by the policies it is given to', async () => {
    const budget = retryBudget({ maxTokens: 3 });
    const one = retry({ attempts: 3, baseDelayMs: 0, budget });
    const other = retry({ attempts: 3, baseDelayMs: 0, budget });
    expect((await simulate(1, 1, one)).perCall).toBe(3);
    expect((await simulate(1, 1, other)).perCall).toBe(2);
  });

  it.each([
    [{ maxTokens: 0 }, 'Option "retryBudget.maxTokens"'],
    [{ maxTokens: NaN }, 'Option "retryBudget.maxTokens"'],
    [{ tokenRatio: -0.1 }, 'Option "retryBudget.tokenRatio"'],
    [{ tokenRatio: 1.1 }, 'Option "retryBudget.tokenRatio"'],
  ])('refuses %j', (options, message) => {
    expect(() => retryBudget(options)).toThrow(message);
  });
});
