import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DisposeTimeoutError, openScope, type Scope, withScope } from '../index.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const hang = (): Promise<never> => new Promise(() => {});

class Connection implements AsyncDisposable {
  readonly [Symbol.asyncDispose] = hang;
}

describe('disposeMs', () => {
  it('bounds a disposer that never settles, by 30 s unless told otherwise, and goes on with the next', async () => {
    const log: string[] = [];
    const scope = openScope();
    scope.defer(() => log.push('first in'));
    scope.use(new Connection());
    scope.defer(() => log.push('last in'));
    const closed = scope.close().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(log).toEqual(['last in']);
    await vi.advanceTimersByTimeAsync(1);
    expect(log).toEqual(['last in', 'first in']);
    const error = await closed;
    expect(error).toBeInstanceOf(DisposeTimeoutError);
    expect(error).toMatchObject({
      code: 'DEX_DISPOSE_TIMEOUT',
      message: 'Not disposed of within 30000 ms: Connection.',
      resource: 'Connection',
      disposeMs: 30_000,
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is granted to each disposer anew', async () => {
    const scope = openScope({ disposeMs: 100 });
    for (let i = 0; i < 3; i += 1) scope.defer(() => new Promise((resolve) => setTimeout(resolve, 99)));
    const closed = scope.close();
    await vi.advanceTimersByTimeAsync(3 * 99);
    await closed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds in withScope, and after a move', async () => {
    const inScope = withScope({ disposeMs: 5 }, (scope) => scope.defer(hang)).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5);
    expect(await inScope).toMatchObject({ resource: 'hang', disposeMs: 5 });

    const scope = openScope({ disposeMs: 5 });
    scope.defer(hang);
    const moved = scope
      .move()
      .close()
      .catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5);
    expect(await moved).toMatchObject({ disposeMs: 5 });
  });

  it('bounds a resource that never arrives, and disposes of it when it comes after all', async () => {
    const log: string[] = [];
    const scope = openScope({ disposeMs: 5 });
    const later = Promise.withResolvers<Disposable>();
    void scope.use(later.promise);
    const closed = scope.close().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5);
    expect(await closed).toMatchObject({ message: 'Not disposed of within 5 ms: Promise.' });
    later.resolve({ [Symbol.dispose]: () => log.push('disposed') });
    await vi.advanceTimersByTimeAsync(0);
    expect(log).toEqual(['disposed']);
  });

  it('makes no timer for what settles at once', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const scope = openScope();
    scope.defer(() => {});
    scope.defer(async () => {});
    scope.defer(() => Promise.reject(new Error('disk')));
    scope.use({ [Symbol.asyncDispose]: async () => {} });
    await expect(scope.close()).rejects.toThrow('disk');
    expect(timers).not.toHaveBeenCalled();
    timers.mockRestore();
  });

  it.each([Infinity, 2 ** 31])('is no bound when it is %s', async (disposeMs) => {
    const later = Promise.withResolvers<void>();
    const scope = openScope({ disposeMs });
    scope.defer(() => later.promise);
    const closed = scope.close();
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
    later.resolve();
    await closed;
  });

  it('reports the failure of a disposer that is in time, and leaves no timer', async () => {
    const scope = openScope();
    scope.defer(() => new Promise((_, reject) => setTimeout(reject, 10, new Error('disk'))));
    const closed = expect(scope.close()).rejects.toThrow('disk');
    await vi.advanceTimersByTimeAsync(10);
    await closed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('makes no unhandled rejection of a disposer that fails too late', async () => {
    const unhandled = getEventListeners(process, 'unhandledRejection').length;
    const seen: unknown[] = [];
    const listener = (error: unknown): void => void seen.push(error);
    process.on('unhandledRejection', listener);
    const scope = openScope({ disposeMs: 5 });
    scope.defer(() => new Promise((_, reject) => setTimeout(reject, 10, new Error('disk'))));
    const closed = expect(scope.close()).rejects.toThrow(DisposeTimeoutError);
    await vi.advanceTimersByTimeAsync(20);
    await closed;
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', listener);
    expect(seen).toEqual([]);
    expect(getEventListeners(process, 'unhandledRejection')).toHaveLength(unhandled);
  });

  it.each<[string, (scope: Scope) => unknown]>([
    ['hang', (scope) => scope.defer(hang)],
    ['a function without a name', (scope) => scope.defer(() => hang())],
    ['hang', (scope) => scope.adopt('/tmp/rows', hang)],
    ['a string', (scope) => scope.adopt('/tmp/rows', () => hang())],
    ['Connection', (scope) => scope.adopt(new Connection(), () => hang())],
    ['Connection', (scope) => scope.use(Promise.resolve(new Connection()))],
    ['hang', (scope) => scope.onExit(hang)],
    ['an object without a class', (scope) => scope.use({ [Symbol.asyncDispose]: hang })],
    [
      'an object without a class',
      (scope) => scope.use(Object.assign(new Connection(), { constructor: undefined }) as AsyncDisposable),
    ],
    ['an object of a class without a name', (scope) => scope.use(new (class extends Connection {})())],
    ['a object', (scope) => scope.use(Object.assign(Object.create(null), { [Symbol.asyncDispose]: hang }))],
  ])('names %s', async (name, take) => {
    const scope = openScope({ disposeMs: 0 });
    await take(scope);
    const closed = scope.close().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1);
    expect(await closed).toMatchObject({ resource: name });
  });

  it.each([-1, NaN, '5', null])('refuses %s', async (disposeMs) => {
    // @ts-expect-error not all are numbers
    expect(() => openScope({ disposeMs })).toThrow('Option "openScope.disposeMs" must be a number from 0');
    // @ts-expect-error not all are numbers
    await expect(withScope({ disposeMs }, () => 1)).rejects.toThrow('Option "withScope.disposeMs" must be a number');
  });
});
