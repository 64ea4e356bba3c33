import { checkInteger, checkNumber } from '@dataenginex/core';
import { Ending } from './ending.ts';
import { type Failure, ScopeClosedError, ScopeError } from '../errors.ts';
import { type Held, holdAdopted, holdAsync, holdDeferred, holdExit, nameOf, raise } from './held.ts';
import { track, untrack } from '../leaks.ts';
import { checkGiven, checkSignal, longestTimerMs } from '../checks.ts';
import { type TaskContext, type TaskFunction, TaskGroup } from './task-group.ts';

/** What `scope.use` takes. `null` and `undefined` pass through, for resources that are optional. */
export type Resource = AsyncDisposable | Disposable | null | undefined;

/** Options of `openScope` and `withScope`. */
export interface ScopeOptions {
  /** Aborting it aborts the scope's signal with the same reason, and so cancels the tasks. */
  signal?: AbortSignal | undefined;
  /**
   * How long each disposer may take, milliseconds; then the scope records a `DisposeTimeoutError` and goes on with the
   * next. `Infinity`, as everything above 2 ** 31 - 1, is no bound. @default 30_000
   */
  disposeMs?: number | undefined;
}

/** Options of `scope.spawn`. */
export interface SpawnOptions {
  /** How errors speak of the task. @default the function's own name */
  name?: string | undefined;
}

/** Options of `scope.shield`. */
export interface ShieldOptions extends SpawnOptions {
  /** When the task's signal aborts, with a `ScopeTimeoutError`. @default 5_000 */
  timeoutMs?: number | undefined;
}

/** A task that was spawned. Not a promise itself, so that a linter asks nobody to await it. */
export interface Task<T> {
  readonly name: string;
  /** What the task returns. A rejection here is reported by the scope as well. */
  readonly result: Promise<T>;
}

/** What `withScope` and its scope tell each other. */
export interface Outcome {
  /** Whether there is, or may yet be, something to return when an exit has handled a failure. */
  replaceable: boolean;
  /** The error that an exit has handled. */
  handled?: { error: unknown };
}

const tick = Promise.resolve();

/**
 * Holds resources and runs tasks, and ends both: the tasks are cancelled and waited for, then the resources are
 * disposed of, last in, first out, each one even when another's disposer throws.
 *
 * A scope takes resources until its disposing begins. What it is handed later it disposes of at once, and throws
 * `ScopeClosedError`: nothing leaks. If that disposal fails as well, it is an unhandled rejection.
 */
export class Scope implements AsyncDisposable {
  readonly #tasks: TaskGroup;
  readonly #disposeMs: number;
  readonly #outcome: Outcome | undefined;
  #held: Held[] = [];
  #disposing: Held | undefined;
  #disposed = false;
  #closing = false;
  #end: Promise<void> | undefined;

  /** With an outcome the errors are for `withScope` to throw, else for `close`. */
  constructor(tasks: TaskGroup, disposeMs: number, outcome?: Outcome) {
    this.#tasks = tasks;
    this.#disposeMs = disposeMs;
    this.#outcome = outcome;
    track(this, 'Scope');
  }

  /** What a scope waits for: its tasks, or what it disposes of. */
  static underWay(scope: Scope): string[] {
    const disposing = scope.#disposing;
    return disposing === undefined ? scope.#tasks.origins : [nameOf(disposing.subject)];
  }

  get [Symbol.toStringTag](): string {
    return 'Scope';
  }

  /** Aborts when the outer signal does, when a task or the body fails, and when the scope closes. */
  get signal(): AbortSignal {
    return this.#tasks.signal;
  }

  /** True once disposing has begun, or after `move`. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Disposes of the resource when the scope closes, by `Symbol.asyncDispose` if it has one, else by `Symbol.dispose`.
   *
   * Given a promise, its place in the order is that of the call, and closing waits for it. A rejection goes to the
   * caller only.
   *
   * @returns What it was given; a promise of the resource when given a promise.
   * @throws {OptionError} When the resource cannot be disposed of.
   * @throws {ScopeClosedError} When the scope is closed.
   */
  use<T extends Resource>(resource: T): T;
  use<T extends Resource>(resource: PromiseLike<T>): Promise<T>;
  use(resource: Resource | PromiseLike<Resource>): unknown {
    if (isPromised(resource)) return this.#await(resource);
    this.#hold(() => holdAsync(resource));
    return resource;
  }

  /**
   * Takes something that is not disposable itself, with the function that disposes of it.
   *
   * @returns The value.
   * @throws {ScopeClosedError} When the scope is closed.
   */
  adopt<T>(value: T, dispose: (value: T) => unknown): T {
    this.#hold(() => holdAdopted(value, dispose));
    return value;
  }

  /**
   * Calls the function, and waits for it, when the scope closes.
   *
   * @throws {ScopeClosedError} When the scope is closed.
   */
  defer(dispose: () => unknown): void {
    this.#hold(() => holdDeferred(dispose));
  }

  /**
   * Calls the function, and waits for it, when the scope closes, in its turn among the disposers. It is told the error
   * in flight: what the scope would throw now, a `ScopeError` where that is several, or `undefined` if nothing failed.
   *
   * - Returning `true` handles the error: exits that come later, those taken earlier, see none, and it is not thrown.
   *   `withScope` then returns what its body returned or, when that failed, what its `handled` option makes; without
   *   that option there is nothing to return, and `true` handles nothing.
   * - An error it throws is added to the others, as a disposer's. If its `cause` is the error it was told, it takes
   *   that one's place. Throwing what it was told changes nothing.
   *
   * In `openScope` the error of the block is unknown: an exit is told those of tasks and disposers. An abort of the
   * outer signal is told in `withScope`, so that a transaction rolls back, but nothing handles it.
   *
   * @throws {ScopeClosedError} When the scope is closed; the exit is told that error at once.
   */
  onExit(exit: (error: unknown) => boolean | void | PromiseLike<boolean | void>): void {
    this.#hold(() => holdExit(exit));
  }

  /**
   * Hands everything held so far to a new scope, without an outer signal; this one is closed thereby. Tasks do not
   * move: they, and the listening to the outer signal, end when this one is closed all the same, as by `await using`.
   *
   * @throws {ScopeClosedError} When the scope is closed.
   */
  move(): Scope {
    if (this.#disposed) throw new ScopeClosedError();
    const moved = new Scope(new TaskGroup(), this.#disposeMs);
    moved.#held = this.#held;
    this.#held = [];
    this.#disposed = true;
    untrack(this);
    return moved;
  }

  /**
   * Starts a task at once. If it fails, the scope's signal aborts with its error, which cancels its siblings, and the
   * scope reports the error: nobody needs to await the result. A task catches what it means to survive.
   *
   * In a scope that is cancelled already the task is not started, and its result rejects with the signal's reason.
   *
   * @throws {ScopeClosedError} When the scope is closed.
   * @throws {OptionError} When the task is not a function.
   */
  spawn<T>(task: (context: TaskContext) => T | PromiseLike<T>, options: SpawnOptions = {}): Task<T> {
    checkGiven('scope.spawn', task);
    const { name = task.name } = options;
    if (this.#disposed) throw new ScopeClosedError();
    const result = this.#tasks.run(task, name);
    result.catch(() => {});
    return { name, result };
  }

  /**
   * Starts a task that must finish, such as the flush of a task that was cancelled: it is started in a cancelled scope
   * as well, and only its own time aborts its signal. In all else it is a task: the scope waits for it before it
   * disposes of anything, and reports its failure, which cancels the scope. Nobody needs to await the result.
   *
   * ```ts
   * import { setTimeout } from 'node:timers/promises';
   * import { withScope } from '@dataenginex/resources';
   *
   * const stored: string[] = [];
   * await withScope({}, async (scope) => {
   *   scope.spawn(async ({ signal }) => {
   *     try {
   *       await setTimeout(60_000, null, { signal });
   *     } finally {
   *       scope.shield(async () => setTimeout(1).then(() => stored.push('last rows')));
   *     }
   *   });
   *   throw new Error('Connection lost.');
   * }); // throws Connection lost.
   * stored; // => ['last rows']
   * ```
   *
   * @throws {ScopeClosedError} When the scope is closed: a disposer needs no shield, since nothing cancels it.
   * @throws {OptionError} When the task is not a function, or `timeoutMs` not an integer from 0 to 2,147,483,647.
   */
  shield<T>(task: TaskFunction<T>, options: ShieldOptions = {}): Task<T> {
    checkGiven('scope.shield', task);
    const { name = task.name, timeoutMs = 5_000 } = options;
    checkInteger('scope.shield.timeoutMs', timeoutMs, { min: 0, max: longestTimerMs });
    if (this.#disposed) throw new ScopeClosedError();
    const result = this.#tasks.shield(task, name, timeoutMs);
    result.catch(() => {});
    return { name, result };
  }

  /**
   * Cancels the tasks, waits for them, and disposes of everything; no disposer gets more than `disposeMs`. A second call
   * waits too, and reports nothing.
   *
   * Errors that only repeat the reason of the cancellation are not reported. In `withScope` nothing is reported here,
   * since `withScope` does. A task or disposer must not wait for the closing of its own scope, which waits for it.
   *
   * @throws {ScopeError} When more than one task or disposer failed; a single error is thrown as it is.
   */
  close(): Promise<void> {
    // A listener of the signal, or the first disposer, may call this before there is an end.
    if (this.#closing) return (this.#end ?? tick.then(() => this.#end)).catch(() => {});
    this.#closing = true;
    untrack(this);
    this.#end = this.#close();
    return this.#end;
  }

  /** The name that `AsyncDisposableStack` has for `close`. */
  disposeAsync(): Promise<void> {
    return this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#tasks.end();
    while (this.#tasks.running > 0) await this.#tasks.join();
    this.#disposed = true;
    for (let held = this.#held.pop(); held !== undefined; held = this.#held.pop()) {
      const error = held.isExit ? inFlight(this.#failures()) : undefined;
      this.#disposing = held;
      try {
        const ending = new Ending(held.dispose(error));
        await tick; // what settles at once needs no timer, which costs more than a scope of trivial disposers
        const answer = ending.pending ? await ending.within(this.#disposeMs, held) : ending.get();
        if (answer === true) this.#handle(error);
      } catch (thrown) {
        this.#add(thrown, error);
      }
    }
    this.#disposing = undefined;
    if (this.#outcome === undefined) raise(this.#failures());
  }

  /** What would be thrown now. An abort from outside is news to nobody who holds a scope: the block passed the signal. */
  #failures(): readonly Failure[] {
    const { failures } = this.#tasks;
    return this.#outcome === undefined ? failures.filter(isOwn) : failures;
  }

  #handle(error: unknown): void {
    if (error === undefined || this.#outcome?.replaceable === false) return;
    this.#tasks.forget();
    if (this.#outcome !== undefined) this.#outcome.handled = { error };
  }

  /** Records what was thrown, unless it is, or only wraps, what is known. */
  #add(thrown: unknown, told: unknown): void {
    if (told !== undefined) {
      if (thrown === told) return;
      if (thrown instanceof Error && thrown.cause === told && !this.#tasks.forget()) return;
    }
    this.#tasks.record('dispose', thrown);
  }

  async #await(pending: PromiseLike<Resource>): Promise<Resource> {
    let arrived: Held | undefined;
    const arriving = Promise.resolve(pending).then((resource) => {
      arrived = holdAsync(resource);
      return resource;
    });
    this.#hold(() => ({
      get subject() {
        return arrived === undefined ? pending : arrived.subject;
      },
      isExit: true,
      dispose: async (error) => {
        await arriving.catch(() => {}); // the caller was told
        const answer = await arrived?.dispose(error);
        return arrived?.isExit === true && answer;
      },
    }));
    return arriving;
  }

  #hold(take: () => Held): void {
    if (!this.#disposed) {
      this.#held.push(take());
      return;
    }
    let late: Held;
    try {
      late = take();
    } catch (cause) {
      throw new ScopeClosedError({ cause });
    }
    const closed = new ScopeClosedError();
    void (async () => late.dispose(closed))().catch((error: unknown) => {
      if (error !== closed) throw error;
    });
    throw closed;
  }
}

/**
 * Opens a scope to hold with `await using`: at the end of the block it cancels its tasks, waits for them, and disposes
 * of its resources. A disposer is not told whether the block failed; where that matters, use `withScope`.
 *
 * ```ts
 * import { openScope } from '@dataenginex/resources';
 *
 * const log: string[] = [];
 * {
 *   await using scope = openScope();
 *   scope.defer(() => log.push('folder removed'));
 *   scope.adopt({ port: 3000 }, ({ port }) => log.push(`server on ${port} closed`));
 * }
 * log; // => ['server on 3000 closed', 'folder removed']
 * ```
 *
 * @throws {OptionError} When an option is out of range.
 */
export function openScope(options: ScopeOptions = {}): Scope {
  const { signal, disposeMs } = checkScope('openScope', options);
  return new Scope(new TaskGroup(signal), disposeMs);
}

export function checkScope(
  name: string,
  options: ScopeOptions,
): { signal: AbortSignal | undefined; disposeMs: number } {
  const { signal, disposeMs = 30_000 } = options;
  return {
    signal: checkSignal(`${name}.signal`, signal),
    disposeMs: checkNumber(`${name}.disposeMs`, disposeMs, { min: 0, max: Infinity }),
  };
}

function isOwn({ origin }: Failure): boolean {
  return origin !== 'signal';
}

/** A failure is never told as `undefined`, also when that was thrown: an exit must not take it for success. */
function inFlight(failures: readonly Failure[]): unknown {
  const [first] = failures;
  if (first === undefined) return undefined;
  return failures.length > 1 || first.error === undefined ? new ScopeError(failures) : first.error;
}

/** A promise that is disposable itself, such as a child process's, is a resource. */
function isPromised(resource: Resource | PromiseLike<Resource>): resource is PromiseLike<Resource> {
  if (typeof resource !== 'object' || resource === null || !('then' in resource)) return false;
  return !(Symbol.asyncDispose in resource || Symbol.dispose in resource);
}
