import { propagation, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../test/server.ts';
import { createClient } from '../index.ts';

it('sends no trace context where there is none', async () => {
  await using server = await serve((request, response) => response.end(String(request.headers['traceparent'])));
  await using api = createClient();
  await expect(api.get(server.url).text()).resolves.toBe('undefined');
});

describe('with an SDK', () => {
  const exporter = new InMemorySpanExporter();
  beforeAll(() => {
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
    propagation.setGlobalPropagator({
      inject: (current, carrier, setter) => {
        const { traceId, spanId } = trace.getSpanContext(current) ?? {};
        setter.set(carrier, 'traceparent', `00-${traceId}-${spanId}-01`);
      },
      extract: (current) => current,
      fields: () => ['traceparent'],
    });
  });
  afterEach(() => exporter.reset());
  afterAll(() => {
    trace.disable();
    propagation.disable();
  });

  it('makes a client span for each attempt, by the HTTP conventions', async () => {
    await using server = await serve((_request, response, attempt) =>
      response.writeHead(attempt === 1 ? 503 : 200).end(),
    );
    await using api = createClient({ retry: { baseDelayMs: 1 }, hedge: false });
    await api.get(`${server.url}/x`, { query: { token: 'secret' } }).text();

    const common = {
      'http.request.method': 'GET',
      'url.full': `${server.url}/x?token=REDACTED`,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(server.url).port),
    };
    expect(exporter.getFinishedSpans().map(({ name, kind, attributes }) => ({ name, kind, attributes }))).toEqual([
      { name: 'GET', kind: 2, attributes: { ...common, 'http.response.status_code': 503, 'error.type': '503' } },
      {
        name: 'GET',
        kind: 2,
        attributes: { ...common, 'http.response.status_code': 200, 'http.request.resend_count': 1 },
      },
    ]);
  });

  it('counts what a redirect sends as well, and tells a time that has passed from a failed connection', async () => {
    await using server = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/hang' }).end();
    });
    await using api = createClient({ retry: false, hedge: false, attemptTimeoutMs: 300 });
    await expect(api.get(server.url).text()).rejects.toMatchObject({ code: 'DEX_HTTP_TIMEOUT' });
    const signal = AbortSignal.timeout(20);
    await expect(api.get(`${server.url}/hang`, { signal }).text()).rejects.toThrow('aborted due to timeout');
    expect(exporter.getFinishedSpans().map(({ attributes }) => attributes)).toMatchObject([
      { 'http.response.status_code': 302 },
      { 'http.request.resend_count': 1, 'error.type': 'DEX_TIMEOUT' },
      { 'error.type': 'TimeoutError' },
    ]);
  });

  it('sends the trace context of each attempt on', async () => {
    const got: string[] = [];
    await using server = await serve((request, response, attempt) => {
      got.push(String(request.headers['traceparent']));
      response.writeHead(attempt === 1 ? 503 : 200).end();
    });
    await using api = createClient({ retry: { baseDelayMs: 1 }, hedge: false });
    await api.get(server.url).text();
    expect(got).toEqual(
      exporter.getFinishedSpans().map((span) => {
        const { traceId, spanId } = span.spanContext();
        return `00-${traceId}-${spanId}-01`;
      }),
    );
    expect(new Set(got).size).toBe(2);
  });

  it('marks an answer of 4xx as an error, and a failed connection', async () => {
    await using server = await serve((request, response) => {
      if (request.url === '/404') response.writeHead(404).end();
      else request.socket.destroy();
    });
    await using api = createClient({ retry: false, hedge: false });
    await api.get(`${server.url}/404`, { throwHttpErrors: false }).text();
    await expect(api.get(server.url).text()).rejects.toThrow('failed');
    expect(exporter.getFinishedSpans()).toMatchObject([
      { status: { code: 2 }, attributes: { 'error.type': '404', 'http.response.status_code': 404 } },
      { status: { code: 2 }, attributes: { 'error.type': 'DEX_HTTP_NETWORK' } },
    ]);
  });
});
