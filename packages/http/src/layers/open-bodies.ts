import type { Readable } from 'node:stream';

/** Bodies that end when a signal aborts, behind one listener: adding another takes an `EventTarget` longer, the more there are. */
export class OpenBodies {
  readonly #signal: AbortSignal;
  readonly #bodies = new Set<Readable>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(body: Readable): void {
    if (body.closed) return;
    if (this.#signal.aborted) body.destroy(this.#signal.reason);
    if (this.#bodies.size === 0) this.#signal.addEventListener('abort', this.#destroy);
    this.#bodies.add(body);
    body.once('close', () => {
      this.#bodies.delete(body);
      if (this.#bodies.size === 0) this.#signal.removeEventListener('abort', this.#destroy);
    });
  }

  readonly #destroy = (): void => {
    for (const body of this.#bodies) body.destroy(this.#signal.reason);
  };
}
