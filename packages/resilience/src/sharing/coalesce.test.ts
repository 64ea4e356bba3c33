import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Attempt, coalesce, KeyError, policy, timeout } from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Answers with the number of the call after 100 ms, unless its signal aborts before. */
function upstream() {
  const signals: AbortSignal[] = [];
  const call = ({ signal }: { signal?: AbortSignal | undefined }): Promise<number> => {
    if (signal) signals.push(signal);
    const number = signals.length;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, 100, number);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  };
  return { call, signals };
}

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('coalesce', () => {
  it('makes one call of those with the same key at the same time', async () => {
    const { call, signals } = upstream();
    const shared = coalesce();
    const runs = ['a', 'b', 'a', 'a'].map((key) => shared.run(call, { key }));
    await vi.advanceTimersByTimeAsync(50);
    runs.push(shared.run(call, { key: 'a' }));
    await vi.advanceTimersByTimeAsync(50);
    await expect(Promise.all(runs)).resolves.toEqual([1, 2, 1, 1, 1]);
    expect(signals).toHaveLength(2);
  });

  it('begins anew once the call has settled, also after a failure', async () => {
    const shared = coalesce();
    const fn = vi.fn(() => Promise.reject(new Error(`failure ${fn.mock.calls.length}`)));
    const failing = coalesce()(fn);
    await expect(Promise.allSettled([failing(), failing()])).resolves.toMatchObject([
      { reason: { message: 'failure 1' } },
      { reason: { message: 'failure 1' } },
    ]);
    await expect(failing()).rejects.toThrow('failure 2');
    await expect(shared.run(async () => 1, { key: 'a' })).resolves.toBe(1);
    await expect(shared.run(async () => 2, { key: 'a' })).resolves.toBe(2);
  });

  it('rejects only the caller who aborts, also when it was the first', async () => {
    const { call, signals } = upstream();
    const shared = coalesce();
    const first = new AbortController();
    const leaving = outcome(shared.run(call, { key: 'a', signal: first.signal }));
    const staying = shared.run(call, { key: 'a' });
    await vi.advanceTimersByTimeAsync(50);
    first.abort('left');
    await expect(leaving).resolves.toBe('left');
    expect(signals[0]!.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(50);
    await expect(staying).resolves.toBe(1);
    expect(getEventListeners(first.signal, 'abort')).toHaveLength(0);
  });

  it('aborts the shared call when the last caller has left, and begins anew in the same tick', async () => {
    const { call, signals } = upstream();
    const shared = coalesce();
    const [one, two] = [new AbortController(), new AbortController()];
    const runs = [one, two].map(({ signal }) => outcome(shared.run(call, { key: 'a', signal })));
    one.abort('one');
    expect(signals[0]!.aborted).toBe(false);
    two.abort('two');
    expect(signals[0]).toMatchObject({ aborted: true, reason: 'two' });
    const next = shared.run(call, { key: 'a' });
    await expect(Promise.all(runs)).resolves.toEqual(['one', 'two']);
    await vi.advanceTimersByTimeAsync(100);
    await expect(next).resolves.toBe(2);
  });

  it('does not let the one that was aborted end the one begun after it', async () => {
    const shared = coalesce();
    const late = Promise.withResolvers<string>();
    const leaving = new AbortController();
    const ignoring = outcome(shared.run(() => late.promise, { key: 'a', signal: leaving.signal }));
    leaving.abort('left');
    const fn = vi.fn(() => new Promise<string>((resolve) => setTimeout(resolve, 100, 'second')));
    const second = shared.run(fn, { key: 'a' });
    late.resolve('late');
    await vi.advanceTimersByTimeAsync(50);
    const third = shared.run(fn, { key: 'a' });
    await vi.advanceTimersByTimeAsync(50);
    await expect(Promise.all([ignoring, second, third])).resolves.toEqual(['left', 'second', 'second']);
    expect(fn).toHaveBeenCalledOnce();
  });

  it('does not call the function when aborted before', async () => {
    const fn = vi.fn(async () => 1);
    const run = coalesce().run(fn, { key: 'a', signal: AbortSignal.abort('early') });
    await expect(run).rejects.toBe('early');
    expect(fn).not.toHaveBeenCalled();
  });

  it('holds each caller to its own deadline, and the shared call to none of them', async () => {
    const shared = coalesce();
    const attempts: Attempt[] = [];
    const slow = (attempt: Attempt): Promise<string> => {
      attempts.push(attempt);
      return new Promise((resolve) => setTimeout(resolve, 300, 'slow'));
    };
    const runs = [100, 500].map((ms) => outcome(policy(timeout(ms), shared).run(slow, { key: 'a' })));
    await vi.advanceTimersByTimeAsync(300);
    await expect(Promise.all(runs)).resolves.toEqual([expect.objectContaining({ timeoutMs: 100 }), 'slow']);
    expect(attempts.map(({ remainingMs }) => remainingMs)).toEqual([Infinity]);
  });

  it('aborts the shared call when all deadlines have passed', async () => {
    const { call, signals } = upstream();
    const shared = coalesce();
    const runs = [10, 20].map((ms) => outcome(policy(timeout(ms), shared).run(call, { key: 'a' })));
    await vi.advanceTimersByTimeAsync(20);
    await Promise.all(runs);
    expect(signals).toMatchObject([{ aborted: true, reason: { code: 'DEX_TIMEOUT', timeoutMs: 20 } }]);
  });

  it('keeps apart functions, methods and the objects they are called on', async () => {
    const shared = coalesce();
    class Station {
      readonly calls: string[] = [];
      @shared async daily(city: string): Promise<string> {
        this.calls.push(city);
        return `daily ${this.calls.length}`;
      }
      @shared async hourly(city: string): Promise<string> {
        this.calls.push(city);
        return `hourly ${this.calls.length}`;
      }
    }
    const [north, south] = [new Station(), new Station()];
    const [one, other] = [shared(async (_city: string) => 'one'), shared(async (_city: string) => 'other')];
    await expect(
      Promise.all([
        north.daily('a'),
        north.daily('a'),
        north.hourly('a'),
        south.daily('a'),
        one('a'),
        other('a'),
        one.call('text', 'a'),
      ]),
    ).resolves.toEqual(['daily 1', 'daily 1', 'hourly 2', 'daily 1', 'one', 'other', 'one']);
    expect([north.calls, south.calls]).toEqual([['a', 'a'], ['a']]);
  });

  it('refuses a key that is no function', () => {
    // @ts-expect-error the key is made by a function
    expect(() => coalesce({ key: 'city' })).toThrow('Option "coalesce.key" must be a function, got "city".');
  });
});

describe('the key of a call', () => {
  /** How many of these calls at the same time are made. */
  async function made(argumentLists: readonly (readonly unknown[])[]): Promise<number> {
    const fn = vi.fn(async (..._args: unknown[]) => 1);
    const daily = coalesce()(fn);
    await Promise.all(argumentLists.map((args) => daily(...args)));
    return fn.mock.calls.length;
  }

  it('is made of primitive arguments, by type and value', async () => {
    const different = [
      [],
      ['a'],
      ['a', 'b'],
      ['a,b'],
      ['("a","b")'],
      ['"a"'],
      ['()'],
      [''],
      [1],
      ['1'],
      [1n],
      [true],
      ['true'],
      [null],
      [undefined],
      ['undefined'],
      [NaN],
      ['a', undefined],
    ];
    expect(await made(different)).toBe(different.length);
    expect(await made([...different, ...different])).toBe(different.length);
  });

  it('leaves out a last argument that only carries a signal', async () => {
    const { signal } = new AbortController();
    expect(await made([['a'], ['a', {}], ['a', { signal }], ['a', { signal: undefined }]])).toBe(1);
    expect(await made([[], [{ signal }]])).toBe(1);
  });

  it.each([
    [['a', { units: 'metric' }], 'argument 2 is an object: pass key: (...args) => string'],
    [[{ signal: undefined }, 'a'], 'argument 1 is an object'],
    [[new Date()], 'argument 1 is an object'],
    [['a', () => 1], 'argument 2 is a function'],
    [[Symbol('a')], 'argument 1 is a symbol'],
  ])('is not made of other arguments: %o', async (args, problem) => {
    const rejected = outcome(made([args]));
    expect(await rejected).toBeInstanceOf(KeyError);
    expect(await rejected).toMatchObject({ code: 'DEX_KEY', policy: 'coalesce' });
    expect(String(await rejected)).toContain(`No key for coalesce: ${problem}`);
  });

  it('is what the option makes of the arguments', async () => {
    const fn = vi.fn(async (city: string, days: number) => `${city} ${days}`);
    const daily = coalesce({ key: (city: string) => city.toLowerCase() })(fn);
    await expect(Promise.all([daily('Paris', 1), daily('paris', 2)])).resolves.toEqual(['Paris 1', 'Paris 1']);
  });

  it('must be a string, and what the option throws rejects the call', async () => {
    // @ts-expect-error no string
    const wrong = coalesce({ key: () => undefined })(async () => 1);
    await expect(wrong()).rejects.toThrow('No key for coalesce: its key function gave undefined, not a string.');
    const broken = coalesce({
      key: () => {
        throw new Error('no such city');
      },
    });
    await expect(broken(async () => 1)()).rejects.toThrow('no such city');
  });

  it('must be given to run', async () => {
    const shared = coalesce({ key: () => 'never asked' });
    await expect(shared.run(async () => 1)).rejects.toThrow('run(fn, { key }) was given none');
    // @ts-expect-error no string: else all calls of no key would be one
    await expect(shared.run(async () => 1, { key: null })).rejects.toThrow('was given null, not a string');
  });
});
