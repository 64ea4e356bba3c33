import { checkFunction } from '@dataenginex/core';
import { type KeyedArguments, keyOf } from '../key.ts';
import { createPolicy, type Policy } from '../policy.ts';
import { ResultScopes } from '../result-scope.ts';
import { SharedCalls } from './shared-calls.ts';
import { count, telemetry } from '../telemetry.ts';

/** Options of `coalesce`. */
export interface CoalesceOptions<K extends readonly unknown[] = readonly unknown[]> {
  /** Calls with the same key are the same. @default made of the arguments, which must all be primitive then */
  key?: ((...args: K) => string) | undefined;
}

const joined = telemetry.counter('dex.coalesce.joined', {
  unit: '{run}',
  description: 'Runs that waited for a call which was under way already.',
});

/**
 * Calls of the same key at the same time become one, whose outcome all of them get. Each caller's abort or deadline
 * rejects that caller alone; the shared call is aborted when the last has left, and whoever comes then begins anew.
 *
 * The shared call has no deadline from outside, since a caller with a later one may join; a `timeout` further in bounds
 * it. It is made with the arguments of the first caller: one who gives it a `signal` lets it be aborted.
 *
 * Results are kept apart by wrapped function and by `this`. Under `run`, calls of one policy with the same `key` are
 * taken to be the same, whatever their functions.
 *
 * ```ts
 * import { coalesce } from '@dataenginex/resilience';
 *
 * let calls = 0;
 * const daily = coalesce()(async (city: string) => {
 *   calls += 1;
 *   return `${city}: 12.8 °C`;
 * });
 * await Promise.all([daily('Seattle'), daily('Seattle'), daily('Paris')]);
 * calls; // => 2
 * ```
 *
 * @throws {OptionError} At once, when `key` is no function.
 * @throws {KeyError} From the wrapped function, when there is nothing to make a key from.
 */
export function coalesce<K extends readonly unknown[] = readonly unknown[]>(
  options: CoalesceOptions<K> = {},
): Policy<KeyedArguments<K>> {
  checkFunction('coalesce.key', options.key);
  const calls = new SharedCalls();
  const scopes = new ResultScopes();
  return createPolicy<KeyedArguments<K>>((next) => (call) => {
    if (call.aborted) return Promise.reject(call.aborted.reason);
    let key: string;
    try {
      key = keyOf(call, options.key, 'coalesce');
    } catch (error) {
      return Promise.reject(error);
    }
    const id = scopes.prefixOf(call) + key;
    const underWay = calls.get(id);
    if (underWay) count(joined, call);
    return (underWay ?? calls.begin(id, key, call, next)).join(call);
  });
}
