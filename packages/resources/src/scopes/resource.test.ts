import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import {
  type AsyncManaged,
  type Managed,
  openScope,
  openSyncScope,
  resource,
  ResourceError,
  type Scope,
  ScopeClosedError,
  trackLeaks,
  withScope,
} from '../index.ts';

const sync = (log: unknown[]) =>
  resource(function* station(name: string) {
    log.push('setup');
    try {
      yield { name };
      log.push('left');
    } finally {
      log.push('teardown');
    }
  });

const async = (log: unknown[]) =>
  resource(async function* station(name: string) {
    await setImmediate();
    log.push('setup');
    try {
      yield { name };
      log.push('left');
    } finally {
      await setImmediate();
      log.push('teardown');
    }
  });

/** The sync kind is taken as it is, the async one as a promise. */
async function take<T>(
  scope: Scope,
  made: Managed<T> | Promise<AsyncManaged<T>>,
): Promise<Managed<T> | AsyncManaged<T>> {
  return made instanceof Promise ? scope.use(made) : scope.use(made);
}

// The same cases for both kinds: each function makes the resource of a log.
const kinds = [
  ['a generator', sync],
  ['an async generator', async],
] as const;

describe.each(kinds)('resource of %s', (_kind, make) => {
  it('sets up, holds what was yielded, and tears down once when closed', async () => {
    const log: unknown[] = [];
    const managed = await make(log)('Seattle');
    expect(managed.value).toEqual({ name: 'Seattle' });
    expect(log).toEqual(['setup']);
    await managed.close();
    expect(log).toEqual(['setup', 'left', 'teardown']);
    await managed.close();
    expect(log).toHaveLength(3);
  });

  it('is held by await using', async () => {
    const log: unknown[] = [];
    {
      await using managed = await make(log)('Seattle');
      log.push(managed.value.name);
    }
    expect(log).toEqual(['setup', 'Seattle', 'left', 'teardown']);
  });

  it('is held by a scope, in its turn, and is torn down once also when it was closed before', async () => {
    const log: unknown[] = [];
    await withScope({}, async (scope) => {
      scope.defer(() => log.push('first in'));
      const managed = await take(scope, make(log)('Seattle'));
      expect(managed.value.name).toBe('Seattle');
      scope.defer(() => log.push('last in'));
    });
    expect(log).toEqual(['setup', 'last in', 'left', 'teardown', 'first in']);
    log.length = 0;
    await withScope({}, async (scope) => (await take(scope, make(log)('Seattle'))).close());
    expect(log).toEqual(['setup', 'left', 'teardown']);
  });

  it('is torn down when the body failed, without what stands behind the yield', async () => {
    const log: unknown[] = [];
    const error = new Error('body');
    const failing = withScope({}, async (scope) => {
      await take(scope, make(log)('Seattle'));
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(log).toEqual(['setup', 'teardown']);
  });

  it('may be used again, and within itself: each call is a resource of its own', async () => {
    const log: unknown[] = [];
    const station = make(log);
    await withScope({}, async (scope) => {
      await take(scope, station('a'));
      await withScope({}, async (inner) => void (await take(inner, station('b'))));
    });
    expect(log).toEqual(['setup', 'setup', 'left', 'teardown', 'left', 'teardown']);
  });

  it('is handed to a closed scope too late: it is torn down at once, with the error at the yield', async () => {
    const log: unknown[] = [];
    const scope = openScope();
    await scope.close();
    await expect((async () => take(scope, make(log)('Seattle')))()).rejects.toThrow(ScopeClosedError);
    await setTimeout(5);
    expect(log).toEqual(['setup', 'teardown']);
  });

  it('is found as a leak by its name until it is closed', async () => {
    using leaks = trackLeaks();
    const managed = await make([])('Seattle');
    expect(leaks.alive()).toMatchObject([{ name: 'station' }]);
    await managed.close();
    expect(leaks.alive()).toEqual([]);
  });
});

describe('the error in flight', () => {
  const both = [
    [
      'a generator',
      (onError: (error: unknown) => void) =>
        resource(function* guard() {
          try {
            yield 1;
          } catch (error) {
            onError(error);
          }
        }),
    ],
    [
      'an async generator',
      (onError: (error: unknown) => void) =>
        resource(async function* guard() {
          try {
            yield 1;
          } catch (error) {
            await setImmediate();
            onError(error);
          }
        }),
    ],
  ] as const;

  it.each(both)('is thrown at the yield of %s, which handles it by catching it', async (_kind, make) => {
    const log: unknown[] = [];
    const error = new RangeError('body');
    const result = withScope({ handled: () => 'handled' }, async (scope) => {
      scope.onExit((caught) => void log.push(caught));
      await take(scope, make((caught) => log.push(caught))());
      throw error;
    });
    await expect(result).resolves.toBe('handled');
    expect(log).toEqual([error, undefined]);
  });

  it.each(both)(
    'stays the error when %s throws it again, and is replaced by one that wraps it',
    async (_kind, make) => {
      const error = new Error('body');
      const rethrown = withScope({ handled: () => 'handled' }, async (scope) => {
        const guard = make((caught) => {
          throw caught;
        });
        await take(scope, guard());
        throw error;
      });
      await expect(rethrown).rejects.toBe(error);
      const wrapped = withScope({}, async (scope) => {
        const guard = make((cause) => {
          throw new Error('wrapped', { cause });
        });
        await take(scope, guard());
        throw error;
      });
      await expect(wrapped).rejects.toMatchObject({ message: 'wrapped', cause: error });
    },
  );

  it.each(both)('is joined by what the teardown of %s throws', async (_kind, make) => {
    const failing = withScope({}, async (scope) => {
      const guard = make(() => {
        throw new Error('teardown');
      });
      await take(scope, guard());
      throw new Error('body');
    });
    await expect(failing).rejects.toThrow('2 errors in one scope: body: body; dispose: teardown');
  });

  it.each(both)('grows when each %s in a row throws in its teardown', async (_kind, make) => {
    const failing = withScope({}, async (scope) => {
      for (const name of ['third', 'second', 'first']) {
        const guard = make(() => {
          throw new Error(name);
        });
        await take(scope, guard());
      }
      throw new Error('body');
    });
    await expect(failing).rejects.toThrow(
      '4 errors in one scope: body: body; dispose: first; dispose: second; dispose: third',
    );
  });

  it.each(both)('is not known to %s outside withScope: it goes on after the yield', async (_kind, make) => {
    const log: unknown[] = [];
    const failing = async (): Promise<void> => {
      await using _managed = await make((caught) => log.push(caught))();
      throw new Error('block');
    };
    await expect(failing()).rejects.toThrow('block');
    expect(log).toEqual([]);
  });

  it('is thrown when the body threw undefined as well, so that nothing is committed', async () => {
    const log: unknown[] = [];
    const failing = withScope({}, async (scope) => {
      await scope.use(async(log)('Seattle'));
      throw undefined;
    });
    await expect(failing).rejects.toBe(undefined);
    expect(log).toEqual(['setup', 'teardown']);
  });

  it('of the outer signal is thrown, and cannot be handled', async () => {
    const log: unknown[] = [];
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal, handled: () => 'handled' }, async (scope) => {
      const [, make] = both[1];
      await take(scope, make((caught) => log.push(caught))());
      controller.abort('enough');
    });
    await expect(running).rejects.toBe('enough');
    expect(log).toEqual(['enough']);
  });
});

describe('a generator that misbehaves', () => {
  const misbehaving = (log: unknown[]) => {
    const { signal } = new AbortController();
    return [
      [
        'a generator',
        {
          nothing: resource(function* station() {
            if (signal.aborted) yield 1;
          }),
          failing: resource(function* station() {
            if (!signal.aborted) throw new Error('setup');
            yield 1;
          }),
          twice: resource(function* station() {
            try {
              yield 1;
              yield 2;
              log.push('resumed');
            } finally {
              log.push('teardown');
            }
          }),
          again: resource(function* station() {
            try {
              yield 1;
            } catch {
              yield 2;
            } finally {
              log.push('teardown');
            }
          }),
          teardown: resource(function* station() {
            try {
              yield 1;
              yield 2;
            } finally {
              // oxlint-disable-next-line no-unsafe-finally
              throw new Error('teardown');
            }
          }),
        },
      ],
      [
        'an async generator',
        {
          nothing: resource(async function* station() {
            if (signal.aborted) yield 1;
          }),
          failing: resource(async function* station() {
            if (!signal.aborted) throw new Error('setup');
            yield 1;
          }),
          twice: resource(async function* station() {
            try {
              yield 1;
              yield 2;
              log.push('resumed');
            } finally {
              log.push('teardown');
            }
          }),
          again: resource(async function* station() {
            try {
              yield 1;
            } catch {
              yield 2;
            } finally {
              log.push('teardown');
            }
          }),
          teardown: resource(async function* station() {
            try {
              yield 1;
              yield 2;
            } finally {
              // oxlint-disable-next-line no-unsafe-finally
              throw new Error('teardown');
            }
          }),
        },
      ],
    ] as const;
  };
  const log: unknown[] = [];
  const each = misbehaving(log);

  it.each(each)('%s that yields nothing is refused, by its name', async (_kind, { nothing }) => {
    const opening = (async () => nothing())();
    await expect(opening).rejects.toThrow('A resource yields once: station yielded nothing.');
    await expect(opening).rejects.toMatchObject({ code: 'DEX_RESOURCE', resource: 'station' });
  });

  it.each(each)('%s whose setup throws passes that on, and a scope holds nothing', async (_kind, { failing }) => {
    await expect((async () => failing())()).rejects.toThrow('setup');
    await expect(withScope({}, async (scope) => take(scope, failing()))).rejects.toThrow('setup');
  });

  it.each(each)('%s that yields twice is refused when closed, and torn down', async (_kind, { twice }) => {
    log.length = 0;
    const managed = await twice();
    const closing = (async () => managed.close())();
    await expect(closing).rejects.toThrow('A resource yields once: station yielded twice.');
    await expect(closing).rejects.toThrow(ResourceError);
    expect(log).toEqual(['teardown']);
    await managed.close();
    expect(log).toHaveLength(1);
  });

  it.each(each)('%s that yields again after the error does not handle it', async (_kind, { again }) => {
    log.length = 0;
    const failing = withScope({ handled: () => 'handled' }, async (scope) => {
      await take(scope, again());
      throw new Error('body');
    });
    await expect(failing).rejects.toThrow(
      '2 errors in one scope: body: body; dispose: A resource yields once: station yielded twice.',
    );
    expect(log).toEqual(['teardown']);
  });

  it.each(each)('%s that yields twice and fails to tear down tells both', async (_kind, { teardown }) => {
    const managed = await teardown();
    await expect((async () => managed.close())()).rejects.toMatchObject({
      code: 'DEX_RESOURCE',
      cause: new Error('teardown'),
    });
  });

  it('is no function: it is refused', () => {
    // @ts-expect-error not a function
    expect(() => resource(5)).toThrow('Option "resource" must be a function, got 5.');
  });

  it('is no generator function: it is refused when called', () => {
    for (const setup of [async () => 5, () => 5, () => undefined]) {
      // @ts-expect-error not a generator function
      expect(() => resource(setup)()).toThrow('Option "resource" must be given a generator function, got');
    }
  });

  it('closes on the way to a failing close but once', async () => {
    const managed = await resource(async function* station() {
      yield 1;
      throw new Error('teardown');
    })();
    const first = managed.close();
    const second = managed.close();
    await expect(first).rejects.toThrow('teardown');
    await expect(second).resolves.toBeUndefined();
    await expect(withScope({}, (scope) => void scope.use(managed))).resolves.toBeUndefined();
  });
});

describe('a signal among the arguments of a resource', () => {
  it('does not start the setup when it aborted before', async () => {
    const log: unknown[] = [];
    const options = { signal: AbortSignal.abort('before') };
    const asyncStation = resource(async function* station(_options: { signal: AbortSignal }) {
      log.push('setup');
      yield 1;
    });
    const syncStation = resource(function* station(_options: { signal: AbortSignal }) {
      log.push('setup');
      yield 1;
    });
    await expect(asyncStation(options)).rejects.toBe('before');
    expect(() => syncStation(options)).toThrow('before');
    expect(log).toEqual([]);
  });

  it('rejects at once while the setup is under way, and tears down what it brings', async () => {
    const { controller, listeners } = countedController();
    const log: unknown[] = [];
    const connected = Promise.withResolvers<void>();
    const station = resource(async function* station(_name: string, _options: { signal: AbortSignal }) {
      await connected.promise;
      try {
        yield 1;
        log.push('left');
      } catch (error) {
        log.push(error);
        throw error;
      } finally {
        log.push('teardown');
      }
    });
    const opening = station('Seattle', controller);
    expect(listeners()).toBe(1);
    controller.abort('enough');
    await expect(opening).rejects.toBe('enough');
    expect(listeners()).toBe(0);
    expect(log).toEqual([]);
    connected.resolve();
    await setImmediate();
    expect(log).toEqual(['enough', 'teardown']);
  });

  it('loses nothing when it aborts in the tick in which the setup ends', async () => {
    for (const [aborts, expected] of [
      ['before', ['teardown']],
      ['after', ['teardown']],
    ] as const) {
      const { controller, listeners } = countedController();
      const log: unknown[] = [];
      const connected = Promise.withResolvers<void>();
      const station = resource(async function* station(_options: { signal: AbortSignal }) {
        await connected.promise;
        try {
          yield 1;
        } finally {
          log.push('teardown');
        }
      });
      const opening = station(controller);
      if (aborts === 'before') controller.abort('enough');
      connected.resolve();
      if (aborts === 'after') controller.abort('enough');
      await expect(opening).rejects.toBe('enough');
      await setImmediate();
      expect(log).toEqual(expected);
      expect(listeners()).toBe(0);
    }
  });

  it('either rejects or leaves the resource alone, whenever it aborts', async () => {
    for (let steps = 0; steps < 12; steps += 1) {
      const controller = new AbortController();
      let isUp = true;
      const station = resource(async function* station(_options: { signal: AbortSignal }) {
        try {
          yield 1;
        } finally {
          isUp = false;
        }
      });
      const opening = station(controller).then(
        () => 'opened',
        () => 'rejected',
      );
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      controller.abort('enough');
      const outcome = await opening;
      await setImmediate();
      expect([outcome, isUp]).toEqual(outcome === 'opened' ? ['opened', true] : ['rejected', false]);
    }
  });

  it('tells nobody of a teardown that throws but the reason, wrapped', async () => {
    const controller = new AbortController();
    const torn = Promise.withResolvers<void>();
    const station = resource(async function* station(_options: { signal: AbortSignal }) {
      try {
        yield 1;
      } catch (cause) {
        torn.resolve();
        throw new Error('rolled back', { cause });
      }
    });
    const opening = station(controller);
    controller.abort('enough');
    await expect(opening).rejects.toBe('enough');
    await torn.promise;
    await setImmediate(); // an unhandled rejection would fail the run
  });

  it('makes an unhandled rejection of a teardown that fails then, as its caller has gone', async () => {
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const told = once(process, 'unhandledRejection');
    const controller = new AbortController();
    const station = resource(async function* station(_options: { signal: AbortSignal }) {
      await setImmediate();
      try {
        yield 1;
      } catch {
        throw new Error('disk');
      }
    });
    const opening = station(controller);
    controller.abort('enough');
    await expect(opening).rejects.toBe('enough');
    const [error] = await told;
    for (const other of others) process.on('unhandledRejection', other);
    expect(error).toMatchObject({ message: 'disk' });
  });

  it('leaves no listener behind once the resource is set up, and does not end it', async () => {
    const { controller, listeners } = countedController();
    const station = resource(async function* station(_options: { signal: AbortSignal }) {
      yield 1;
    });
    const managed = await station(controller);
    expect(listeners()).toBe(0);
    controller.abort('later');
    await managed.close();
  });

  it('swallows the failure of a setup that it has ended', async () => {
    const controller = new AbortController();
    const station = resource(async function* station({ signal }: { signal: AbortSignal }) {
      await setTimeout(60_000, null, { signal });
      yield 1;
    });
    const opening = station(controller);
    controller.abort('enough');
    await expect(opening).rejects.toBe('enough');
    await setImmediate();
  });

  it('is only looked for in the last argument, and may be anything', async () => {
    const station = resource(async function* station(..._options: unknown[]) {
      yield 1;
    });
    for (const last of [undefined, null, 'text', {}, { signal: 'SIGTERM' }]) {
      await (await station({ signal: AbortSignal.abort() }, last)).close();
    }
  });
});

describe('a resource in a scope for code that never waits', () => {
  it('is set up and torn down at once', () => {
    const log: unknown[] = [];
    {
      using scope = openSyncScope();
      const { value } = scope.use(sync(log)('Seattle'));
      log.push(value.name);
    }
    expect(log).toEqual(['setup', 'Seattle', 'left', 'teardown']);
  });
});
