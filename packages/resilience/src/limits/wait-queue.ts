import { AsyncResource } from 'node:async_hooks';
import type { Call } from '../call.ts';

interface Waiter {
  readonly call: Call<unknown>;
  readonly priority: number;
  before: Waiter | undefined;
  after: Waiter | undefined;
  isQueued: boolean;
  start(): void;
  reject(reason: unknown): void;
  abort(reason: unknown): void;
}

/**
 * Calls that wait for their turn: the highest priority first, and within one the first come. A waiter starts in the
 * same step in which it leaves, so there is no moment at which it holds its turn and can still be aborted.
 */
export class WaitQueue {
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  /** Who came last of each priority, so that nobody walks past those with another. */
  readonly #lastOf = new Map<number, Waiter>();
  #size = 0;
  readonly #onLeft: (() => void) | undefined;

  /** @param onLeft Told of each waiter that has left, before it starts. */
  constructor(onLeft?: () => void) {
    this.#onLeft = onLeft;
  }

  get size(): number {
    return this.#size;
  }

  /** The call that starts next. */
  get first(): Call<unknown> | undefined {
    return this.#first?.call;
  }

  /** The lowest priority that waits. */
  get lowest(): number | undefined {
    return this.#last?.priority;
  }

  /** The call must not be aborted yet. */
  wait<R>(call: Call<R>, priority: number, begin: () => Promise<R>): Promise<R> {
    // It starts when another call ends, and must not see that one's request or span for its own.
    const context = new AsyncResource('DexWait');
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        call,
        priority,
        before: undefined,
        after: undefined,
        isQueued: true,
        start() {
          call.unlink(waiter);
          context.runInAsyncScope(begin).then(resolve, reject);
        },
        reject(reason) {
          call.unlink(waiter);
          reject(reason);
        },
        abort: (reason) => {
          reject(reason);
          if (waiter.isQueued) this.#remove(waiter);
        },
      };
      this.#insert(waiter);
      call.link(waiter);
    });
  }

  /**
   * Starts the first, unless its deadline has passed: then it is aborted, as it would be in a moment.
   *
   * @returns False when nobody waits.
   */
  startNext(): boolean {
    const first = this.#first;
    if (first === undefined) return false;
    if (first.call.remainingMs === 0) first.call.deadline.expire();
    if (first.isQueued) {
      this.#remove(first);
      first.start();
    }
    return true;
  }

  rejectLast(reason: unknown): void {
    const last = this.#last;
    if (last === undefined) return;
    this.#remove(last);
    last.reject(reason);
  }

  rejectAll(reason: unknown): void {
    while (this.#size > 0) this.rejectLast(reason);
  }

  #insert(waiter: Waiter): void {
    const { priority } = waiter;
    const before = this.#lastOf.get(priority) ?? this.#lastAbove(priority);
    const after = before === undefined ? this.#first : before.after;
    this.#join(before, waiter);
    this.#join(waiter, after);
    this.#lastOf.set(priority, waiter);
    this.#size += 1;
  }

  #lastAbove(priority: number): Waiter | undefined {
    let found: Waiter | undefined;
    for (const last of this.#lastOf.values()) {
      if (last.priority > priority && last.priority < (found?.priority ?? Infinity)) found = last;
    }
    return found;
  }

  #remove(waiter: Waiter): void {
    const { priority, before } = waiter;
    if (this.#lastOf.get(priority) === waiter) {
      if (before?.priority === priority) this.#lastOf.set(priority, before);
      else this.#lastOf.delete(priority);
    }
    this.#join(waiter.before, waiter.after);
    waiter.before = undefined;
    waiter.after = undefined;
    waiter.isQueued = false;
    this.#size -= 1;
    this.#onLeft?.();
  }

  #join(before: Waiter | undefined, after: Waiter | undefined): void {
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
  }
}
