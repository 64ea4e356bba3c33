import { metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemoryMetricExporter,
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it } from 'vitest';
import { instrument, OptionError } from './index.ts';

afterEach(() => {
  trace.disable();
  metrics.disable();
});

describe('instrument', () => {
  it('works without an SDK', async () => {
    const telemetry = instrument('@dataenginex/test');
    telemetry.counter('calls').add(1);
    telemetry.histogram('duration').record(1);
    await expect(telemetry.withSpan('work', {}, async () => 7)).resolves.toBe(7);
    const failure = new Error('at once');
    const failing = telemetry.withSpan('work', {}, () => {
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
  });

  it('records spans with an SDK that was registered after it was made', async () => {
    const telemetry = instrument('@dataenginex/test');
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));

    await telemetry.withSpan('good', { attributes: { city: 'Seattle' } }, async () => 1);
    const failure = new OptionError('o', 'a number', 'x');
    await expect(telemetry.withSpan('bad', {}, () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(telemetry.withSpan('thrown', {}, () => Promise.reject('text'))).rejects.toBe('text');

    const [good, bad, thrown] = exporter.getFinishedSpans();
    expect(good).toMatchObject({
      name: 'good',
      attributes: { city: 'Seattle' },
      status: { code: SpanStatusCode.UNSET },
    });
    expect(bad).toMatchObject({
      attributes: { 'error.type': 'DEX_OPTION' },
      status: { code: SpanStatusCode.ERROR, message: failure.message },
    });
    expect(thrown).toMatchObject({ attributes: { 'error.type': '_OTHER' }, status: { message: 'text' } });
  });

  it('records metrics with an SDK that was registered after the first call', async () => {
    const calls = instrument('@dataenginex/test').counter('calls');
    calls.add(1);
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    calls.add(2, { outcome: 'ok' });
    await reader.forceFlush();
    const [point] = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics[0]?.dataPoints ?? [];
    expect(point).toMatchObject({ value: 2, attributes: { outcome: 'ok' } });
    await reader.shutdown();
  });
});
