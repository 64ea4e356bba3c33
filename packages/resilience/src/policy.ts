import { OptionError } from '@dataenginex/core';
import { type Attempt, Call, settleWith, start } from './call.ts';
import { DecoratorError } from './errors.ts';

/** Options of one run. */
export interface RunOptions {
  /** Aborting rejects the run with `signal.reason` at once, whatever the function does with its own signal. */
  signal?: AbortSignal | undefined;
}

/**
 * Wraps a function, and is thereby a standard method decorator as well.
 *
 * The wrapped function keeps its arguments and types. Where its last argument is a plain object that has a `signal` key,
 * it is called with a copy whose signal is the attempt's; every other argument is passed on untouched. Use `run` where
 * the function takes its signal differently. The attempt's signal ends with the attempt: what goes on afterwards, such
 * as the body of a `fetch`, is not reached by it.
 */
export interface Policy {
  <This, A extends readonly unknown[], R>(
    fn: (this: This, ...args: A) => Promise<R>,
    context?: ClassMethodDecoratorContext<This>,
  ): (this: This, ...args: A) => Promise<R>;
  /** Runs `fn` once under this policy. */
  run<R>(fn: (attempt: Attempt) => Promise<R>, options?: RunOptions): Promise<R>;
}

/** What one policy does around `next`: it calls it any number of times, and never throws synchronously. */
export type Layer = <R>(next: (call: Call) => Promise<R>, call: Call) => Promise<R>;

const layerOf = Symbol('layer');

/**
 * Composes policies, the first outermost. What a timeout bounds is told by its place: before `retry` it bounds the
 * whole, after it each attempt.
 *
 * ```ts
 * import { policy, retry, timeout } from '@dataenginex/resilience';
 *
 * const upstream = policy(timeout(10_000), retry({ attempts: 3, baseDelayMs: 1 }), timeout(2_000));
 *
 * const answers = ['503', '503', 'sunny'];
 * await upstream.run(async ({ attempt }) => {
 *   const answer = answers[attempt - 1];
 *   if (answer === '503') throw new Error('Upstream answered 503.');
 *   return answer;
 * }); // => 'sunny'
 * ```
 *
 * @throws {OptionError} When an argument is not a policy of this package.
 */
export function policy(...policies: readonly Policy[]): Policy {
  const layers = policies.map((candidate, index) => {
    const layer = (candidate as Partial<InternalPolicy> | undefined)?.[layerOf];
    if (layer === undefined) throw new OptionError(`policy[${index}]`, 'a policy, such as retry()', candidate);
    return layer;
  });
  if (layers.length === 0) return createPolicy(start);
  return createPolicy((next, call) => {
    let run = next;
    for (const layer of layers.toReversed()) {
      const inner = run;
      run = (outer) => layer(inner, outer);
    }
    return run(call);
  });
}

interface InternalPolicy extends Policy {
  readonly [layerOf]: Layer;
}

export function createPolicy(layer: Layer): Policy {
  const run: Policy['run'] = (fn, { signal } = {}) => {
    const call = new Call(1);
    return signal === undefined ? layer(fn, call) : runUntilAborted(() => layer(fn, call), call, signal);
  };

  const wrap: InternalPolicy = Object.assign(
    <This, A extends readonly unknown[], R>(
      fn: (this: This, ...args: A) => Promise<R>,
      context?: ClassMethodDecoratorContext<This>,
    ) => {
      if (typeof fn !== 'function' || (context !== undefined && context?.kind !== 'method')) throw new DecoratorError();
      const wrapped = function (this: This, ...args: A): Promise<R> {
        const options = args.at(-1);
        if (!takesSignal(options)) return run(() => Reflect.apply(fn, this, args));
        return run(({ signal }) => Reflect.apply(fn, this, [...args.slice(0, -1), { ...options, signal }]), options);
      };
      return Object.defineProperty(wrapped, 'name', { value: fn.name, configurable: true });
    },
    { run, [layerOf]: layer },
  );
  return wrap;
}

function runUntilAborted<R>(running: () => Promise<R>, call: Call, signal: AbortSignal): Promise<R> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise<R>((resolve, reject) => {
    const abort = (): void => {
      call.abort(signal.reason);
      reject(signal.reason);
    };
    const release = (): void => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
    settleWith(running(), release, resolve, reject);
  });
}

/**
 * A plain object without the key is left alone: it may be a row to save, which a signal would spoil. So is anything of
 * a class, such as a `Request`, which has a signal and cannot be copied.
 */
function takesSignal(value: unknown): value is { signal?: AbortSignal | undefined } {
  if (typeof value !== 'object' || value === null || !('signal' in value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return value.signal === undefined || value.signal instanceof AbortSignal;
}
