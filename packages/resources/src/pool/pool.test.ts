import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import { createPool, PoolError, type PoolLease, type PoolOptions, trackLeaks } from '../index.ts';

interface Connection {
  readonly id: number;
}

function setUp(options: Partial<PoolOptions<Connection>> = {}) {
  const log: string[] = [];
  const errors: PoolError[] = [];
  let ids = 0;
  const connect = async (): Promise<Connection> => {
    ids += 1;
    log.push(`create ${ids}`);
    return { id: ids };
  };
  const pool = createPool<Connection>({
    create: connect,
    destroy: async ({ id }) => void log.push(`destroy ${id}`),
    onError: (error) => errors.push(error),
    ...options,
  });
  return { pool, log, errors, connect };
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const never = () => new Promise<never>(() => {});
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('pool.acquire', () => {
  it('creates when it must, lends the one used last, and makes others wait in order', async () => {
    const { pool, log } = setUp({ max: 2 });
    const first = await pool.acquire();
    const second = await pool.acquire();
    const order: number[] = [];
    const third = pool.acquire().then((lease) => (order.push(3), lease));
    const fourth = pool.acquire().then((lease) => (order.push(4), lease));
    expect(pool.stats()).toMatchObject({ size: 2, borrowed: 2, waiting: 2, idle: 0 });
    second.release();
    expect((await third).value).toEqual({ id: 2 });
    expect(order).toEqual([3]);
    first.release();
    (await fourth).release();
    (await third).release();
    expect((await pool.acquire()).value).toEqual({ id: 2 });
    expect(log).toEqual(['create 1', 'create 2']);
    expect(pool.stats()).toMatchObject({ size: 2, borrowed: 1, waiting: 0, idle: 1, acquired: 5, created: 2 });
  });

  it('lends no more than 10 at a time, lets 1,000 wait, and for 30 s, unless told otherwise', async () => {
    const { pool } = setUp();
    const leases = await Promise.all(Array.from({ length: 10 }, () => pool.acquire()));
    const waiting = Promise.allSettled(Array.from({ length: 1_000 }, () => pool.acquire()));
    expect(await failure(pool.acquire())).toMatchObject({ code: 'DEX_QUEUE_FULL', holder: 'pool', maxWaiters: 1_000 });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(pool.stats()).toMatchObject({ waiting: 1_000, timedOut: 0 });
    await vi.advanceTimersByTimeAsync(1);
    expect((await waiting)[999]).toMatchObject({ reason: { code: 'DEX_ACQUIRE_TIMEOUT', timeoutMs: 30_000 } });
    expect(pool.stats()).toMatchObject({ waiting: 0, timedOut: 1_000, size: 10 });
    for (const lease of leases) lease.release();
  });

  it('takes a lease back once; its value is not to be had afterwards', async () => {
    const { pool, log } = setUp({ max: 2 });
    let kept: PoolLease<Connection>;
    {
      using lease = await pool.acquire();
      expect(lease.value.id).toBe(1);
      kept = lease;
    }
    expect(() => kept.value).toThrow('The lease was released, and its resource may be in use by another.');
    const again = await pool.acquire();
    kept.release();
    kept.discard();
    expect(pool.stats()).toMatchObject({ borrowed: 1, idle: 0 });
    expect(again.value.id).toBe(1);
    expect(log).toEqual(['create 1']);
  });

  it('destroys what was discarded, and serves who waits with another', async () => {
    const { pool, log } = setUp({ max: 1 });
    using broken = await pool.acquire();
    const waiting = pool.acquire();
    broken.discard();
    expect((await waiting).value.id).toBe(2);
    expect(log).toEqual(['create 1', 'destroy 1', 'create 2']);
    expect(pool.stats()).toMatchObject({ size: 1, created: 2, destroyed: 1 });
  });

  it('rejects at once with the reason of the signal, leaves no listener, and keeps what was created', async () => {
    const { promise, resolve } = Promise.withResolvers<Connection>();
    const { pool } = setUp({ max: 1, create: () => promise });
    const { controller, listeners } = countedController();
    const aborted = pool.acquire({ signal: controller.signal });
    expect(listeners()).toBe(1);
    controller.abort('enough');
    await expect(aborted).rejects.toBe('enough');
    expect(listeners()).toBe(0);
    resolve({ id: 1 });
    await settle();
    expect(pool.stats()).toMatchObject({ idle: 1, waiting: 0 });
    await expect(pool.acquire({ signal: controller.signal })).rejects.toBe('enough');
    expect(pool.stats()).toMatchObject({ idle: 1 });
  });

  it('keeps the grant when the signal aborts in the same tick, so that nothing is lost', async () => {
    const { pool } = setUp({ max: 1 });
    const lease = await pool.acquire();
    const { controller, listeners } = countedController();
    const granted = pool.acquire({ signal: controller.signal });
    lease.release();
    controller.abort('late');
    expect(listeners()).toBe(0);
    (await granted).release();
    expect(pool.stats()).toMatchObject({ idle: 1, borrowed: 0 });
  });

  it('counts as waiters only those that wait for a release', async () => {
    let ids = 0;
    const create = async (): Promise<Connection> => {
      await new Promise<void>((resolve) => void setTimeout(resolve, 5));
      return { id: (ids += 1) };
    };
    const { pool } = setUp({ max: 2, maxWaiters: 0, create });
    const both = Promise.all([pool.acquire(), pool.acquire()]);
    expect(await failure(pool.acquire())).toMatchObject({ code: 'DEX_QUEUE_FULL' });
    await vi.advanceTimersByTimeAsync(5);
    const [first] = await both;
    first.discard();
    const next = pool.acquire(); // takes the place of what is being destroyed
    await vi.advanceTimersByTimeAsync(5);
    (await next).release();
  });
});

describe('pool create', () => {
  it('rejects one waiter with the cause of a failure, and creates for the others', async () => {
    let failing = true;
    const { pool, errors } = setUp({
      max: 1,
      create: async () => {
        if (failing) throw new Error('connection refused');
        return { id: 7 };
      },
    });
    const [first, second] = [failure(pool.acquire()), pool.acquire()];
    expect(await first).toMatchObject({
      code: 'DEX_POOL',
      operation: 'create',
      holder: 'pool',
      message: 'The pool could not create a resource: connection refused',
      cause: new Error('connection refused'),
    });
    failing = false;
    // The second creation had begun with the failure of the first.
    expect(await failure(second)).toBeInstanceOf(PoolError);
    expect((await pool.acquire()).value.id).toBe(7);
    expect(errors).toHaveLength(2);
    expect(pool.stats()).toMatchObject({ size: 1, failed: { create: 2, validate: 0, destroy: 0 } });
  });

  it('fails nobody for whom another resource is on its way', async () => {
    const creations = [Promise.withResolvers<Connection>(), Promise.withResolvers<Connection>()];
    let at = 0;
    const { pool } = setUp({ max: 2, create: () => creations[at++]!.promise });
    const controller = new AbortController();
    const leaving = pool.acquire({ signal: controller.signal });
    const staying = pool.acquire();
    controller.abort('enough');
    await expect(leaving).rejects.toBe('enough');
    creations[0]!.reject('refused');
    await settle();
    expect(pool.stats()).toMatchObject({ waiting: 1, creating: 1 });
    creations[1]!.resolve({ id: 2 });
    expect((await staying).value.id).toBe(2);
  });

  it('gives up what hangs, aborts its signal, and destroys what comes too late', async () => {
    const late = Promise.withResolvers<Connection>();
    const signals: AbortSignal[] = [];
    const { pool, log } = setUp({
      max: 1,
      create: ({ signal }) => {
        signals.push(signal);
        return late.promise;
      },
    });
    const hanging = failure(pool.acquire());
    await vi.advanceTimersByTimeAsync(9_999);
    expect(signals[0]?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const error = await hanging;
    expect(error).toMatchObject({ message: 'The pool could not create a resource: it took longer than 10000 ms.' });
    expect(signals[0]?.reason).toBe(error);
    expect(pool.stats()).toMatchObject({ size: 0, created: 0 });
    late.resolve({ id: 9 });
    await settle();
    expect(log).toEqual(['destroy 9']);
    expect(pool.stats()).toMatchObject({ size: 0, created: 1, destroyed: 1 });
  });

  it('keeps min from the start, and tries again ever less often while it cannot', async () => {
    let failing = true;
    const attempts: number[] = [];
    const start = performance.now();
    const { pool, errors } = setUp({
      min: 1,
      create: async () => {
        attempts.push(performance.now() - start);
        if (failing) throw 'refused';
        return { id: 1 };
      },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    const gaps = attempts.slice(1).map((at, index) => at - attempts[index]!);
    expect(attempts[0]).toBe(0);
    for (const [index, gap] of gaps.entries()) {
      const longest = Math.min(10_000, 100 * 2 ** index);
      expect(gap).toBeGreaterThanOrEqual(longest / 2 - 1);
      expect(gap).toBeLessThanOrEqual(longest + 1);
    }
    expect(gaps.length).toBeGreaterThan(9);
    expect(errors[0]?.message).toBe('The pool could not create a resource: refused');
    failing = false;
    const before = attempts.length;
    const lease = await pool.acquire(); // does not wait for the next try
    await vi.advanceTimersByTimeAsync(20_000);
    expect(attempts).toHaveLength(before + 1);

    failing = true; // from the start again
    lease.discard();
    await vi.advanceTimersByTimeAsync(100);
    expect(attempts.length).toBeGreaterThan(before + 2);
    failing = false;
    (await pool.acquire()).release();
    await pool.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('makes up for what was discarded below min', async () => {
    const { pool, log } = setUp({ min: 2, max: 3 });
    await settle();
    expect(pool.stats()).toMatchObject({ size: 2, idle: 2 });
    (await pool.acquire()).discard();
    await settle();
    expect(pool.stats()).toMatchObject({ size: 2, idle: 2 });
    expect(log).toEqual(['create 1', 'create 2', 'destroy 2', 'create 3']);
  });
});

describe('pool validate', () => {
  it.each([
    ['returns false', () => false],
    ['throws', () => expect.unreachable()],
    ['resolves to false', async () => false],
    ['rejects', () => Promise.reject(new Error('stale'))],
    ['hangs', never],
  ])('destroys a resource when it %s, and takes another', async (what, invalid) => {
    let isValid = true;
    const { pool, log, errors } = setUp({ max: 2, validate: ({ id }) => isValid || id > 2 || invalid() });
    const leases = [await pool.acquire(), await pool.acquire()];
    for (const lease of leases) lease.release();
    isValid = false;
    const waiting = pool.acquire();
    await vi.advanceTimersByTimeAsync(10_000);
    const lease = await waiting;
    expect(lease.value.id).toBe(3);
    expect(log.filter((line) => line.startsWith('destroy')).toSorted()).toEqual(['destroy 1', 'destroy 2']);
    expect(pool.stats()).toMatchObject({ size: 1, borrowed: 1, failed: { validate: 2 } });
    expect(errors.map(({ operation }) => operation)).toEqual(/false/.test(what) ? [] : ['validate', 'validate']);
  });

  it('is asked before each loan but the first, also when the resource goes straight to who waits', async () => {
    const asked: number[] = [];
    const { pool } = setUp({ max: 1, validate: async ({ id }) => asked.push(id) > 0 });
    const lease = await pool.acquire();
    expect(asked).toEqual([]);
    const waiting = pool.acquire();
    lease.release();
    expect(pool.stats()).toMatchObject({ validating: 1, borrowed: 0, idle: 0 });
    (await waiting).release();
    (await pool.acquire()).release();
    expect(asked).toEqual([1, 1]);
  });

  it('lets nobody overtake, though a resource that answers sooner is idle', async () => {
    const { pool } = setUp({
      max: 2,
      validate: ({ id }) => (id === 1 ? true : new Promise((yes) => void setTimeout(yes, 5, true))),
    });
    const [first, second] = [await pool.acquire(), await pool.acquire()];
    first.release();
    second.release();
    const order: string[] = [];
    const take = async (name: string) => order.push(`${name} ${(await pool.acquire()).value.id}`);
    const both = Promise.all([take('a'), take('b')]);
    await vi.advanceTimersByTimeAsync(5);
    await both;
    expect(order).toEqual(['a 1', 'b 2']);
  });

  it('keeps a resource found valid after its waiter gave up', async () => {
    const verdict = Promise.withResolvers<boolean>();
    const { pool } = setUp({ max: 1, validate: () => verdict.promise });
    (await pool.acquire()).release();
    const late = failure(pool.acquire({ timeoutMs: 5 }));
    await vi.advanceTimersByTimeAsync(5);
    expect(await late).toMatchObject({ code: 'DEX_ACQUIRE_TIMEOUT', timeoutMs: 5 });
    verdict.resolve(true);
    await settle();
    expect(pool.stats()).toMatchObject({ idle: 1, validating: 0, timedOut: 1 });
  });
});

describe('pool destroy', () => {
  it.each([
    ['throws', () => expect.unreachable('no')],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['hangs', never],
  ])('frees the place when it %s, and tells', async (what, destroy) => {
    const { pool, errors } = setUp({ max: 1, destroy });
    (await pool.acquire()).discard();
    const waiting = pool.acquire();
    if (what === 'hangs') {
      await vi.advanceTimersByTimeAsync(4_999);
      expect(pool.stats()).toMatchObject({ size: 1, destroying: 1, waiting: 1 });
      await vi.advanceTimersByTimeAsync(1);
    }
    expect((await waiting).value.id).toBe(2);
    expect(errors).toMatchObject([{ code: 'DEX_POOL', operation: 'destroy' }]);
    expect(pool.stats()).toMatchObject({ size: 1, destroyed: 1, failed: { destroy: 1 } });
  });

  it('does not make who waits wait for it while there is room', async () => {
    const { pool } = setUp({ max: 2, destroy: never, validate: async () => false });
    (await pool.acquire()).release();
    expect((await pool.acquire()).value.id).toBe(2);
    expect(pool.stats()).toMatchObject({ size: 2, destroying: 1, borrowed: 1 });
  });
});

describe('a pool in time', () => {
  it('destroys what has been idle for idleMs, down to min, the one unused longest first', async () => {
    const { pool, log } = setUp({ min: 1, max: 4, idleMs: 1_000 });
    const leases = await Promise.all(Array.from({ length: 4 }, () => pool.acquire()));
    for (const lease of leases) lease.release();
    for (let i = 0; i < 10; i += 1) {
      await vi.advanceTimersByTimeAsync(99);
      (await pool.acquire()).release();
    }
    expect(pool.stats().size).toBe(4);
    await vi.advanceTimersByTimeAsync(510);
    expect(log.slice(4)).toEqual(['destroy 1', 'destroy 2', 'destroy 3']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pool.stats()).toMatchObject({ size: 1, idle: 1 });
    expect(log).toHaveLength(7); // what min keeps was not made anew
  });

  it('destroys nothing that was idle for less than idleMs', async () => {
    const { pool } = setUp({ idleMs: 1_000 });
    const lease = await pool.acquire();
    await vi.advanceTimersByTimeAsync(249);
    lease.release();
    await vi.advanceTimersByTimeAsync(999);
    expect(pool.stats().idle).toBe(1);
    await vi.advanceTimersByTimeAsync(501);
    expect(pool.stats().size).toBe(0);
  });

  it('destroys what is too old, not all at once, and what is lent on its release', async () => {
    const { pool } = setUp({ max: 20, maxLifetimeMs: 10_000, idleMs: Infinity });
    const leases = await Promise.all(Array.from({ length: 20 }, () => pool.acquire()));
    for (const lease of leases.slice(1)) lease.release();
    await vi.advanceTimersByTimeAsync(8_999);
    expect(pool.stats().size).toBe(20);
    const sizes = new Set<number>();
    for (let ms = 0; ms < 1_400; ms += 50) {
      await vi.advanceTimersByTimeAsync(50);
      sizes.add(pool.stats().size);
    }
    expect(sizes.size).toBeGreaterThan(3);
    expect(pool.stats()).toMatchObject({ size: 1, borrowed: 1 });
    leases[0]?.release();
    await settle();
    expect(pool.stats()).toMatchObject({ size: 0, destroyed: 20 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('arms one timer for all resources, and none that keeps the process alive', async () => {
    vi.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
    const before = timers(); // one of the runner may end meanwhile
    const { pool } = setUp({ min: 3, max: 3 });
    await setImmediate();
    expect(pool.stats().idle).toBe(3);
    expect(timers()).toBeLessThanOrEqual(before);
    const failing = setUp({ min: 1, create: () => Promise.reject(new Error('refused')) });
    await setImmediate();
    expect(failing.errors).toHaveLength(1);
    expect(timers()).toBeLessThanOrEqual(before);
    await Promise.all([pool.close(), failing.pool.close()]);
  });
});

describe('pool.close', () => {
  it('rejects who waits and who comes, waits for leases, destroys all, and leaves no timer', async () => {
    const { pool, log } = setUp({ max: 2 });
    const [first, second] = [await pool.acquire(), await pool.acquire()];
    const waiting = failure(pool.acquire());
    const closing = pool.close();
    const again = pool.close();
    expect(await waiting).toMatchObject({ code: 'DEX_CLOSED' });
    second.release();
    expect(await failure(pool.acquire())).toMatchObject({ code: 'DEX_CLOSED', message: 'The pool is closed.' });
    await settle();
    expect(pool.stats()).toMatchObject({ size: 1, borrowed: 1 });
    first.release();
    await closing;
    await again;
    await pool[Symbol.asyncDispose]();
    expect(log.slice(2)).toEqual(['destroy 2', 'destroy 1']);
    expect(pool.stats()).toMatchObject({ size: 0, created: 2, destroyed: 2 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('destroys what is lent when drainMs, 5 s by default, are over', async () => {
    const { pool, log } = setUp({ name: 'weather-db' });
    const lease = await pool.acquire();
    const closing = failure(pool.close());
    await vi.advanceTimersByTimeAsync(4_999);
    expect(log).toEqual(['create 1']);
    await vi.advanceTimersByTimeAsync(1);
    expect(await closing).toMatchObject({
      code: 'DEX_DRAIN',
      leases: 1,
      message: 'The weather-db closed with 1 lease still out after 5000 ms.',
    });
    expect(log).toEqual(['create 1', 'destroy 1']);
    lease.release();
    expect(pool.stats()).toMatchObject({ size: 0, destroyed: 1 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('aborts what is being created, and waits for it no longer than drainMs', async () => {
    const signals: AbortSignal[] = [];
    const { pool, errors } = setUp({
      create: ({ signal }) => {
        signals.push(signal);
        return new Promise((_, reject) => {
          if (signals.length === 1) signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
    });
    const waiting = [failure(pool.acquire()), failure(pool.acquire())];
    const closing = pool.close({ drainMs: 50 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(await Promise.all(waiting)).toMatchObject([{ code: 'DEX_CLOSED' }, { code: 'DEX_CLOSED' }]);
    await settle();
    expect(pool.stats().creating).toBe(1);
    await vi.advanceTimersByTimeAsync(50);
    await closing;
    expect(errors).toEqual([]); // the closing is why they failed
    expect(vi.getTimerCount()).toBe(0);
  });

  it('closes once, also when create and destroy close it as well', async () => {
    const closings: Promise<string>[] = [];
    const close = () => void closings.push(pool.close().then(() => 'closed'));
    let creates = 0;
    const { pool } = setUp({
      create: ({ signal }) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => {
            close();
            reject(signal.reason);
          });
          if (creates === 0) resolve({ id: 1 });
          creates += 1;
        }),
      destroy: close,
      drainMs: Infinity,
    });
    const lease = await pool.acquire();
    pool.acquire().catch(() => {});
    const closing = pool.close();
    lease.release();
    await closing;
    const left = settle().then(() => 'some are left');
    expect(await Promise.race([Promise.all(closings), left])).toEqual(['closed', 'closed']);
  });

  it('is bounded when destroy hangs, and tells', async () => {
    const { pool, errors } = setUp({ destroy: never, destroyMs: 100 });
    (await pool.acquire()).release();
    const closing = pool.close();
    await vi.advanceTimersByTimeAsync(100);
    await closing;
    expect(errors).toMatchObject([{ operation: 'destroy' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops trying to reach min', async () => {
    const { pool } = setUp({ min: 1, create: () => Promise.reject(new Error('refused')) });
    await settle();
    await pool.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(pool.stats().failed.create).toBe(1);
  });

  it('shows pools and leases to the finder of leaks', async () => {
    using leaks = trackLeaks();
    const { pool } = setUp({ name: 'weather-db' });
    async function borrow(): Promise<PoolLease<Connection>> {
      const lent = await pool.acquire();
      return lent;
    }
    const lease = await borrow();
    expect(leaks.alive().map(({ name }) => name)).toEqual(['weather-db', 'lease of weather-db']);
    expect(leaks.alive()[1]?.stack).toContain('borrow');
    lease.release();
    await pool.close();
    expect(leaks.alive()).toEqual([]);
  });
});

describe('createPool', () => {
  it('refuses options that cannot work, and names them', () => {
    const refuse = (options: Partial<PoolOptions<Connection>>, message: string) =>
      expect(() => setUp(options)).toThrow(message);
    // @ts-expect-error both functions are needed
    expect(() => createPool({})).toThrow('Option "pool.create" must be a function, got undefined.');
    // @ts-expect-error destroy is needed
    expect(() => createPool({ create: never })).toThrow('Option "pool.destroy" must be a function, got undefined.');
    refuse({ max: 0 }, 'Option "pool.max" must be an integer from 1');
    refuse({ min: 3, max: 2, name: 'db' }, 'Option "db.min" must be an integer from 0 to 2, got 3.');
    refuse({ maxWaiters: NaN }, 'Option "pool.maxWaiters" must be an integer from 0');
    refuse({ createMs: Infinity }, 'Option "pool.createMs" must be a number from 1 to 2147483647, got Infinity.');
    refuse({ idleMs: 0 }, 'Option "pool.idleMs" must be a number from 1');
    refuse({ drainMs: -1 }, 'Option "pool.drainMs" must be a number from 0');
    // @ts-expect-error not a function
    refuse({ validate: true }, 'Option "pool.validate" must be a function, got true.');
  });
});
