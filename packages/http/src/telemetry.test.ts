import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, it } from 'vitest';
import { serve } from '../test/server.ts';
import { createClient } from './index.ts';

afterEach(() => trace.disable());

it('makes a client span for each attempt, by the HTTP conventions', async () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  await using server = await serve((_request, response, attempt) =>
    response.writeHead(attempt === 1 ? 503 : 200).end(),
  );
  await using api = createClient({ retry: { baseDelayMs: 1 } });
  await api.get(`${server.url}/x`, { query: { token: 'secret' } }).text();

  const common = {
    'http.request.method': 'GET',
    'url.full': `${server.url}/x?token=REDACTED`,
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(server.url).port),
  };
  expect(exporter.getFinishedSpans().map(({ name, kind, attributes }) => ({ name, kind, attributes }))).toEqual([
    {
      name: 'GET',
      kind: 2,
      attributes: { ...common, 'http.response.status_code': 503, 'error.type': 'DEX_HTTP_STATUS' },
    },
    {
      name: 'GET',
      kind: 2,
      attributes: { ...common, 'http.response.status_code': 200, 'http.request.resend_count': 1 },
    },
  ]);
});
