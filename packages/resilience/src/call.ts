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

/** What a run hears of its source by, with its place among others. */
interface Listener extends Abortable {
  previous?: Listener | undefined;
  next?: Listener | undefined;
}

/** Of the earliest timeout around a call. */
export interface Deadline {
  /** On the clock of `performance.now()`; `Infinity` without a timeout, and once it has settled. */
  readonly at: number;
  /** What its timer does, for whoever sees first that it is due. */
  expire(): void;
}

export const noDeadline: Deadline = { at: Infinity, expire() {} };

/** What a run is bound by: an attempt of another run, or a signal of the user. */
interface Source {
  readonly deadline: Deadline;
  /** A listener is linked to one source at a time. */
  link(listener: Listener): void;
  unlink(listener: Listener): void;
}

const sourceKey = Symbol('source');

interface MarkedSignal extends AbortSignal {
  [sourceKey]?: Source;
}

/** A WeakMap with as many signals as there are calls costs the garbage collector more than all else in a call. */
function mark(signal: AbortSignal, source: Source): Source {
  Reflect.defineProperty(signal, sourceKey, { value: source });
  return source;
}

/** Who hands out this signal: a policy used inside another's attempt goes on with its deadline. */
export function sourceOf(signal: MarkedSignal): Source {
  return signal[sourceKey] ?? mark(signal, new SignalSource(signal));
}

/** Runs under one signal, behind one listener: adding another takes an `EventTarget` longer, the more there are. */
class SignalSource implements Source {
  readonly deadline = noDeadline;
  readonly #signal: AbortSignal;
  /**
   * A list, since a Set that much is added to and deleted from leaves its old tables behind, which keep what was in them
   * until the next major collection.
   */
  #first: Listener | undefined;
  #last: Listener | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  link(listener: Listener): void {
    const last = this.#last;
    this.#last = listener;
    if (last === undefined) {
      this.#first = listener;
      this.#signal.addEventListener('abort', this);
    } else {
      last.next = listener;
      listener.previous = last;
    }
  }

  unlink(listener: Listener): void {
    const { previous, next } = listener;
    if (previous === undefined && this.#first !== listener) return;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    listener.previous = undefined;
    listener.next = undefined;
    if (this.#first === undefined) this.#stop();
  }

  handleEvent(): void {
    this.#stop();
    for (let listener = this.#first; listener !== undefined; listener = this.#first) {
      this.unlink(listener);
      listener.abort(this.#signal.reason);
    }
  }

  #stop(): void {
    this.#signal.removeEventListener('abort', this);
  }
}

/**
 * An attempt in the tree of calls that policies make of one run. Aborting goes from a call to those made under it
 * without an `AbortSignal` between them: one is made only when the wrapped function asks for it, since it costs more
 * than all the rest of a call.
 */
export class Call<R> implements Attempt, Source {
  readonly run: Run<R>;
  readonly attempt: number;
  readonly deadline: Deadline;
  #listeners: Abortable | Set<Abortable> | undefined;
  #controller: AbortController | undefined;
  #aborted: { reason: unknown } | undefined;

  constructor(run: Run<R>, attempt: number, deadline: Deadline) {
    this.run = run;
    this.attempt = attempt;
    this.deadline = deadline;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      const signal: MarkedSignal = this.#controller.signal;
      signal[sourceKey] = this; // `mark` would take three times as long as making the controller
      if (this.#aborted) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  get remainingMs(): number {
    const { at } = this.deadline;
    return at === Infinity ? Infinity : Math.max(0, at - performance.now());
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
