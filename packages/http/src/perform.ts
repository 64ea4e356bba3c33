import { Readable } from 'node:stream';
import { type ContentOptions, readStart } from './bodies/content.ts';
import { sendWithin } from './layers/deadline.ts';
import { BodyTooLargeError, StatusError } from './errors.ts';
import { type Call, destroyOnAbort, isSuccess, letGo, type Outgoing, type Reply, type Send } from './layers/message.ts';

/** All that one request of the user takes, options and defaults settled. */
export interface RequestPlan extends ContentOptions {
  readonly request: Outgoing;
  /** The layers of the client. */
  readonly send: Send;
  /** For this request alone, around the client's own deadlines. */
  readonly timeoutMs: number | undefined;
  readonly maxRedirects: number | undefined;
  readonly throwHttpErrors: boolean;
  /** Aborts when the client closes. */
  readonly closing: AbortSignal;
  readonly repeatable: boolean;
}

/** Of an answer that is not 2xx, so much is read for the error to show. */
const maxErrorBytes = 16 * 2 ** 10;

/**
 * Sends the request of a plan, and throws what the user is to have thrown.
 *
 * @param headers Sent where the request does not say otherwise.
 */
export async function perform(plan: RequestPlan, whole: boolean, headers?: Outgoing['headers']): Promise<Reply> {
  const { signal, throwHttpErrors, maxBodyBytes, repeatable, progress, maxRedirects, timeoutMs, send } = plan;
  signal?.throwIfAborted(); // before hooks and token functions are called in vain
  const request = headers === undefined ? plan.request : withDefaults(headers, plan.request);
  const errorBytes = throwHttpErrors ? maxErrorBytes : undefined;
  const call: Call = {
    signal,
    whole,
    maxBodyBytes,
    maxErrorBytes: errorBytes,
    repeatable,
    progress,
    maxRedirects,
    sent: { times: 0 },
  };
  const reply = await (timeoutMs === undefined ? send(request, call) : sendWithin(timeoutMs, send, request, call));
  if (reply.body instanceof Readable) destroyOnAbort(reply.body, signal);
  if (throwHttpErrors && !isSuccess(reply.status)) {
    letGo(reply);
    throw new StatusError(reply.facts, reply, await readStart(reply, { ...plan, progress: undefined }));
  }
  if (reply.truncated === true) throw new BodyTooLargeError(reply.facts, maxBodyBytes);
  return reply;
}

function withDefaults(headers: Outgoing['headers'], request: Outgoing): Outgoing {
  return { ...request, headers: { ...headers, ...request.headers } };
}
