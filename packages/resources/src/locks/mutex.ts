import { Semaphore, type SemaphoreOptions } from './semaphore.ts';

/**
 * Lets one in at a time, first come, first served: a semaphore with one permit. Whoever holds it and acquires it once
 * more waits for itself.
 *
 * ```ts
 * import { Mutex } from '@dataenginex/resources';
 *
 * const mutex = new Mutex();
 * let balance = 0;
 * async function deposit(amount: number) {
 *   using lease = await mutex.acquire({ signal: AbortSignal.timeout(1_000) });
 *   const before = balance;
 *   await Promise.resolve();
 *   balance = before + amount;
 * }
 * await Promise.all([deposit(1), deposit(2), deposit(3)]);
 * balance; // => 6
 * mutex.locked; // => false
 * ```
 *
 * @throws {OptionError} When an option is out of range.
 */
export class Mutex extends Semaphore {
  constructor(options: SemaphoreOptions = {}) {
    super(1, { ...options, name: options.name ?? 'mutex' });
  }

  /** True while somebody holds it. */
  get locked(): boolean {
    return this.available === 0;
  }
}
