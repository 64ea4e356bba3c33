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

/** The policy was closed: thrown by what waited in it, and by calls made afterwards. */
export class PolicyClosedError extends DexError {
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
