import { OptionError } from '@dataenginex/core';
import { checkGiven } from '../checks.ts';
import { ResourceError } from '../errors.ts';
import { exit, type Held, nameOf } from './held.ts';
import { track, untrack } from '../leaks.ts';
import { echoes } from './task-group.ts';

/** What a resource made by a generator holds. */
export interface Managed<T> extends Disposable {
  /** What the generator yielded. */
  readonly value: T;
  /** Resumes the generator after its `yield`. Twice is safe. */
  close: () => void;
}

/** What a resource made by an async generator holds. */
export interface AsyncManaged<T> extends AsyncDisposable {
  /** What the generator yielded. */
  readonly value: T;
  /** Resumes the generator after its `yield`, and waits until it is done. A second call only waits. */
  close: () => Promise<void>;
}

/**
 * Makes a resource of a generator function: what stands before its one `yield` sets up, what follows tears down. The
 * result takes the same arguments.
 *
 * Held by `withScope`, the generator is told of the error in flight, as `scope.onExit` is: it is thrown at the `yield`.
 * So `finally` always tears down, what stands behind the `yield` runs on success only, and a `catch` that does not throw
 * handles the error. Nobody else can tell the generator that a block failed: held by `using` or in `openScope`, it goes
 * on after its `yield` in that case too. The transaction below would commit there.
 *
 * ```ts
 * import { resource, withScope } from '@dataenginex/resources';
 *
 * const log: string[] = [];
 * const transaction = resource(async function* transaction(db: string) {
 *   log.push(`begin on ${db}`);
 *   try {
 *     yield { insert: async (row: string) => log.push(row) };
 *     log.push('commit');
 *   } catch (error) {
 *     log.push('rollback');
 *     throw error;
 *   }
 * });
 *
 * await withScope({}, async (scope) => {
 *   const { value: rows } = await scope.use(transaction('weather'));
 *   await rows.insert('Seattle');
 * });
 * log; // => ['begin on weather', 'Seattle', 'commit']
 *
 * await withScope({}, async (scope) => {
 *   await scope.use(transaction('weather'));
 *   throw new Error('No rows.');
 * }); // throws No rows.
 * log.slice(3); // => ['begin on weather', 'rollback']
 * ```
 *
 * When the last argument has an AbortSignal as its `signal`, aborting that rejects at once while the generator sets up;
 * when it has come to its `yield` after all, the reason is thrown there.
 *
 * @returns A function that sets up: at once for a generator, else with a promise. It throws what the setup throws, and
 * `ResourceError` when the generator does not yield. Closing throws what the teardown throws, and `ResourceError` when
 * the generator yields a second time; its `finally` is run in that case.
 * @throws {OptionError} When `setup` is not a function, or turns out, when called, to be no generator function.
 * @see https://docs.python.org/3/library/contextlib.html#contextlib.contextmanager
 */
export function resource<A extends readonly unknown[], T>(
  setup: (...args: A) => AsyncGenerator<T, void, void>,
): (...args: A) => Promise<AsyncManaged<T>>;
export function resource<A extends readonly unknown[], T>(
  setup: (...args: A) => Generator<T, void, void>,
): (...args: A) => Managed<T>;
export function resource<A extends readonly unknown[], T>(
  setup: (...args: A) => AsyncGenerator<T, void, void> | Generator<T, void, void>,
): (...args: A) => Promise<AsyncManaged<T>> | Managed<T> {
  checkGiven('resource', setup);
  return (...args) => {
    const signal = signalOf(args.at(-1));
    const generator = setup(...args);
    if (!isGenerator(generator)) throw new OptionError('resource', 'given a generator function', setup);
    return Symbol.asyncIterator in generator ? openAsync(generator, setup, signal) : open(generator, setup, signal);
  };
}

function open<T>(generator: Generator<T, void, void>, setup: Function, signal: AbortSignal | undefined): Managed<T> {
  signal?.throwIfAborted();
  const step = generator.next();
  if (step.done === true) throw new ResourceError(nameOf(setup), 'yielded nothing');
  return new ManagedGenerator(generator, step.value, setup);
}

async function openAsync<T>(
  generator: AsyncGenerator<T, void, void>,
  setup: Function,
  signal: AbortSignal | undefined,
): Promise<AsyncManaged<T>> {
  signal?.throwIfAborted();
  const opening = generator.next().then((step) => {
    if (step.done === true) throw new ResourceError(nameOf(setup), 'yielded nothing');
    return new ManagedAsyncGenerator(generator, step.value, setup);
  });
  if (signal === undefined) return opening;
  const opened = Promise.withResolvers<AsyncManaged<T>>();
  const abort = (): void => {
    const { reason } = signal;
    opened.reject(reason);
    const giveUp = async (managed: ManagedAsyncGenerator<T>): Promise<void> => {
      await managed.end(reason).catch((error: unknown) => {
        if (!echoes(error, signal)) throw error;
      });
    };
    void opening.then(giveUp, () => {}); // of a setup that fails now the caller has been told the reason
  };
  signal.addEventListener('abort', abort, { once: true });
  const forget = (): void => signal.removeEventListener('abort', abort);
  opening.finally(forget).then(opened.resolve, opened.reject); // an abort in between must not end what is handed out
  return opened.promise;
}

class ManagedGenerator<T> implements Managed<T> {
  readonly value: T;
  readonly #generator: Generator<T, void, void>;
  readonly #setup: Function;

  constructor(generator: Generator<T, void, void>, value: T, setup: Function) {
    this.value = value;
    this.#generator = generator;
    this.#setup = setup;
    track(this, nameOf(setup));
  }

  get [exit](): Held {
    return { subject: this.#setup, isExit: true, dispose: (error) => this.#end(error) };
  }

  close(): void {
    this.#end(undefined);
  }

  [Symbol.dispose](): void {
    this.#end(undefined);
  }

  /** Returns whether it has handled the error. */
  #end(error: unknown): boolean {
    untrack(this);
    const generator = this.#generator;
    const step = error === undefined ? generator.next() : generator.throw(error);
    if (step.done === true) return true;
    let options: ErrorOptions | undefined;
    try {
      generator.return();
    } catch (cause) {
      options = { cause };
    }
    throw new ResourceError(nameOf(this.#setup), 'yielded twice', options);
  }
}

class ManagedAsyncGenerator<T> implements AsyncManaged<T> {
  readonly value: T;
  readonly #generator: AsyncGenerator<T, void, void>;
  readonly #setup: Function;

  constructor(generator: AsyncGenerator<T, void, void>, value: T, setup: Function) {
    this.value = value;
    this.#generator = generator;
    this.#setup = setup;
    track(this, nameOf(setup));
  }

  get [exit](): Held {
    return { subject: this.#setup, isExit: true, dispose: (error) => this.end(error) };
  }

  async close(): Promise<void> {
    await this.end(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Returns whether it has handled the error. A second call waits in the generator's own queue, and finds it done. */
  async end(error: unknown): Promise<boolean> {
    untrack(this);
    const generator = this.#generator;
    const step = await (error === undefined ? generator.next() : generator.throw(error));
    if (step.done === true) return true;
    let options: ErrorOptions | undefined;
    try {
      await generator.return();
    } catch (cause) {
      options = { cause };
    }
    throw new ResourceError(nameOf(this.#setup), 'yielded twice', options);
  }
}

function isGenerator(made: unknown): boolean {
  return typeof made === 'object' && made !== null && 'next' in made;
}

function signalOf(options: unknown): AbortSignal | undefined {
  if (typeof options !== 'object' || options === null || !('signal' in options)) return undefined;
  return options.signal instanceof AbortSignal ? options.signal : undefined;
}
