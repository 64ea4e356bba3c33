import { OptionError } from '@dataenginex/core';
import { checkSignal } from '../checks.ts';
import { nameInList, type TaskFunction } from './task-group.ts';
import { withScope } from './with-scope.ts';

/** Options of `race`. */
export interface RaceOptions {
  /** Aborting it cancels the tasks. */
  signal?: AbortSignal | undefined;
}

/**
 * Starts all tasks, in a scope of their own, and settles as the first of them to settle. Unlike `Promise.race` it
 * cancels the others first, and waits until they have ended.
 *
 * No error is lost: when one of the others fails, and not only because it was cancelled, the race fails with that too,
 * even if it was won. A task catches what is not to count.
 *
 * ```ts
 * import { setTimeout } from 'node:timers/promises';
 * import { race } from '@dataenginex/resources';
 *
 * const log: string[] = [];
 * const read = (mirror: string, delayMs: number) => async ({ signal }: { signal: AbortSignal }) => {
 *   signal.addEventListener('abort', () => log.push(`${mirror} cancelled`));
 *   return setTimeout(delayMs, mirror, { signal });
 * };
 * await race([read('near', 5), read('far', 60_000)]); // => 'near'
 * log; // => ['near cancelled', 'far cancelled']
 * ```
 *
 * @throws {ScopeError} When several tasks failed: its message names each by its function, else by its place in the list.
 * A single error is thrown as it is.
 * @throws {OptionError} When there is no task, or one is not a function; none is started then.
 * @throws The signal's reason, when it aborts before the race is decided.
 */
export function race<const T extends readonly TaskFunction<unknown>[]>(
  tasks: T,
  options?: RaceOptions,
): Promise<Awaited<ReturnType<T[number]>>>;
export function race<T>(tasks: Iterable<TaskFunction<T>>, options?: RaceOptions): Promise<T>;
export async function race<T>(tasks: Iterable<TaskFunction<T>>, options: RaceOptions = {}): Promise<T> {
  const named = Array.from(tasks, (task, index) => ({ task, name: nameInList('race.tasks', task, index) }));
  if (named.length === 0) throw new OptionError('race.tasks', 'one task or more', tasks);
  const signal = checkSignal('race.signal', options.signal);
  return withScope({ signal }, async (scope) => {
    try {
      return await Promise.race(named.map(({ task, name }) => scope.spawn(task, { name }).result));
    } finally {
      await scope.close();
    }
  });
}
