import { OptionError } from '@dataenginex/core';
import { checkGiven } from '../checks.ts';
import { type Failure, ScopeError } from '../errors.ts';

/** One thing a scope is to let go of. */
export interface Held {
  /** What errors name it after. */
  readonly subject: unknown;
  /** An exit is told the error in flight, and handles it by `true`. Anything else is told and asked nothing. */
  readonly isExit: boolean;
  dispose(error: unknown): unknown;
}

/** Where a resource keeps what an async scope takes instead of its disposer. */
export const exit = Symbol('exit');

type Candidate = Partial<AsyncDisposable & Disposable & { readonly [exit]: Held }>;

const nothing: Held = { subject: undefined, isExit: false, dispose: () => {} };

export function holdAsync(resource: AsyncDisposable | Disposable | null | undefined): Held {
  if (resource === null || resource === undefined) return nothing;
  const perhaps = resource as Candidate;
  const own = perhaps[exit];
  if (own !== undefined) return own;
  const method = perhaps[Symbol.asyncDispose];
  if (isMissing(method, resource)) return hold(resource, 'AsyncDisposable, Disposable, null or undefined');
  return { subject: resource, isExit: false, dispose: () => method.call(resource) };
}

export function holdSync(resource: Disposable | null | undefined): Held {
  return resource === null || resource === undefined ? nothing : hold(resource, 'Disposable, null or undefined');
}

function hold(resource: Candidate, wanted: string): Held {
  const method = resource[Symbol.dispose];
  if (isMissing(method, resource))
    throw new OptionError('scope.use', `${wanted} (scope.adopt takes anything else)`, resource);
  return {
    subject: resource,
    isExit: false,
    dispose: () => {
      method.call(resource); // what it returns is not waited for, as in the standard's stacks
    },
  };
}

/** The method is read once, when the resource is taken, as the standard's stacks do. */
function isMissing(method: unknown, resource: unknown): method is null | undefined {
  if (method === undefined || method === null) return true;
  if (typeof method === 'function') return false;
  throw new OptionError('scope.use', 'disposed of by a method', resource);
}

export function holdAdopted<T>(value: T, dispose: (value: T) => unknown): Held {
  checkGiven('scope.adopt', dispose);
  return { subject: dispose.name === '' ? value : dispose, isExit: false, dispose: () => dispose(value) };
}

export function holdDeferred(dispose: () => unknown): Held {
  checkGiven('scope.defer', dispose);
  return { subject: dispose, isExit: false, dispose: () => dispose() };
}

export function holdExit(dispose: (error: unknown) => unknown): Held {
  checkGiven('scope.onExit', dispose);
  return { subject: dispose, isExit: true, dispose };
}

/** As good a name as there is: a function's own, or that of a resource's class. */
export function nameOf(subject: unknown): string {
  if (typeof subject === 'function') return subject.name === '' ? 'a function without a name' : subject.name;
  if (!(subject instanceof Object)) return `a ${typeof subject}`;
  const { constructor } = subject as { constructor?: unknown };
  if (typeof constructor !== 'function' || constructor === Object) return 'an object without a class';
  return constructor.name === '' ? 'an object of a class without a name' : constructor.name;
}

/** Throws what was recorded: one error as it is, several as one. */
export function raise(failures: readonly Failure[]): void {
  if (failures.length > 1) throw new ScopeError(failures);
  for (const { error } of failures) throw error;
}
