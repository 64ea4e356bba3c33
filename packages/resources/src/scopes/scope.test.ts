import { setImmediate, setTimeout } from 'node:timers/promises';
import { OptionError } from '@dataenginex/core';
import { describe, expect, it } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import { openScope, ScopeClosedError, ScopeError } from '../index.ts';

function recorder() {
  const log: string[] = [];
  return {
    log,
    sync: (name: string): Disposable => ({ [Symbol.dispose]: () => void log.push(name) }),
    async: (name: string): AsyncDisposable => ({
      [Symbol.asyncDispose]: async () => {
        log.push(`${name} begins`);
        await setImmediate();
        log.push(`${name} ends`);
      },
    }),
  };
}

describe('openScope', () => {
  it('disposes of everything at the end of the block, last in, first out, one at a time', async () => {
    const { log, sync, async } = recorder();
    {
      await using scope = openScope();
      scope.use(async('a'));
      scope.use(sync('b'));
      scope.adopt('c', async (value) => setImmediate().then(() => log.push(value)));
      scope.defer(() => log.push('d'));
      await scope.use(Promise.resolve(async('e')));
      expect(log).toEqual([]);
    }
    expect(log).toEqual(['e begins', 'e ends', 'd', 'c', 'b', 'a begins', 'a ends']);
  });

  it('prefers the async disposer of what has both, and reads it once', async () => {
    const { log, sync, async } = recorder();
    let reads = 0;
    const both = {
      ...sync('sync'),
      get [Symbol.asyncDispose]() {
        reads += 1;
        return async('async')[Symbol.asyncDispose];
      },
    };
    reads = 0;
    const scope = openScope();
    scope.use(both);
    await scope.close();
    expect(log).toEqual(['async begins', 'async ends']);
    expect(reads).toBe(1);
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
  ])('passes %s through', async (_name, nothing) => {
    await using scope = openScope();
    expect(scope.use(nothing)).toBe(nothing);
    await expect(scope.use(Promise.resolve(nothing))).resolves.toBe(nothing);
  });

  it('refuses what cannot be disposed of, and names the call', async () => {
    await using scope = openScope();
    // @ts-expect-error a Date holds nothing
    expect(() => scope.use(new Date(0))).toThrow('Option "scope.use" must be AsyncDisposable, Disposable');
    // @ts-expect-error nor does a number
    expect(() => scope.use(5)).toThrow('Option "scope.use" must be AsyncDisposable, Disposable');
    // @ts-expect-error not a method
    expect(() => scope.use({ [Symbol.asyncDispose]: 5 })).toThrow('"scope.use" must be disposed of by a method');
    // @ts-expect-error nor does one that comes later
    await expect(scope.use(Promise.resolve(5))).rejects.toThrow('Option "scope.use"');
    // @ts-expect-error not a function
    expect(() => scope.adopt(1, 2)).toThrow('Option "scope.adopt" must be a function, got 2.');
    // @ts-expect-error not a function
    expect(() => scope.defer(2)).toThrow('Option "scope.defer" must be a function, got 2.');
    // @ts-expect-error not a signal
    expect(() => openScope({ signal: 1 })).toThrow('Option "openScope.signal" must be an AbortSignal, got 1.');
  });

  it('may hold nothing, or very much', async () => {
    let disposed = 0;
    await openScope().close();
    const scope = openScope();
    for (let i = 0; i < 10_000; i += 1) scope.defer(() => (disposed += 1));
    await scope.close();
    expect(disposed).toBe(10_000);
  });

  it('throws the one error of a disposer as it is, after the others ran', async () => {
    const { log, sync } = recorder();
    const error = new Error('disk');
    const scope = openScope();
    scope.use(sync('a'));
    scope.defer(() => Promise.reject(error));
    scope.use(sync('c'));
    await expect(scope.close()).rejects.toBe(error);
    expect(log).toEqual(['c', 'a']);
  });

  it('throws several errors as one, in the order they happened', async () => {
    const scope = openScope();
    scope.defer(() => Promise.reject('last'));
    scope.defer(() => {
      throw new Error('first');
    });
    const error = await scope.close().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ScopeError);
    expect(error).toMatchObject({
      code: 'DEX_SCOPE',
      message: '2 errors in one scope: dispose: first; dispose: last',
      errors: [new Error('first'), 'last'],
      origins: ['dispose', 'dispose'],
      cause: new Error('first'),
    });
  });

  it('closes once: a second close waits for the first and reports nothing', async () => {
    const { log, async } = recorder();
    const scope = openScope();
    scope.use(async('a'));
    scope.defer(() => Promise.reject(new Error('disk')));
    const first = scope.close();
    const second = scope.close().then(() => log.push('second'));
    await expect(first).rejects.toThrow('disk');
    await second;
    expect(log).toEqual(['a begins', 'a ends', 'second']);
  });

  it('closes once also when a listener of its signal closes it: that waits for the end', async () => {
    const log: string[] = [];
    const scope = openScope();
    scope.defer(async () => setTimeout(5).then(() => log.push('disposed')));
    const inner = Promise.withResolvers<void>();
    scope.signal.addEventListener('abort', () => {
      inner.resolve(scope.close().then(() => void log.push('closed')));
    });
    await scope.close();
    await inner.promise;
    expect(log).toEqual(['disposed', 'closed']);
  });

  it('says whether it is disposed', async () => {
    const scope = openScope();
    expect(scope.disposed).toBe(false);
    await scope.close();
    expect(scope.disposed).toBe(true);
  });

  it('has the standard’s names as well', async () => {
    const { log, sync } = recorder();
    const scope = openScope();
    scope.use(sync('a'));
    await scope.disposeAsync();
    expect(log).toEqual(['a']);
    expect(Object.prototype.toString.call(scope)).toBe('[object Scope]');
  });

  it('may be closed by its own first disposer, which must not wait for that', async () => {
    const { log, sync } = recorder();
    const scope = openScope();
    scope.use(sync('a'));
    scope.defer(() => {
      void scope.close();
      log.push('b');
    });
    await scope.close();
    expect(log).toEqual(['b', 'a']);
  });

  it('does not wait for what a Symbol.dispose returns', async () => {
    const scope = openScope();
    scope.use({ [Symbol.dispose]: () => new Promise(() => {}) });
    await scope.close();
  });

  it('waits for a thenable that is no promise, and starts it once', async () => {
    let started = 0;
    const query = {
      // oxlint-disable-next-line unicorn/no-thenable
      then: (resolve: (value: unknown) => void) => {
        started += 1;
        void setTimeout(5).then(resolve);
      },
    };
    const scope = openScope();
    scope.defer(() => query);
    await scope.close();
    expect(started).toBe(1);
  });
});

describe('scope.use with a promise', () => {
  it('keeps the place of the call, and is waited for by close', async () => {
    const { log, sync } = recorder();
    const scope = openScope();
    const later = Promise.withResolvers<Disposable>();
    scope.use(sync('a'));
    const used = scope.use(later.promise);
    scope.use(sync('c'));
    const closed = scope.close();
    await setImmediate();
    expect(log).toEqual(['c']);
    const resource = sync('b');
    later.resolve(resource);
    await expect(used).resolves.toBe(resource);
    await closed;
    expect(log).toEqual(['c', 'b', 'a']);
  });

  it('tells a rejection to the caller only', async () => {
    const scope = openScope();
    await expect(scope.use(Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    await expect(scope.close()).resolves.toBeUndefined();
  });

  it('takes a promise that is disposable itself as a resource', async () => {
    const { log, sync } = recorder();
    const scope = openScope();
    const child = Object.assign(Promise.resolve(1), sync('child'));
    expect(scope.use(child)).toBe(child);
    await scope.close();
    expect(log).toEqual(['child']);
  });
});

describe('a closed scope', () => {
  it('disposes at once of what it is handed, and throws', async () => {
    const { log, sync } = recorder();
    const scope = openScope();
    await scope.close();
    expect(() => scope.use(sync('used'))).toThrow(ScopeClosedError);
    expect(() => scope.adopt('adopted', (value) => log.push(value))).toThrow('The scope is closed.');
    expect(() => scope.defer(() => log.push('deferred'))).toThrow(ScopeClosedError);
    await expect(scope.use(Promise.resolve(sync('promised')))).rejects.toThrow(ScopeClosedError);
    expect(log).toEqual(['used', 'adopted', 'deferred', 'promised']);
    expect(() => scope.use(null)).toThrow(ScopeClosedError);
    expect(() => scope.move()).toThrow(ScopeClosedError);
    expect(() => scope.spawn(() => log.push('spawned'))).toThrow(ScopeClosedError);
    expect(log).toHaveLength(4);
  });

  it('is closed first of all, also to what it could not have taken', async () => {
    const scope = openScope();
    await scope.close();
    // @ts-expect-error a number holds nothing
    const take = (): unknown => scope.use(5);
    expect(take).toThrow(ScopeClosedError);
    expect(take).toThrow(expect.objectContaining({ cause: expect.any(OptionError) }));
  });

  it('has an aborted signal, also when nobody read it before', async () => {
    const scope = openScope();
    await scope.close();
    expect(scope.signal.aborted).toBe(true);
    expect(scope.signal.reason).toMatchObject({ code: 'DEX_SCOPE_CLOSED' });
  });

  it('refuses what a disposer hands it', async () => {
    const { log, sync } = recorder();
    const scope = openScope();
    scope.defer(() => scope.use(sync('late')));
    await expect(scope.close()).rejects.toThrow(ScopeClosedError);
    expect(log).toEqual(['late']);
  });
});

describe('scope.move', () => {
  it('hands the resources to a new scope, in order, and closes this one', async () => {
    const { log, sync } = recorder();
    let moved;
    {
      await using scope = openScope();
      scope.use(sync('a'));
      void scope.use(Promise.resolve(sync('b')));
      moved = scope.move();
      expect(scope.disposed).toBe(true);
      expect(() => scope.defer(() => log.push('late'))).toThrow(ScopeClosedError);
    }
    expect(log).toEqual(['late']);
    moved.use(sync('c'));
    await moved.close();
    expect(log).toEqual(['late', 'c', 'b', 'a']);
  });

  it('leaves the tasks behind: they end with the scope that spawned them', async () => {
    const { log, sync } = recorder();
    const scope = openScope();
    scope.use(sync('resource'));
    scope.spawn(async ({ signal }) => setTimeout(60_000, null, { signal }).finally(() => log.push('task')));
    await using moved = scope.move();
    await scope.close();
    expect(log).toEqual(['task']);
    expect(moved.disposed).toBe(false);
  });
});

describe('scope.spawn', () => {
  it('returns a promise of the result', async () => {
    await using scope = openScope();
    await expect(scope.spawn(async () => 7).result).resolves.toBe(7);
    await expect(scope.spawn(() => 8).result).resolves.toBe(8);
  });

  it('cancels the tasks on close, waits for them, and only then disposes', async () => {
    const { log, sync } = recorder();
    const scope = openScope();
    scope.use(sync('resource'));
    const task = scope.spawn(async ({ signal }) => {
      await setTimeout(60_000, null, { signal }).catch(() => log.push('cancelled'));
      await setImmediate();
      scope.use(sync('for the clean-up'));
      log.push('done');
      signal.throwIfAborted();
    });
    await scope.close();
    expect(log).toEqual(['cancelled', 'done', 'for the clean-up', 'resource']);
    await expect(task.result).rejects.toBe(scope.signal.reason);
  });

  it('cancels the siblings when one fails, and reports it on close, once', async () => {
    const error = new Error('lost');
    const scope = openScope();
    const sibling = scope.spawn(async ({ signal }) => setTimeout(60_000, null, { signal }));
    const failing = scope.spawn(() => Promise.reject(error));
    await expect(failing.result).rejects.toBe(error);
    await expect(sibling.result).rejects.toMatchObject({ name: 'AbortError', cause: error });
    expect(scope.signal.reason).toBe(error);
    await expect(scope.close()).rejects.toBe(error);
    await scope.close();
  });

  it('takes an error that wraps the reason for its echo', async () => {
    const error = new Error('lost');
    const scope = openScope();
    scope.spawn(async ({ signal }) => {
      await setTimeout(60_000, null, { signal }).catch(() => {});
      throw new Error('mapAsync failed: lost', { cause: signal.reason });
    });
    scope.spawn(() => Promise.reject(error));
    await expect(scope.close()).rejects.toBe(error);
  });

  it('names the tasks that failed', async () => {
    const scope = openScope();
    const fail = async ({ signal }: { signal: AbortSignal }): Promise<never> => {
      await setTimeout(60_000, null, { signal }).catch(() => {});
      throw new Error('flush');
    };
    scope.spawn(fail);
    scope.spawn(fail, { name: 'second' });
    scope.spawn(async () => {
      throw new Error('lost');
    });
    await expect(scope.close()).rejects.toMatchObject({
      message: '3 errors in one scope: task: lost; task "fail": flush; task "second": flush',
      origins: ['task', 'task "fail"', 'task "second"'],
    });
  });

  it('does not start a task in a scope that is cancelled already', async () => {
    const scope = openScope({ signal: AbortSignal.abort('outside') });
    let started = false;
    const task = scope.spawn(() => {
      started = true;
    });
    await expect(task.result).rejects.toBe('outside');
    expect(started).toBe(false);
    await scope.close();
  });

  it('is no unhandled rejection when nobody observes it', async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    try {
      const scope = openScope();
      scope.spawn(() => Promise.reject(new Error('lost')));
      scope.spawn(() => 'not started: the scope is cancelled');
      await setTimeout(5);
      await scope.close().catch(() => {});
      await setTimeout(5);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', listener);
    }
  });

  it('copes with a task that fails with undefined', async () => {
    const scope = openScope();
    scope.spawn(() => Promise.reject(undefined));
    const sibling = scope.spawn(async ({ signal }) => setTimeout(60_000, null, { signal }));
    await expect(sibling.result).rejects.toMatchObject({ name: 'AbortError' });
    await expect(scope.close()).rejects.toBeUndefined();
  });
});

describe('the outer signal of openScope', () => {
  it('aborts the signal with its reason, and is not reported on close', async () => {
    const { controller, listeners } = countedController();
    const scope = openScope({ signal: controller.signal });
    const task = scope.spawn(async ({ signal }) => setTimeout(60_000, null, { signal }));
    expect(listeners()).toBe(1);
    controller.abort('enough');
    expect(scope.signal.reason).toBe('enough');
    await expect(task.result).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
    await expect(scope.close()).resolves.toBeUndefined();
    expect(listeners()).toBe(0);
  });

  it('gets no listener from a scope that only holds resources, and keeps none', async () => {
    const { controller, listeners } = countedController();
    const { sync } = recorder();
    const scope = openScope({ signal: controller.signal });
    scope.use(sync('a'));
    expect(listeners()).toBe(0);
    void scope.signal;
    expect(listeners()).toBe(1);
    await scope.close();
    expect(listeners()).toBe(0);
    controller.abort('later');
    expect(scope.signal.reason).toBeInstanceOf(ScopeClosedError);
  });

  it('may abort before anybody looks', async () => {
    const controller = new AbortController();
    await using scope = openScope({ signal: controller.signal });
    controller.abort('early');
    expect(scope.signal.reason).toBe('early');
  });
});
