import { Call, noDeadline } from '../call.ts';

/** Methods, since their parameters compare both ways: all who wait under one id are taken to want one type of result. */
interface Waiter<R> {
  resolve(value: R): void;
  reject(error: unknown): void;
}

/** A call that several wait for. It is aborted when the last of them has left. */
export class SharedCall {
  readonly key: string;
  readonly #call: Call<unknown>;
  readonly #waiting = new Set<Waiter<unknown>>();
  readonly #onEnd: () => void;

  constructor(key: string, call: Call<unknown>, onEnd: () => void) {
    this.key = key;
    this.#call = call;
    this.#onEnd = onEnd;
  }

  /** An abort of `call` rejects this caller alone. */
  join<R>(call: Call<R>): Promise<R> {
    const { aborted } = this.#call; // by the work itself, when it closed the policy
    if (aborted) return Promise.reject(aborted.reason);
    return new Promise((resolve, reject) => {
      const waiter = {
        resolve(value: R): void {
          call.unlink(waiter);
          resolve(value);
        },
        reject(error: unknown): void {
          call.unlink(waiter);
          reject(error);
        },
        abort: (reason: unknown): void => {
          reject(reason);
          this.#waiting.delete(waiter);
          if (this.#waiting.size === 0) this.abort(reason);
        },
      };
      this.#waiting.add(waiter);
      call.link(waiter);
    });
  }

  resolve(value: unknown): void {
    this.#onEnd();
    for (const waiter of this.#waiting) waiter.resolve(value);
    this.#waiting.clear();
  }

  reject(error: unknown): void {
    this.#onEnd();
    for (const waiter of this.#waiting) waiter.reject(error);
    this.#waiting.clear();
  }

  /** Rejects all who wait, and stops the work. */
  abort(reason: unknown): void {
    this.reject(reason);
    this.#call.abort(reason);
  }
}

/** Calls under way, one at a time for each id. */
export class SharedCalls {
  readonly #current = new Map<string, SharedCall>();
  readonly #underWay = new Set<SharedCall>();

  get(id: string): SharedCall | undefined {
    return this.#current.get(id);
  }

  /**
   * Begins work under the id, to be joined. It gets a call of its own: without the deadline of the caller who happens
   * to come first, since one who joins may have a later one.
   */
  begin<R>(
    id: string,
    key: string,
    { run, attempt }: Call<R>,
    work: (call: Call<R>, shared: SharedCall) => Promise<R>,
  ): SharedCall {
    const call = new Call(run, attempt, noDeadline);
    const shared = new SharedCall(key, call, () => {
      this.#underWay.delete(shared);
      if (this.#current.get(id) === shared) this.#current.delete(id);
    });
    this.#underWay.add(shared);
    this.#current.set(id, shared);
    work(call, shared).then(
      (value) => shared.resolve(value),
      (error: unknown) => shared.reject(error),
    );
    return shared;
  }

  /** Whoever comes from now on with the key, or with any, begins anew. */
  forget(key: string | undefined): void {
    for (const [id, shared] of this.#current) if (key === undefined || shared.key === key) this.#current.delete(id);
  }

  abort(reason: unknown): void {
    for (const shared of this.#underWay) shared.abort(reason);
  }
}
