/**
 * How long a closing pipe waits for what was told to stop and shows no sign of it: a `next()` that hangs, a call that
 * ignores its signal, a sink in the middle of a write.
 */
export const REACT_MS = 500;

/** How long it waits for cleaning up that has begun: a `return()`, a `finally`, a sink's `abort`. */
export const CLEANUP_MS = 5_000;

/** @returns Whether `work` settled, either way, within `ms`. It never rejects, and leaves no timer behind. */
export function settlesWithin(ms: number, work: PromiseLike<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    const settled = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settled, settled);
  });
}

/** A longer timer fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for one thing at a time until a moment that only ever moves on: one timer serves all that settles before it.
 * `stop` must be called when nothing more will be waited for.
 */
export class Alarm {
  #due = 0;
  #timer: NodeJS.Timeout | undefined;
  #ring: (() => void) | undefined;

  /**
   * @param due A moment of `performance.now()`.
   * @returns Whether `work` settled, either way, before it. It never rejects.
   */
  settlesBefore(due: number, work: PromiseLike<unknown>): Promise<boolean> {
    this.#due = due;
    this.#timer ??= this.#start();
    return new Promise((resolve) => {
      const ring = (): void => resolve(false);
      const settled = (): void => {
        if (this.#ring === ring) this.#ring = undefined;
        resolve(true);
      };
      this.#ring = ring;
      work.then(settled, settled);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #start(): NodeJS.Timeout {
    const ms = Math.ceil(this.#due - performance.now());
    return setTimeout(() => this.#fire(), Math.min(ms, MAX_TIMER_MS));
  }

  #fire(): void {
    this.#timer = undefined;
    const ring = this.#ring;
    if (ring === undefined) return;
    // The moment has moved on, or the timer is early: Node's may be, by 1 ms.
    if (performance.now() < this.#due) this.#timer = this.#start();
    else {
      this.#ring = undefined;
      ring();
    }
  }
}
