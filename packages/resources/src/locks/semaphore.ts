import { checkInteger } from '@dataenginex/core';
import { type AcquireOptions, type CloseOptions, Gate } from './gate.ts';
import { Lease } from './lease.ts';

/** Options of `Semaphore`, `Mutex` and `ReadWriteLock`. */
export interface SemaphoreOptions {
  /** What errors call it. @default 'semaphore', 'mutex' or 'lock' */
  name?: string | undefined;
  /** How many acquires may wait, or `Infinity`; one more is rejected with `QueueFullError`. @default 1_000 */
  maxWaiters?: number | undefined;
  /** Milliseconds that `close` waits for leases that are out, or `Infinity`. @default 5_000 */
  drainMs?: number | undefined;
}

/**
 * Lets so many in at a time: each `acquire` takes one of its permits or waits for one, first come, first served.
 *
 * ```ts
 * import { Semaphore } from '@dataenginex/resources';
 *
 * const downloads = new Semaphore(2);
 * let running = 0;
 * let most = 0;
 * async function download(station: string) {
 *   using lease = await downloads.acquire();
 *   most = Math.max(most, ++running);
 *   await Promise.resolve(station);
 *   running -= 1;
 * }
 * await Promise.all(['Seattle', 'Tacoma', 'Olympia'].map(download));
 * most; // => 2
 * downloads.available; // => 2
 * ```
 *
 * @throws {OptionError} When `permits` is no integer from 1, or an option is out of range.
 */
export class Semaphore implements AsyncDisposable {
  readonly #permits: number;
  readonly #gate: Gate;

  constructor(permits: number, options: SemaphoreOptions = {}) {
    const { name = 'semaphore', maxWaiters = 1_000, drainMs = 5_000 } = options;
    this.#permits = checkInteger(`${name}.permits`, permits, { min: 1 });
    this.#gate = new Gate(name, maxWaiters, drainMs);
  }

  /** How many permits are free. */
  get available(): number {
    return this.#permits - this.#gate.inside;
  }

  /** How many acquires wait. */
  get waiting(): number {
    return this.#gate.queue.size;
  }

  /**
   * Takes a permit, or waits for one. When the signal aborts in the tick in which the permit is granted, the grant
   * holds, and the lease is to be released like every other.
   *
   * @throws {QueueFullError} When `maxWaiters` wait already.
   * @throws {AcquireTimeoutError} When no permit is free within `timeoutMs`.
   * @throws {ClosedError} When the semaphore is closed, or closes meanwhile.
   * @throws The signal's reason, when it is aborted.
   */
  async acquire(options: AcquireOptions = {}): Promise<Lease> {
    this.#gate.check(options);
    if (this.available > 0) this.#gate.enter();
    else await this.#gate.wait({ timeoutMs: options.timeoutMs ?? Infinity, signal: options.signal });
    return new Lease(this.#gate.name, this.#giveBack);
  }

  /**
   * Takes a permit if one is free.
   *
   * @throws {ClosedError} When the semaphore is closed.
   */
  tryAcquire(): Lease | undefined {
    this.#gate.check({});
    if (this.available === 0) return undefined;
    this.#gate.enter();
    return new Lease(this.#gate.name, this.#giveBack);
  }

  /**
   * Rejects the acquires that wait and those that come, and waits until every lease is released. A second call waits
   * too, and reports nothing.
   *
   * @throws {DrainError} When leases are still out after `drainMs`.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return this.#gate.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The permit goes to the next in the queue and is never free in between, so that nobody can come before. */
  readonly #giveBack = (): void => {
    if (this.#gate.queue.size > 0) this.#gate.queue.resolve();
    else this.#gate.exit();
  };
}
