import { checkInteger, checkNumber } from '@dataenginex/core';
import { ClosedError, DrainError, QueueFullError } from './lease-errors.ts';
import { checkSignal, longestTimerMs } from '../checks.ts';
import { WaitQueue, type Wish } from './wait-queue.ts';

/** Options of each `acquire`. */
export interface AcquireOptions {
  /** Aborting it rejects with its reason, at once, while the acquire waits. */
  signal?: AbortSignal | undefined;
  /** Milliseconds that the acquire may wait, or `Infinity`. @default Infinity, in a pool its `acquireMs` */
  timeoutMs?: number | undefined;
}

/** Options of `close`. */
export interface CloseOptions {
  /** Milliseconds to wait for leases that are out, or `Infinity`. @default the `drainMs` of what is closed */
  drainMs?: number | undefined;
}

/** What semaphores, locks and pools have in common: whoever comes is let in, waits, or is turned away. */
export class Gate<T = void, Tag = never> {
  readonly name: string;
  readonly queue: WaitQueue<T, Tag>;
  readonly #maxWaiters: number;
  readonly #drainMs: number;
  /** How many are inside. */
  #inside = 0;
  #closed = false;
  #end: Promise<void> | undefined;
  #empty: PromiseWithResolvers<boolean> | undefined;

  /** @param onLeave Called after waiters gave up. */
  constructor(name: string, maxWaiters: number, drainMs: number, onLeave?: () => void) {
    this.name = name;
    this.#maxWaiters = checkInteger(`${name}.maxWaiters`, maxWaiters, { min: 0, max: Infinity });
    this.#drainMs = checkNumber(`${name}.drainMs`, drainMs, { min: 0, max: Infinity });
    this.queue = new WaitQueue(name, () => this.#inside, onLeave);
  }

  get inside(): number {
    return this.#inside;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws for who may not come in, even if there is room. */
  check({ signal, timeoutMs }: AcquireOptions): void {
    if (this.#closed) throw new ClosedError(this.name);
    if (timeoutMs !== undefined) checkNumber('acquire.timeoutMs', timeoutMs, { min: 0, max: Infinity });
    if (signal !== undefined) checkSignal('acquire.signal', signal)?.throwIfAborted();
  }

  /** @param served How many in the queue take no place in it, since they need not wait for a release. */
  wait(wish: Wish<Tag>, served = 0): Promise<T> {
    if (this.queue.size >= this.#maxWaiters + served) throw new QueueFullError(this.name, this.#maxWaiters);
    return this.queue.wait(wish);
  }

  enter(): void {
    this.#inside += 1;
  }

  exit(): void {
    this.#inside -= 1;
    if (this.#inside === 0) this.#empty?.resolve(true);
  }

  /** Waits until all have left; false when that takes longer. */
  async drain(ms: number): Promise<boolean> {
    if (this.#inside === 0) return true;
    this.#empty = Promise.withResolvers();
    const timer = ms > longestTimerMs ? undefined : setTimeout(this.#empty.resolve, ms, false);
    const emptied = await this.#empty.promise;
    clearTimeout(timer);
    return emptied;
  }

  /**
   * From now on turns everyone away, and first those who wait; then waits until all have left. A second call waits too,
   * and reports nothing.
   *
   * @param finish What is done after the turning away, instead of only waiting.
   */
  async close({ drainMs = this.#drainMs }: CloseOptions, finish = this.#finish): Promise<void> {
    if (this.#end !== undefined) return this.#end.catch(() => {});
    checkNumber('close.drainMs', drainMs, { min: 0, max: Infinity });
    this.#closed = true;
    const end = Promise.withResolvers<void>();
    this.#end = end.promise; // what `finish` calls may close as well
    while (this.queue.size > 0) this.queue.reject(new ClosedError(this.name));
    finish(drainMs).then(end.resolve, end.reject);
    return end.promise;
  }

  readonly #finish = async (drainMs: number): Promise<void> => {
    if (!(await this.drain(drainMs))) throw new DrainError(this.name, this.#inside, drainMs);
  };
}
