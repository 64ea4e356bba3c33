import { OptionError } from '@dataenginex/core';
import { type Attempt, Call, invoke, type Layer, noDeadline, type Run, sourceOf } from './call.ts';
import { DecoratorError } from './errors.ts';
import { observeRun } from './telemetry.ts';

/** Options of one run. */
export interface RunOptions {
  /**
   * Aborting rejects the run with `signal.reason` at once, whatever the function does with its own signal. Of several, the
   * first to abort counts, and the earliest deadline.
   */
  signal?: AbortSignal | readonly AbortSignal[] | undefined;
  /** What policies by key (a cache, a breaker per host) take instead of their own `key`, which needs arguments. */
  key?: string | undefined;
  /** Who goes first where calls wait for a `bulkhead`; the higher. @default 0 */
  priority?: number | undefined;
}

declare const takes: unique symbol;

/**
 * Wraps a function, and is thereby a standard method decorator as well.
 *
 * The wrapped function keeps its arguments and types. Where its last argument is a plain object that has a `signal` key,
 * it is called with a copy whose signal is the attempt's; every other argument is passed on untouched. Use `run` where
 * the function takes its signal differently. The attempt's signal ends with the attempt: what goes on afterwards, such
 * as the body of a `fetch`, is not reached by it.
 *
 * @typeParam P The arguments that a function must begin with, where a `key` is made from them.
 */
export interface Policy<in P extends readonly unknown[] = readonly unknown[]> {
  <This, A extends P, R>(
    fn: (this: This, ...args: A) => Promise<R>,
    context?: ClassMethodDecoratorContext<This>,
  ): (this: This, ...args: A) => Promise<R>;
  /** Runs `fn` once under this policy. */
  run<R>(fn: (attempt: Attempt) => Promise<R>, options?: RunOptions): Promise<R>;
  /** No value: from it `policy(…)` infers `P`, which it does not from the constraint above. */
  readonly [takes]?: ((args: P) => void) | undefined;
}

const layersOf = new WeakMap<object, Layer>();

/**
 * Composes policies, the first outermost. What a timeout bounds is told by its place: before `retry` it bounds the
 * whole, after it each attempt.
 *
 * With a name first, each run is a span of that name, each attempt of a `retry` or `hedge` one inside it, and the
 * package's metrics carry the name. The name of a policy that is part of another does not count.
 *
 * ```ts
 * import { policy, retry, timeout } from '@dataenginex/resilience';
 *
 * const upstream = policy('weather', timeout(10_000), retry({ attempts: 3, baseDelayMs: 1 }), timeout(2_000));
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
export function policy<P extends readonly unknown[] = readonly unknown[]>(
  name: string,
  ...policies: readonly Policy<P>[]
): Policy<P>;
export function policy<P extends readonly unknown[] = readonly unknown[]>(...policies: readonly Policy<P>[]): Policy<P>;
export function policy(...parts: readonly unknown[]): Policy {
  const [first] = parts;
  const name = typeof first === 'string' ? first : undefined;
  const layers = (name === undefined ? parts : parts.slice(1)).map((candidate, index) => {
    const layer = typeof candidate === 'function' ? layersOf.get(candidate) : undefined;
    if (layer === undefined) throw new OptionError(`policy[${index}]`, 'a policy, such as retry()', candidate);
    return layer;
  });
  return createPolicy((next) => layers.reduceRight((inner, layer) => layer(inner), next), undefined, name);
}

const noArgs: readonly unknown[] = [];

/** A policy of one layer, with the members of its own that users see. */
export function createPolicy<P extends readonly unknown[] = readonly unknown[], M extends object = object>(
  layer: Layer,
  members?: M,
  name?: string,
): Policy<P> & M {
  const next = layer(invoke);

  const begin = <R>(run: Run<R>, signal: RunOptions['signal']): Promise<R> => {
    if (signal === undefined) return proceed(new Call(run, 1, noDeadline));
    return runUntilAborted(proceed, run, signal instanceof AbortSignal ? [signal] : signal);
  };
  const proceed = <R>(call: Call<R>): Promise<R> => (name === undefined ? next(call) : observeRun(next, call, name));

  const wrap = <This, A extends P, R>(
    fn: (this: This, ...args: A) => Promise<R>,
    context?: ClassMethodDecoratorContext<This>,
  ) => {
    if (context !== undefined && context?.kind !== 'method') throw new DecoratorError();
    if (typeof fn !== 'function') throw new OptionError('policy.fn', 'a function', fn);
    const wrapped = function (this: This, ...args: A): Promise<R> {
      const options: unknown = args[args.length - 1];
      const isCancellable = takesSignal(options);
      const call = isCancellable
        ? ({ signal }: Attempt) => Reflect.apply(fn, this, [...args.slice(0, -1), { ...options, signal }])
        : () => Reflect.apply(fn, this, args);
      const started = { fn: call, key: undefined, priority: undefined, args, wrapped, self: this, name };
      return begin(started, isCancellable ? (options.signal ?? undefined) : undefined);
    };
    return Object.defineProperty(wrapped, 'name', { value: fn.name, configurable: true });
  };

  const run: Policy['run'] = (fn, { signal, key, priority } = {}) => {
    // Else a retry would take it for a failure that may pass.
    if (typeof fn !== 'function') return Promise.reject(new OptionError('run.fn', 'a function', fn));
    return begin({ fn, key, priority, args: noArgs, wrapped: undefined, self: undefined, name }, signal);
  };

  const created: Policy<P> = Object.assign(wrap, { run });
  layersOf.set(created, layer);
  addMembers(created, members);
  return created;
}

/** As `Object.assign`, but a getter stays one. */
function addMembers<T extends object, M extends object>(target: T, members: M | undefined): asserts target is T & M {
  if (members !== undefined) Object.defineProperties(target, Object.getOwnPropertyDescriptors(members));
}

function runUntilAborted<R>(
  proceed: (call: Call<R>) => Promise<R>,
  run: Run<R>,
  signals: readonly AbortSignal[],
): Promise<R> {
  if (!Array.isArray(signals) || !signals.every((signal) => signal instanceof AbortSignal)) {
    return Promise.reject(new OptionError('run.signal', 'an AbortSignal, or several', signals));
  }
  for (const signal of signals) if (signal.aborted) return Promise.reject(signal.reason);
  const sources = signals.map(sourceOf);
  let deadline = noDeadline;
  for (const source of sources) if (source.deadline.at < deadline.at) ({ deadline } = source);
  const call = new Call(run, 1, deadline);
  return new Promise<R>((resolve, reject) => {
    const abort = (reason: unknown): void => {
      call.abort(reason);
      reject(reason);
    };
    const links = sources.map((source) => ({ source, listener: { abort, previous: undefined, next: undefined } }));
    for (const { source, listener } of links) source.link(listener);
    const release = (): void => {
      for (const { source, listener } of links) source.unlink(listener);
    };
    proceed(call).then(
      (value) => {
        release();
        resolve(value);
      },
      (error: unknown) => {
        release();
        reject(error);
      },
    );
  });
}

/**
 * A plain object without the key is left alone: it may be a row to save, which a signal would spoil. So is anything of
 * a class, such as a `Request`, which has a signal and cannot be copied.
 */
function takesSignal(value: unknown): value is { signal?: AbortSignal | null | undefined } {
  if (typeof value !== 'object' || value === null || !('signal' in value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return value.signal === undefined || value.signal === null || value.signal instanceof AbortSignal;
}
