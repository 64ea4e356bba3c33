import { DexError } from '@dataenginex/core';
import type { LockHolder } from './files/lock-file.ts';

/** One thing that went wrong in a scope, and where: `body`, `task "poll"`, `dispose` or `signal`. */
export interface Failure {
  origin: string;
  error: unknown;
}

/** Several things went wrong in one scope. A single error is never wrapped: it is thrown as it is. */
export class ScopeError extends DexError {
  override readonly name = 'ScopeError';
  readonly code = 'DEX_SCOPE';
  /** In the order they happened: the first is what began it, and the `cause`. */
  readonly errors: readonly unknown[];
  /** Where each came from, in the same order: `body`, `task "poll"`, `dispose` or `signal`. */
  readonly origins: readonly string[];

  constructor(failures: readonly Failure[]) {
    const list = failures.map(({ origin, error }) => `${origin}: ${messageOf(error)}`);
    const count = failures.length === 1 ? '1 error' : `${failures.length} errors`;
    super(`${count} in one scope: ${list.join('; ')}`, { cause: failures[0]?.error });
    this.errors = failures.map(({ error }) => error);
    this.origins = failures.map(({ origin }) => origin);
  }
}

/**
 * The scope is closed: thrown by what was asked of it afterwards, and the reason its tasks are cancelled with. Its
 * `cause`, if any, is the error of the disposer of what a `SyncScope` was handed late.
 */
export class ScopeClosedError extends DexError {
  override readonly name = 'ScopeClosedError';
  readonly code = 'DEX_SCOPE_CLOSED';

  constructor(options?: ErrorOptions) {
    super('The scope is closed.', options);
  }
}

/** A disposer did not settle in time. The scope went on without it; what it does later is not reported. */
export class DisposeTimeoutError extends DexError {
  override readonly name = 'DisposeTimeoutError';
  readonly code = 'DEX_DISPOSE_TIMEOUT';
  /** The name of the disposer's function, or of the resource's class. */
  readonly resource: string;
  readonly disposeMs: number;

  constructor(resource: string, disposeMs: number) {
    super(`Not disposed of within ${disposeMs} ms: ${resource}.`);
    this.resource = resource;
    this.disposeMs = disposeMs;
  }
}

/** A generator given to `resource` did not yield exactly once. Its `finally` was run. */
export class ResourceError extends DexError {
  override readonly name = 'ResourceError';
  readonly code = 'DEX_RESOURCE';
  /** The name of the generator function. */
  readonly resource: string;

  constructor(resource: string, fault: 'yielded nothing' | 'yielded twice', options?: ErrorOptions) {
    super(`A resource yields once: ${resource} ${fault}.`, options);
    this.resource = resource;
  }
}

/** The body of `withTimeout`, or a task of `scope.shield`, took too long; also the reason its signal aborts with. */
export class ScopeTimeoutError extends DexError {
  override readonly name = 'ScopeTimeoutError';
  readonly code = 'DEX_SCOPE_TIMEOUT';
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number) {
    super(`The ${what} did not end within ${timeoutMs} ms.`);
    this.timeoutMs = timeoutMs;
  }
}

/** The reason a service's signals abort with when a signal of the operating system stops it. */
export class ServiceStoppedError extends DexError {
  override readonly name = 'ServiceStoppedError';
  readonly code = 'DEX_SERVICE_STOPPED';
  readonly stoppedBy: 'SIGTERM' | 'SIGINT';

  constructor(stoppedBy: 'SIGTERM' | 'SIGINT') {
    super(`The service was stopped by ${stoppedBy}.`);
    this.stoppedBy = stoppedBy;
  }
}

/** The body, a task or a disposer of a service did not end in time. */
export class ServiceCloseError extends DexError {
  override readonly name = 'ServiceCloseError';
  readonly code = 'DEX_SERVICE_CLOSE';
  readonly closeMs: number;
  /** What had not ended: `body`, `task "poll"`, or the name of a disposer's function or of a resource's class. */
  readonly underWay: readonly string[];

  constructor(closeMs: number, underWay: readonly string[]) {
    super(`The service did not close within ${closeMs} ms. Still under way: ${underWay.join(', ')}.`);
    this.closeMs = closeMs;
    this.underWay = underWay;
  }
}

/**
 * A file could not be written; what stood there before still does, unless it is only the folder that could not be
 * flushed. The `cause` is the system's error, with its code.
 */
export class WriteError extends DexError {
  override readonly name = 'WriteError';
  readonly code = 'DEX_WRITE';
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`Could not write ${path}: ${messageOf(cause)}`, { cause });
    this.path = path;
  }
}

/** A temporary folder or file could not be made or removed. The `cause` is the system's error, with its code. */
export class TempError extends DexError {
  override readonly name = 'TempError';
  readonly code = 'DEX_TEMP';
  readonly path: string;

  constructor(verb: 'make' | 'remove', path: string, cause: unknown) {
    super(`Could not ${verb} ${path}: ${messageOf(cause)}`, { cause });
    this.path = path;
  }
}

/**
 * Another process holds the lock. When that one was on another host or in another container, and has ended, remove the
 * file at `path`: such a lock is not taken over.
 */
export class LockError extends DexError {
  override readonly name = 'LockError';
  readonly code = 'DEX_LOCK';
  readonly path: string;
  /** Who holds it; `undefined` when the file does not tell. */
  readonly holder: LockHolder | undefined;
  readonly waitMs: number;

  constructor(path: string, holder: LockHolder | undefined, waitMs: number) {
    const who = holder && `process ${holder.pid} on ${holder.host} since ${holder.since}`;
    super(`${path} is held by ${who ?? 'someone it does not name'} (waited ${waitMs} ms).`);
    this.path = path;
    this.holder = holder;
    this.waitMs = waitMs;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
