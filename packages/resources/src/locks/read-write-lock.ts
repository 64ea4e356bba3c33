import { type AcquireOptions, type CloseOptions, Gate } from './gate.ts';
import { Lease } from './lease.ts';
import type { SemaphoreOptions } from './semaphore.ts';

type Role = 'read' | 'write';

/**
 * Lets many readers in at a time, or one writer. First come, first served, so that neither side starves: a reader who
 * comes after a waiting writer waits too, and readers who wait next to each other enter together. A reader cannot become
 * a writer without releasing first: it would wait for itself.
 *
 * ```ts
 * import { ReadWriteLock } from '@dataenginex/resources';
 *
 * const lock = new ReadWriteLock();
 * let rows = ['Seattle'];
 * async function read() {
 *   using lease = await lock.acquireRead();
 *   return rows.length;
 * }
 * async function add(row: string) {
 *   using lease = await lock.acquireWrite();
 *   const before = rows;
 *   await Promise.resolve();
 *   rows = [...before, row];
 * }
 * await Promise.all([read(), add('Tacoma'), read(), add('Olympia'), read()]); // => [1, undefined, 2, undefined, 3]
 * ```
 *
 * @throws {OptionError} When an option is out of range.
 */
export class ReadWriteLock implements AsyncDisposable {
  readonly #gate: Gate<void, Role>;
  #writing = false;

  constructor(options: SemaphoreOptions = {}) {
    const { name = 'lock', maxWaiters = 1_000, drainMs = 5_000 } = options;
    this.#gate = new Gate(name, maxWaiters, drainMs, () => this.#admit());
  }

  /** How many readers are in. */
  get readers(): number {
    return this.#writing ? 0 : this.#gate.inside;
  }

  /** True while a writer is in. */
  get writing(): boolean {
    return this.#writing;
  }

  /** How many acquires wait, readers and writers. */
  get waiting(): number {
    return this.#gate.queue.size;
  }

  /**
   * Enters as a reader, or waits to. When the signal aborts in the tick in which the waiting ends, the lease is granted
   * nevertheless.
   *
   * @throws {QueueFullError} When `maxWaiters` wait already.
   * @throws {AcquireTimeoutError} When the lock cannot be entered within `timeoutMs`.
   * @throws {ClosedError} When the lock is closed, or closes meanwhile.
   * @throws The signal's reason, when it is aborted.
   */
  acquireRead(options?: AcquireOptions): Promise<Lease> {
    return this.#acquire('read', options);
  }

  /** Enters as the writer, or waits to. Its errors are those of `acquireRead`. */
  acquireWrite(options?: AcquireOptions): Promise<Lease> {
    return this.#acquire('write', options);
  }

  /**
   * Enters as a reader if no writer is in and nobody waits.
   *
   * @throws {ClosedError} When the lock is closed.
   */
  tryAcquireRead(): Lease | undefined {
    return this.#tryAcquire('read');
  }

  /**
   * Enters as the writer if nobody is in.
   *
   * @throws {ClosedError} When the lock is closed.
   */
  tryAcquireWrite(): Lease | undefined {
    return this.#tryAcquire('write');
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

  async #acquire(role: Role, options: AcquireOptions = {}): Promise<Lease> {
    this.#gate.check(options);
    if (this.#gate.queue.size > 0 || !this.#enter(role)) {
      await this.#gate.wait({ timeoutMs: options.timeoutMs ?? Infinity, signal: options.signal, tag: role });
    }
    return new Lease(this.#gate.name, this.#exit);
  }

  #tryAcquire(role: Role): Lease | undefined {
    this.#gate.check({});
    if (this.#gate.queue.size > 0 || !this.#enter(role)) return undefined;
    return new Lease(this.#gate.name, this.#exit);
  }

  #enter(role: Role): boolean {
    if (this.#writing || (role === 'write' && this.#gate.inside > 0)) return false;
    this.#writing = role === 'write';
    this.#gate.enter();
    return true;
  }

  /** A writer is alone, so whoever leaves while one is in is the writer. */
  readonly #exit = (): void => {
    this.#writing = false;
    this.#gate.exit();
    this.#admit();
  };

  /** Lets in from the front of the queue; also called when a waiter gave up, who may have been what blocked others. */
  #admit(): void {
    const { queue } = this.#gate;
    while (queue.tag !== undefined && this.#enter(queue.tag)) queue.resolve();
  }
}
