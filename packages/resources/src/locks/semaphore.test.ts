import { afterEach, describe, expect, it, vi } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import { ClosedError, DrainError, type Lease, Mutex, QueueFullError, Semaphore, trackLeaks } from '../index.ts';

afterEach(() => void vi.useRealTimers());

describe('Semaphore', () => {
  it('grants its permits, then makes the rest wait, first come, first served', async () => {
    const semaphore = new Semaphore(2);
    const order: string[] = [];
    const take = (name: string) => semaphore.acquire().then((lease) => (order.push(name), lease));
    const [a, b, c, d] = [take('a'), take('b'), take('c'), take('d')];
    const first = await a;
    await b;
    expect(order).toEqual(['a', 'b']);
    expect([semaphore.available, semaphore.waiting]).toEqual([0, 2]);
    first.release();
    (await c).release();
    await d;
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  it('hands a permit on without a gap that a late comer could slip into', async () => {
    const semaphore = new Semaphore(1);
    const lease = await semaphore.acquire();
    const waiting = semaphore.acquire();
    lease.release();
    expect(semaphore.available).toBe(0);
    expect(semaphore.tryAcquire()).toBeUndefined();
    (await waiting).release();
    expect(semaphore.available).toBe(1);
  });

  it('takes a lease back once, by release or at the end of the block', async () => {
    const semaphore = new Semaphore(2);
    {
      using lease = await semaphore.acquire();
      using tried = semaphore.tryAcquire();
      expect(semaphore.available).toBe(0);
      lease.release();
      lease.release();
      expect(semaphore.available).toBe(1);
      tried?.release();
    }
    expect(semaphore.available).toBe(2);
  });

  it('rejects with the reason of the signal, at once, and leaves no listener', async () => {
    const semaphore = new Semaphore(1);
    const { controller, listeners } = countedController();
    const lease = await semaphore.acquire({ signal: controller.signal });
    expect(listeners()).toBe(0); // it did not wait
    const aborted = semaphore.acquire({ signal: controller.signal });
    const next = semaphore.acquire();
    expect(listeners()).toBe(1);
    controller.abort('enough');
    await expect(aborted).rejects.toBe('enough');
    expect(listeners()).toBe(0);
    expect(semaphore.waiting).toBe(1);
    lease.release();
    (await next).release();
    await expect(semaphore.acquire({ signal: controller.signal })).rejects.toBe('enough');
    expect(semaphore.available).toBe(1);
  });

  it('loses no permit when a waiter aborts in the tick of its grant, before or after', async () => {
    const semaphore = new Semaphore(1);
    const { controller, listeners } = countedController();
    const lease = await semaphore.acquire();
    const granted = semaphore.acquire({ signal: controller.signal });
    lease.release();
    controller.abort('late');
    expect(listeners()).toBe(0);
    const other = new AbortController();
    const aborted = semaphore.acquire({ signal: other.signal });
    other.abort('early');
    (await granted).release();
    await expect(aborted).rejects.toBe('early');
    expect([semaphore.available, semaphore.waiting]).toEqual([1, 0]);
  });

  it('bounds the wait, each waiter its own, with one timer that goes with the last', async () => {
    vi.useFakeTimers();
    const semaphore = new Semaphore(1, { name: 'downloads' });
    const lease = await semaphore.acquire({ timeoutMs: 5 });
    const outcomes: unknown[] = [];
    for (const timeoutMs of [30, 10, undefined, 20, 2 ** 40, 30]) {
      semaphore.acquire({ timeoutMs }).catch((error: unknown) => outcomes.push(error));
    }
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(9);
    expect(outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(outcomes).toMatchObject([
      {
        code: 'DEX_ACQUIRE_TIMEOUT',
        holder: 'downloads',
        timeoutMs: 10,
        message: 'The downloads gave no lease within 10 ms: 1 taken, 5 more waiting.',
        taken: 1,
        waiting: 5,
      },
    ]);
    await vi.advanceTimersByTimeAsync(20);
    expect(outcomes).toMatchObject([10, 20, 30, 30].map((timeoutMs) => ({ timeoutMs })));
    await vi.advanceTimersByTimeAsync(2 ** 32);
    expect(semaphore.waiting).toBe(2);
    lease.release();
    expect(vi.getTimerCount()).toBe(1);
    await expect(semaphore.acquire({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    semaphore.close({ drainMs: Infinity }).catch(() => {});
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects many who share a signal without looking at each for each', async () => {
    const semaphore = new Semaphore(1, { maxWaiters: Infinity });
    const controller = new AbortController();
    const { signal } = controller;
    const removals = vi.spyOn(signal, 'removeEventListener');
    using _lease = await semaphore.acquire();
    const waiting = Array.from({ length: 100 }, () => semaphore.acquire({ signal }).catch((error: unknown) => error));
    controller.abort('enough');
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['enough']));
    expect(removals).not.toHaveBeenCalled(); // each looks through all that are left
  });

  it('turns away at once who would be one too many in the queue', async () => {
    const semaphore = new Semaphore(1, { maxWaiters: 1 });
    using _lease = await semaphore.acquire();
    const waiting = semaphore.acquire({ signal: AbortSignal.timeout(1) });
    const error = await semaphore.acquire().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(QueueFullError);
    expect(error).toMatchObject({
      code: 'DEX_QUEUE_FULL',
      maxWaiters: 1,
      message: 'The queue of the semaphore is full: 1 may wait.',
    });
    await expect(waiting).rejects.toThrow('timeout');
    const none = new Semaphore(1, { maxWaiters: 0 });
    using _only = await none.acquire();
    await expect(none.acquire()).rejects.toThrow('0 may wait');
  });

  it('lets 1,000 wait unless told otherwise', async () => {
    const semaphore = new Semaphore(1);
    await semaphore.acquire();
    const waiting = Promise.allSettled(Array.from({ length: 1_000 }, () => semaphore.acquire()));
    await expect(semaphore.acquire()).rejects.toThrow('1000 may wait');
    await expect(semaphore.close({ drainMs: 0 })).rejects.toThrow(DrainError);
    expect(new Set((await waiting).map(({ status }) => status))).toEqual(new Set(['rejected']));
  });

  it('closes: rejects who waits and who comes, and waits for leases', async () => {
    const semaphore = new Semaphore(1);
    const lease = await semaphore.acquire();
    const waiting = semaphore.acquire();
    let closed = false;
    const closing = semaphore.close().then(() => (closed = true));
    await expect(waiting).rejects.toThrow(ClosedError);
    await expect(semaphore.acquire()).rejects.toThrow('The semaphore is closed.');
    expect(() => semaphore.tryAcquire()).toThrow('The semaphore is closed.');
    expect(closed).toBe(false);
    lease.release();
    await closing;
    await semaphore.close();
    await using unused = new Semaphore(1);
    expect(unused.available).toBe(1);
  });

  it('waits for leases no longer than drainMs, 5 s by default, and says how many are out', async () => {
    vi.useFakeTimers();
    const semaphore = new Semaphore(3);
    const lease = await semaphore.acquire();
    await semaphore.acquire();
    const closing = semaphore.close().catch((caught: unknown) => caught);
    const second = semaphore.close();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await closing).toMatchObject({
      code: 'DEX_DRAIN',
      leases: 2,
      drainMs: 5_000,
      message: 'The semaphore closed with 2 leases still out after 5000 ms.',
    });
    await second; // reports nothing
    lease.release(); // is safe
    expect(vi.getTimerCount()).toBe(0);

    const quick = new Semaphore(1, { drainMs: 10 });
    await quick.acquire();
    const late = expect(quick.close()).rejects.toThrow('with 1 lease still out after 10 ms');
    await vi.advanceTimersByTimeAsync(10);
    await late;

    const patient = new Semaphore(1, { drainMs: Infinity });
    const last = await patient.acquire();
    const end = patient.close();
    expect(vi.getTimerCount()).toBe(0);
    last.release();
    await end;
  });

  it('refuses options that cannot work', async () => {
    expect(() => new Semaphore(0)).toThrow('Option "semaphore.permits" must be an integer from 1, got 0.');
    expect(() => new Semaphore(1, { maxWaiters: -1 })).toThrow(
      'Option "semaphore.maxWaiters" must be an integer from 0',
    );
    expect(() => new Mutex({ drainMs: NaN })).toThrow('Option "mutex.drainMs" must be a number from 0');
    const semaphore = new Semaphore(1);
    await expect(semaphore.acquire({ timeoutMs: -1 })).rejects.toThrow('Option "acquire.timeoutMs" must be a number');
    // @ts-expect-error not a signal
    await expect(semaphore.acquire({ signal: 1 })).rejects.toThrow('Option "acquire.signal" must be an AbortSignal');
    await expect(semaphore.close({ drainMs: -1 })).rejects.toThrow('Option "close.drainMs" must be a number from 0');
    expect(semaphore.available).toBe(1);
    await semaphore.acquire(); // the wrong close did not close it
  });

  it('shows its leases to the finder of leaks until they are released', async () => {
    using leaks = trackLeaks();
    const semaphore = new Semaphore(1, { name: 'downloads' });
    async function download(): Promise<Lease> {
      return semaphore.acquire();
    }
    const lease = await download();
    expect(leaks.alive().map(({ name }) => name)).toEqual(['lease of downloads']);
    expect(leaks.alive()[0]?.stack).toContain('download');
    lease.release();
    expect(leaks.alive()).toEqual([]);
  });
});

describe('Mutex', () => {
  it('is a semaphore of one, called a mutex', async () => {
    const mutex = new Mutex();
    expect(mutex.locked).toBe(false);
    const lease = await mutex.acquire();
    expect(mutex.locked).toBe(true);
    expect(mutex.tryAcquire()).toBeUndefined();
    lease.release();
    await mutex.close();
    await expect(mutex.acquire()).rejects.toThrow('The mutex is closed.');
    await expect(new Mutex({ name: 'ledger' }).close()).resolves.toBeUndefined();
  });
});
