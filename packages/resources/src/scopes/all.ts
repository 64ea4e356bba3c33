import { checkInteger } from '@dataenginex/core';
import { checkSignal } from '../checks.ts';
import { nameInList, type TaskFunction } from './task-group.ts';
import { withScope } from './with-scope.ts';

/** Options of `all`. */
export interface AllOptions {
  /** How many tasks run at the same time; `Infinity` for all at once. @default 8 */
  concurrency?: number | undefined;
  /** Aborting it cancels the tasks. */
  signal?: AbortSignal | undefined;
}

/** What each of the tasks returns, in their order. */
export type Results<T extends readonly TaskFunction<unknown>[]> = {
  -readonly [K in keyof T]: Awaited<ReturnType<T[K]>>;
};

/**
 * Runs tasks in a scope of their own, a few at a time, and returns what they return, in their order. Unlike
 * `Promise.all` it settles only when none of them runs: the first failure cancels the others, starts no more, and waits.
 *
 * Tasks may come from any iterable. A generator is asked for the next task only when that can start, and is closed when
 * a task fails or the signal aborts, once one of those that run has ended.
 *
 * ```ts
 * import { setTimeout } from 'node:timers/promises';
 * import { all } from '@dataenginex/resources';
 *
 * const [max, city] = await all([
 *   async ({ signal }) => setTimeout(2, 12.8, { signal }),
 *   () => 'Seattle',
 * ]);
 * max.toFixed(2); // => '12.80'
 * city; // => 'Seattle'
 *
 * function* days(count: number) {
 *   for (let day = 1; day <= count; day += 1) yield async () => `2012-01-0${day}`;
 * }
 * await all(days(3), { concurrency: 2 }); // => ['2012-01-01', '2012-01-02', '2012-01-03']
 *
 * const unreachable = async () => Promise.reject(new Error('Connection refused.'));
 * const never = async ({ signal }: { signal: AbortSignal }) => setTimeout(60_000, 'never', { signal });
 * await all([never, unreachable]); // throws Connection refused.
 * ```
 *
 * @throws {ScopeError} When several tasks failed: its message names each by its function, else by its place in the list.
 * A single error is thrown as it is.
 * @throws {OptionError} When an option is out of range, or when it comes to a task that is not a function.
 * @throws The signal's reason, when it aborts before the tasks are done.
 */
export function all<const T extends readonly TaskFunction<unknown>[]>(
  tasks: T,
  options?: AllOptions,
): Promise<Results<T>>;
export function all<T>(tasks: Iterable<TaskFunction<T>>, options?: AllOptions): Promise<T[]>;
export async function all<T>(tasks: Iterable<TaskFunction<T>>, options: AllOptions = {}): Promise<T[]> {
  const { concurrency = 8 } = options;
  checkInteger('all.concurrency', concurrency, { min: 1, max: Infinity });
  const signal = checkSignal('all.signal', options.signal);
  return withScope({ signal }, async (scope) => {
    const results: T[] = [];
    let started = 0;
    let running = 0;
    let freed: PromiseWithResolvers<void> | undefined;
    for (const task of tasks) {
      const index = started;
      const keep: TaskFunction<void> = async (context) => {
        results[index] = await task(context);
      };
      const { result } = scope.spawn(keep, { name: nameInList('all.tasks', task, index) });
      started += 1;
      running += 1;
      const end = (): void => {
        running -= 1;
        freed?.resolve();
      };
      // By its result, and not inside the task: by then a failure has cancelled the scope.
      result.then(end, end);
      if (running >= concurrency) {
        freed = Promise.withResolvers();
        await freed.promise;
      }
      scope.signal.throwIfAborted();
    }
    return results;
  });
}
