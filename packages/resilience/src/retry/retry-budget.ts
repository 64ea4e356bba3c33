import { checkNumber, OptionError } from '@dataenginex/core';

/** Options of `retryBudget`. */
export interface RetryBudgetOptions {
  /** Retries that may fail, more than succeed, before there are no more. @default 100 */
  maxTokens?: number | undefined;
  /** What a call that succeeds at once brings in. @default 0.2 */
  tokenRatio?: number | undefined;
}

/** How many retries an upstream is still good for; shared by the `retry` policies it is given to. */
export interface RetryBudget {
  /** From 0 to `maxTokens`. Below 1 there is no retry. */
  readonly tokens: number;
  /** Tells that a retry failed: it costs a token. */
  spend(): void;
  /** Tells that a retry succeeded: it brings one in. */
  refund(): void;
  /** Tells that a call succeeded at once: it brings in `tokenRatio`. */
  earn(): void;
}

/**
 * Lets retries go on for as long as they help. One that fails costs a token, one that succeeds brings one in, and a call
 * that succeeds at once brings in a fifth. So failures that come and go, even half of all attempts, are retried without
 * end, while an upstream that is down gets a hundred retries more, and then one attempt per call.
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
    tokens = Math.max(0, Math.min(maxTokens, tokens + count));
  };
  return {
    get tokens() {
      return tokens;
    },
    spend: () => add(-1),
    refund: () => add(1),
    earn: () => add(tokenRatio),
  };
}

const unbounded: RetryBudget = { tokens: Infinity, spend() {}, refund() {}, earn() {} };

/** What a policy's option of this name says: the budget given, one of its own, or none. */
export function readBudget(
  option: string,
  given: RetryBudget | false | undefined,
  own?: RetryBudgetOptions,
): RetryBudget {
  if (given === undefined) return retryBudget(own);
  if (given === false) return unbounded;
  const isBudget = ['spend', 'refund', 'earn'].every((name) => typeof Reflect.get(Object(given), name) === 'function');
  if (isBudget) return given;
  throw new OptionError(option, 'a retryBudget() or false', given);
}
