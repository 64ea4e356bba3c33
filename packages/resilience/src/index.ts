export type { AdaptiveConcurrency } from './adaptive-limit.ts';
export {
  exponentialWait,
  type ExponentialWaitOptions,
  fixedWait,
  type Jitter,
  sumOfWaits,
  type Wait,
  waitsInTurn,
} from './backoff.ts';
export { bulkhead, type Bulkhead, type BulkheadOptions } from './bulkhead.ts';
export { cache, type CacheOptions, type CachePolicy, type RefreshErrorEvent } from './cache.ts';
export type { Attempt } from './call.ts';
export {
  circuitBreaker,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type KeyedCircuitBreaker,
  type KeyedCircuitBreakerOptions,
} from './circuit-breaker.ts';
export type { CircuitState, StateChangeEvent } from './circuit.ts';
export { coalesce, type CoalesceOptions } from './coalesce.ts';
export { allOf, anyOf, isError, not, stopAfterMs } from './conditions.ts';
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
export { hedge, type HedgeEvent, type HedgeOptions, type HedgePolicy } from './hedge.ts';
export type { KeyedArguments } from './key.ts';
export { policy, type Policy, type RunOptions } from './policy.ts';
export { rateLimit, type RateLimit, type RateLimitOptions } from './rate-limit.ts';
export type { RateOptions } from './rate-limiter.ts';
export { type GiveUpEvent, retry, type RetryEvent, type RetryOptions, type RetryState } from './retry.ts';
export { type RetryBudget, retryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export { timeout } from './timeout.ts';
