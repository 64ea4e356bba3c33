import { checkFunction, checkInteger, checkNumber } from '@dataenginex/core';
import { checkGiven, longestTimerMs } from '../checks.ts';
import type { PoolError } from '../locks/lease-errors.ts';

/** Options of `createPool`. Times are in milliseconds. */
export interface PoolOptions<T> {
  /**
   * Makes a resource. The signal aborts when that takes longer than `createMs` and when the pool closes; what comes
   * nevertheless is destroyed.
   */
  create: (context: { signal: AbortSignal }) => T | PromiseLike<T>;
  /** Ends a resource. Whatever it does, its place in the pool is free when it settles or `destroyMs` have passed. */
  destroy: (resource: T) => unknown;
  /**
   * Called before a resource that was idle or released is lent; unless it returns true, the resource is destroyed and
   * another one taken. One that can answer without a promise costs next to nothing. @default none
   */
  validate?: ((resource: T) => boolean | PromiseLike<boolean>) | undefined;
  /** What errors and metrics call it. @default 'pool' */
  name?: string | undefined;
  /** How many resources are kept, idle or lent; made in the background, from the start. @default 0 */
  min?: number | undefined;
  /** How many there are at most, those included that are being created or destroyed. @default 10 */
  max?: number | undefined;
  /**
   * How many acquires may wait for a release, or `Infinity`; one more is rejected with `QueueFullError`.
   * @default 1_000
   */
  maxWaiters?: number | undefined;
  /** How long an acquire may wait, or `Infinity`. @default 30_000 */
  acquireMs?: number | undefined;
  /** How long `create` may take. @default 10_000 */
  createMs?: number | undefined;
  /** How long `validate` may take. @default 5_000 */
  validateMs?: number | undefined;
  /** How long `destroy` may take. @default 5_000 */
  destroyMs?: number | undefined;
  /** A resource above `min` that has been idle for so long, to 1.5 times that, is destroyed; or `Infinity`. @default 30_000 */
  idleMs?: number | undefined;
  /**
   * A resource that is so old, or up to a tenth younger so that not all end at once, is destroyed when nobody uses it;
   * or `Infinity`. @default 1_800_000
   */
  maxLifetimeMs?: number | undefined;
  /** How long `close` waits for leases that are out, or `Infinity`. @default 5_000 */
  drainMs?: number | undefined;
  /** Told of every failure to create, validate or destroy. What it throws is an unhandled rejection. */
  onError?: ((error: PoolError) => void) | undefined;
}

type Callback = 'create' | 'destroy' | 'validate' | 'onError';

/** The callbacks as they are, and everything else set. */
export type CheckedOptions<T> = Pick<PoolOptions<T>, Callback> &
  Record<Exclude<keyof PoolOptions<T>, Callback | 'name'>, number> & { name: string };

export function checkOptions<T>(options: PoolOptions<T>): CheckedOptions<T> {
  const { create, destroy, validate, onError, name = 'pool' } = options;
  checkGiven(`${name}.create`, create);
  checkGiven(`${name}.destroy`, destroy);
  checkFunction(`${name}.validate`, validate);
  checkFunction(`${name}.onError`, onError);

  const { min = 0, max = 10, maxWaiters = 1_000, drainMs = 5_000 } = options;
  checkInteger(`${name}.max`, max, { min: 1 });
  checkInteger(`${name}.min`, min, { min: 0, max });

  const { createMs = 10_000, validateMs = 5_000, destroyMs = 5_000 } = options;
  for (const [key, value] of Object.entries({ createMs, validateMs, destroyMs })) {
    checkNumber(`${name}.${key}`, value, { min: 1, max: longestTimerMs });
  }
  const { acquireMs = 30_000, idleMs = 30_000, maxLifetimeMs = 1_800_000 } = options;
  for (const [key, value] of Object.entries({ acquireMs, idleMs, maxLifetimeMs })) {
    checkNumber(`${name}.${key}`, value, { min: 1, max: Infinity });
  }
  const times = { acquireMs, createMs, validateMs, destroyMs, idleMs, maxLifetimeMs, drainMs };
  return { create, destroy, validate, onError, name, min, max, maxWaiters, ...times };
}
