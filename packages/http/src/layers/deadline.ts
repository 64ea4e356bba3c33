import { timeout } from '@dataenginex/resilience';
import { isTimeout, RequestTimeoutError } from '../errors.ts';
import { redact } from '../facts.ts';
import type { Call, LastAttempt, Outgoing, Reply, Send } from './message.ts';
import { untilAborted } from './until-aborted.ts';

/**
 * Sends with a time for all that it takes.
 *
 * @param leftMs What is left of `timeoutMs`, which is what the user set and is told.
 * @throws {RequestTimeoutError} When the time has passed, with the last attempt and what went wrong before it.
 */
export async function sendWithin<T>(
  timeoutMs: number,
  send: (request: Outgoing, call: Call) => Promise<T>,
  request: Outgoing,
  call: Call,
  leftMs: number = timeoutMs,
): Promise<T> {
  const { url, method } = request;
  const { signal } = call;
  const last: LastAttempt = call.last ?? {};
  try {
    return await timeout(leftMs).run((run) => send(request, { ...call, signal: run.signal, last }), { signal });
  } catch (error) {
    if (signal?.aborted === true || !isTimeout(error)) throw error;
    const { facts = { url: redact(url), method, attempt: 1, repeatable: call.repeatable }, failure = error } = last;
    throw new RequestTimeoutError(facts, timeoutMs, failure);
  }
}

/** What a client's layers share. */
export interface LayerContext {
  /** Aborts when the client closes. */
  readonly closing: AbortSignal;
  /** Of the client, for a whole request; each sending holds to it by itself. */
  readonly timeoutMs: number | undefined;
}

/** What the user's code promised for a request: for no longer than the request may take. */
export function waitFor<T>(
  { closing, timeoutMs }: LayerContext,
  request: Outgoing,
  call: Call,
  promise: PromiseLike<T>,
): Promise<T> {
  const wait = (_request: Outgoing, { signal }: Call): Promise<T> => untilAborted(promise, [signal, closing]);
  return timeoutMs === undefined ? wait(request, call) : sendWithin(timeoutMs, wait, request, call);
}

/** Sends what an earlier answer led to, in what is left of the time of both. */
export function sendOn(
  { timeoutMs }: LayerContext,
  beganAt: number,
  send: Send,
  request: Outgoing,
  call: Call,
): Promise<Reply> {
  if (timeoutMs === undefined) return send(request, call);
  return sendWithin(timeoutMs, send, request, call, Math.max(1, timeoutMs - (performance.now() - beganAt)));
}
