import { metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { map, pipe } from '@dataenginex/streams';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from './index.ts';

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
});

/** Each data point as its name, its attributes, the contract's first, and its value; of a histogram its count. */
async function measured(): Promise<unknown[]> {
  await reader.forceFlush();
  const all = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
  return all
    .flatMap(({ metrics: some }) => some)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [
        descriptor.name,
        ...Object.values(attributes),
        typeof value === 'number' ? value : 'count' in value ? value.count : value,
      ]),
    );
}

const Temps = contract('temps', z.object({ temp: z.number() }), (c) => [
  c.temp.toBeBetween(-60, 60),
  c.temp.meanToBeBetween(0, 10, { severity: 'warning' }),
]);
const rows = [{ temp: 12 }, { temp: 100 }];
const wanted = [
  ['dex.quality.rows', 'temps', 2],
  ['dex.quality.check.duration', 'temps', 1],
  ['dex.quality.rules', 'temps', 'success', 2],
  ['dex.quality.rules', 'temps', 'failure', 'critical', 1],
  ['dex.quality.rules', 'temps', 'failure', 'warning', 1],
];

describe('what is told of checks', () => {
  it('is a span, and counts of rows and rules', async () => {
    await Temps.check(rows);
    expect(spans.getFinishedSpans()).toMatchObject([
      {
        name: 'check temps',
        attributes: { 'dex.quality.contract': 'temps', 'dex.quality.success': false, 'dex.quality.rows': 2 },
      },
    ]);
    expect(await measured()).toEqual(wanted);
  });

  it('is the same of split, and of a gate when its pipe has ended', async () => {
    await Temps.split(rows);
    expect(await measured()).toEqual(wanted);
    await Array.fromAsync(pipe(rows, Temps.gate({ rejects: () => {}, except: [] })));
    expect(await measured()).toContainEqual(['dex.quality.rows', 'temps', 4]);
  });

  it('is the error of a check that is cut short', async () => {
    const broken = pipe(
      rows,
      map(({ temp }) => {
        if (temp > 60) throw new Error('cut');
        return { temp };
      }),
    );
    await expect(Temps.check(broken)).rejects.toThrow();
    expect(spans.getFinishedSpans()).toMatchObject([{ attributes: { 'error.type': 'DEX_QUALITY_INTERRUPTED' } }]);
  });
});
