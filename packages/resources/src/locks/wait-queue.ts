import { longestTimerMs } from '../checks.ts';
import { AcquireTimeoutError } from './lease-errors.ts';

/** What is waited for, and how. */
export interface Wish<Tag> {
  /** `Infinity` for no bound. */
  timeoutMs: number;
  signal: AbortSignal | undefined;
  /** Tells wishes apart in a queue for several things. */
  tag?: Tag;
  /** The time, from who has read the clock already. */
  now?: number;
}

/** `PromiseWithResolvers` is no name to whoever compiles for less than ES2024, and reads these types. */
interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** One that waits in a queue. */
class Waiter<T, Tag> {
  previous: Waiter<T, Tag> | undefined;
  next: Waiter<T, Tag> | undefined;
  readonly tag: Tag | undefined;
  readonly timeoutMs: number;
  readonly deadline: number;
  readonly #queue: WaitQueue<T, Tag>;
  #signal: AbortSignal | undefined;
  readonly #settle: Settle<T>;

  constructor(queue: WaitQueue<T, Tag>, settle: Settle<T>, wish: Wish<Tag>) {
    const { timeoutMs, signal, tag, now } = wish;
    this.previous = undefined;
    this.next = undefined;
    this.tag = tag;
    this.timeoutMs = timeoutMs;
    this.deadline = timeoutMs === Infinity ? Infinity : (now ?? performance.now()) + timeoutMs;
    this.#queue = queue;
    this.#signal = signal;
    this.#settle = settle;
    signal?.addEventListener('abort', this, { once: true });
  }

  resolve(value: T): void {
    this.#signal?.removeEventListener('abort', this);
    this.#settle.resolve(value);
  }

  reject(error: unknown): void {
    this.#signal?.removeEventListener('abort', this);
    this.#settle.reject(error);
  }

  /** The signal aborted. */
  handleEvent(): void {
    const reason: unknown = this.#signal?.reason;
    this.#signal = undefined; // of n listeners, Node would look for each of those that are gone already
    this.#queue.leave(this, reason);
  }
}

/**
 * Who waits for a lease, first in, first out. Whoever is taken off the queue is granted or refused in the same step: an
 * abort finds a waiter in the queue or served, and nothing between.
 *
 * A list rather than an array, so that one may leave from the middle; one timer for all, since a timer costs more than
 * the rest of a wait.
 */
export class WaitQueue<T, Tag> {
  #size = 0;
  #first: Waiter<T, Tag> | undefined;
  #last: Waiter<T, Tag> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Infinity;
  readonly #holder: string;
  readonly #taken: () => number;
  readonly #onLeave: () => void;

  /**
   * @param taken How much is taken of what is waited for, for the error of a timeout.
   * @param onLeave Called after waiters gave up, by their signal or their timeout.
   */
  constructor(holder: string, taken: () => number, onLeave: () => void = () => {}) {
    this.#holder = holder;
    this.#taken = taken;
    this.#onLeave = onLeave;
  }

  get size(): number {
    return this.#size;
  }

  /** What the first one waits for. */
  get tag(): Tag | undefined {
    return this.#first?.tag;
  }

  wait(wish: Wish<Tag>): Promise<T> {
    const settle = Promise.withResolvers<T>();
    const waiter = new Waiter(this, settle, wish);
    const last = this.#last;
    if (last === undefined) this.#first = waiter;
    else last.next = waiter;
    waiter.previous = last;
    this.#last = waiter;
    this.#size += 1;
    if (waiter.deadline < this.#wakesAt) this.#wake(waiter.deadline, waiter.timeoutMs);
    return settle.promise;
  }

  /** Grants the first one its wish. */
  resolve(value: T): void {
    if (this.#first !== undefined) this.#remove(this.#first).resolve(value);
  }

  /** Refuses it to the first one. */
  reject(error: unknown): void {
    if (this.#first !== undefined) this.#remove(this.#first).reject(error);
  }

  leave(waiter: Waiter<T, Tag>, reason: unknown): void {
    this.#remove(waiter).reject(reason);
    this.#onLeave();
  }

  #remove(waiter: Waiter<T, Tag>): Waiter<T, Tag> {
    const { previous, next } = waiter;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    this.#size -= 1;
    if (this.#size === 0) this.#wake(Infinity);
    return waiter;
  }

  #wake(time: number, inMs = 0): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#wakesAt = time;
    this.#timer = time === Infinity ? undefined : setTimeout(this.#expire, Math.min(Math.ceil(inMs), longestTimerMs));
  }

  readonly #expire = (): void => {
    const now = performance.now();
    const late: Waiter<T, Tag>[] = [];
    let next = Infinity;
    for (let waiter = this.#first; waiter !== undefined; waiter = waiter.next) {
      if (waiter.deadline <= now) late.push(waiter);
      else next = Math.min(next, waiter.deadline);
    }
    this.#wake(next, next - now);
    for (const waiter of late) {
      this.#remove(waiter).reject(new AcquireTimeoutError(this.#holder, waiter.timeoutMs, this.#taken(), this.#size));
    }
    if (late.length > 0) this.#onLeave();
  };
}
