import { DexError } from '@dataenginex/core';

/** As many acquires wait as may: the one that would have been one more was turned away at once. */
export class QueueFullError extends DexError {
  override readonly name = 'QueueFullError';
  readonly code = 'DEX_QUEUE_FULL';
  /** The name of the semaphore, lock or pool. */
  readonly holder: string;
  readonly maxWaiters: number;

  constructor(holder: string, maxWaiters: number) {
    super(`The queue of the ${holder} is full: ${maxWaiters} may wait.`);
    this.holder = holder;
    this.maxWaiters = maxWaiters;
  }
}

/** An acquire waited for as long as it may. */
export class AcquireTimeoutError extends DexError {
  override readonly name = 'AcquireTimeoutError';
  readonly code = 'DEX_ACQUIRE_TIMEOUT';
  /** The name of the semaphore, lock or pool. */
  readonly holder: string;
  readonly timeoutMs: number;
  /** How many leases were out or, of a pool, how many resources there were in any state. */
  readonly taken: number;
  /** How many others waited. */
  readonly waiting: number;

  constructor(holder: string, timeoutMs: number, taken: number, waiting: number) {
    super(`The ${holder} gave no lease within ${timeoutMs} ms: ${taken} taken, ${waiting} more waiting.`);
    this.holder = holder;
    this.timeoutMs = timeoutMs;
    this.taken = taken;
    this.waiting = waiting;
  }
}

/** The semaphore, lock or pool is closed: it rejects the acquires that wait and those that come. */
export class ClosedError extends DexError {
  override readonly name = 'ClosedError';
  readonly code = 'DEX_CLOSED';
  /** The name of the semaphore, lock or pool. */
  readonly holder: string;

  constructor(holder: string) {
    super(`The ${holder} is closed.`);
    this.holder = holder;
  }
}

/** Leases were still out when `close` had waited for as long as it may. Everything is closed nevertheless. */
export class DrainError extends DexError {
  override readonly name = 'DrainError';
  readonly code = 'DEX_DRAIN';
  /** The name of the semaphore, lock or pool. */
  readonly holder: string;
  /** How many leases were out. */
  readonly leases: number;
  readonly drainMs: number;

  constructor(holder: string, leases: number, drainMs: number) {
    super(`The ${holder} closed with ${leases === 1 ? '1 lease' : `${leases} leases`} still out after ${drainMs} ms.`);
    this.holder = holder;
    this.leases = leases;
    this.drainMs = drainMs;
  }
}

/** The value of a lease was asked for after the release, when it may be another's. */
export class LeaseReleasedError extends DexError {
  override readonly name = 'LeaseReleasedError';
  readonly code = 'DEX_LEASE_RELEASED';

  constructor() {
    super('The lease was released, and its resource may be in use by another.');
  }
}

/**
 * A pool's `create`, `validate` or `destroy` failed, with the `cause`, or took too long. Of `create` an acquire is
 * told; of all three `onError`.
 */
export class PoolError extends DexError {
  override readonly name = 'PoolError';
  readonly code = 'DEX_POOL';
  /** The name of the pool. */
  readonly holder: string;
  readonly operation: 'create' | 'validate' | 'destroy';

  constructor(holder: string, operation: PoolError['operation'], problem: string, options?: ErrorOptions) {
    super(`The ${holder} could not ${operation} a resource: ${problem}`, options);
    this.holder = holder;
    this.operation = operation;
  }
}
