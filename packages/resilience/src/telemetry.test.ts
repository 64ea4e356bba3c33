import { context, metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { policy, retry, timeout } from './index.ts';

const spans = new InMemorySpanExporter();
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });

beforeEach(() => {
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
});
