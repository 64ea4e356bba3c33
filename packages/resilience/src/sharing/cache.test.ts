import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Attempt,
  cache,
  type CacheOptions,
  policy,
  PolicyClosedError,
  type RefreshErrorEvent,
  timeout,
} from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

/** A function behind a cache, each call of which takes 10 ms and does what comes next in the list, then counts on. */
function upstream(options: CacheOptions, outcomes: unknown[] = []) {
  const kept = cache(options);
  const signals: AbortSignal[] = [];
  const fn = ({ signal }: Attempt): Promise<unknown> => {
    signals.push(signal);
    const number = signals.length;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const result = outcomes.length >= number ? outcomes[number - 1] : number;
        if (result instanceof Error) reject(result);
        else resolve(result);
      }, 10);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  };
  const read = async (key = 'Seattle', signal?: AbortSignal): Promise<unknown> => {
    const result = outcome(kept.run(fn, { key, signal }));
    await vi.advanceTimersByTimeAsync(10);
    return result;
  };
  /** What is given without waiting for a call. */
  const readNow = (key = 'Seattle'): Promise<unknown> => outcome(kept.run(fn, { key }));
  return { kept, fn, read, readNow, signals };
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('cache', () => {
  it('gives what it keeps until ttlMs have passed', async () => {
    const { read, readNow, kept } = upstream({ ttlMs: 1_000 });
    expect(await read()).toBe(1);
    await pass(999);
    expect(await readNow()).toBe(1);
    await pass(1);
    expect(await read()).toBe(2);
    expect(await read('Paris')).toBe(3);
    expect(kept.size).toBe(2);
  });

  it('keeps a minute by default, and for good with Infinity', async () => {
    const [minute, good] = [upstream({}), upstream({ ttlMs: Infinity })];
    expect(await minute.read()).toBe(1);
    expect(await good.read()).toBe(1);
    await pass(59_980);
    expect(await minute.readNow()).toBe(1);
    await pass(20);
    expect(await minute.read()).toBe(2);
    await pass(1e12);
    expect(await good.readNow()).toBe(1);
  });

  it.each([undefined, null, 0, ''])('keeps %j like any result', async (result) => {
    const { read, readNow, signals } = upstream({}, [result]);
    expect(await read()).toBe(result);
    expect(await readNow()).toBe(result);
    expect(signals).toHaveLength(1);
  });

  it('drops the least recently used beyond maxEntries', async () => {
    const { read, readNow, kept } = upstream({ maxEntries: 2 });
    await read('a');
    await read('b');
    expect(await readNow('a')).toBe(1);
    await read('c');
    expect(kept.size).toBe(2);
    expect(await readNow('a')).toBe(1);
    expect(await read('b')).toBe(4);
  });

  it('holds 1,000 by default', async () => {
    const kept = cache();
    await Promise.all(Array.from({ length: 1_001 }, (_, n) => kept.run(async () => n, { key: String(n) })));
    expect(kept.size).toBe(1_000);
  });

  it('keeps no error', async () => {
    const { read, kept } = upstream({ staleIfErrorMs: 1_000 }, [new Error('503')]);
    expect(await read()).toMatchObject({ message: '503' });
    expect(kept.size).toBe(0);
    expect(await read()).toBe(2);
  });

  it('makes one call of 50 misses, which survives the abort of the first', async () => {
    const { kept, fn, signals } = upstream({});
    const controller = new AbortController();
    const first = outcome(kept.run(fn, { key: 'a', signal: controller.signal }));
    const others = Array.from({ length: 49 }, () => kept.run(fn, { key: 'a' }));
    await pass(5);
    controller.abort('left');
    await expect(first).resolves.toBe('left');
    await pass(5);
    expect(new Set(await Promise.all(others))).toEqual(new Set([1]));
    expect(signals).toMatchObject([{ aborted: false }]);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('aborts a miss that nobody waits for any more, and keeps nothing of it', async () => {
    const { kept, fn, read, signals } = upstream({});
    const controller = new AbortController();
    const run = outcome(kept.run(fn, { key: 'Seattle', signal: controller.signal }));
    controller.abort('left');
    await expect(run).resolves.toBe('left');
    expect(signals[0]).toMatchObject({ aborted: true, reason: 'left' });
    expect(kept.size).toBe(0);
    expect(await read()).toBe(2);
  });

  it('rejects an abort that came before, though a result is there', async () => {
    const { kept, fn, read } = upstream({});
    await read();
    await expect(kept.run(fn, { key: 'Seattle', signal: AbortSignal.abort('early') })).rejects.toBe('early');
  });

  it('holds each caller to its own deadline', async () => {
    const { kept, fn } = upstream({});
    const hasty = outcome(policy(timeout(5), kept).run(fn, { key: 'a' }));
    const patient = outcome(policy(timeout(50), kept).run(fn, { key: 'a' }));
    await pass(10);
    await expect(Promise.all([hasty, patient])).resolves.toEqual([expect.objectContaining({ timeoutMs: 5 }), 1]);
  });

  it('keeps apart functions and objects, and makes its key from the arguments', async () => {
    const kept = cache();
    class Station {
      calls = 0;
      @kept async daily(_city: string): Promise<number> {
        return ++this.calls;
      }
    }
    const [north, south] = [new Station(), new Station()];
    await expect(north.daily('a')).resolves.toBe(1);
    await expect(north.daily('b')).resolves.toBe(2);
    await expect(north.daily('a')).resolves.toBe(1);
    await expect(south.daily('a')).resolves.toBe(1);
    const hourly = kept(async (_city: string) => 'hourly');
    await expect(hourly('a')).resolves.toBe('hourly');
    expect(kept.size).toBe(4);
    kept.invalidate('a');
    expect(kept.size).toBe(1);
    await expect(kept.run(async () => 'run', { key: '1:b' })).resolves.toBe('run');
    await expect(hourly('b')).resolves.toBe('hourly');
  });

  it('rejects a call that it finds no key for', async () => {
    await expect(cache().run(async () => 1)).rejects.toThrow('No key for cache: run(fn, { key }) was given none.');
  });
});

describe('staleWhileRevalidateMs', () => {
  it('gives a stale result at once while one call in the background fetches a new one', async () => {
    const { read, readNow, signals } = upstream({ ttlMs: 1_000, staleWhileRevalidateMs: 500 });
    await read();
    await pass(1_000);
    await expect(Promise.all([readNow(), readNow(), readNow()])).resolves.toEqual([1, 1, 1]);
    expect(signals).toHaveLength(2);
    await pass(10);
    expect(await readNow()).toBe(2);
    await pass(1_000 + 500 - 10);
    expect(await readNow()).toBe(2);
    await pass(10);
    await pass(1_500);
    expect(await read()).toBe(4); // past the 500 ms: nothing is given but what is fetched
  });

  it('is not aborted by the caller that began it', async () => {
    const { kept, fn, read, readNow, signals } = upstream({ ttlMs: 1_000, staleWhileRevalidateMs: 500 });
    await read();
    await pass(1_000);
    const controller = new AbortController();
    await kept.run(fn, { key: 'Seattle', signal: controller.signal });
    controller.abort();
    await pass(10);
    expect(signals[1]!.aborted).toBe(false);
    expect(await readNow()).toBe(2);
  });

  it('tells of a refresh that failed, goes on giving the stale result, and tries again', async () => {
    const events: RefreshErrorEvent[] = [];
    const { read, readNow } = upstream(
      { ttlMs: 1_000, staleWhileRevalidateMs: 500, onRefreshError: (event) => events.push(event) },
      [1, new Error('503')],
    );
    await read();
    await pass(1_000);
    expect(await readNow()).toBe(1);
    await pass(10);
    expect(events).toEqual([{ key: 'Seattle', error: expect.objectContaining({ message: '503' }) }]);
    expect(await readNow()).toBe(1);
    await pass(10);
    expect(await readNow()).toBe(3);
  });

  it('gives up a refresh after refreshTimeoutMs, unless somebody waits for it by then', async () => {
    for (const joins of [false, true]) {
      const onRefreshError = vi.fn();
      const kept = cache({ ttlMs: 10, staleWhileRevalidateMs: 50, refreshTimeoutMs: 100, onRefreshError });
      const signals: AbortSignal[] = [];
      const fn = ({ signal }: Attempt): Promise<number> => {
        signals.push(signal);
        return signals.length === 1 ? Promise.resolve(1) : new Promise((resolve) => setTimeout(resolve, 150, 2));
      };
      await kept.run(fn, { key: 'a' });
      await pass(10);
      await expect(kept.run(fn, { key: 'a' })).resolves.toBe(1);
      await pass(60);
      const waiting = joins ? kept.run(fn, { key: 'a' }) : Promise.resolve();
      await pass(39);
      expect(onRefreshError).not.toHaveBeenCalled();
      await pass(1);
      expect(onRefreshError.mock.lastCall).toMatchObject([
        { key: 'a', error: { code: 'DEX_TIMEOUT', timeoutMs: 100 } },
      ]);
      expect(signals[1]!.aborted).toBe(!joins);
      await pass(50);
      await expect(waiting).resolves.toBe(joins ? 2 : undefined);
      expect(signals).toHaveLength(2);
    }
  });

  it('makes no more than maxRefreshes at a time', async () => {
    const { read, readNow, signals } = upstream({ ttlMs: 1_000, staleWhileRevalidateMs: 500, maxRefreshes: 2 });
    await Promise.all(['a', 'b', 'c'].map((key) => read(key)));
    await pass(1_000);
    await expect(Promise.all(['a', 'a', 'b', 'c'].map((key) => readNow(key)))).resolves.toEqual([1, 1, 2, 3]);
    expect(signals).toHaveLength(5);
    await pass(10);
    expect(await readNow('c')).toBe(3);
    expect(signals).toHaveLength(6);
    await pass(10);
  });
});

describe('staleIfErrorMs', () => {
  it('gives the stale result in place of an error, to all who wait', async () => {
    const failure = new Error('503');
    const { read, readNow } = upstream({ ttlMs: 1_000, staleIfErrorMs: 500 }, [1, failure, failure, failure]);
    await read();
    await pass(1_000);
    const all = [readNow(), readNow()];
    await pass(10);
    await expect(Promise.all(all)).resolves.toEqual([1, 1]);
    await pass(470); // 20 ms before its end
    expect(await read()).toBe(1);
    expect(await read()).toBe(failure); // the error comes at the end
  });

  it('gives what is fetched, where that succeeds', async () => {
    const { read } = upstream({ ttlMs: 1_000, staleIfErrorMs: 500 });
    await read();
    await pass(1_000);
    expect(await read()).toBe(2);
  });

  it('does not stand in for an error that is an answer, nor for an abort or what was invalidated', async () => {
    const gone = new Error('404');
    const options = { ttlMs: 1_000, staleIfErrorMs: 500 };
    const one = upstream({ ...options, cacheErrorIf: (error) => error === gone }, [1, gone]);
    const two = upstream(options);
    const three = upstream(options, [1, gone]);
    await Promise.all([one.read(), two.read(), three.read()]);
    await pass(1_000);
    expect(await one.read()).toBe(gone);

    const controller = new AbortController();
    const left = two.read('Seattle', controller.signal);
    controller.abort('left');
    expect(await left).toBe('left');

    const waiting = three.readNow();
    three.kept.invalidate('Seattle');
    await pass(10);
    expect(await waiting).toBe(gone);
  });
});

describe('negative results', () => {
  const gone = new Error('404');

  it('keeps errors that are an answer, for 10 s by default', async () => {
    const { read, readNow, signals } = upstream({ cacheErrorIf: (error) => error === gone }, [gone, new Error('503')]);
    expect(await read()).toBe(gone);
    await pass(9_980);
    expect(await readNow()).toBe(gone);
    expect(signals).toHaveLength(1);
    await pass(20);
    expect(await read()).toMatchObject({ message: '503' });
    expect(await read()).toBe(3);
  });

  it('keeps results that mean "none" for a time of their own, and never stale', async () => {
    const { read, readNow } = upstream(
      {
        negativeIf: (result) => result === null,
        negativeTtlMs: 100,
        staleWhileRevalidateMs: 1_000,
        staleIfErrorMs: 1_000,
      },
      [null, gone],
    );
    expect(await read()).toBeNull();
    await pass(80);
    expect(await readNow()).toBeNull();
    await pass(20);
    expect(await read()).toBe(gone);
  });

  it('are kept no longer than ttlMs by default, and not at all with 0', async () => {
    const short = upstream({ ttlMs: 50, cacheErrorIf: () => true }, [gone]);
    expect(await short.read()).toBe(gone);
    await pass(50);
    expect(await short.read()).toBe(2);
    const none = upstream({ cacheErrorIf: () => true, negativeTtlMs: 0 }, [gone]);
    expect(await none.read()).toBe(gone);
    expect(await none.read()).toBe(2);
  });
});

describe('invalidate', () => {
  it('drops one key or all', async () => {
    const { kept, read, readNow } = upstream({});
    await read('a');
    await read('b');
    kept.invalidate('a');
    expect(kept.size).toBe(1);
    expect(await readNow('b')).toBe(2);
    kept.invalidate();
    expect(kept.size).toBe(0);
    kept.invalidate('never seen');
  });

  it.each(['a', undefined])('keeps nothing that was read before it (%j)', async (key) => {
    const { kept, readNow } = upstream({});
    const before = readNow('a');
    await pass(5);
    kept.invalidate(key);
    const after = readNow('a');
    await pass(5);
    await expect(before).resolves.toBe(1);
    expect(kept.size).toBe(0);
    await pass(5);
    await expect(after).resolves.toBe(2);
    expect(await readNow('a')).toBe(2);
  });
});

describe('close', () => {
  it('rejects those who wait and whoever comes, aborts calls and refreshes, and is safe twice', async () => {
    const onRefreshError = vi.fn();
    const { kept, read, readNow, signals } = upstream({ ttlMs: 100, staleWhileRevalidateMs: 100, onRefreshError });
    await read('a');
    await pass(100);
    expect(await readNow('a')).toBe(1);
    const [forgotten] = [readNow('b')];
    kept.invalidate('b');
    const waiting = readNow('b');
    await Promise.all([kept.close(), kept.close()]);
    await expect(Promise.all([forgotten, waiting])).resolves.toEqual([
      expect.any(PolicyClosedError),
      expect.any(PolicyClosedError),
    ]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true, true, true]);
    expect(onRefreshError).not.toHaveBeenCalled();
    expect(kept.size).toBe(0);
    expect(await readNow('a')).toMatchObject({ code: 'DEX_POLICY_CLOSED' });
  });

  it('does not give a stale result in place of its own error', async () => {
    const { kept, read, readNow } = upstream({ ttlMs: 100, staleIfErrorMs: 100 });
    await read();
    await pass(100);
    const waiting = readNow();
    await kept.close();
    expect(await waiting).toBeInstanceOf(PolicyClosedError);
  });

  it('may be called by what is cached', async () => {
    const kept = cache();
    const run = kept.run(() => kept.close(), { key: 'a' });
    await expect(run).rejects.toBeInstanceOf(PolicyClosedError);
  });

  it('is what `await using` does', async () => {
    let after: Promise<number> | undefined;
    {
      await using kept = cache();
      after = kept(async () => 1)();
    }
    await expect(after).rejects.toBeInstanceOf(PolicyClosedError);
  });
});

it.each([
  [{ ttlMs: -1 }, 'cache.ttlMs'],
  [{ ttlMs: NaN }, 'cache.ttlMs'],
  [{ maxEntries: 0 }, 'cache.maxEntries'],
  [{ maxEntries: Infinity }, 'cache.maxEntries'],
  [{ staleWhileRevalidateMs: -1 }, 'cache.staleWhileRevalidateMs'],
  [{ staleIfErrorMs: NaN }, 'cache.staleIfErrorMs'],
  [{ negativeTtlMs: -1, negativeIf: () => true }, 'cache.negativeTtlMs'],
  [{ negativeTtlMs: 5 }, 'cache.negativeTtlMs'],
  [{ maxRefreshes: 0 }, 'cache.maxRefreshes'],
  [{ refreshTimeoutMs: 0 }, 'cache.refreshTimeoutMs'],
] as [CacheOptions, string][])('cache(%j) is refused', (options, option) => {
  expect(() => cache(options)).toThrow(`Option "${option}" must be`);
});
