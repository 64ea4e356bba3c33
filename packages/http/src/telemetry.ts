import { instrument } from '@dataenginex/core';
import { type Attributes, SpanKind } from '@opentelemetry/api';
import { codeOf, describeFailure, StatusError } from './errors.ts';
import type { RequestFacts } from './facts.ts';
import type { Outgoing } from './message.ts';

const telemetry = instrument('@dataenginex/http');
const duration = telemetry.histogram('http.client.request.duration', {
  unit: 's',
  description: 'Duration of HTTP client requests, each attempt by itself.',
  advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
});

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'QUERY']);

/**
 * One attempt as a client span and a value of the histogram.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 */
export function traced<T extends { status: number }>(
  { url, method }: Outgoing,
  facts: RequestFacts,
  send: () => Promise<T>,
): Promise<T> {
  const target = {
    'http.request.method': knownMethods.has(method) ? method : '_OTHER',
    'server.address': url.hostname,
    'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  };
  const resent = facts.attempt > 1 ? { 'http.request.resend_count': facts.attempt - 1 } : {};
  const attributes = { ...target, ...resent, 'url.full': facts.url };
  return telemetry.withSpan(method, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const startedAt = performance.now();
    let outcome: Attributes = {};
    try {
      const response = await send();
      outcome = { 'http.response.status_code': response.status };
      return response;
    } catch (cause) {
      const error = describeFailure(cause, facts);
      outcome = {
        'error.type': codeOf(error) ?? '_OTHER',
        ...(error instanceof StatusError && { 'http.response.status_code': error.status }),
      };
      throw error;
    } finally {
      span.setAttributes(outcome);
      duration.record((performance.now() - startedAt) / 1_000, { ...target, ...outcome });
    }
  });
}
