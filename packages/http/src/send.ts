import type { Readable } from 'node:stream';
import { instrument } from '@dataenginex/core';
import type { Attempt, Policy } from '@dataenginex/resilience';
import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { Dispatcher } from 'undici';
import { startOf } from './body.ts';
import {
  BodyTooLargeError,
  codeOf,
  describeFailure,
  HttpError,
  NetworkError,
  RequestTimeoutError,
  StatusError,
} from './errors.ts';
import {
  exchange,
  isSuccess,
  maxErrorBytes,
  open,
  type Opened,
  type Outgoing,
  readErrorStart,
  type Received,
} from './exchange.ts';
import { isIdempotent, redact, type RequestFacts } from './facts.ts';

/** All that sending one request takes, options and defaults settled. */
export interface RequestPlan extends Outgoing {
  readonly dispatcher: Dispatcher;
  readonly policy: Policy;
  /** For this request alone, around the policy. */
  readonly deadline: Policy | undefined;
  readonly signal: AbortSignal | undefined;
  /** Aborts when the client closes. */
  readonly closing: AbortSignal;
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
  const { maxBodyBytes, throwHttpErrors } = plan;
  const limits = { maxBodyBytes, maxErrorBytes: throwHttpErrors ? maxErrorBytes : maxBodyBytes };
  return runAttempts(plan, async (signal, facts) => {
    const received = await exchange(plan.dispatcher, plan, signal, limits);
    if (throwHttpErrors && !isSuccess(received.status)) throw new StatusError(facts, received, startOf(received.body));
    if (received.truncated) throw new BodyTooLargeError(facts, maxBodyBytes);
    return received;
  });
}

/** Sends under the policy until the headers are there. From then on only the caller's signal and `close` end the body. */
export function receiveHead(plan: RequestPlan): Promise<Answer<Opened>> {
  return runAttempts(plan, async (signal, facts) => {
    const opened = await open(plan.dispatcher, plan, signal);
    for (const ending of [signal, plan.closing, plan.signal]) destroyOnAbort(opened.body, ending);
    if (plan.throwHttpErrors && !isSuccess(opened.status)) {
      throw new StatusError(facts, opened, startOf(await readErrorStart(opened)));
    }
    return opened;
  });
}

function destroyOnAbort(body: Readable, signal: AbortSignal | undefined): void {
  if (body.closed) return;
  const abort = (): void => void body.destroy(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  body.once('close', () => signal?.removeEventListener('abort', abort));
}

async function runAttempts<T extends { status: number }>(
  plan: RequestPlan,
  send: (signal: AbortSignal, facts: RequestFacts) => Promise<T>,
): Promise<Answer<T>> {
  const { url, method } = plan;
  const idempotent = isIdempotent(method);
  let facts: RequestFacts = { method, url: redact(url), attempt: 1, idempotent };
  let mayBeSent = false;
  let failure: unknown;
  let lastSignal: AbortSignal | undefined;

  const attemptOnce = async ({ signal, attempt }: Attempt): Promise<Answer<T>> => {
    // Whatever the policy says, nothing is sent twice that may have had its effect.
    if (mayBeSent && !idempotent) {
      throw lastSignal?.aborted === true ? lastSignal.reason : (failure ?? new NetworkError(facts, underWay));
    }
    facts = { ...facts, attempt };
    const current = facts;
    mayBeSent = true;
    lastSignal = signal;
    try {
      return { response: await traced(plan, current, () => send(signal, current)), facts: current };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      failure = error;
      if (error instanceof NetworkError && error.retryable) mayBeSent = false;
      throw error;
    }
  };

  const { signal, release } = anyOf(plan.signal, plan.closing);
  try {
    const run = (outer: AbortSignal): Promise<Answer<T>> => plan.policy.run(attemptOnce, { signal: outer });
    return await (plan.deadline?.run((attempt) => run(attempt.signal), { signal }) ?? run(signal));
  } catch (error) {
    const passed = codeOf(error) === 'DEX_TIMEOUT' && error instanceof Error && 'timeoutMs' in error;
    if (signal.aborted || !passed) throw error;
    throw new RequestTimeoutError(facts, Number(error.timeoutMs), failure instanceof HttpError ? failure : error);
  } finally {
    release();
  }
}

/** A policy began a second attempt of a request that is not safe to repeat before the first had ended. */
const underWay = 'an attempt that may not be repeated is under way';

/** `AbortSignal.any`, without what it leaves behind on a signal that lives as long as the process. */
function anyOf(
  own: AbortSignal | undefined,
  closing: AbortSignal,
): { readonly signal: AbortSignal; readonly release: () => void } {
  if (own === undefined) return { signal: closing, release: () => {} };
  if (own.aborted || closing.aborted) return { signal: own.aborted ? own : closing, release: () => {} };
  const controller = new AbortController();
  const abort = ({ target }: Event): void => controller.abort(target === own ? own.reason : closing.reason);
  own.addEventListener('abort', abort, { once: true });
  closing.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    release: () => {
      own.removeEventListener('abort', abort);
      closing.removeEventListener('abort', abort);
    },
  };
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'QUERY']);

/** @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span */
function traced<T extends { status: number }>(
  { url, method }: RequestPlan,
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
