import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import { ScopeTimeoutError, withScope, withTimeout } from '../index.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const sleep = (ms: number, signal?: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, `slept ${ms}`);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as unknown);
    });
  });

describe('withTimeout', () => {
  it('returns what the body returns in time, and holds no timer afterwards', async () => {
    const running = withTimeout(100, ({ signal }) => sleep(99, signal));
    await vi.advanceTimersByTimeAsync(99);
    await expect(running).resolves.toBe('slept 99');
    await expect(withTimeout(100, () => 7)).resolves.toBe(7);
    await expect(withTimeout(100, () => Promise.reject(new Error('boom')))).rejects.toThrow(/^boom$/);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('cancels body and tasks when the time is over, and rejects when they have ended and all is released', async () => {
    const log: string[] = [];
    const running = withTimeout(100, async (scope) => {
      scope.defer(() => log.push('released'));
      scope.spawn(async ({ signal }) => sleep(5_000, signal).finally(() => log.push('task')));
      try {
        await sleep(5_000, scope.signal);
      } finally {
        await sleep(10);
        log.push('body');
      }
    });
    const settled = expect(running).rejects.toMatchObject({
      name: 'ScopeTimeoutError',
      code: 'DEX_SCOPE_TIMEOUT',
      timeoutMs: 100,
      message: 'The scope did not end within 100 ms.',
    });
    await vi.advanceTimersByTimeAsync(99);
    expect(log).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(log).toEqual(['task']);
    await vi.advanceTimersByTimeAsync(10);
    await settled;
    expect(log).toEqual(['task', 'body', 'released']);
  });

  it('bounds tasks that run when the body has returned', async () => {
    const running = withTimeout(100, (scope) => void scope.spawn(({ signal }) => sleep(5_000, signal)));
    const settled = expect(running).rejects.toThrow(ScopeTimeoutError);
    await vi.advanceTimersByTimeAsync(100);
    await settled;
  });

  it('rejects also when the body ignored its signal and has a result, late', async () => {
    const running = withTimeout(100, () => sleep(150));
    const settled = expect(running).rejects.toThrow(ScopeTimeoutError);
    await vi.advanceTimersByTimeAsync(150);
    await settled;
  });

  it('does not interrupt the release', async () => {
    const log: string[] = [];
    const running = withTimeout(100, (scope) => {
      scope.defer(async () => log.push(await sleep(500)));
      return 7;
    });
    await vi.advanceTimersByTimeAsync(500);
    await expect(running).resolves.toBe(7);
    expect(log).toEqual(['slept 500']);
  });

  it('reports what else failed, after the deadline', async () => {
    const running = withTimeout(100, async ({ signal }) =>
      sleep(5_000, signal).catch(() => Promise.reject(new Error('disk'))),
    );
    const settled = expect(running).rejects.toMatchObject({
      message: '2 errors in one scope: signal: The scope did not end within 100 ms.; body: disk',
    });
    await vi.advanceTimersByTimeAsync(100);
    await settled;
  });

  it('lets the earlier of two deadlines cancel, wherever it stands, and tells them apart', async () => {
    const inner = withTimeout(1_000, ({ signal }) =>
      withTimeout(100, (scope) => sleep(5_000, scope.signal), { signal }),
    );
    const outer = withTimeout(50, ({ signal }) => withTimeout(100, (scope) => sleep(5_000, scope.signal), { signal }));
    const settled = Promise.all([
      expect(inner).rejects.toMatchObject({ timeoutMs: 100 }),
      expect(outer).rejects.toMatchObject({ timeoutMs: 50 }),
    ]);
    await vi.advanceTimersByTimeAsync(100);
    await settled;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with its error alone, however deep the scopes that it cancels', async () => {
    const running = withTimeout(100, async (outer) => {
      outer.spawn(({ signal }) => sleep(5_000, signal));
      await withScope(outer, async (inner) => {
        inner.spawn(({ signal }) => sleep(5_000, signal));
        await sleep(5_000, inner.signal);
      });
    });
    const settled = expect(running).rejects.toThrow(/^The scope did not end within 100 ms.$/);
    await vi.advanceTimersByTimeAsync(100);
    await settled;
  });

  it('keeps to what cancelled it first, although the time is over when it ends', async () => {
    const controller = new AbortController();
    const running = withTimeout(100, () => sleep(150), { signal: controller.signal });
    const settled = expect(running).rejects.toBe('first');
    controller.abort('first');
    await vi.advanceTimersByTimeAsync(150);
    await settled;
  });

  it('starts the body even when its time is 0', async () => {
    let started = false;
    const running = withTimeout(0, async ({ signal }) => {
      started = true;
      await sleep(5_000, signal);
    });
    const settled = expect(running).rejects.toThrow('The scope did not end within 0 ms.');
    await vi.advanceTimersByTimeAsync(1);
    await settled;
    expect(started).toBe(true);
  });

  it('is cancelled by its signal, with its reason, and leaves no listener and no timer', async () => {
    const { controller, listeners } = countedController();
    const { signal } = controller;
    const running = withTimeout(100, (scope) => sleep(5_000, scope.signal), { signal });
    expect(listeners()).toBe(1);
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
    expect(listeners()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);

    const quiet = countedController();
    await withTimeout(100, () => 7, { signal: quiet.controller.signal });
    expect(quiet.listeners()).toBe(0);

    let ran = false;
    await expect(withTimeout(100, () => (ran = true), { signal })).rejects.toBe('enough');
    expect(ran).toBe(false);
  });

  it('leaves alone what the body shields', async () => {
    const log: string[] = [];
    const running = withTimeout(100, async (scope) => {
      scope.shield(async ({ signal }) => log.push(await sleep(300, signal)));
      await sleep(5_000, scope.signal);
    });
    const settled = expect(running).rejects.toThrow(ScopeTimeoutError);
    await vi.advanceTimersByTimeAsync(300);
    await settled;
    expect(log).toEqual(['slept 300']);
  });

  it('ends what hangs in a scope around it, and only that', async () => {
    const log: string[] = [];
    const running = withScope({}, async ({ signal }) => {
      await withTimeout(100, (scope) => sleep(5_000, scope.signal), { signal }).catch((error: unknown) =>
        log.push(String(error)),
      );
      log.push(signal.aborted ? 'cancelled' : 'goes on');
    });
    await vi.advanceTimersByTimeAsync(100);
    await running;
    expect(log).toEqual(['ScopeTimeoutError: The scope did not end within 100 ms.', 'goes on']);
  });

  it.each([-1, 0.5, NaN, 2 ** 31, Infinity])('refuses %s as its time', async (timeoutMs) => {
    await expect(withTimeout(timeoutMs, () => 1)).rejects.toThrow('Option "withTimeout.timeoutMs" must be an integer');
  });

  it('refuses a disposeMs that cannot work, by its own name', async () => {
    await expect(withTimeout(1, () => 1, { disposeMs: -1 })).rejects.toThrow('Option "withTimeout.disposeMs" must be');
  });

  it('refuses what is no body, by its own name', async () => {
    // @ts-expect-error not a function
    await expect(withTimeout(1, Promise.resolve(1))).rejects.toThrow('Option "withTimeout.body" must be a function');
  });

  it('refuses what is no signal', async () => {
    // @ts-expect-error not a signal
    await expect(withTimeout(1, () => setImmediate(1), { signal: {} })).rejects.toThrow(
      'Option "withTimeout.signal" must be an AbortSignal',
    );
  });
});
