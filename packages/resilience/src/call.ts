/** What a policy hands to the function it runs. */
export interface Attempt {
  /** Aborts when this attempt should stop: the caller aborted, or a timeout around it expired. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt, 2 for the first retry. */
  readonly attempt: number;
}

/**
 * An attempt in the tree of calls that policies make of one run. Aborting goes from a call to those made under it
 * without an `AbortSignal` between them: one is made only when the wrapped function asks for it, since it costs more
 * than all the rest of a call.
 */
export class Call implements Attempt {
  readonly attempt: number;
  #listeners: Set<(reason: unknown) => void> | undefined;
  #controller: AbortController | undefined;
  #aborted: { reason: unknown } | undefined;

  constructor(attempt: number) {
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** The reason in a box, since the reason itself may be `undefined`. */
  get aborted(): { reason: unknown } | undefined {
    return this.#aborted;
  }

  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = { reason };
    this.#controller?.abort(reason);
    for (const listener of this.#listeners ?? []) listener(reason);
    this.#listeners = undefined;
  }

  /** Calls the listener once: at the abort, or now if that is past. */
  onAbort(listener: (reason: unknown) => void): void {
    if (this.#aborted) {
      listener(this.#aborted.reason);
      return;
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  offAbort(listener: (reason: unknown) => void): void {
    this.#listeners?.delete(listener);
  }
}

/** Runs `next` and never throws synchronously. */
export async function start<R>(next: (call: Call) => Promise<R>, call: Call): Promise<R> {
  return next(call);
}

/** Settles as `promise` does, after letting go of what the wait held. */
export function settleWith<R>(
  promise: Promise<R>,
  release: () => void,
  resolve: (value: R) => void,
  reject: (error: unknown) => void,
): void {
  promise.then(
    (value) => {
      release();
      resolve(value);
    },
    (error: unknown) => {
      release();
      reject(error);
    },
  );
}
