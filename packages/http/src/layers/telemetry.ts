import { instrument } from '@dataenginex/core';
import {
  type Attributes,
  context,
  isSpanContextValid,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { codeOf, describeFailure } from '../errors.ts';
import type { RequestFacts } from '../facts.ts';
import type { Outgoing } from './message.ts';

const telemetry = instrument('@dataenginex/http');
const duration = telemetry.histogram('http.client.request.duration', {
  unit: 's',
  description: 'Duration of HTTP client requests, each attempt by itself.',
  advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
});

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'QUERY']);

/** What is known of an attempt before it is made. */
interface Sending {
  readonly request: Outgoing;
  readonly facts: RequestFacts;
  readonly signal: AbortSignal;
  /** How often the request was sent before, whatever for. */
  readonly resends: number;
}

/**
 * One attempt as a client span and a value of the histogram. The request that `send` is given has the trace context
 * among its headers, where there is one.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 * @see https://www.w3.org/TR/trace-context/
 */
export function traced<T extends { status: number }>(
  { request, facts, signal, resends }: Sending,
  send: (request: Outgoing) => Promise<T>,
): Promise<T> {
  const { url, method } = request;
  const target = {
    'http.request.method': knownMethods.has(method) ? method : '_OTHER',
    'server.address': url.hostname,
    'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  };
  const resent = resends > 0 ? { 'http.request.resend_count': resends } : {};
  const attributes = { ...target, ...resent, 'url.full': facts.url };
  return telemetry.withSpan(method, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const startedAt = performance.now();
    let outcome: Attributes = {};
    try {
      const reply = await send(isSpanContextValid(span.spanContext()) ? withTraceContext(request, span) : request);
      outcome = { 'http.response.status_code': reply.status };
      if (reply.status >= 400) {
        outcome['error.type'] = String(reply.status);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      return reply;
    } catch (cause) {
      const error: unknown = signal.aborted ? signal.reason : describeFailure(cause, facts);
      outcome = { 'error.type': codeOf(error) ?? (error instanceof Error ? error.name : '_OTHER') };
      throw error;
    } finally {
      span.setAttributes(outcome);
      duration.record((performance.now() - startedAt) / 1_000, { ...target, ...outcome });
    }
  });
}

function withTraceContext(request: Outgoing, span: Span): Outgoing {
  const headers = { ...request.headers };
  propagation.inject(trace.setSpan(context.active(), span), headers);
  return { ...request, headers };
}
