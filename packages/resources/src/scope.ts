import { checkInteger, OptionError } from '@dataenginex/core';
import { type Failure, ScopeClosedError, ScopeError } from './errors.ts';
import { track, untrack } from './leaks.ts';
import { checkSignal } from './signal.ts';
import { type TaskContext, type TaskFunction, TaskGroup } from './task-group.ts';

/** What `scope.use` takes. `null` and `undefined` pass through, for resources that are optional. */
export type Resource = AsyncDisposable | Disposable | null | undefined;

/** Options of `openScope` and `withScope`. */
export interface ScopeOptions {
  /** Aborting it aborts the scope's signal with the same reason, and so cancels the tasks. */
  signal?: AbortSignal | undefined;
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

type Disposer = () => unknown;

/**
 * Holds resources and runs tasks, and ends both: the tasks are cancelled and waited for, then the resources are
 * disposed of, last in, first out, each one even when another's disposer throws.
 *
 * A scope takes resources until its disposing begins. What it is handed later it disposes of at once, and throws
 * `ScopeClosedError`: nothing leaks. If that disposal fails as well, it is an unhandled rejection.
 */
export class Scope implements AsyncDisposable {
  readonly #tasks: TaskGroup;
  readonly #report: (failures: readonly Failure[]) => void;
  #disposers: Disposer[] = [];
  #closed = false;
  #end: Promise<void> | undefined;

  constructor(tasks: TaskGroup, report: (failures: readonly Failure[]) => void) {
    this.#tasks = tasks;
    this.#report = report;
    track(this, 'Scope');
  }

  /** Aborts when the outer signal does, when a task or the body fails, and when the scope closes. */
  get signal(): AbortSignal {
    return this.#tasks.signal;
  }

  /** True once disposing has begun, or after `move`. */
  get closed(): boolean {
    return this.#closed;
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
    if (isThenable(resource)) return this.#await(resource);
    const dispose = disposerOf(resource);
    if (dispose !== undefined) this.#take(dispose);
    else if (this.#closed) throw new ScopeClosedError();
    return resource;
  }

  /**
   * Takes something that is not disposable itself, with the function that disposes of it.
   *
   * @returns The value.
   * @throws {ScopeClosedError} When the scope is closed.
   */
  adopt<T>(value: T, dispose: (value: T) => unknown): T {
    checkDisposer('scope.adopt', dispose);
    this.#take(() => dispose(value));
    return value;
  }

  /**
   * Calls the function, and waits for it, when the scope closes.
   *
   * @throws {ScopeClosedError} When the scope is closed.
   */
  defer(dispose: () => unknown): void {
    checkDisposer('scope.defer', dispose);
    this.#take(dispose);
  }

  /**
   * Hands everything held so far to a new scope, without an outer signal; this one is closed thereby. Tasks do not
   * move: they end with the scope that spawned them.
   *
   * @throws {ScopeClosedError} When the scope is closed.
   */
  move(): Scope {
    if (this.#closed) throw new ScopeClosedError();
    const moved = openScope();
    moved.#disposers = this.#disposers;
    this.#disposers = [];
    this.#closed = true;
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
   */
  spawn<T>(task: (context: TaskContext) => T | PromiseLike<T>, options: SpawnOptions = {}): Task<T> {
    const { name = task.name } = options;
    if (this.#closed) throw new ScopeClosedError();
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
   * @throws {OptionError} When `timeoutMs` is not an integer from 0 to 2,147,483,647.
   */
  shield<T>(task: TaskFunction<T>, options: ShieldOptions = {}): Task<T> {
    const { name = task.name, timeoutMs = 5_000 } = options;
    checkInteger('scope.shield.timeoutMs', timeoutMs, { min: 0, max: 2 ** 31 - 1 });
    if (this.#closed) throw new ScopeClosedError();
    const result = this.#tasks.shield(task, name, timeoutMs);
    result.catch(() => {});
    return { name, result };
  }

  /**
   * Cancels the tasks, waits for them, and disposes of everything. A second call waits too, and reports nothing.
   *
   * Errors that only repeat the reason of the cancellation are not reported. In `withScope` nothing is reported here,
   * since `withScope` does. A task must not wait for the closing of its own scope, which waits for the task.
   *
   * @throws {ScopeError} When more than one task or disposer failed; a single error is thrown as it is.
   */
  close(): Promise<void> {
    if (this.#end !== undefined) return this.#end.catch(() => {});
    untrack(this);
    this.#end = this.#close();
    return this.#end;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#tasks.end();
    if (this.#tasks.running > 0) await this.#tasks.join();
    this.#closed = true;
    for (let dispose = this.#disposers.pop(); dispose !== undefined; dispose = this.#disposers.pop()) {
      try {
        await dispose();
      } catch (error) {
        this.#tasks.record('dispose', error);
      }
    }
    this.#report(this.#tasks.failures);
  }

  async #await(pending: PromiseLike<Resource>): Promise<Resource> {
    const arriving = Promise.resolve(pending).then((resource) => ({ resource, dispose: disposerOf(resource) }));
    this.#take(() =>
      arriving.then(
        ({ dispose }) => dispose?.(),
        () => {}, // the caller was told
      ),
    );
    return (await arriving).resource;
  }

  #take(dispose: Disposer): void {
    if (!this.#closed) {
      this.#disposers.push(dispose);
      return;
    }
    void (async () => dispose())();
    throw new ScopeClosedError();
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
 * @throws {OptionError} When `signal` is not an AbortSignal.
 */
export function openScope(options: ScopeOptions = {}): Scope {
  return new Scope(new TaskGroup(checkSignal('openScope.signal', options.signal)), raiseOwn);
}

/** An abort from outside is news to nobody who holds a scope: the block is told by the signal it passed. */
function raiseOwn(failures: readonly Failure[]): void {
  raise(failures.filter(({ origin }) => origin !== 'signal'));
}

/** Throws what was recorded: one error as it is, several as one. */
export function raise(failures: readonly Failure[]): void {
  if (failures.length > 1) throw new ScopeError(failures);
  for (const { error } of failures) throw error;
}

/** A promise that is disposable itself, such as a child process's, is a resource. */
function isThenable(resource: Resource | PromiseLike<Resource>): resource is PromiseLike<Resource> {
  if (typeof resource !== 'object' || resource === null || !('then' in resource)) return false;
  return !(Symbol.asyncDispose in resource || Symbol.dispose in resource);
}

/** The method is read once, when the resource is taken, as the standard's stacks do. */
function disposerOf(resource: Resource): Disposer | undefined {
  if (resource === null || resource === undefined) return undefined;
  const { [Symbol.asyncDispose]: disposeAsync, [Symbol.dispose]: dispose } = resource as Partial<
    AsyncDisposable & Disposable
  >;
  if (disposeAsync !== undefined) return () => disposeAsync.call(resource);
  if (dispose !== undefined) {
    return () => {
      dispose.call(resource); // what it returns is not waited for, as in the standard's stacks
    };
  }
  throw new OptionError('scope.use', 'AsyncDisposable, Disposable, null or undefined', resource);
}

function checkDisposer(option: string, dispose: unknown): void {
  if (typeof dispose !== 'function') throw new OptionError(option, 'given a function', dispose);
}
