import { checkNumber } from '@dataenginex/core';

/** Options of `retryBudget`. */
export interface RetryBudgetOptions {
  /** Retries that may fail in a row before there are no more, until calls succeed again. @default 100 */
  maxTokens?: number | undefined;
  /** What a call that succeeds at once adds. @default 0.2 */
  tokenRatio?: number | undefined;
}

/** How many retries an upstream is still good for; shared by the `retry` policies it is given to. */
export interface RetryBudget {
  /** From 0 to `maxTokens`; a retry takes one, so below 1 there is none. */
  readonly tokens: number;
  /** Takes a token for a retry, if there is one. */
  take(): boolean;
  /** Tells that a retry succeeded: its token comes back. */
  refund(): void;
  /** Tells that a call succeeded at once: `tokenRatio` comes in. */
  earn(): void;
}

/**
 * Lets retries go on for as long as they help. Each retry takes a token, and gives it back when it succeeds; a call
 * that succeeds at once adds a fifth of one. So failures that come and go, even a quarter of all calls, are retried
 * without end, while an upstream that is down gets a hundred retries more and then one attempt per call.
 *
 * `retry` makes one of its own. Give one budget to several policies where they lead to the same upstream.
 *
 * ```ts
 * import { retry, retryBudget } from '@dataenginex/resilience';
 *
 * const budget = retryBudget({ maxTokens: 2 });
 * const upstream = retry({ attempts: 10, baseDelayMs: 1, budget });
 *
 * let attempts = 0;
 * await upstream.run(async () => {
 *   attempts += 1;
 *   throw new Error('Upstream answered 503.');
 * }); // throws Upstream answered 503.
 * attempts; // => 3
 * budget.tokens; // => 0
 * ```
 *
 * @throws {OptionError} When an option is out of range.
 * @see https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const { maxTokens = 100, tokenRatio = 0.2 } = options;
  checkNumber('retryBudget.maxTokens', maxTokens, { min: 1 });
  checkNumber('retryBudget.tokenRatio', tokenRatio, { min: 0, max: 1 });
  let tokens = maxTokens;
  const add = (count: number): void => {
    tokens = Math.min(maxTokens, tokens + count);
  };
  return {
    get tokens() {
      return tokens;
    },
    take() {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    refund: () => add(1),
    earn: () => add(tokenRatio),
  };
}
