import type { Call } from './call.ts';

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
  #size = 0;
  readonly #onEmptied: (() => void) | undefined;

  /** @param onEmptied Told when the last waiter has left by its abort. */
  constructor(onEmptied?: () => void) {
    this.#onEmptied = onEmptied;
  }

  get size(): number {
    return this.#size;
  }

  /** The lowest priority that waits. */
  get lowest(): number | undefined {
    return this.#last?.priority;
  }

  /** The call must not be aborted yet. */
  wait<R>(call: Call<R>, priority: number, begin: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        call,
        priority,
        before: undefined,
        after: undefined,
        isQueued: true,
        start() {
          call.unlink(waiter);
          begin().then(resolve, reject);
        },
        reject(reason) {
          call.unlink(waiter);
          reject(reason);
        },
        abort: (reason) => {
          reject(reason);
          if (!waiter.isQueued) return;
          this.#remove(waiter);
          if (this.#size === 0) this.#onEmptied?.();
        },
      };
      this.#insert(waiter);
      call.link(waiter);
    });
  }

  /** Starts the first whose deadline has not passed. The timeouts of the others are about to abort them. */
  startNext(): boolean {
    for (let first = this.#first; first !== undefined; first = this.#first) {
      this.#remove(first);
      if (first.call.remainingMs > 0) {
        first.start();
        return true;
      }
    }
    return false;
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
    let before = this.#last;
    while (before !== undefined && before.priority < waiter.priority) before = before.before;
    const after = before === undefined ? this.#first : before.after;
    this.#join(before, waiter);
    this.#join(waiter, after);
    this.#size += 1;
  }

  #remove(waiter: Waiter): void {
    this.#join(waiter.before, waiter.after);
    waiter.before = undefined;
    waiter.after = undefined;
    waiter.isQueued = false;
    this.#size -= 1;
  }

  #join(before: Waiter | undefined, after: Waiter | undefined): void {
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
  }
}
