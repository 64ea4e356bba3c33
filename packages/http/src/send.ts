import { DexError, instrument } from '@dataenginex/core';
import type { Attempt, Policy } from '@dataenginex/resilience';
import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { Dispatcher } from 'undici';
import { startOf } from './body.ts';
import { BodyTooLargeError, describeFailure, NetworkError, RequestTimeoutError, StatusError } from './errors.ts';
import { exchange, isSuccess, open, type Opened, type Outgoing, readErrorStart, type Received } from './exchange.ts';
import { isIdempotent, redact, type RequestFacts } from './facts.ts';

/** All that sending one request takes, options and defaults settled. */
export interface RequestPlan extends Outgoing {
  readonly dispatcher: Dispatcher;
  readonly policy: Policy;
  readonly signal: AbortSignal | undefined;
  readonly maxBodyBytes: number;
  readonly throwHttpErrors: boolean;
}

/** What came back, and the facts for errors about it. */
export interface Answer<T> {
  readonly response: T;
  readonly facts: RequestFacts;
}

const telemetry = instrument('@dataenginex/http');
const duration = telemetry.histogram('http.client.request.duration', {
  unit: 's',
  description: 'Duration of HTTP client requests, each attempt by itself.',
  advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
});

/** Sends under the policy and reads the whole body, which the attempt's timeout covers. */
export function receive(plan: RequestPlan): Promise<Answer<Received>> {
  return runAttempts(plan, async (signal, facts) => {
    const received = await exchange(plan.dispatcher, plan, signal, plan.maxBodyBytes);
    if (plan.throwHttpErrors && !isSuccess(received.status)) {
      throw new StatusError(facts, received, startOf(received.body));
    }
    if (received.truncated) throw new BodyTooLargeError(facts, plan.maxBodyBytes);
    return received;
  });
}

/** Sends under the policy until the headers are there. From then on only the caller's signal and `close` end the body. */
export function receiveHead(plan: RequestPlan): Promise<Answer<Opened>> {
  return runAttempts(plan, async (signal, facts) => {
    const lifetime = new AbortController();
    const abort = (): void => lifetime.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const opened = await open(plan.dispatcher, plan, lifetime.signal);
      if (plan.throwHttpErrors && !isSuccess(opened.status)) {
        throw new StatusError(facts, opened, startOf(await readErrorStart(opened)));
      }
      return { ...opened, body: untilAborted(opened.body, plan.signal) };
    } finally {
      signal.removeEventListener('abort', abort);
    }
  });
}

function untilAborted(body: Opened['body'], signal: AbortSignal | undefined): Opened['body'] {
  if (signal === undefined) return body;
  const abort = (): void => void body.destroy(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  body.once('close', () => signal.removeEventListener('abort', abort));
  return body;
}

async function runAttempts<T extends { status: number }>(
  plan: RequestPlan,
  send: (signal: AbortSignal, facts: RequestFacts) => Promise<T>,
): Promise<Answer<T>> {
  const { url, method, signal: callerSignal } = plan;
  const shownUrl = redact(url);
  const idempotent = isIdempotent(method);
  let facts: RequestFacts = { method, url: shownUrl, attempt: 1, idempotent };
  let mayBeSent = false;
  let failure: unknown;
  let lastSignal: AbortSignal | undefined;

  const attemptOnce = async ({ signal, attempt }: Attempt): Promise<Answer<T>> => {
    // whatever the policy says, nothing is sent twice that may have had its effect
    if (mayBeSent && !idempotent) throw failure ?? lastSignal?.reason;
    facts = { ...facts, attempt };
    const current = facts;
    mayBeSent = true;
    lastSignal = signal;
    try {
      return { response: await traced(plan, current, () => send(signal, current)), facts: current };
    } catch (error) {
      failure = signal.aborted ? signal.reason : describeFailure(error, current);
      if (failure instanceof NetworkError && failure.retryable) mayBeSent = false;
      throw failure;
    }
  };

  try {
    return await plan.policy.run(attemptOnce, { signal: callerSignal });
  } catch (error) {
    if (callerSignal?.aborted && error === callerSignal.reason) throw error;
    if (error instanceof DexError && 'timeoutMs' in error && error.code === 'DEX_TIMEOUT') {
      throw new RequestTimeoutError(facts, Number(error.timeoutMs), error);
    }
    throw error;
  }
}

/** @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span */
function traced<T extends { status: number }>(
  { url, method }: RequestPlan,
  facts: RequestFacts,
  send: () => Promise<T>,
): Promise<T> {
  const target = {
    'http.request.method': method,
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
    } catch (error) {
      outcome = {
        'error.type': error instanceof DexError ? error.code : '_OTHER',
        ...(error instanceof StatusError && { 'http.response.status_code': error.status }),
      };
      throw error;
    } finally {
      span.setAttributes(outcome);
      duration.record((performance.now() - startedAt) / 1_000, { ...target, ...outcome });
    }
  });
}
