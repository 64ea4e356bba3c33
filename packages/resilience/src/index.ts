export type { Attempt } from './call.ts';
export { DecoratorError, TimeoutError } from './errors.ts';
export { policy, type Policy, type RunOptions } from './policy.ts';
export { retry, type RetryEvent, type RetryOptions } from './retry.ts';
export { timeout } from './timeout.ts';
