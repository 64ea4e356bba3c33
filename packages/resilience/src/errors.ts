import { DexError } from '@dataenginex/core';

/** The time that a `timeout` policy allows has passed. The function it wrapped may still be running. */
export class TimeoutError extends DexError {
  override readonly name = 'TimeoutError';
  readonly code = 'DEX_TIMEOUT';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`Timed out after ${timeoutMs} ms.`);
    this.timeoutMs = timeoutMs;
  }
}

/** A policy was to decorate something else than a method, or by a compiler that speaks the legacy dialect. */
export class DecoratorError extends DexError {
  override readonly name = 'DecoratorError';
  readonly code = 'DEX_DECORATOR';

  constructor() {
    super(
      'A policy decorates methods, as a TC39 standard decorator. ' +
        'If this is a method, turn "experimentalDecorators" off in tsconfig.json.',
    );
  }
}

/**
 * A policy did not let the call through, so it never reached the function. The base of all errors that say so: it costs
 * a `retry` nothing of its budget, and a breaker around it does not count it.
 */
export abstract class RefusedError extends DexError {}

/** The policy was closed: thrown by what waited in it, and by calls made afterwards. */
export class PolicyClosedError extends RefusedError {
  override readonly name = 'PolicyClosedError';
  readonly code = 'DEX_POLICY_CLOSED';
  /** It never opens again, so a `retry` around it does not wait. */
  readonly retryAfterMs = Infinity;

  constructor() {
    super('The policy is closed.');
  }
}

/** A policy by key could not tell what a call is about. */
export class KeyError extends RefusedError {
  override readonly name = 'KeyError';
  readonly code = 'DEX_KEY';
  /** Another attempt would have no key either, so a `retry` around it does not wait. */
  readonly retryAfterMs = Infinity;
  /** The policy that needs the key, such as `cache`. */
  readonly policy: string;

  constructor(policy: string, problem: string) {
    super(`No key for ${policy}: ${problem}.`);
    this.policy = policy;
  }
}

/** Another attempt of the same `hedge` answered first: the reason with which the signals of the others abort. */
export class HedgeLostError extends DexError {
  override readonly name = 'HedgeLostError';
  readonly code = 'DEX_HEDGE_LOST';

  constructor() {
    super('Another attempt answered first.');
  }
}

/** As many calls run and wait as a `bulkhead` allows. */
export class BulkheadFullError extends RefusedError {
  override readonly name = 'BulkheadFullError';
  readonly code = 'DEX_BULKHEAD_FULL';
  /** How many calls may run at once. */
  readonly concurrent: number;
  /** How many may wait. */
  readonly maxQueued: number;
  /** What `run` was given as `key`. */
  readonly key: string | undefined;

  constructor(concurrent: number, maxQueued: number, key: string | undefined) {
    const whose = key === undefined ? '' : ` of ${JSON.stringify(key)}`;
    super(`The bulkhead${whose} is full: ${concurrent} calls run and ${maxQueued} wait.`);
    this.concurrent = concurrent;
    this.maxQueued = maxQueued;
    this.key = key;
  }
}

/** A rate limit has no room for the call now, and will not have in the time that the call can wait. */
export class RateLimitError extends RefusedError {
  override readonly name = 'RateLimitError';
  readonly code = 'DEX_RATE_LIMITED';
  readonly limit: number;
  readonly perMs: number;
  /** When a call may come again, in milliseconds. */
  readonly retryAfterMs: number;
  /** Whose limit it is, where each key has its own. */
  readonly key: string | undefined;

  constructor(rate: { limit: number; perMs: number }, retryAfterMs: number, key?: string) {
    const whose = key === undefined ? '' : ` for ${JSON.stringify(key)}`;
    super(`The limit of ${rate.limit} calls in ${rate.perMs} ms is reached${whose}. Try again in ${retryAfterMs} ms.`);
    this.limit = rate.limit;
    this.perMs = rate.perMs;
    this.retryAfterMs = retryAfterMs;
    this.key = key;
  }
}

/** A `circuitBreaker` does not let the call through, since recent ones failed or it was isolated by hand. */
export class CircuitOpenError extends RefusedError {
  override readonly name = 'CircuitOpenError';
  readonly code = 'DEX_CIRCUIT_OPEN';
  readonly state: 'closed' | 'open' | 'half-open' | 'isolated';
  /** Until the next probe is due; 0 while one is under way, `Infinity` when isolated. A `retry` around waits for it. */
  readonly retryAfterMs: number;
  /** Whose circuit it is; undefined where the breaker has no keys. */
  readonly key: string | undefined;

  constructor(state: CircuitOpenError['state'], retryAfterMs: number, key: string | undefined, places: number) {
    const whose = key === undefined ? '' : ` of ${JSON.stringify(key)}`;
    const full = places > 0 && state !== 'isolated' ? `, and all ${places} places to wait are taken` : '';
    const due = state === 'open' ? `; the next probe is due in ${Math.ceil(retryAfterMs)} ms` : '';
    super(`The circuit${whose} is ${state}${full}${due}.`);
    this.state = state;
    this.retryAfterMs = retryAfterMs;
    this.key = key;
  }
}

/** The store of a shared rate limit did not answer, and without it no call is let through. Its error is the `cause`. */
export class RateLimitStoreError extends RefusedError {
  override readonly name = 'RateLimitStoreError';
  readonly code = 'DEX_RATE_LIMIT_STORE';

  constructor(options: ErrorOptions) {
    super('The store of the shared rate limit did not answer.', options);
  }
}
