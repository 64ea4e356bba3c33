import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, expect, it } from 'vitest';
import { cachedOrigin } from '../../test/cached-origin.ts';

afterEach(() => metrics.disable());

it('counts what the cache had for each request', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const headers = { 'cache-control': 'max-age=60', etag: '"a"' };
  await using origin = await cachedOrigin((_request, count) => ({ status: count === 2 ? 304 : 200, headers }));

  await origin.get();
  await origin.get();
  await origin.get('/', { 'cache-control': 'no-cache' });
  await origin.get('/', { 'cache-control': 'no-store' });
  await origin.send('POST');
  await Promise.all([origin.get('/many'), origin.get('/many'), origin.get('/many')]);

  await reader.forceFlush();
  const counts: Record<string, unknown> = {};
  const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
  for (const { descriptor, dataPoints } of scopes.flatMap((scope) => scope.metrics)) {
    if (descriptor.name !== 'dex.http.cache.requests') continue;
    for (const { attributes, value } of dataPoints) counts[String(attributes['dex.cache.result'])] = value;
  }
  expect(counts).toEqual({ miss: 2, hit: 1, revalidated: 1, bypass: 2, collapsed: 2 });
});
