import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, expect, it } from 'vitest';
import { serve } from '../../test/server.ts';
import { createClient } from '../index.ts';

afterEach(() => metrics.disable());

it('open connections are counted, idle and active, until the client is closed', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const collect = async (): Promise<unknown[]> => {
    exporter.reset();
    await reader.forceFlush();
    const all = exporter.getMetrics()[0]?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    const found = all.find(({ descriptor }) => descriptor.name === 'http.client.open_connections');
    return found?.dataPoints.map(({ value, attributes }) => [attributes['http.connection.state'], value]) ?? [];
  };
  await using server = await serve((request, response) => {
    if (request.url === '/quick') response.end('x');
  });
  const api = createClient({ baseUrl: server.url, hedge: false });
  const waiting = api.get('/waits').text();
  waiting.catch(() => {});
  await Promise.all([api.get('/quick').text(), api.get('/quick').text()]);
  await expect.poll(collect).toEqual([
    ['idle', 2],
    ['active', 1],
  ]);
  await using other = createClient({ baseUrl: server.url, hedge: false });
  await other.get('/quick').text();
  await expect.poll(collect).toEqual([
    ['idle', 3],
    ['active', 1],
  ]);
  await other.close();
  await api.close();
  await expect(waiting).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
  expect(await collect()).toEqual([
    ['idle', 0],
    ['active', 0],
  ]);
  await reader.shutdown();
});
