import { Readable } from 'node:stream';
import { timeout } from '@dataenginex/resilience';
import { startOf } from './body.ts';
import type { ContentOptions } from './content.ts';
import { BodyTooLargeError, isTimeout, RequestTimeoutError, StatusError } from './errors.ts';
import { redact } from './facts.ts';
import {
  type Call,
  destroyOnAbort,
  isSuccess,
  type LastAttempt,
  letGo,
  type Outgoing,
  type Reply,
  type Send,
} from './message.ts';

/** All that one request of the user takes, options and defaults settled. */
export interface RequestPlan extends ContentOptions {
  readonly request: Outgoing;
  /** The layers of the client. */
  readonly send: Send;
  /** For this request alone, around the client's own deadlines. */
  readonly timeoutMs: number | undefined;
  readonly throwHttpErrors: boolean;
  readonly repeatable: boolean;
}

/** Of an answer that is not 2xx, so much is read for the error to show. */
const maxErrorBytes = 16 * 2 ** 10;

/** Sends the request of a plan, and throws what the user is to have thrown. */
export async function perform(plan: RequestPlan, whole: boolean, accept?: string): Promise<Reply> {
  const { signal, throwHttpErrors, maxBodyBytes, repeatable, timeoutMs, send } = plan;
  const request = accept === undefined ? plan.request : accepting(accept, plan.request);
  const errorBytes = throwHttpErrors ? maxErrorBytes : undefined;
  const call: Call = { signal, whole, maxBodyBytes, maxErrorBytes: errorBytes, repeatable };
  const reply = await (timeoutMs === undefined ? send(request, call) : sendWithin(timeoutMs, send, request, call));
  if (reply.body instanceof Readable) destroyOnAbort(reply.body, signal);
  if (throwHttpErrors && !isSuccess(reply.status)) {
    letGo(reply);
    throw new StatusError(reply.facts, reply, reply.body instanceof Readable ? '' : startOf(reply.body));
  }
  if (reply.truncated === true) throw new BodyTooLargeError(reply.facts, maxBodyBytes);
  return reply;
}

function accepting(accept: string, request: Outgoing): Outgoing {
  return { ...request, headers: { accept, ...request.headers } };
}

async function sendWithin(timeoutMs: number, send: Send, request: Outgoing, call: Call): Promise<Reply> {
  const { url, method } = request;
  const { signal } = call;
  const last: LastAttempt = {};
  try {
    return await timeout(timeoutMs).run((run) => send(request, { ...call, signal: run.signal, last }), { signal });
  } catch (error) {
    if (signal?.aborted === true || !isTimeout(error)) throw error;
    const { facts = { url: redact(url), method, attempt: 1, repeatable: call.repeatable }, failure = error } = last;
    throw new RequestTimeoutError(facts, error.timeoutMs, failure);
  }
}
