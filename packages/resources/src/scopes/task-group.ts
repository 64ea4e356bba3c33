import { checkGiven } from '../checks.ts';
import { type Failure, ScopeClosedError, ScopeError, ScopeTimeoutError } from '../errors.ts';

/** What a task is called with. */
export interface TaskContext {
  /** Aborts when the task is to end: the scope's signal, or its own for a task that is shielded from that one. */
  signal: AbortSignal;
}

/** A piece of work that ends soon after its signal aborts. */
export type TaskFunction<T> = (context: TaskContext) => T | PromiseLike<T>;

/** How errors speak of a task in a list: by its function's name, else by its place. */
export function nameInList(option: string, task: TaskFunction<unknown>, index: number): string {
  checkGiven(`${option}[${index}]`, task);
  return task.name === '' ? String(index) : task.name;
}

/** The tasks of one scope: what cancels them, who waits for them, what went wrong. */
export class TaskGroup {
  readonly failures: Failure[] = [];
  /** An object for each task that runs. */
  readonly #tasks = new Set<{ readonly origin: string }>();
  /** The errors of `failures`, and what those are made of: to search the list for each would take n² steps. */
  readonly #known = new Set<unknown>();
  readonly #outer: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #ended = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(outer?: AbortSignal) {
    this.#outer = outer;
  }

  get signal(): AbortSignal {
    return this.#control().signal;
  }

  /** How many tasks run. */
  get running(): number {
    return this.#tasks.size;
  }

  /** Which tasks run, as errors speak of them. */
  get origins(): string[] {
    return Array.from(this.#tasks, ({ origin }) => origin);
  }

  async run<T>(task: TaskFunction<T>, name: string, signal = this.signal): Promise<T> {
    signal.throwIfAborted();
    const running = { origin: originOf(name) };
    this.#tasks.add(running);
    try {
      return await task({ signal });
    } catch (error) {
      this.fail(running.origin, error);
      throw error;
    } finally {
      this.#tasks.delete(running);
      if (this.#tasks.size === 0) {
        this.#idle?.resolve();
        this.#idle = undefined;
      }
    }
  }

  /** As `run`, with a signal that only the time aborts. */
  async shield<T>(task: TaskFunction<T>, name: string, timeoutMs: number): Promise<T> {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(new ScopeTimeoutError(originOf(name), timeoutMs)), timeoutMs);
    const timed: TaskFunction<T> = async (context) => {
      try {
        return await task(context);
      } catch (error) {
        throw echoes(error, signal) ? signal.reason : error;
      }
    };
    return this.run(timed, name, signal).finally(() => clearTimeout(timer));
  }

  /** Records what is new in the error, and cancels the group. */
  fail(origin: string, error: unknown): void {
    if (this.#isKnown(error)) return;
    const news = this.#newsOf(error);
    this.record(origin, news);
    this.#control().abort(news);
  }

  record(origin: string, error: unknown): void {
    if (this.#known.has(error)) return;
    this.failures.push({ origin, error });
    for (const part of partsOf(error)) this.#known.add(part);
  }

  /** Drops the failures, but not an abort from outside. Returns whether there were any. */
  forget(): boolean {
    const dropped = this.failures.splice(0);
    this.#known.clear();
    for (const { origin, error } of dropped) if (origin === 'signal') this.record(origin, error);
    return dropped.length > this.failures.length;
  }

  /** Resolves when no task runs. By the time a caller goes on, one may again: wait for it `while` some are running. */
  join(): Promise<void> {
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Cancels what runs, lets no more start, and lets go of the outer signal. */
  end(): void {
    if (this.#outer?.aborted === true) this.handleEvent(); // it may have aborted in this tick, and not told so far
    this.#ended = true;
    this.#outer?.removeEventListener('abort', this);
    this.#controller?.abort(new ScopeClosedError());
  }

  /** The outer signal aborted. */
  handleEvent(): void {
    const controller = this.#control();
    if (controller.signal.aborted) return;
    this.record('signal', this.#outer?.reason);
    controller.abort(this.#outer?.reason);
  }

  /** Whether the error was recorded, or only repeats why the group was cancelled. */
  #isKnown(error: unknown): boolean {
    if (this.#known.has(error)) return true;
    if (echoes(error, this.signal) || echoes(error, this.#outer)) return true;
    if (!(error instanceof ScopeError || error instanceof AggregateError)) return false;
    return error.errors.length > 0 && error.errors.every((part) => this.#isKnown(part));
  }

  /** A scope inside this one, cancelled by it, reports the cancellation before the errors that this led to. */
  #newsOf(error: unknown): unknown {
    if (!(error instanceof ScopeError)) return error;
    const parts = error.errors.map((part, index) => ({ origin: error.origins[index] ?? '', error: part }));
    const news = parts.filter((part) => !this.#isKnown(part.error));
    if (news.length === parts.length) return error;
    return news.length === 1 ? news[0]?.error : new ScopeError(news);
  }

  /** Made when first needed: most scopes only hold resources, and a controller costs more than they do. */
  #control(): AbortController {
    if (this.#controller !== undefined) return this.#controller;
    this.#controller = new AbortController();
    if (this.#ended) this.#controller.abort(new ScopeClosedError());
    else if (this.#outer?.aborted === true) this.handleEvent();
    else this.#outer?.addEventListener('abort', this, { once: true });
    return this.#controller;
  }
}

function originOf(name: string): string {
  return name === '' ? 'task' : `task "${name}"`;
}

function* partsOf(error: unknown): Generator<unknown, void, undefined> {
  yield error;
  if (error instanceof ScopeError) for (const part of error.errors) yield* partsOf(part);
}

/**
 * Node's own APIs reject with an AbortError whose cause is the reason, and libraries wrap either as they wrap any error.
 * The cause of a ScopeError is only the first of several.
 */
export function echoes(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  if (error === signal.reason) return true;
  if (!(error instanceof Error) || error instanceof ScopeError) return false;
  const { cause } = error;
  if (cause === signal.reason) return true;
  return cause instanceof Error && cause.name === 'AbortError' && cause.cause === signal.reason;
}
