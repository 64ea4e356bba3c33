import {
  type Attributes,
  context,
  type Counter,
  type Histogram,
  isSpanContextValid,
  type Meter,
  type MeterProvider,
  type MetricOptions,
  metrics,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** Spans and metrics of one package, named after it. Each does nothing until an OpenTelemetry SDK is registered. */
export interface Instrumentation {
  /**
   * Runs `fn` inside an active span and ends it when the promise settles. An error sets the span's status and its
   * `error.type` (the error's `code`, else its `name`), and is thrown on.
   */
  withSpan<T>(name: string, options: SpanOptions, fn: (span: Span) => Promise<T>): Promise<T>;
  counter(name: string, options?: MetricOptions): Pick<Counter, 'add'>;
  histogram(name: string, options?: MetricOptions): Pick<Histogram, 'record'>;
}

/**
 * Makes a package's spans and metrics. Call it once, when the module loads: an SDK registered later is still found.
 *
 * ```ts
 * import { instrument } from '@dataenginex/core';
 *
 * const telemetry = instrument('@acme/stations');
 * const reads = telemetry.counter('station.reads', { unit: '{read}' });
 *
 * const read = async () => 12.8;
 * const max = await telemetry.withSpan('station.read', {}, async (span) => {
 *   span.setAttribute('station', 'Seattle');
 *   reads.add(1);
 *   return read();
 * });
 * max; // => 12.8
 * ```
 *
 * @param scope The package's name, the instrumentation scope.
 * @see https://opentelemetry.io/docs/specs/semconv/
 */
export function instrument(scope: string): Instrumentation {
  const tracer = trace.getTracer(scope);
  return {
    withSpan(name, options, fn) {
      const span = tracer.startSpan(name, options);
      // Without an SDK there is nothing to end, and nothing for others to be children of.
      if (!isSpanContextValid(span.spanContext())) {
        try {
          return fn(span);
        } catch (error) {
          return Promise.reject(error);
        }
      }
      return context.with(trace.setSpan(context.active(), span), async () => {
        try {
          return await fn(span);
        } catch (error) {
          const { message, type } = describe(error);
          span.setStatus({ code: SpanStatusCode.ERROR, message });
          span.setAttribute('error.type', type);
          throw error;
        } finally {
          span.end();
        }
      });
    },
    counter(name, options) {
      const counter = late(scope, (meter) => meter.createCounter(name, options));
      return { add: (value, attributes?: Attributes) => counter().add(value, attributes) };
    },
    histogram(name, options) {
      const histogram = late(scope, (meter) => meter.createHistogram(name, options));
      return { record: (value, attributes?: Attributes) => histogram().record(value, attributes) };
    },
  };
}

/** The metrics API, unlike the trace API, hands out a no-op for good when asked before an SDK is registered. */
function late<T>(scope: string, create: (meter: Meter) => T): () => T {
  let from: MeterProvider | undefined;
  let current: T;
  return () => {
    const provider = metrics.getMeterProvider();
    if (provider !== from) {
      from = provider;
      current = create(provider.getMeter(scope));
    }
    return current;
  };
}

function describe(error: unknown): { message: string; type: string } {
  if (!(error instanceof Error)) return { message: String(error), type: '_OTHER' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { message: error.message, type: code ?? error.name };
}
