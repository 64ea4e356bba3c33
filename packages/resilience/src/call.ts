/** What a policy hands to the function it runs. */
export interface Attempt {
  /** Aborts when this attempt should stop: the caller aborted, or a timeout around it expired. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt, 2 for the first retry. */
  readonly attempt: number;
  /** Milliseconds until the earliest timeout around this attempt expires; `Infinity` without one. */
  readonly remainingMs: number;
}

/** What all calls of one run share. */
export interface Run<R> {
  readonly fn: (attempt: Attempt) => Promise<R>;
  /** The key given to `run`, for policies that keep things apart by key. */
  readonly key: string | undefined;
  /** The priority given to `run`, for policies that let calls wait. */
  readonly priority: number | undefined;
  /** The arguments of a wrapped function, from which such policies make a key; none under `run`. */
  readonly args: readonly unknown[];
  /** The wrapped function and the object it was called on: what results are kept apart by. None under `run`. */
  readonly wrapped: object | undefined;
  readonly self: unknown;
  /** The name of the policy that runs it, for spans and metrics. */
  readonly name: string | undefined;
}

interface Abortable {
  abort(reason: unknown): void;
}

const calls = new WeakMap<AbortSignal, Call<unknown>>();

/**
 * An attempt in the tree of calls that policies make of one run. Aborting goes from a call to those made under it
 * without an `AbortSignal` between them: one is made only when the wrapped function asks for it, since it costs more
 * than all the rest of a call.
 */
export class Call<R> implements Attempt {
  readonly run: Run<R>;
  readonly attempt: number;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  #listeners: Abortable | Set<Abortable> | undefined;
  #controller: AbortController | undefined;
  #aborted: { reason: unknown } | undefined;

  constructor(run: Run<R>, attempt: number, deadline: number) {
    this.run = run;
    this.attempt = attempt;
    this.deadline = deadline;
  }

  /** The call whose signal this is: a policy used inside another's attempt goes on with its deadline. */
  static of(signal: AbortSignal): Call<unknown> | undefined {
    return calls.get(signal);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      calls.set(this.#controller.signal, this);
      if (this.#aborted) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  get remainingMs(): number {
    return this.deadline === Infinity ? Infinity : Math.max(0, this.deadline - performance.now());
  }

  /** The reason in a box, since the reason itself may be `undefined`. */
  get aborted(): { reason: unknown } | undefined {
    return this.#aborted;
  }

  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = { reason };
    this.#controller?.abort(reason);
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners instanceof Set) for (const listener of listeners) listener.abort(reason);
    else listeners?.abort(reason);
  }

  /** Aborts the listener once: when this call is aborted, or now if that is past. */
  link(listener: Abortable): void {
    if (this.#aborted) listener.abort(this.#aborted.reason);
    else if (this.#listeners === undefined) this.#listeners = listener;
    else if (this.#listeners instanceof Set) this.#listeners.add(listener);
    else this.#listeners = new Set([this.#listeners, listener]);
  }

  unlink(listener: Abortable): void {
    if (this.#listeners === listener) this.#listeners = undefined;
    else if (this.#listeners instanceof Set) this.#listeners.delete(listener);
  }
}

/** Goes on with a call: the layers further in, and at last the function. Never throws synchronously. */
export type Next = <R>(call: Call<R>) => Promise<R>;

/** What one policy does around `next`: it calls it any number of times. */
export type Layer = (next: Next) => Next;

/** Calls the function itself. */
export function invoke<R>(call: Call<R>): Promise<R> {
  try {
    const result = call.run.fn(call);
    return result instanceof Promise ? result : Promise.resolve(result);
  } catch (error) {
    return Promise.reject(error);
  }
}
