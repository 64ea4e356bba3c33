import { checkFunction, checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { Circuit, type CircuitSettings, type CircuitState, type StateChangeEvent } from './circuit.ts';
import { Circuits } from './circuits.ts';
import { PolicyClosedError } from '../errors.ts';
import { type KeyedArguments, keyOf } from '../key.ts';
import { CallWindow, TimeWindow } from './outcome-window.ts';
import { createPolicy, type Policy } from '../policy.ts';
import { longestTimerMs } from '../sleep.ts';

/** Options of `circuitBreaker`. */
export interface CircuitBreakerOptions {
  /** Judges by the last so many calls. @default 100 */
  windowCalls?: number | undefined;
  /** Judges by the calls of the last so many milliseconds instead, forgotten a tenth of them at a time. */
  windowMs?: number | undefined;
  /** Calls in the window before a ratio may open the circuit. @default 20, or `windowCalls` where that is less */
  minimumCalls?: number | undefined;
  /** Opens when this share of the calls in the window failed, above 0 and at most 1. @default 0.5 */
  failureRatio?: number | undefined;
  /** A call that takes longer is slow, whether it fails or not, in milliseconds. @default no call is */
  slowCallMs?: number | undefined;
  /** Opens when this share of the calls in the window was slow, above 0 and at most 1. @default 0.5 */
  slowCallRatio?: number | undefined;
  /**
   * Opens when so many calls in a row failed that began after the last success, also before `minimumCalls`; `Infinity`
   * for never.
   *
   * @default 10
   */
  consecutiveFailures?: number | undefined;
  /** How long it is open before a probe, less up to a fifth at random, in ms. @default 5_000, or 40 with `park` */
  openMs?: number | undefined;
  /** Where the growth of `openMs` stops. @default 60_000, or 1_000 with `park`; never less than `openMs` */
  maxOpenMs?: number | undefined;
  /** How much longer it is open after each probe that failed, from 1. @default 2, or 1.02 with `park` */
  openGrowth?: number | undefined;
  /** Calls let through when half-open, by whose outcomes the circuit closes or opens again. @default 1 */
  halfOpenCalls?: number | undefined;
  /** Whether an error speaks against the upstream; one that does not counts as a success. @default every error does */
  failureIf?: ((error: unknown) => boolean) | undefined;
  /** Whether a result does. @default no result does */
  failureIfResult?: ((result: unknown) => boolean) | undefined;
  /** Lets calls wait while the circuit is not closed, within their own deadlines, instead of failing. @default false */
  park?: boolean | undefined;
  /** Calls that may wait at a time, of all keys; those beyond fail. @default 1_000 */
  maxParked?: number | undefined;
  /** Told of each change of state, after it. What it throws is thrown as an uncaught exception. */
  onStateChange?: ((event: StateChangeEvent) => void) | undefined;
}

/** Options of a `circuitBreaker` with a circuit per key. */
export interface KeyedCircuitBreakerOptions<K extends readonly unknown[]> extends CircuitBreakerOptions {
  /** Makes the key from the arguments of a wrapped function. `run` is given its key. */
  key: (...args: K) => string;
  /** Circuits remembered; see `circuitBreaker` for which are forgotten first. @default 1_000 */
  maxKeys?: number | undefined;
}

/** Made by `circuitBreaker`. */
export interface CircuitBreaker extends Policy, AsyncDisposable {
  /** An open circuit becomes half-open with the first call after its time. */
  readonly state: CircuitState;
  /** Opens it by hand, for as long as it is not reset. What is parked fails at once. */
  isolate(): void;
  /** Closes it by hand and forgets what it counted. What is parked goes on. */
  reset(): void;
  /** Rejects what is parked, and later calls, with a `PolicyClosedError`. */
  close(): Promise<void>;
}

/** Made by `circuitBreaker` with a `key`. */
export interface KeyedCircuitBreaker<K extends readonly unknown[]> extends Policy<KeyedArguments<K>>, AsyncDisposable {
  /** The state of a key's circuit: `closed` for a key that has not been used. */
  stateOf(key: string): CircuitState;
  /** Opens the circuit of a key by hand, for as long as it is not reset. What is parked in it fails at once. */
  isolate(key: string): void;
  /** Closes the circuit of a key by hand and forgets what it counted. What is parked in it goes on. */
  reset(key: string): void;
  /** Rejects what is parked, and later calls, with a `PolicyClosedError`. */
  close(): Promise<void>;
}

/**
 * Stops calling an upstream that fails. The circuit opens when ten calls in a row failed, or half of the last hundred;
 * then calls fail at once with a `CircuitOpenError`, until a probe succeeds. A `retry` around it waits for the next
 * probe. Put it inside `retry`, so that it counts attempts, and around the timeout of an attempt, so that attempts that
 * take too long count. A call that is aborted from outside counts as neither success nor failure, and so does one that
 * a policy further in refused.
 *
 * With `park`, calls wait while the circuit is open, within the timeout around them, and are used as probes, the first
 * that came first. A probe that fails rejects with its error (a `retry` around it brings the call back), since a
 * breaker never calls twice. When one succeeds the others follow in order: two at once, and with each that succeeds one
 * more, so that the upstream is not knocked over again.
 *
 * With `key` there is a circuit per key, of which `maxKeys` are remembered. Closed ones that were not used for longest
 * are forgotten first; as many that are open are kept besides, and those that are isolated or park calls always.
 *
 * ```ts
 * import { circuitBreaker } from '@dataenginex/resilience';
 *
 * const upstream = circuitBreaker({ consecutiveFailures: 2, openMs: 30_000 });
 * const down = async () => {
 *   throw new Error('503');
 * };
 * await upstream.run(down); // throws 503
 * await upstream.run(down); // throws 503
 * upstream.state; // => 'open'
 * await upstream.run(async () => 'sunny'); // throws The circuit is open; the next probe is due in
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range, or two contradict each other.
 * @throws {CircuitOpenError} From the wrapped function.
 * @see https://resilience4j.readme.io/docs/circuitbreaker
 */
export function circuitBreaker<K extends readonly unknown[]>(
  options: KeyedCircuitBreakerOptions<K>,
): KeyedCircuitBreaker<K>;
export function circuitBreaker(options?: CircuitBreakerOptions): CircuitBreaker;
export function circuitBreaker<K extends readonly unknown[]>(
  options: CircuitBreakerOptions & Partial<KeyedCircuitBreakerOptions<K>> = {},
): CircuitBreaker | KeyedCircuitBreaker<K> {
  const settings = readSettings(options);
  const { key, maxKeys } = options;
  checkFunction('circuitBreaker.key', key);
  if (maxKeys !== undefined && key === undefined) refuse('maxKeys', 'left out without key', maxKeys);

  let isClosed = false;
  const closing = (circuits: Circuit | Circuits) => ({
    async close(): Promise<void> {
      isClosed = true;
      circuits.close();
    },
    [Symbol.asyncDispose](): Promise<void> {
      return this.close();
    },
  });
  if (key === undefined) {
    const circuit = new Circuit(settings, undefined);
    const breaker: CircuitBreaker = createPolicy(
      (next) => (call) => (isClosed ? Promise.reject(new PolicyClosedError()) : circuit.run(call, next)),
      {
        get state() {
          return circuit.state;
        },
        isolate: () => circuit.isolate(),
        reset: () => circuit.reset(),
        ...closing(circuit),
      },
    );
    return breaker;
  }
  const circuits = new Circuits(settings, checkInteger('circuitBreaker.maxKeys', maxKeys ?? 1_000, { min: 1 }));
  return createPolicy<KeyedArguments<K>, Omit<KeyedCircuitBreaker<K>, keyof Policy>>(
    (next) => (call) => {
      if (isClosed) return Promise.reject(new PolicyClosedError());
      try {
        return circuits.get(keyOf(call, key, 'circuitBreaker')).run(call, next);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    {
      stateOf: (of) => circuits.find(of)?.state ?? 'closed',
      isolate: (of) => circuits.get(of).isolate(),
      reset: (of) => circuits.find(of)?.reset(),
      ...closing(circuits),
    },
  );
}

function readSettings(options: CircuitBreakerOptions): CircuitSettings {
  const { windowCalls = 100, windowMs, park = false, slowCallMs } = options;
  const {
    minimumCalls = windowMs === undefined ? Math.min(20, windowCalls) : 20,
    failureRatio = 0.5,
    slowCallRatio = 0.5,
    consecutiveFailures = 10,
    openMs = park ? 40 : 5_000,
    maxOpenMs = Math.max(openMs, park ? 1_000 : 60_000),
    openGrowth = park ? 1.02 : 2,
    halfOpenCalls = 1,
    failureIf = () => true,
    failureIfResult,
    maxParked = 1_000,
    onStateChange,
  } = options;
  checkInteger('circuitBreaker.windowCalls', windowCalls, { min: 1, max: maxWindowCalls });
  if (windowMs !== undefined) checkNumber('circuitBreaker.windowMs', windowMs, { min: 1, max: longestTimerMs });
  const mostCalls = windowMs === undefined ? windowCalls : Number.MAX_SAFE_INTEGER;
  checkInteger('circuitBreaker.minimumCalls', minimumCalls, { min: 1, max: mostCalls });
  checkRatio('failureRatio', failureRatio);
  if (slowCallMs !== undefined) checkNumber('circuitBreaker.slowCallMs', slowCallMs, { min: 0 });
  checkRatio('slowCallRatio', slowCallRatio);
  checkInteger('circuitBreaker.consecutiveFailures', consecutiveFailures, { min: 1, max: Infinity });
  checkNumber('circuitBreaker.openMs', openMs, { min: 1, max: longestTimerMs });
  checkNumber('circuitBreaker.maxOpenMs', maxOpenMs, { min: openMs, max: longestTimerMs });
  checkNumber('circuitBreaker.openGrowth', openGrowth, { min: 1 });
  checkInteger('circuitBreaker.halfOpenCalls', halfOpenCalls, { min: 1, max: maxWindowCalls });
  checkInteger('circuitBreaker.maxParked', maxParked, { min: 1 });
  if (typeof park !== 'boolean') refuse('park', 'true or false', park);
  if (windowMs !== undefined && options.windowCalls !== undefined) {
    refuse('windowMs', 'left out where windowCalls is given', windowMs);
  }
  if (options.slowCallRatio !== undefined && slowCallMs === undefined) {
    refuse('slowCallRatio', 'left out without slowCallMs', slowCallRatio);
  }
  if (options.maxParked !== undefined && !park) refuse('maxParked', 'left out without park', maxParked);
  const callbacks = { failureIf, failureIfResult, onStateChange };
  for (const [name, callback] of Object.entries(callbacks)) checkFunction(`circuitBreaker.${name}`, callback);
  return {
    createWindow: () => (windowMs === undefined ? new CallWindow(windowCalls) : new TimeWindow(windowMs)),
    minimumCalls,
    failureRatio,
    slowCallMs,
    slowCallRatio,
    consecutiveFailures,
    openMs,
    maxOpenMs,
    openGrowth,
    halfOpenCalls,
    failureIf,
    failureIfResult,
    onStateChange,
    places: { max: park ? maxParked : 0, taken: 0 },
  };
}

/** More would cost each circuit a megabyte and more. */
const maxWindowCalls = 1_000_000;

function checkRatio(option: string, value: number): void {
  checkNumber(`circuitBreaker.${option}`, value, { min: 0, max: 1 });
  if (value === 0) refuse(option, 'above 0', value);
}

function refuse(option: string, wanted: string, got: unknown): never {
  throw new OptionError(`circuitBreaker.${option}`, wanted, got);
}
