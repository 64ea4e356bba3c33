import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { cache, fallback, type FallbackEvent, policy, retry, timeout } from './index.ts';

const failure = new Error('503');
const failing = async (_city: string): Promise<string> => {
  throw failure;
};

describe('fallback', () => {
  it.each([null, undefined, 0, 'last good'])('answers %j in place of an error', async (value) => {
    await expect(fallback(value)(failing)('Seattle')).resolves.toBe(value);
    await expect(fallback(value).run(() => Promise.reject(failure))).resolves.toBe(value);
  });

  it('hides no missing key, which is a mistake and not a failure', async () => {
    const daily = policy(retry(), cache({ ttlMs: 1_000 }))(async (city: { name: string }) => city.name);
    await expect(fallback(null)(daily)({ name: 'Seattle' })).rejects.toMatchObject({ code: 'DEX_KEY' });
  });

  it('leaves a result alone', async () => {
    const make = vi.fn(() => 'fallback');
    await expect(fallback(make)(async () => 'result')()).resolves.toBe('result');
    expect(make).not.toHaveBeenCalled();
  });

  it('answers with what a function makes of the error and the arguments, at once or later', async () => {
    const tell = (error: unknown, city: string): string => `${city}: ${String(error)}`;
    await expect(fallback(tell)(failing)('Paris')).resolves.toBe('Paris: Error: 503');
    const later = fallback(async (error, city: string) => tell(error, city));
    await expect(later(failing)('Paris')).resolves.toBe('Paris: Error: 503');
    await expect(fallback((...args: unknown[]) => args).run(() => Promise.reject(failure))).resolves.toEqual([failure]);
  });

  it('throws what the function throws', async () => {
    const broken = (): never => {
      throw new Error('no last result either');
    };
    await expect(fallback(broken)(failing)('Paris')).rejects.toThrow('no last result either');
  });

  it('throws the errors that fallbackIf does not take', async () => {
    const others = fallback('other', { fallbackIf: (error) => error !== failure });
    await expect(others(failing)('Paris')).rejects.toBe(failure);
    await expect(others.run(() => Promise.reject(new Error('x')))).resolves.toBe('other');
  });

  it('tells of each error that it replaces', async () => {
    const events: FallbackEvent[] = [];
    const told = fallback(null, {
      fallbackIf: (error) => error === failure,
      onFallback: (event) => events.push(event),
    });
    await told(failing)('Paris');
    await expect(told.run(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(events).toEqual([{ error: failure }]);
  });

  it('stands around a composed policy, and gets its errors', async () => {
    const upstream = policy(timeout(1_000), retry({ attempts: 2, baseDelayMs: 0 }));
    const fn = vi.fn(failing);
    await expect(fallback('last good')(upstream(fn))('Paris')).resolves.toBe('last good');
    expect(fn).toHaveBeenCalledTimes(2);
    const late = fallback('late')(timeout(1)(() => new Promise<string>(() => {})));
    await expect(late()).resolves.toBe('late');
  });

  it('is a decorator', async () => {
    class Weather {
      @fallback((_error, city: string) => `${city} as it was`) async daily(city: string): Promise<string> {
        return failing(city);
      }
    }
    await expect(new Weather().daily('Paris')).resolves.toBe('Paris as it was');
  });

  it('refuses an option that is no function', () => {
    // @ts-expect-error a condition is a function
    expect(() => fallback(null, { fallbackIf: true })).toThrow('Option "fallback.fallbackIf" must be a function');
  });
});

describe('abort', () => {
  it('is never replaced, whatever the function throws then', async () => {
    const make = vi.fn(() => 'fallback');
    const controller = new AbortController();
    const safe = fallback(make, { fallbackIf: () => true });
    const run = safe.run(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('connection closed')))),
      { signal: controller.signal },
    );
    controller.abort('user left');
    await expect(run).rejects.toBe('user left');
    await expect(safe.run(() => Promise.reject(failure), { signal: AbortSignal.abort('early') })).rejects.toBe('early');
    expect(make).not.toHaveBeenCalled();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('ends the wait for a fallback that takes its time', async () => {
    const controller = new AbortController();
    const slow = fallback(() => new Promise<string>(() => {}));
    const run = slow.run(() => Promise.reject(failure), { signal: controller.signal });
    await new Promise(setImmediate);
    controller.abort('user left');
    await expect(run).rejects.toBe('user left');
  });

  it('is known by its name where the policy does not see the signal', async () => {
    const read = (request: Request): Promise<string> => {
      request.signal.throwIfAborted();
      return Promise.reject(failure);
    };
    const safe = fallback('last good')(async (request: Request) => read(request));
    await expect(safe(new Request('http://127.0.0.1/'))).resolves.toBe('last good');
    const aborted = new Request('http://127.0.0.1/', { signal: AbortSignal.abort() });
    await expect(safe(aborted)).rejects.toMatchObject({ name: 'AbortError' });
    const insistent = fallback('last good', { fallbackIf: () => true })(async (request: Request) => read(request));
    await expect(insistent(aborted)).resolves.toBe('last good');
  });
});
