import { LeaseReleasedError } from '../locks/lease-errors.ts';
import { track, untrack } from '../leaks.ts';

/** A resource in a pool. */
export class Entry<T> {
  readonly value: T;
  /** On the clock of `performance.now()`. */
  readonly expiresAt: number;
  idleSince = 0;
  /** Too old: to be destroyed when nobody uses it. */
  retired = false;
  /** Destroyed, or about to be. */
  gone = false;
  readonly giveBack: (entry: Entry<T>, broken: boolean) => void;

  constructor(value: T, expiresAt: number, giveBack: (entry: Entry<T>, broken: boolean) => void) {
    this.value = value;
    this.expiresAt = expiresAt;
    this.giveBack = giveBack;
  }
}

/** A resource of a pool, held until its release. */
export class PoolLease<T> implements Disposable {
  #entry: Entry<T> | undefined;

  constructor(name: string, entry: Entry<T>) {
    this.#entry = entry;
    track(this, `lease of ${name}`);
  }

  /**
   * The resource.
   *
   * @throws {LeaseReleasedError} After the release.
   */
  get value(): T {
    if (this.#entry === undefined) throw new LeaseReleasedError();
    return this.#entry.value;
  }

  /** Gives the resource back. Twice is safe. */
  release(): void {
    this.#end(false);
  }

  /** Gives the resource back as broken: it is destroyed and not lent again. After the release it does nothing. */
  discard(): void {
    this.#end(true);
  }

  [Symbol.dispose](): void {
    this.#end(false);
  }

  #end(broken: boolean): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    this.#entry = undefined;
    untrack(this);
    entry.giveBack(entry, broken);
  }
}
