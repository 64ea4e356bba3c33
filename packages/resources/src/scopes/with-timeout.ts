import { checkInteger } from '@dataenginex/core';
import { checkGiven, longestTimerMs } from '../checks.ts';
import { ScopeTimeoutError } from '../errors.ts';
import { checkScope, type Scope, type ScopeOptions } from './scope.ts';
import { withScope } from './with-scope.ts';

/**
 * `withScope` with a deadline: when the body and its tasks have not ended in time, the scope's signal aborts with a
 * `ScopeTimeoutError`. They are expected to end soon, and are waited for; then that error is thrown, also when the body
 * has a result by now. The deadline does not interrupt the disposing.
 *
 * ```ts
 * import { setTimeout } from 'node:timers/promises';
 * import { withTimeout } from '@dataenginex/resources';
 *
 * const log: string[] = [];
 * await withTimeout(10, async (scope) => {
 *   scope.defer(() => log.push('released'));
 *   await setTimeout(60_000, null, { signal: scope.signal });
 * }); // throws The scope did not end within 10 ms.
 * log; // => ['released']
 *
 * await withTimeout(1_000, ({ signal }) => setTimeout(1, 12.8, { signal })); // => 12.8
 * ```
 *
 * @param timeoutMs From 0, which still starts the body, to 2,147,483,647.
 * @returns What the body returned.
 * @throws {ScopeTimeoutError} When the time is over before the disposing begins.
 * @throws {ScopeError} When several things failed; the deadline counts as one of them, of origin `signal`.
 * @throws {OptionError} When `timeoutMs` or an option is out of range, or `body` not a function.
 * @throws The signal's reason, when it aborts before the disposing begins.
 */
export async function withTimeout<T>(
  timeoutMs: number,
  body: (scope: Scope) => T | PromiseLike<T>,
  options: ScopeOptions = {},
): Promise<T> {
  checkInteger('withTimeout.timeoutMs', timeoutMs, { min: 0, max: longestTimerMs });
  checkGiven('withTimeout.body', body);
  const { signal: outer, disposeMs } = checkScope('withTimeout', options);
  outer?.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(new ScopeTimeoutError('scope', timeoutMs)), timeoutMs);
  outer?.addEventListener('abort', abort, { once: true });
  try {
    return await withScope({ signal: controller.signal, disposeMs }, body);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  }
}
