import { describe, expect, it } from 'vitest';
import { type Lease, ReadWriteLock } from '../index.ts';

function recorder(lock: ReadWriteLock) {
  const entered: string[] = [];
  const leases = new Map<string, Lease>();
  const enter = (name: string, signal?: AbortSignal): Promise<void> => {
    const lease = name.startsWith('w') ? lock.acquireWrite({ signal }) : lock.acquireRead({ signal });
    return lease.then((granted) => {
      entered.push(name);
      leases.set(name, granted);
    });
  };
  const settle = () => new Promise((resolve) => void setImmediate(resolve));
  return { entered, enter, leave: (name: string) => leases.get(name)?.release(), settle };
}

describe('ReadWriteLock', () => {
  it('lets readers in together and a writer alone', async () => {
    const lock = new ReadWriteLock();
    const { entered, enter, leave, settle } = recorder(lock);
    for (const name of ['r1', 'r2', 'w1', 'w2']) void enter(name);
    await settle();
    expect(entered).toEqual(['r1', 'r2']);
    expect([lock.readers, lock.writing, lock.waiting]).toEqual([2, false, 2]);
    leave('r1');
    await settle();
    expect(entered).toEqual(['r1', 'r2']);
    leave('r2');
    await settle();
    expect(entered).toEqual(['r1', 'r2', 'w1']);
    expect([lock.readers, lock.writing, lock.waiting]).toEqual([0, true, 1]);
    leave('w1');
    await settle();
    expect(entered.at(-1)).toBe('w2');
  });

  it('starves neither side: who comes later waits behind who waits, readers in a row enter together', async () => {
    const lock = new ReadWriteLock();
    const { entered, enter, leave, settle } = recorder(lock);
    for (const name of ['r1', 'w1', 'r2', 'r3', 'w2', 'r4']) void enter(name);
    await settle();
    expect(entered).toEqual(['r1']);
    expect(lock.tryAcquireRead()).toBeUndefined();
    leave('r1');
    await settle();
    leave('w1');
    await settle();
    expect(entered).toEqual(['r1', 'w1', 'r2', 'r3']);
    leave('r3');
    leave('r2');
    await settle();
    expect(entered.at(-1)).toBe('w2');
    leave('w2');
    await settle();
    expect(entered.at(-1)).toBe('r4');
  });

  it('lets readers in when the writer they waited behind gives up', async () => {
    const lock = new ReadWriteLock();
    const { entered, enter, settle } = recorder(lock);
    await enter('r1');
    const controller = new AbortController();
    const writer = enter('w1', controller.signal);
    void enter('r2');
    controller.abort('enough');
    await expect(writer).rejects.toBe('enough');
    await settle();
    expect(entered).toEqual(['r1', 'r2']);

    const late = lock.acquireWrite({ timeoutMs: 1 });
    const behind = enter('r3');
    await expect(late).rejects.toThrow('The lock gave no lease within 1 ms: 2 taken, 1 more waiting.');
    await behind;
    expect([lock.readers, lock.waiting]).toEqual([3, 0]);
  });

  it('tries without waiting', async () => {
    const lock = new ReadWriteLock();
    const reader = lock.tryAcquireRead();
    expect(lock.tryAcquireRead()).toBeDefined();
    expect(lock.tryAcquireWrite()).toBeUndefined();
    reader?.release();
    const other = new ReadWriteLock();
    using writer = other.tryAcquireWrite();
    expect(writer).toBeDefined();
    expect(other.tryAcquireRead()).toBeUndefined();
  });

  it('closes as a semaphore does', async () => {
    const lock = new ReadWriteLock({ name: 'index', maxWaiters: 1 });
    const lease = await lock.acquireWrite();
    const waiting = lock.acquireRead();
    await expect(lock.acquireRead()).rejects.toThrow('The queue of the index is full: 1 may wait.');
    const closing = lock.close();
    await expect(waiting).rejects.toThrow('The index is closed.');
    expect(() => lock.tryAcquireWrite()).toThrow('The index is closed.');
    lease.release();
    await closing;
    await lock[Symbol.asyncDispose]();
  });
});
