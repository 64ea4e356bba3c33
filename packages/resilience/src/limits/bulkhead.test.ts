import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bulkhead, BulkheadFullError, policy, PolicyClosedError, retry, timeout } from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const after = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(resolve, ms, `after ${ms}`));

/** Calls that the test itself ends, in the order in which they began. */
function begun() {
  const names: string[] = [];
  const ends: PromiseWithResolvers<string>[] = [];
  const call = (name: string) => (): Promise<string> => {
    names.push(name);
    const end = Promise.withResolvers<string>();
    ends.push(end);
    return end.promise;
  };
  return { names, ends, call };
}

const settled = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

describe('bulkhead', () => {
  it('runs no more than so many at once, and the others in the order in which they came', async () => {
    const { names, ends, call } = begun();
    const two = bulkhead({ concurrent: 2 });
    const runs = ['a', 'b', 'c', 'd'].map((name) => two.run(call(name)));
    expect(names).toEqual(['a', 'b']);
    expect([two.active, two.queued, two.concurrent]).toEqual([2, 2, 2]);
    ends[1]?.resolve('b ends');
    await expect(runs[1]).resolves.toBe('b ends');
    expect(names).toEqual(['a', 'b', 'c']);
    ends[0]?.reject(new Error('a fails'));
    await expect(runs[0]).rejects.toThrow('a fails');
    expect(names).toEqual(['a', 'b', 'c', 'd']);
    ends[2]?.resolve('c ends');
    ends[3]?.resolve('d ends');
    await expect(Promise.all(runs.slice(2))).resolves.toEqual(['c ends', 'd ends']);
    expect([two.active, two.queued]).toEqual([0, 0]);
  });

  it('runs 32 at once by default and lets 128 wait', async () => {
    const one = bulkhead();
    const runs = Array.from({ length: 160 }, () => one.run(() => after(1)));
    expect([one.active, one.queued, one.concurrent]).toEqual([32, 128, 32]);
    await expect(one.run(() => after(1))).rejects.toMatchObject({ concurrent: 32, maxQueued: 128 });
    await vi.advanceTimersByTimeAsync(5);
    await Promise.all(runs);
  });

  it('refuses at once what the queue does not hold, and says how much it does', async () => {
    const one = bulkhead({ concurrent: 1, maxQueued: 0 });
    const first = one.run(() => after(5));
    const error = await settled(one.run(() => after(1)));
    expect(error).toBeInstanceOf(BulkheadFullError);
    expect(error).toMatchObject({
      code: 'DEX_BULKHEAD_FULL',
      message: 'The bulkhead is full: 1 calls run and 0 wait.',
      concurrent: 1,
      maxQueued: 0,
    });
    await vi.advanceTimersByTimeAsync(5);
    await first;
    const next = one.run(async () => 'again');
    await expect(next).resolves.toBe('again');
  });

  it('frees the place of a function that throws before it returns a promise', async () => {
    const one = bulkhead({ concurrent: 1, maxQueued: 0 });
    const broken = (): Promise<string> => {
      throw new Error('at once');
    };
    await expect(one.run(broken)).rejects.toThrow('at once');
    expect(one.active).toBe(0);
  });

  it('bounds a wrapped function and a method over all its instances', async () => {
    const one = bulkhead({ concurrent: 1, maxQueued: 9 });
    class Weather {
      @one async daily(city: string): Promise<string> {
        await after(1);
        return `${city}: rain`;
      }
    }
    const runs = Promise.all([new Weather().daily('Seattle'), new Weather().daily('Oslo')]);
    expect([one.active, one.queued]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(2);
    await expect(runs).resolves.toEqual(['Seattle: rain', 'Oslo: rain']);
  });

  it('lets the attempts of a retry around it come one by one', async () => {
    const one = bulkhead({ concurrent: 1, maxQueued: 0 });
    let calls = 0;
    const result = policy(retry({ baseDelayMs: 0 }), one).run(async () => {
      calls += 1;
      if (calls < 3) throw new Error('503');
      return calls;
    });
    await expect(result).resolves.toBe(3);
    expect(one.active).toBe(0);
  });

  it.each([
    ['concurrent', { concurrent: 0 }],
    ['concurrent', { concurrent: 1.5 }],
    ['concurrent', { concurrent: Number.NaN }],
    ['concurrent', { concurrent: Infinity }],
    ['maxQueued', { maxQueued: -1 }],
    ['maxQueued', { maxQueued: Infinity }],
    ['concurrent.min', { concurrent: { min: 0 } }],
    ['concurrent.max', { concurrent: { min: 8, max: 7 } }],
    ['concurrent.tolerance', { concurrent: { tolerance: 0.9 } }],
  ])('refuses a bad %s', (option, options) => {
    expect(() => bulkhead(options)).toThrow(expect.objectContaining({ option: `bulkhead.${option}` }));
  });

  it('refuses callbacks and bounds that are none', () => {
    // @ts-expect-error no bounds
    expect(() => bulkhead({ concurrent: null })).toThrow('"bulkhead.concurrent" must be an integer from 1, got null');
    const high: unknown = 'high';
    // @ts-expect-error no function
    expect(() => bulkhead({ priority: high })).toThrow('"bulkhead.priority" must be a function');
    // @ts-expect-error no function
    expect(() => bulkhead({ concurrent: { overloadIf: high } })).toThrow('"bulkhead.concurrent.overloadIf" must be');
  });
});

describe('a call that waits in a bulkhead', () => {
  it('leaves at once when it is aborted, and another takes its place', async () => {
    const { names, ends, call } = begun();
    const one = bulkhead({ concurrent: 1, maxQueued: 1 });
    const controller = new AbortController();
    const first = one.run(call('first'));
    const aborted = settled(one.run(call('aborted'), { signal: controller.signal }));
    controller.abort('gone');
    expect(one.queued).toBe(0);
    const second = one.run(call('second'));
    await expect(aborted).resolves.toBe('gone');
    ends[0]?.resolve('');
    await first;
    expect(names).toEqual(['first', 'second']);
    ends[1]?.resolve('');
    await second;
    expect(one.active).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('loses no place when it is aborted in the tick in which one becomes free, before or after', async () => {
    for (const abortsFirst of [true, false]) {
      const { names, ends, call } = begun();
      const one = bulkhead({ concurrent: 1 });
      const controller = new AbortController();
      const first = one.run(call('first'));
      const aborted = settled(one.run(call('aborted'), { signal: controller.signal }));
      const third = one.run(call('third'));
      if (abortsFirst) controller.abort('gone');
      ends[0]?.resolve('');
      if (!abortsFirst) controller.abort('gone');
      await first;
      await expect(aborted).resolves.toBe('gone');
      expect(names).toEqual(['first', 'third']);
      ends[1]?.resolve('');
      await third;
      expect([one.active, one.queued]).toEqual([0, 0]);
    }
  });

  it('keeps its place while it runs on after an abort, unless a timeout inside gives it up', async () => {
    const one = bulkhead({ concurrent: 1, maxQueued: 0 });
    const controller = new AbortController();
    const deaf = settled(one.run(() => after(50), { signal: controller.signal }));
    controller.abort('gone');
    await expect(deaf).resolves.toBe('gone');
    expect(one.active).toBe(1);
    await vi.advanceTimersByTimeAsync(50);
    expect(one.active).toBe(0);

    const given = settled(policy(one, timeout(10)).run(() => after(50)));
    await vi.advanceTimersByTimeAsync(10);
    await expect(given).resolves.toMatchObject({ code: 'DEX_TIMEOUT' });
    expect(one.active).toBe(0);
    await vi.advanceTimersByTimeAsync(40);
  });

  it('is not begun once its deadline has passed, even where its timeout comes late', async () => {
    const { names, ends, call } = begun();
    const one = bulkhead({ concurrent: 1 });
    const first = one.run(call('first'));
    const late = settled(policy(timeout(10), one).run(call('late')));
    const last = one.run(call('last'));
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 11); // the loop was busy
    ends[0]?.resolve('');
    await first;
    expect(names).toEqual(['first', 'last']);
    expect(one.queued).toBe(0);
    now.mockRestore();
    ends[1]?.resolve('');
    await last;
    await vi.advanceTimersByTimeAsync(10);
    await expect(late).resolves.toMatchObject({ code: 'DEX_TIMEOUT' });
    expect(one.active).toBe(0);
  });

  it('rejects with the timeout around it', async () => {
    const one = bulkhead({ concurrent: 1 });
    const first = one.run(() => after(50));
    const late = settled(policy(timeout(10), one).run(() => after(1)));
    await vi.advanceTimersByTimeAsync(10);
    await expect(late).resolves.toMatchObject({ code: 'DEX_TIMEOUT', timeoutMs: 10 });
    expect(one.queued).toBe(0);
    await vi.advanceTimersByTimeAsync(40);
    await first;
  });

  it('does not begin where it was aborted before it came', async () => {
    const one = bulkhead({ concurrent: 1 });
    const calls = vi.fn(async () => 'never');
    const early = policy(timeout(50), retry({ baseDelayMs: 1 }), one);
    const controller = new AbortController();
    const run = settled(
      early.run(
        async () => {
          controller.abort('gone');
          throw new Error('503');
        },
        { signal: controller.signal },
      ),
    );
    await expect(run).resolves.toBe('gone');
    await expect(one.run(calls, { signal: AbortSignal.abort('early') })).rejects.toBe('early');
    expect(calls).not.toHaveBeenCalled();
    expect(one.active).toBe(0);
  });
});

describe('priority in a bulkhead', () => {
  it('goes by the argument of a wrapped function or the option of run, and by arrival within one', async () => {
    const { names, ends, call } = begun();
    const one = bulkhead({ concurrent: 1, priority: (_name: string, urgency: number) => urgency });
    const wrapped = one((name: string, _urgency: number) => call(name)());
    const runs = [
      one.run(call('first')),
      wrapped('low 1', -1),
      one.run(call('plain 1')),
      wrapped('high 1', 5),
      one.run(call('high 2'), { priority: 5 }),
      one.run(call('plain 2'), { priority: 0 }),
      wrapped('low 2', -1),
      wrapped('first of all', Infinity),
    ];
    for (let n = 0; n < runs.length; n++) {
      ends[n]?.resolve('');
      await vi.advanceTimersByTimeAsync(0);
    }
    await Promise.all(runs);
    expect(names).toEqual(['first', 'first of all', 'high 1', 'high 2', 'plain 1', 'plain 2', 'low 1', 'low 2']);
  });

  it('takes the last place of a lower one in a full queue, and is refused by an equal one', async () => {
    const { names, ends, call } = begun();
    const one = bulkhead({ concurrent: 1, maxQueued: 2 });
    const first = one.run(call('first'));
    const low = [one.run(call('low 1')), one.run(call('low 2'))].map(settled);
    const high = one.run(call('high'), { priority: 1 });
    await expect(low[1]).resolves.toMatchObject({ code: 'DEX_BULKHEAD_FULL' });
    await expect(one.run(call('low 3'))).rejects.toMatchObject({ code: 'DEX_BULKHEAD_FULL' });
    expect(one.queued).toBe(2);
    for (const n of [0, 1, 2]) {
      ends[n]?.resolve('');
      await vi.advanceTimersByTimeAsync(0);
    }
    await Promise.all([first, high, low[0]]);
    expect(names).toEqual(['first', 'high', 'low 1']);
  });

  it('does not make a call walk past the many that wait with another', async () => {
    const one = bulkhead({ concurrent: 1, maxQueued: 200_000 });
    const order: number[] = [];
    const runs = Array.from({ length: 100_001 }, (_, n) => {
      const priority = n === 0 ? 0 : n % 3;
      return one.run(async () => void order.push(priority), { priority });
    });
    await Promise.all(runs);
    expect(order.slice(1)).toEqual(order.slice(1).toSorted((a, b) => b - a));
  });

  it('is asked only where a call has to wait, and must be a number', async () => {
    const priority = vi.fn(() => Number.NaN);
    const one = bulkhead({ concurrent: 1, priority });
    const wrapped = one(() => after(1));
    const first = wrapped();
    expect(priority).not.toHaveBeenCalled();
    await expect(wrapped()).rejects.toThrow('"bulkhead.priority()" must be a number to Infinity, got NaN');
    await vi.advanceTimersByTimeAsync(1);
    await first;
    expect([one.active, one.queued]).toEqual([0, 0]);
  });
});

describe('a closed bulkhead', () => {
  it('rejects what waits and what comes, lets what runs end, and may be closed twice', async () => {
    const one = bulkhead({ concurrent: 1 });
    const controller = new AbortController();
    const running = one.run(() => after(5));
    const waiting = settled(one.run(() => after(5), { signal: controller.signal }));
    await one.close();
    await one[Symbol.asyncDispose]();
    await expect(waiting).resolves.toBeInstanceOf(PolicyClosedError);
    await expect(one.run(() => after(5))).rejects.toMatchObject({ code: 'DEX_POLICY_CLOSED' });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    await vi.advanceTimersByTimeAsync(5);
    await expect(running).resolves.toBe('after 5');
    expect([one.active, one.queued]).toEqual([0, 0]);
  });
});
