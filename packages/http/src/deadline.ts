import { timeout } from '@dataenginex/resilience';
import { isTimeout, RequestTimeoutError } from './errors.ts';
import { redact } from './facts.ts';
import type { Call, LastAttempt, Outgoing, Reply, Send } from './message.ts';

/** A time that all that is sent for a request has together. */
export interface Deadline {
  /** What is left of it, at least 1. */
  readonly leftMs: number;
  /** What the user set, and is told. */
  readonly timeoutMs: number;
}

/** @throws {RequestTimeoutError} When the time has passed, with the last attempt and what went wrong before it. */
export async function sendWithin(deadline: Deadline, send: Send, request: Outgoing, call: Call): Promise<Reply> {
  const { url, method } = request;
  const { signal, last = {} }: { signal: AbortSignal | undefined; last?: LastAttempt | undefined } = call;
  try {
    return await timeout(deadline.leftMs).run((run) => send(request, { ...call, signal: run.signal, last }), {
      signal,
    });
  } catch (error) {
    if (signal?.aborted === true || !isTimeout(error)) throw error;
    const { facts = { url: redact(url), method, attempt: 1, repeatable: call.repeatable }, failure = error } = last;
    throw new RequestTimeoutError(facts, deadline.timeoutMs, failure);
  }
}
