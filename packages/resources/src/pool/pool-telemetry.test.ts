import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, expect, it } from 'vitest';
import { createPool } from '../index.ts';

afterEach(() => metrics.disable());

it('a pool measures waits, creations, timeouts and errors under its name', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  {
    await using pool = createPool({
      name: 'stations',
      max: 1,
      create: async () => ({}),
      destroy: () => Promise.reject(new Error('Connection lost.')),
    });
    using _first = await pool.acquire();
    await expect(pool.acquire({ timeoutMs: 5 })).rejects.toMatchObject({ code: 'DEX_ACQUIRE_TIMEOUT' });
  }
  await reader.forceFlush();
  const measured = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  const points = measured.flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => [
      descriptor.name,
      attributes,
      typeof value === 'number' ? value : value.count,
    ]),
  );
  const attributes = { 'dex.pool.name': 'stations' };
  expect(points).toEqual([
    ['dex.pool.create_time', attributes, 1],
    ['dex.pool.wait_time', attributes, 1],
    ['dex.pool.timeouts', attributes, 1],
    ['dex.pool.errors', { ...attributes, 'dex.pool.operation': 'destroy' }, 1],
  ]);
  await reader.shutdown();
});
