import { checkFunction } from '@dataenginex/core';

/** Something that was made, and not disposed of so far. */
export interface Leak {
  /** What it was tracked as, such as `Scope`. */
  readonly name: string;
  /** Where it was made: the frames of the stack, innermost first. */
  readonly stack: string;
}

/** Options of `trackLeaks`. */
export interface TrackLeaksOptions {
  /**
   * Called when the garbage collector has taken something that was never disposed of. That may be long after the leak
   * or never; `alive` finds it at once. What it throws is an uncaught exception.
   */
  onLeak?: ((leak: Leak) => void) | undefined;
}

/** Tracks what is made while it is open. */
export interface LeakTracker extends Disposable {
  /** What was made since the tracking began, still exists and is not disposed of, in the order it was made. */
  alive: () => Leak[];
  /** Ends the tracking, and forgets what was tracked. */
  close: () => void;
}

class Tracker implements LeakTracker {
  readonly #leaks = new Set<Leak>();
  readonly #byResource = new WeakMap<object, Leak>();
  readonly #collected: FinalizationRegistry<Leak>;

  constructor(onLeak: ((leak: Leak) => void) | undefined) {
    this.#collected = new FinalizationRegistry((leak) => {
      if (this.#leaks.delete(leak)) onLeak?.(leak);
    });
  }

  add(resource: object, leak: Leak): void {
    this.#leaks.add(leak);
    this.#byResource.set(resource, leak);
    this.#collected.register(resource, leak);
  }

  remove(resource: object): void {
    const leak = this.#byResource.get(resource);
    if (leak !== undefined) this.#leaks.delete(leak);
  }

  alive(): Leak[] {
    return [...this.#leaks];
  }

  close(): void {
    trackers.delete(this);
    this.#leaks.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const trackers = new Set<Tracker>();

/**
 * Registers something that is to be disposed of, with the stack of this call, wherever leaks are being tracked;
 * elsewhere it does nothing. A class calls it when an instance is made, and `untrack` when it is disposed of.
 *
 * ```ts
 * import { track, trackLeaks, untrack } from '@dataenginex/resources';
 *
 * class Subscription implements Disposable {
 *   constructor(topic: string) {
 *     track(this, `Subscription to ${topic}`);
 *   }
 *   [Symbol.dispose](): void {
 *     untrack(this);
 *   }
 * }
 *
 * using leaks = trackLeaks();
 * const forgotten = new Subscription('rain');
 * leaks.alive().map(({ name }) => name); // => ['Subscription to rain']
 * forgotten[Symbol.dispose]();
 * leaks.alive(); // => []
 * ```
 *
 * @param name What a report calls it.
 */
export function track(resource: object, name: string): void {
  if (trackers.size === 0) return;
  // The stack is made text at once: until then V8 keeps the frames' `this`, and so the resource, alive.
  const { stack = '' } = new Error('made here');
  const leak: Leak = { name, stack: stack.split('\n').slice(2).join('\n') };
  for (const tracker of trackers) tracker.add(resource, leak);
}

/** Tells the trackers of leaks that something was disposed of. Twice is safe, and so is what was never tracked. */
export function untrack(resource: object): void {
  if (trackers.size === 0) return;
  for (const tracker of trackers) tracker.remove(resource);
}

/**
 * Finds what was never disposed of, for development and tests: while the tracker is open, everything disposable that
 * this package hands out (and what calls `track`) is registered with the stack that made it, until it is disposed of.
 * A stack costs microseconds, so leave it off in production; while no tracker is open, nothing is registered.
 *
 * ```ts
 * import { openScope, trackLeaks } from '@dataenginex/resources';
 *
 * using leaks = trackLeaks();
 * const openStation = () => openScope();
 * const station = openStation();
 *
 * const [leak] = leaks.alive();
 * leak?.name; // => 'Scope'
 * leak?.stack.includes('openStation'); // => true
 *
 * await station.close();
 * leaks.alive(); // => []
 * ```
 *
 * Several trackers may be open; each knows what was made since it was opened.
 *
 * @throws {OptionError} When `onLeak` is not a function.
 */
export function trackLeaks(options: TrackLeaksOptions = {}): LeakTracker {
  const tracker = new Tracker(checkFunction('trackLeaks.onLeak', options.onLeak));
  trackers.add(tracker);
  return tracker;
}
