import { Call } from './call.ts';

/** Methods, since their parameters compare both ways: all who wait under one id are taken to want one type of result. */
interface Waiter<R> {
  resolve(value: R): void;
  reject(error: unknown): void;
}

/** A call that several wait for. It is aborted when the last of them has left. */
export class SharedCall {
  readonly #waiting = new Set<Waiter<unknown>>();
  readonly #onLeft: (reason: unknown) => void;

  constructor(onLeft: (reason: unknown) => void) {
    this.#onLeft = onLeft;
  }

  /** An abort of `call` rejects this caller alone. */
  join<R>(call: Call<R>): Promise<R> {
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
          this.#leave(waiter, reason);
        },
      };
      this.#waiting.add(waiter);
      call.link(waiter);
    });
  }

  /** Keeps the call going though nobody waits, until it settles or what is returned is called. */
  hold(): (reason: unknown) => void {
    const holder = { resolve() {}, reject() {} };
    this.#waiting.add(holder);
    return (reason) => this.#leave(holder, reason);
  }

  resolve(value: unknown): void {
    for (const waiter of this.#waiting) waiter.resolve(value);
    this.#waiting.clear();
  }

  reject(error: unknown): void {
    for (const waiter of this.#waiting) waiter.reject(error);
    this.#waiting.clear();
  }

  #leave(waiter: Waiter<unknown>, reason: unknown): void {
    if (this.#waiting.delete(waiter) && this.#waiting.size === 0) this.#onLeft(reason);
  }
}

/** Calls under way by id, one at a time for each. */
export class SharedCalls {
  readonly #underWay = new Map<string, SharedCall>();

  get(id: string): SharedCall | undefined {
    return this.#underWay.get(id);
  }

  /**
   * Begins work under the id, to be joined. It gets a call of its own: without the deadline of the caller who happens
   * to come first, since one who joins may have a later one.
   */
  begin<R>(id: string, { run, attempt }: Call<R>, work: (call: Call<R>, shared: SharedCall) => Promise<R>): SharedCall {
    const call = new Call(run, attempt, Infinity);
    const shared = new SharedCall((reason) => {
      this.#end(id, shared);
      call.abort(reason);
    });
    this.#underWay.set(id, shared);
    work(call, shared).then(
      (value) => {
        this.#end(id, shared);
        shared.resolve(value);
      },
      (error: unknown) => {
        this.#end(id, shared);
        shared.reject(error);
      },
    );
    return shared;
  }

  /** Whoever comes from now on begins anew. */
  forget(id: string): void {
    this.#underWay.delete(id);
  }

  #end(id: string, shared: SharedCall): void {
    if (this.#underWay.get(id) === shared) this.#underWay.delete(id);
  }
}
