import { track, untrack } from '../leaks.ts';

/** A permit or a lock, held until its release. */
export class Lease implements Disposable {
  #giveBack: (() => void) | undefined;

  constructor(name: string, giveBack: () => void) {
    this.#giveBack = giveBack;
    track(this, `lease of ${name}`);
  }

  /** Gives it back. Twice is safe. */
  release(): void {
    const giveBack = this.#giveBack;
    if (giveBack === undefined) return;
    this.#giveBack = undefined;
    untrack(this);
    giveBack();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
