import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { cut, delay, sources, watched } from '../../test/sources.ts';
import { fromChunks, map, OperatorError, pipe, type Pipe, rateLimit, type RateLimiter, run } from '../index.ts';

/** Lets one call through every `everyMs`. */
function steady(everyMs: number) {
  const calls: number[] = [];
  const policy: RateLimiter = {
    async run(fn, { signal }) {
      await sleep(everyMs, undefined, { signal });
      calls.push(performance.now());
      await fn();
    },
  };
  return { calls, policy };
}

const open: RateLimiter = { run: async (fn) => fn() };

describe('rateLimit', () => {
  it('changes no item', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), fc.array(fc.nat(20)), async (items, places) => {
        for (const from of Object.values(sources)) {
          expect(await Array.fromAsync(pipe(from(cut(items, places)), rateLimit(open)))).toEqual(items);
        }
      }),
      { numRuns: 20 },
    ));

  it('passes each item on when the policy lets it through, not with the chunk', async () => {
    const { calls, policy } = steady(10);
    const arrived: number[] = [];
    const rows = pipe(
      fromChunks(() => [[1, 2, 3, 4]]),
      rateLimit(policy),
    );
    for await (const n of rows) {
      expect(calls).toHaveLength(n);
      arrived.push(performance.now());
    }
    expect(arrived).toHaveLength(4);
    expect((arrived[3] ?? 0) - (arrived[0] ?? 0)).toBeGreaterThanOrEqual(27);
  });

  it('holds the source back', async () => {
    const { seen, items } = watched(100);
    const controller = new AbortController();
    setTimeout(() => controller.abort('stop'), 60);
    await expect(run(pipe(items(), rateLimit(steady(10).policy)), undefined, controller)).rejects.toBe('stop');
    expect(seen.pulled).toBeLessThanOrEqual(8);
    expect(seen.closed).toBe(1);
  });

  it('tells the policy of an abort, at once', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort('stop'), 10);
    const begun = performance.now();
    await expect(run(pipe([1], rateLimit(steady(60_000).policy)), undefined, controller)).rejects.toBe('stop');
    expect(performance.now() - begun).toBeLessThan(400);
  });

  it('fails with the item the policy refused, after those it let through', async () => {
    const cause = new Error('The queue is full.');
    let calls = 0;
    const rows = pipe(
      fromChunks(() => [[1], [2, 3]]),
      map((n) => n),
      rateLimit({
        run: (fn) => {
          calls += 1;
          return calls === 3 ? Promise.reject(cause) : fn();
        },
      }),
    );
    const got: number[] = [];
    const read = async () => {
      for await (const n of rows) got.push(n);
    };
    const error: unknown = await read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({ operator: 'rateLimit', place: 2, position: { index: 2 }, cause });
    expect(got).toEqual([1, 2]);
    await delay(0);
  });

  it('takes a policy that is a function, and nothing without a run', () => {
    const policy = Object.assign(() => {}, open);
    expectTypeOf(pipe(['a'], rateLimit(policy))).toEqualTypeOf<Pipe<string>>();
    // @ts-expect-error not a policy
    expect(() => rateLimit({ limit: 5 })).toThrow('Option "rateLimit.policy" must be a policy with a run method');
    // @ts-expect-error not a policy
    expect(() => rateLimit()).toThrow('Option "rateLimit.policy"');
  });
});
