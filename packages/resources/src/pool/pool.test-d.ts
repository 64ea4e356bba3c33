import { expectTypeOf } from 'vitest';
import {
  createPool,
  type Lease,
  Mutex,
  type Pool,
  type PoolError,
  type PoolLease,
  ReadWriteLock,
  Semaphore,
} from '../index.ts';

interface Connection {
  readonly id: number;
  close(): Promise<void>;
}

declare const connect: (signal: AbortSignal) => Promise<Connection>;

const pool = createPool({
  create: ({ signal }) => connect(signal),
  validate: (db) => db.id > 0,
  destroy: (db) => db.close(),
  onError: (error) => expectTypeOf(error).toEqualTypeOf<PoolError>(),
});
expectTypeOf(pool).toEqualTypeOf<Pool<Connection>>();
expectTypeOf(pool.acquire()).resolves.toEqualTypeOf<PoolLease<Connection>>();
const lease = await pool.acquire();
expectTypeOf(lease.value).toEqualTypeOf<Connection>();

// A resource may be made without a promise, and validated with one.
const plain = createPool({ create: () => 5, validate: async (n) => n > 0, destroy: () => {}, max: undefined });
expectTypeOf(plain).toEqualTypeOf<Pool<number>>();

// @ts-expect-error a pool needs to know how to end what it makes
createPool({ create: () => 5 });
// @ts-expect-error destroy takes what create makes
createPool({ create: () => 5, destroy: (text: string) => text });
// @ts-expect-error validate answers by a boolean
createPool({ create: () => 5, destroy: () => {}, validate: () => 'yes' });
// @ts-expect-error the signal, not its controller
void pool.acquire({ signal: new AbortController() });
// @ts-expect-error the value is read only
lease.value = await connect(AbortSignal.abort());

const semaphore = new Semaphore(2);
expectTypeOf(semaphore.acquire()).resolves.toEqualTypeOf<Lease>();
expectTypeOf(semaphore.tryAcquire()).toEqualTypeOf<Lease | undefined>();
expectTypeOf(new ReadWriteLock().tryAcquireWrite()).toEqualTypeOf<Lease | undefined>();
expectTypeOf(new Mutex()).toExtend<Semaphore>();
// @ts-expect-error how many permits?
void new Semaphore();
// @ts-expect-error a mutex has one permit
void new Mutex(1);
