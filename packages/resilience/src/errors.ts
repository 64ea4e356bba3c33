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

/** A policy was used as a decorator on something it cannot wrap, or by a compiler that speaks the legacy dialect. */
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

/** A policy did not let the call through: nothing is known of what it would have come to. */
export abstract class RefusedError extends DexError {}

/** The policy was closed: thrown by what waited in it, and by calls made afterwards. */
export class PolicyClosedError extends RefusedError {
  override readonly name = 'PolicyClosedError';
  readonly code = 'DEX_POLICY_CLOSED';

  constructor() {
    super('The policy is closed.');
  }
}

/** A policy by key could not tell what a call is about. */
export class KeyError extends DexError {
  override readonly name = 'KeyError';
  readonly code = 'DEX_KEY';
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
