import type { Call } from './call.ts';

/**
 * Keeps results apart by the wrapped function and by its `this`, since one policy may decorate several methods of
 * several objects. Gives a prefix for keys instead of a map per object, so that one bound holds for all of them.
 */
export class ResultScopes {
  readonly #numbers = new WeakMap<object, number>();
  #last = 0;

  prefixOf({ run }: Call<unknown>): string {
    if (run.wrapped === undefined) return ':';
    return run.self === undefined
      ? `${this.#numberOf(run.wrapped)}:`
      : `${this.#numberOf(run.wrapped)}.${this.#nameOf(run.self)}:`;
  }

  #nameOf(self: unknown): string {
    const isObject = (typeof self === 'object' && self !== null) || typeof self === 'function';
    return isObject ? String(this.#numberOf(self)) : JSON.stringify([typeof self, String(self)]);
  }

  #numberOf(object: object): number {
    let number = this.#numbers.get(object);
    if (number === undefined) {
      this.#last += 1;
      number = this.#last;
      this.#numbers.set(object, number);
    }
    return number;
  }
}
