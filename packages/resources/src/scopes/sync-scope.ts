import { type Failure, ScopeClosedError } from '../errors.ts';
import { type Held, holdAdopted, holdDeferred, holdSync, raise } from './held.ts';
import { track, untrack } from '../leaks.ts';

/**
 * Holds resources for code that never waits, and disposes of them: last in, first out, each one even when another's
 * disposer throws. A `DisposableStack` that needs none from the runtime.
 *
 * What it is handed once its disposing has begun it disposes of at once, and throws `ScopeClosedError`: nothing leaks.
 */
export class SyncScope implements Disposable {
  #held: Held[] = [];
  #disposed = false;

  constructor() {
    track(this, 'SyncScope');
  }

  get [Symbol.toStringTag](): string {
    return 'SyncScope';
  }

  /** True once disposing has begun, or after `move`. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Disposes of the resource by `Symbol.dispose` when the scope closes. `null` and `undefined` pass through.
   *
   * @returns What it was given.
   * @throws {OptionError} When the resource cannot be disposed of.
   * @throws {ScopeClosedError} When the scope is closed.
   */
  use<T extends Disposable | null | undefined>(resource: T): T {
    this.#hold(() => holdSync(resource));
    return resource;
  }

  /**
   * Takes something that is not disposable itself, with the function that disposes of it. What the function returns is
   * not looked at: it must not be async.
   *
   * @returns The value.
   * @throws {ScopeClosedError} When the scope is closed.
   */
  adopt<T>(value: T, dispose: (value: T) => void): T {
    this.#hold(() => holdAdopted(value, dispose));
    return value;
  }

  /**
   * Calls the function when the scope closes. It must not be async.
   *
   * @throws {ScopeClosedError} When the scope is closed.
   */
  defer(dispose: () => void): void {
    this.#hold(() => holdDeferred(dispose));
  }

  /**
   * Hands everything held so far to a new scope; this one is closed thereby.
   *
   * @throws {ScopeClosedError} When the scope is closed.
   */
  move(): SyncScope {
    if (this.#disposed) throw new ScopeClosedError();
    const moved = new SyncScope();
    moved.#held = this.#held;
    this.#disposed = true;
    untrack(this);
    return moved;
  }

  /**
   * Disposes of everything. A second call does nothing.
   *
   * @throws {ScopeError} When more than one disposer failed; a single error is thrown as it is.
   */
  close(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    untrack(this);
    const failures: Failure[] = [];
    for (let held = this.#held.pop(); held !== undefined; held = this.#held.pop()) {
      try {
        held.dispose(undefined);
      } catch (error) {
        failures.push({ origin: 'dispose', error });
      }
    }
    raise(failures);
  }

  /** The name that `DisposableStack` has for `close`. */
  dispose(): void {
    this.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #hold(take: () => Held): void {
    if (!this.#disposed) {
      this.#held.push(take());
      return;
    }
    let options: ErrorOptions | undefined;
    try {
      take().dispose(undefined);
    } catch (cause) {
      options = { cause };
    }
    throw new ScopeClosedError(options);
  }
}

/**
 * Opens a scope for code that never waits, to hold with `using`.
 *
 * ```ts
 * import { openSyncScope } from '@dataenginex/resources';
 *
 * const log: string[] = [];
 * {
 *   using scope = openSyncScope();
 *   scope.defer(() => log.push('first in'));
 *   scope.adopt('last in', (name) => log.push(name));
 * }
 * log; // => ['last in', 'first in']
 * ```
 */
export function openSyncScope(): SyncScope {
  return new SyncScope();
}
