import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { bulkhead, circuitBreaker, coalesce, hedge, type Policy, policy, rateLimit, retry, timeout } from './index.ts';

const request = new AsyncLocalStorage<string>();

async function openedBreaker(): Promise<Policy> {
  const breaker = circuitBreaker({ park: true, consecutiveFailures: 1 });
  await breaker.run(() => Promise.reject(new Error('503'))).catch(() => {});
  return breaker;
}

describe('AsyncLocalStorage', () => {
  it.each<[string, () => Policy | Promise<Policy>]>([
    ['a bulkhead', () => bulkhead({ concurrent: 1 })],
    ['an adaptive bulkhead', () => bulkhead({ concurrent: { min: 1 } })],
    ['a rate limit', () => rateLimit({ limit: 100, burst: 1 })],
    ['an open circuit', openedBreaker],
    ['a retry', () => policy(timeout(1_000), retry({ baseDelayMs: 1, jitter: 'none' }))],
    ['a hedge', () => hedge({ delayMs: 1 })],
  ])('is that of the caller in a function that waited for %s', async (_name, create) => {
    const waited = await create();
    const seen = ['a', 'b', 'c', 'd'].map((name) =>
      request.run(name, () =>
        waited.run(async ({ attempt }) => {
          if (attempt === 1) await new Promise((resolve) => setTimeout(resolve, 5));
          return request.getStore();
        }),
      ),
    );
    expect(await Promise.all(seen)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is that of the first caller in a call that several share', async () => {
    const shared = coalesce();
    const seen = ['a', 'b'].map((name) =>
      request.run(name, () => shared.run(async () => request.getStore(), { key: 'same' })),
    );
    expect(await Promise.all(seen)).toEqual(['a', 'a']);
  });
});
