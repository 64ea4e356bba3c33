import { context, metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Attempt,
  bulkhead,
  cache,
  circuitBreaker,
  coalesce,
  fallback,
  hedge,
  policy,
  rateLimit,
  retry,
  timeout,
} from './index.ts';
import { redisRateLimit } from './redis.ts';

const spans = new InMemorySpanExporter();
let exporter: InMemoryMetricExporter;
let reader: PeriodicExportingMetricReader;

beforeEach(() => {
  spans.reset();
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});
afterEach(async () => {
  await reader.shutdown();
  trace.disable();
  metrics.disable();
  context.disable();
});

/** Each data point as `name {attributes} value`; of a histogram its count. */
async function measured(): Promise<string[]> {
  await reader.forceFlush();
  const points =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap(({ metrics: all }) => all) ?? [];
  return points
    .flatMap(({ descriptor: { name }, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const count = typeof value === 'number' ? value : value.count;
        return `${name} ${JSON.stringify(attributes)} ${count}`;
      }),
    )
    .toSorted();
}

describe('telemetry', () => {
  it('makes a span of each run and attempt of a named policy, and counts under its name', async () => {
    const failing = retry({ attempts: 2, baseDelayMs: 0 });
    const upstream = policy('weather', failing, timeout(5));
    await upstream.run(async ({ attempt }) => {
      if (attempt === 1) throw Object.assign(new Error('busy'), { code: 'E_BUSY' });
      return 'sunny';
    });
    await expect(upstream.run(() => new Promise(() => {}))).rejects.toThrow('Timed out');
    await policy(failing).run(async () => 'unnamed');

    expect(spans.getFinishedSpans().map(({ name, attributes }) => ({ name, ...attributes }))).toEqual([
      { name: 'weather attempt', 'dex.attempt': 1, 'error.type': 'E_BUSY' },
      { name: 'weather attempt', 'dex.attempt': 2 },
      { name: 'weather' },
      { name: 'weather attempt', 'dex.attempt': 1, 'error.type': 'DEX_TIMEOUT' },
      { name: 'weather attempt', 'dex.attempt': 2, 'error.type': 'DEX_TIMEOUT' },
      { name: 'weather', 'error.type': 'DEX_TIMEOUT' },
    ]);
    expect(await measured()).toEqual([
      'dex.policy.duration {"dex.policy.name":"weather","dex.outcome":"failure"} 1',
      'dex.policy.duration {"dex.policy.name":"weather","dex.outcome":"success"} 1',
      'dex.retry.attempts {"dex.outcome":"failure","dex.policy.name":"weather"} 3',
      'dex.retry.attempts {"dex.outcome":"success","dex.policy.name":"weather"} 1',
      'dex.retry.attempts {"dex.outcome":"success"} 1',
      'dex.retry.given_up {"dex.reason":"attempts","dex.policy.name":"weather"} 1',
      'dex.retry.retries {"dex.policy.name":"weather"} 2',
      'dex.timeout.expired {"dex.policy.name":"weather"} 2',
    ]);
  });

  it('ends the spans of a run that is aborted, and counts no retry that it was still waiting for', async () => {
    const upstream = policy('weather', retry({ baseDelayMs: 10_000 }));
    const controller = new AbortController();
    const { signal } = controller;
    const stuck = upstream.run(() => new Promise(() => {}), { signal });
    const waiting = upstream.run(() => Promise.reject(new RangeError('503')), { signal });
    await new Promise((resolve) => setTimeout(resolve));
    controller.abort(new TypeError('left'));
    await Promise.allSettled([stuck, waiting]);

    const ended = spans
      .getFinishedSpans()
      .map(({ name, attributes }) => `${name}: ${String(attributes['error.type'])}`);
    expect(ended.toSorted()).toEqual([
      'weather attempt: RangeError',
      'weather attempt: TypeError',
      'weather: TypeError',
      'weather: TypeError',
    ]);
    const counted = await measured();
    expect(counted).toContain('dex.policy.duration {"dex.policy.name":"weather","dex.outcome":"failure"} 2');
    expect(counted.filter((line) => line.startsWith('dex.retry.retries'))).toEqual([]);
  });

  it('counts hedges sent and won, and makes a span of each attempt', async () => {
    const slowFirst = ({ attempt }: Attempt): Promise<number> =>
      attempt === 1 ? new Promise(() => {}) : Promise.resolve(attempt);
    const replicas = policy('replicas', hedge({ delayMs: 1, maxHedges: 2 }));
    await expect(replicas.run(slowFirst)).resolves.toBe(2);
    await expect(replicas.run(async () => 'at once')).resolves.toBe('at once');
    expect(spans.getFinishedSpans().map(({ name, attributes }) => ({ name, ...attributes }))).toEqual([
      { name: 'replicas attempt', 'dex.attempt': 2 },
      { name: 'replicas attempt', 'dex.attempt': 1, 'error.type': 'DEX_HEDGE_LOST' },
      { name: 'replicas' },
      { name: 'replicas attempt', 'dex.attempt': 1 },
      { name: 'replicas' },
    ]);
    expect((await measured()).filter((line) => line.startsWith('dex.hedge'))).toEqual([
      'dex.hedge.sent {"dex.policy.name":"replicas"} 1',
      'dex.hedge.won {"dex.policy.name":"replicas"} 1',
    ]);
  });

  it('counts what a cache found, who joined a call, and what fell back', async () => {
    const fail = async (): Promise<number> => {
      throw new Error('503');
    };
    const kept = cache({ ttlMs: 0, staleIfErrorMs: 60_000, negativeIf: (result) => result === null });
    await Promise.all([kept.run(async () => 1, { key: 'a' }), kept.run(fail, { key: 'a' })]);
    await expect(kept.run(fail, { key: 'a' })).resolves.toBe(1);
    const leaving = new AbortController();
    const left = kept.run(() => new Promise(() => {}), { key: 'a', signal: leaving.signal });
    leaving.abort('left');
    await expect(left).rejects.toBe('left');
    const fresh = cache({ staleWhileRevalidateMs: 1 });
    for (let read = 0; read < 3; read++) await fresh.run(async () => 1, { key: 'a' });
    const stale = cache({ ttlMs: 0, staleWhileRevalidateMs: 60_000 });
    for (let read = 0; read < 2; read++) await stale.run(async () => 1, { key: 'a' });

    const shared = coalesce();
    await Promise.all([1, 2, 3].map((n) => shared.run(async () => n, { key: 'a' })));
    await fallback(null).run(fail);
    await expect(fallback(null, { fallbackIf: () => false }).run(fail)).rejects.toThrow('503');
    expect(await measured()).toEqual([
      'dex.cache.lookups {"dex.cache.result":"hit"} 2',
      'dex.cache.lookups {"dex.cache.result":"miss"} 6',
      'dex.cache.lookups {"dex.cache.result":"stale"} 1',
      'dex.cache.stale_if_error {} 1',
      'dex.coalesce.joined {} 2',
      'dex.fallback.used {} 1',
    ]);
  });

  it('counts what a breaker refuses and parks, and its changes of state', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 1, park: true, maxParked: 1, openMs: 100 });
    const upstream = policy('weather', breaker);
    await expect(upstream.run(() => Promise.reject(new Error('503')))).rejects.toThrow('503');
    const parked = upstream.run(async () => 'sunny');
    await expect(upstream.run(async () => 'sunny')).rejects.toThrow('places to wait are taken');
    await expect(parked).resolves.toBe('sunny');
    breaker.isolate();
    expect((await measured()).filter((line) => line.startsWith('dex.circuit_breaker'))).toEqual([
      'dex.circuit_breaker.parked {"dex.policy.name":"weather"} 1',
      'dex.circuit_breaker.refused {"dex.policy.name":"weather"} 1',
      'dex.circuit_breaker.transitions {"dex.circuit_breaker.state":"closed","dex.policy.name":"weather"} 1',
      'dex.circuit_breaker.transitions {"dex.circuit_breaker.state":"half-open","dex.policy.name":"weather"} 1',
      'dex.circuit_breaker.transitions {"dex.circuit_breaker.state":"isolated"} 1',
      'dex.circuit_breaker.transitions {"dex.circuit_breaker.state":"open","dex.policy.name":"weather"} 1',
    ]);
  });

  it('counts what waits in limits or is refused by them, and calls that Redis did not answer for', async () => {
    const client = { isReady: false, eval: async () => {} };
    const limits = {
      places: bulkhead({ concurrent: 1, maxQueued: 1 }),
      rate: rateLimit({ limit: 5, burst: 1, maxQueued: 1 }),
      shared: redisRateLimit({ client, keyPrefix: 'shared', limit: 2, perMs: 60_000 }),
    };
    for (const [name, limit] of Object.entries(limits)) {
      await Promise.allSettled([1, 2, 3].map((n) => policy(name, limit).run(async () => n)));
    }
    expect((await measured()).filter((line) => !line.startsWith('dex.policy'))).toEqual([
      'dex.bulkhead.queued {"dex.policy.name":"places"} 1',
      'dex.bulkhead.refused {"dex.policy.name":"places"} 1',
      'dex.rate_limit.queued {"dex.policy.name":"rate"} 1',
      'dex.rate_limit.refused {"dex.policy.name":"rate"} 1',
      'dex.rate_limit.refused {"dex.policy.name":"shared"} 1',
      'dex.rate_limit.store_errors {"dex.policy.name":"shared"} 3',
    ]);
  });
});
