import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { circuitBreaker, type StateChangeEvent } from '../index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const succeed = async (): Promise<string> => 'sunny';
const fail = async (): Promise<never> => Promise.reject(new Error('503'));
const byHost = (host: string): string => host;

describe('circuitBreaker with key', () => {
  const setUp = (maxKeys = 2, park = false) => {
    const events: StateChangeEvent[] = [];
    const onStateChange = (event: StateChangeEvent): void => void events.push(event);
    const breaker = circuitBreaker({ key: byHost, maxKeys, park, consecutiveFailures: 1, onStateChange });
    const open = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await expect(breaker.run(fail, { key })).rejects.toThrow('503');
    };
    return { breaker, open, events };
  };

  it('has a circuit for each key, given to run or made from the arguments', async () => {
    const { breaker, open, events } = setUp();
    await open('a');
    expect(breaker.stateOf('a')).toBe('open');
    expect(breaker.stateOf('b')).toBe('closed');
    expect(events).toEqual([{ from: 'closed', to: 'open', key: 'a' }]);
    const get = breaker(async (host: string, path: string) => host + path);
    await expect(get('b', '/')).resolves.toBe('b/');
    await expect(get('a', '/')).rejects.toMatchObject({ key: 'a', state: 'open' });
    await expect(get('a', '/')).rejects.toThrow('The circuit of "a" is open');
  });

  it('rejects a run without a key', async () => {
    await expect(setUp().breaker.run(succeed)).rejects.toMatchObject({ code: 'DEX_KEY' });
  });

  it('isolates and resets one key', async () => {
    const { breaker, open } = setUp();
    breaker.isolate('a');
    await expect(breaker.run(succeed, { key: 'a' })).rejects.toThrow('isolated');
    await expect(breaker.run(succeed, { key: 'b' })).resolves.toBe('sunny');
    breaker.reset('a');
    await expect(breaker.run(succeed, { key: 'a' })).resolves.toBe('sunny');
    breaker.reset('never used');
    await open('b');
    breaker.reset('b');
    expect(breaker.stateOf('b')).toBe('closed');
  });

  it('forgets the closed circuit that was not used for longest, and what is under way in it', async () => {
    const { breaker, events } = setUp();
    const late = breaker.run(() => new Promise((_, reject) => setTimeout(reject, 10, new Error('503'))), { key: 'a' });
    late.catch(() => {});
    for (const key of ['b', 'c']) await breaker.run(succeed, { key });
    await vi.advanceTimersByTimeAsync(10);
    await expect(late).rejects.toThrow('503');
    expect(breaker.stateOf('a')).toBe('closed');
    expect(events).toEqual([]);
  });

  it('keeps as many open circuits besides, then forgets the one that was pushed out first', async () => {
    const { breaker, open } = setUp();
    await open('a', 'b', 'c', 'd');
    for (const key of ['a', 'b', 'c', 'd']) expect(breaker.stateOf(key)).toBe('open');
    await open('e');
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => breaker.stateOf(key))).toEqual([
      'closed',
      'open',
      'open',
      'open',
      'open',
    ]);
    await expect(breaker.run(succeed, { key: 'b' })).rejects.toThrow('open'); // back among the recent
    breaker.reset('c');
    for (const key of ['f', 'g', 'h']) await breaker.run(succeed, { key });
    expect(['b', 'c', 'd', 'e'].map((key) => breaker.stateOf(key))).toEqual(['open', 'closed', 'closed', 'open']);
  });

  it('never forgets a circuit that is isolated or has calls parked', async () => {
    const { breaker, open } = setUp(2, true);
    breaker.isolate('isolated');
    await open('parking');
    const parked = breaker.run(succeed, { key: 'parking' });
    await open('a', 'b', 'c', 'd', 'e', 'f');
    expect(['isolated', 'parking', 'a', 'f'].map((key) => breaker.stateOf(key))).toEqual([
      'isolated',
      'open',
      'closed',
      'open',
    ]);
    await vi.advanceTimersByTimeAsync(50);
    await expect(parked).resolves.toBe('sunny');
    expect(breaker.stateOf('parking')).toBe('closed');
  });

  it('keeps a circuit that closed, too, until all that were parked have been released', async () => {
    const { breaker, open } = setUp(1, true);
    await open('a');
    const hang = () => new Promise((resolve) => setTimeout(resolve, 500, 'late'));
    const calls = [succeed, hang, hang, succeed].map((fn) => breaker.run<unknown>(fn, { key: 'a' }));
    await vi.advanceTimersByTimeAsync(50);
    expect(breaker.stateOf('a')).toBe('closed');
    for (const key of ['b', 'c', 'd']) await breaker.run(succeed, { key });
    await vi.advanceTimersByTimeAsync(500);
    await expect(Promise.all(calls)).resolves.toEqual(['sunny', 'late', 'late', 'sunny']);
  });

  it('counts the parked calls of all keys, and rejects them when it is closed', async () => {
    const breaker = circuitBreaker({ key: byHost, park: true, maxParked: 2, consecutiveFailures: 1 });
    for (const key of ['a', 'b']) await breaker.run(fail, { key }).catch(() => {});
    const parked = ['a', 'b'].map((key) => breaker.run(succeed, { key }));
    await expect(breaker.run(succeed, { key: 'a' })).rejects.toThrow('all 2 places');
    await breaker.close();
    await breaker[Symbol.asyncDispose]();
    for (const call of parked) await expect(call).rejects.toMatchObject({ code: 'DEX_POLICY_CLOSED' });
    await expect(breaker.run(succeed, { key: 'c' })).rejects.toMatchObject({ code: 'DEX_POLICY_CLOSED' });
  });
});

describe('circuitBreaker options', () => {
  it.each([
    [{ windowCalls: 0 }, 'windowCalls'],
    [{ windowCalls: 1e9 }, 'windowCalls'],
    [{ windowMs: 0 }, 'windowMs'],
    [{ windowMs: NaN }, 'windowMs'],
    [{ windowMs: 1_000, windowCalls: 10 }, 'windowMs" must be left out where windowCalls is given'],
    [{ minimumCalls: 0 }, 'minimumCalls'],
    [{ minimumCalls: 11, windowCalls: 10 }, 'minimumCalls" must be an integer from 1 to 10'],
    [{ failureRatio: 0 }, 'failureRatio" must be above 0'],
    [{ failureRatio: 1.1 }, 'failureRatio'],
    [{ failureRatio: NaN }, 'failureRatio'],
    [{ slowCallMs: -1 }, 'slowCallMs'],
    [{ slowCallRatio: 0, slowCallMs: 1 }, 'slowCallRatio" must be above 0'],
    [{ slowCallRatio: 0.5 }, 'slowCallRatio" must be left out without slowCallMs'],
    [{ consecutiveFailures: 0 }, 'consecutiveFailures'],
    [{ openMs: 0 }, 'openMs'],
    [{ openMs: 100, maxOpenMs: 99 }, 'maxOpenMs" must be a number from 100'],
    [{ maxOpenMs: 2 ** 31 }, 'maxOpenMs'],
    [{ openGrowth: 0.9 }, 'openGrowth'],
    [{ halfOpenCalls: 0 }, 'halfOpenCalls'],
    [{ park: 1 }, 'park" must be true or false'],
    [{ maxParked: 0, park: true }, 'maxParked'],
    [{ maxParked: 1 }, 'maxParked" must be left out without park'],
    [{ key: byHost, maxKeys: 0 }, 'maxKeys'],
    [{ maxKeys: 1 }, 'maxKeys" must be left out without key'],
    [{ key: 'host' }, 'key" must be a function'],
    [{ failureIf: 1 }, 'failureIf" must be a function'],
    [{ failureIfResult: 1 }, 'failureIfResult" must be a function'],
    [{ onStateChange: 1 }, 'onStateChange" must be a function'],
  ])('refuses %j', (options, message) => {
    expect(() => circuitBreaker(options as object)).toThrow(`Option "circuitBreaker.${message}`);
  });

  it('takes a minimum beyond the default of windowCalls for a window of time, and a long openMs', () => {
    expect(circuitBreaker({ windowMs: 1_000, minimumCalls: 500, openMs: 3_600_000 }).state).toBe('closed');
    expect(circuitBreaker({ windowCalls: 5 }).state).toBe('closed');
  });
});
