import { checkFunction, checkNumber, OptionError } from '@dataenginex/core';
import {
  bulkhead,
  type BulkheadOptions,
  circuitBreaker,
  type CircuitBreakerOptions,
  hedge,
  type HedgeOptions,
  type Policy,
  policy as compose,
  retry,
  type RetryOptions,
  timeout,
} from '@dataenginex/resilience';
import { isRetryable, isUpstreamFailure } from '../errors.ts';
import { isSafe } from '../facts.ts';

/** What stands between a request and its origin; each part but the timeouts can be left out with `false`. */
export interface PolicyOptions {
  /** For a whole request, in ms: all attempts, the waits between them, and reading the body. @default 30_000 */
  timeoutMs?: number | undefined;
  /** For one attempt, in ms; one that is hedged has it twice, the second from when it is sent. @default 10_000 */
  attemptTimeoutMs?: number | undefined;
  /** How failed attempts are repeated. @default 4 attempts, full jitter from 100 ms, never before `Retry-After` */
  retry?: RetryOptions | false | undefined;
  /**
   * When an origin is left alone. What counts as its failure are timeouts, failed connections and 5xx; the origin is the
   * `key` that its `onStateChange` is told. With `park: true` requests wait for it instead of failing.
   *
   * @default after 10 failures in a row or half of the last 100, for 1 s and then a fifth longer each time, up to 10 s
   */
  circuitBreaker?: CircuitBreakerOptions | false | undefined;
  /** How many requests an origin is sent at once. @default as many as `connections`, and 1_000 that wait */
  bulkhead?: BulkheadOptions | false | undefined;
  /** When a GET, HEAD or OPTIONS that is slow for its origin is sent a second time. @default slower than 95 of 100, and than 25 ms */
  hedge?: HedgeOptions | false | undefined;
  /** Takes the place of all these. Asked once for each origin, of which the last 1,000 are kept. */
  policy?: ((origin: string) => Policy) | undefined;
}

/** The policy that a request of this method runs under. */
export type PolicyOf = (origin: string, method: string) => Runner;

type Runner = Pick<Policy, 'run'>;

const defaultTimeoutMs = 30_000;
const maxOrigins = 1_000;
const maxTimerMs = 2 ** 31 - 1;

/** What a policy of the user's own takes the place of. */
const replaced = ['timeoutMs', 'attemptTimeoutMs', 'retry', 'circuitBreaker', 'bulkhead', 'hedge'] as const;

/** @throws {OptionError} When an option cannot work, or stands beside the `policy` that takes its place. */
export function choosePolicies({ policy, ...options }: PolicyOptions & { connections?: number | undefined }): PolicyOf {
  if (policy === undefined) {
    standardPolicies('', options); // to refuse what cannot work at once
    const kept = perOrigin((origin) => standardPolicies(origin, options));
    return (origin, method) => {
      const { safe, unsafe } = kept(origin);
      return isSafe(method) ? safe : unsafe;
    };
  }
  checkFunction('createClient.policy', policy);
  for (const name of replaced) {
    const value = options[name];
    if (value !== undefined) throw new OptionError(`createClient.${name}`, 'left out where a policy is given', value);
  }
  return perOrigin((origin) => {
    const made = policy(origin);
    if (typeof made?.run !== 'function')
      throw new OptionError('createClient.policy', 'one that gives a policy', typeof made);
    return made;
  });
}

/** What the attempts of one request have together, unless a policy of the user's knows better. */
export function timeoutOf({ policy, timeoutMs = defaultTimeoutMs }: PolicyOptions): number | undefined {
  return policy === undefined ? timeoutMs : undefined;
}

/** A request a second costs a server that is down nothing, and a client that waits longer much. */
const eager = { openMs: 1_000, openGrowth: 1.2, maxOpenMs: 10_000 };

/** One breaker, bulkhead and retry budget for both; only what is safe is sent a second time before it failed. */
function standardPolicies(
  origin: string,
  options: Omit<PolicyOptions, 'policy'> & { connections?: number | undefined },
): Record<'safe' | 'unsafe', Runner> {
  const { timeoutMs = defaultTimeoutMs, attemptTimeoutMs = 10_000, connections = 128 } = options;
  checkNumber('createClient.timeoutMs', timeoutMs, { min: 1, max: maxTimerMs });
  checkNumber('createClient.attemptTimeoutMs', attemptTimeoutMs, { min: 1, max: maxTimerMs });
  const shared = [timeout(timeoutMs)];
  if (options.retry !== false) {
    const { retryIf = isRetryable } = options.retry ?? {};
    shared.push(retry({ ...options.retry, retryIf }));
  }
  if (options.circuitBreaker !== false) {
    const { failureIf = isUpstreamFailure, openMs, park } = options.circuitBreaker ?? {};
    const probing = openMs === undefined && park !== true ? eager : {};
    // by its key an error and a change of state tell whose circuit it is
    shared.push(circuitBreaker({ ...probing, ...options.circuitBreaker, failureIf, key: () => origin, maxKeys: 1 }));
  }
  if (options.bulkhead !== false) {
    const { concurrent = connections, maxQueued = 1_000 } = options.bulkhead ?? {};
    shared.push(bulkhead({ ...options.bulkhead, concurrent, maxQueued }));
  }
  const attempt = timeout(attemptTimeoutMs);
  const unsafe = keyed(origin, compose(...shared, attempt));
  if (options.hedge === false) return { unsafe, safe: unsafe };
  return { unsafe, safe: keyed(origin, compose(...shared, createHedge(options.hedge), attempt)) };
}

function keyed(key: string, policy: Policy): Runner {
  return { run: (fn, options) => policy.run(fn, { ...options, key }) };
}

/** Below that a second request costs a busy client more than it saves. */
const minHedgeMs = 25;

function createHedge(options: HedgeOptions = {}): Policy {
  const { delayMs, maxDelayMs = minHedgeMs, minDelayMs = Math.min(minHedgeMs, maxDelayMs) } = options;
  return hedge(delayMs === undefined ? { ...options, minDelayMs } : options);
}

/** Remembers what was made for an origin; past the limit, the one that was not used for longest is forgotten. */
function perOrigin<T>(create: (origin: string) => T): (origin: string) => T {
  const kept = new Map<string, T>();
  let lastOrigin: string | undefined;
  let last: T;
  return (origin) => {
    if (origin === lastOrigin) return last;
    last = kept.get(origin) ?? create(origin);
    lastOrigin = origin;
    kept.delete(origin);
    kept.set(origin, last);
    const [oldest = ''] = kept.keys();
    if (kept.size > maxOrigins) kept.delete(oldest);
    return last;
  };
}
