export type { AdaptiveConcurrency } from './limits/adaptive-limit.ts';
export {
  exponentialWait,
  type ExponentialWaitOptions,
  fixedWait,
  type Jitter,
  sumOfWaits,
  type Wait,
  waitsInTurn,
} from './retry/backoff.ts';
export { bulkhead, type Bulkhead, type BulkheadOptions } from './limits/bulkhead.ts';
export { cache, type CacheOptions, type CachePolicy, type RefreshErrorEvent } from './sharing/cache.ts';
export type { Attempt } from './call.ts';
export {
  circuitBreaker,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type KeyedCircuitBreaker,
  type KeyedCircuitBreakerOptions,
} from './circuit-breaker/circuit-breaker.ts';
export type { CircuitState, StateChangeEvent } from './circuit-breaker/circuit.ts';
export { coalesce, type CoalesceOptions } from './sharing/coalesce.ts';
export { allOf, anyOf, isError, not, stopAfterMs } from './retry/conditions.ts';
export {
  BulkheadFullError,
  CircuitOpenError,
  DecoratorError,
  HedgeLostError,
  KeyError,
  PolicyClosedError,
  RateLimitError,
  RateLimitStoreError,
  RefusedError,
  TimeoutError,
} from './errors.ts';
export { fallback, type FallbackEvent, type FallbackOptions, type FallbackPolicy } from './fallback.ts';
export { hedge, type HedgeEvent, type HedgeOptions, type HedgePolicy } from './hedge/hedge.ts';
export type { KeyedArguments } from './key.ts';
export { policy, type Policy, type RunOptions } from './policy.ts';
export { rateLimit, type RateLimit, type RateLimitOptions } from './limits/rate-limit.ts';
export type { RateOptions } from './limits/rate-limiter.ts';
export { type GiveUpEvent, retry, type RetryEvent, type RetryOptions, type RetryState } from './retry/retry.ts';
export { type RetryBudget, retryBudget, type RetryBudgetOptions } from './retry/retry-budget.ts';
export { timeout } from './timeout.ts';
