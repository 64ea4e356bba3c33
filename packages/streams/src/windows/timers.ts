/** A moment in event time, for something that was made `order`-th. */
export interface Timer {
  readonly at: number;
  readonly order: number;
}

/** Hands timers out by their moment, then by their order: a binary heap. */
export class Timers<T extends Timer> {
  readonly #heap: T[] = [];

  add(timer: T): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, timer)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  /** @returns The first one that is due, which it no longer holds. */
  take(until: number): T | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.at > until) return undefined;
    const last = heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  #sink(timer: T): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const least = isRight ? right : left;
      if (least === undefined || isBefore(timer, least)) break;
      heap[at] = least;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = timer;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
