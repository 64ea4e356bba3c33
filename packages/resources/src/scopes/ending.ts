import { longestTimerMs } from '../checks.ts';
import { DisposeTimeoutError } from '../errors.ts';
import { type Held, nameOf } from './held.ts';

/** What a disposer returned, watched until it settles. */
export class Ending {
  #state: 'pending' | 'returned' | 'threw' = 'pending';
  #value: unknown;
  readonly #promise: Promise<unknown> | undefined;

  constructor(returned: unknown) {
    if (isThenable(returned)) {
      this.#promise = Promise.resolve(returned);
      this.#promise.then(
        (value) => this.#settle('returned', value),
        (error: unknown) => this.#settle('threw', error),
      );
    } else {
      this.#settle('returned', returned);
    }
  }

  get pending(): boolean {
    return this.#state === 'pending';
  }

  get(): unknown {
    if (this.#state === 'threw') throw this.#value;
    return this.#value;
  }

  /** Waits, but not for longer than `ms`. */
  async within(ms: number, { subject }: Held): Promise<unknown> {
    if (ms > longestTimerMs) return this.#promise;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new DisposeTimeoutError(nameOf(subject), ms)), ms);
    return Promise.race([this.#promise, late.promise]).finally(() => clearTimeout(timer));
  }

  #settle(state: 'returned' | 'threw', value: unknown): void {
    this.#state = state;
    this.#value = value;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
