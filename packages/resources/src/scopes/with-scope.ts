import { checkFunction } from '@dataenginex/core';
import { checkGiven } from '../checks.ts';
import { raise } from './held.ts';
import { checkScope, type Outcome, Scope, type ScopeOptions } from './scope.ts';
import { TaskGroup } from './task-group.ts';

/** Options of `withScope`. */
export interface WithScopeOptions<U = never> extends ScopeOptions {
  /** Makes what to return when the body failed and an exit (`scope.onExit`) has handled the error. */
  handled?: ((error: unknown) => U | PromiseLike<U>) | undefined;
}

/**
 * Runs `body` in a scope of its own, and settles only when nothing of it is left: no task runs, and every resource is
 * disposed of.
 *
 * When the body returns, its tasks are waited for. When the body or a task fails, or `signal` aborts, the scope's signal
 * aborts: tasks and body are expected to end soon, and are waited for. All errors are reported, save those that only
 * repeat why the scope was cancelled. A body that wants its tasks to stop when it is done calls `scope.close()`.
 *
 * ```ts
 * import { setTimeout } from 'node:timers/promises';
 * import { withScope } from '@dataenginex/resources';
 *
 * const log: string[] = [];
 * const sum = await withScope({}, async (scope) => {
 *   scope.defer(() => log.push('released'));
 *   const one = scope.spawn(async ({ signal }) => setTimeout(2, 1, { signal }));
 *   const two = scope.spawn(async () => 2);
 *   return (await one.result) + (await two.result);
 * });
 * sum; // => 3
 * log; // => ['released']
 *
 * await withScope({}, async (scope) => {
 *   scope.spawn(async ({ signal }) => setTimeout(60_000, 'never', { signal }));
 *   scope.spawn(async () => Promise.reject(new Error('Connection lost.')));
 * }); // throws Connection lost.
 * ```
 *
 * @returns What the body returned or, when an exit has handled its failure, what `handled` returned.
 * @throws {ScopeError} When several things failed; a single error is thrown as it is, whoever threw it.
 * @throws {OptionError} When an option is out of range, or `body` not a function.
 * @throws The signal's reason, when it aborts before the disposing begins.
 * @see https://trio.readthedocs.io/en/stable/reference-core.html#nurseries-and-spawning
 */
export async function withScope<T, U = never>(
  options: WithScopeOptions<U>,
  body: (scope: Scope) => T | PromiseLike<T>,
): Promise<T | U> {
  checkGiven('withScope.body', body);
  const { signal, disposeMs } = checkScope('withScope', options);
  const handled = checkFunction('withScope.handled', options.handled);
  signal?.throwIfAborted();
  const tasks = new TaskGroup(signal);
  const outcome: Outcome = { replaceable: true };
  const scope = new Scope(tasks, disposeMs, outcome);
  const result = (async () => body(scope))();
  await result.catch((error: unknown) => {
    outcome.replaceable = handled !== undefined;
    tasks.fail('body', error);
  });
  while (tasks.running > 0) await tasks.join();
  await scope.close();
  raise(tasks.failures);
  const { handled: failure } = outcome;
  return failure === undefined || handled === undefined ? result : result.catch(() => handled(failure.error));
}
