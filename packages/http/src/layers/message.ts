import { Readable } from 'node:stream';
import type { RequestFacts } from '../facts.ts';
import type { ProgressMeter } from '../bodies/progress.ts';

/** A request on its way out. */
export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OutgoingBody;
  /** A redirect has led it to another origin than the user asked for: it takes nothing secret along. */
  readonly isForeign?: boolean | undefined;
}

export type OutgoingBody = string | Uint8Array | StreamBody | null;

/** A body that is made while it is sent. */
export interface StreamBody {
  /** Whether `open` may be called again, for another attempt or after a redirect. */
  readonly replayable: boolean;
  /** In bytes; without it the body goes out in chunks. */
  readonly length?: number | undefined;
  open(): AsyncIterable<Uint8Array>;
  /** Told of each piece that the connection has taken. */
  readonly progress?: ProgressMeter | undefined;
  /** Lets go of what it would have been made of. Called once the request has failed. */
  discard?(): void;
}

export function isStreamBody(body: OutgoingBody): body is StreamBody {
  return typeof body === 'object' && body !== null && !(body instanceof Uint8Array);
}

export function isReplayable(body: OutgoingBody): boolean {
  return body === null || typeof body === 'string' || body instanceof Uint8Array || body.replayable;
}

/** Header names in lower case, as undici gives them: making `Headers` of them costs more than all else in a request. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** How an answer begins. */
export interface Head {
  readonly status: number;
  readonly fields: Fields;
}

/** An answer, with its body whole or still to come, as the call asked. */
export interface Reply extends Head {
  readonly body: Uint8Array | Readable;
  /** The body went past the limit: `body` holds what came before. */
  readonly truncated?: boolean | undefined;
  /** Of the attempt that brought it. */
  readonly facts: RequestFacts;
  /** Where redirects led, if any were followed. */
  readonly redirectedTo?: URL | undefined;
}

/** What holds for a request of the user, whatever is sent for it. */
export interface Call {
  /** Ends the wait for the reply. A body that is still to come is ended by destroying it. */
  readonly signal: AbortSignal | undefined;
  /** Whether the body is read before the reply is there, under the attempt's timeout. */
  readonly whole: boolean;
  /** How much of a body is read where it is read whole. */
  readonly maxBodyBytes: number;
  /** An answer that is not 2xx is read whole, and up to so much of it; without it, it is read like any other. */
  readonly maxErrorBytes: number | undefined;
  /** Whether the user said that a second sending does no harm, whatever the method. */
  readonly repeatable: boolean;
  /** In place of the client's own limit. */
  readonly maxRedirects?: number | undefined;
  /** Told of a whole body as it comes, unless it only says what went wrong. */
  readonly progress?: ProgressMeter | undefined;
  /** Told of the attempts, for an error about all of them. */
  readonly last?: LastAttempt | undefined;
  /** Counts what is sent: attempts, and what redirects and a 401 led to. */
  readonly sent?: { times: number } | undefined;
}

export interface LastAttempt {
  facts?: RequestFacts;
  failure?: unknown;
}

/**
 * Sends a request; a layer is made of the one below it. Any status is a reply: what rejects is that there was none.
 */
export type Send = (request: Outgoing, call: Call) => Promise<Reply>;

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The values of a header as one, as RFC 9110 joins them. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'object' ? value.join(', ') : value;
}

/** The length that the body is said to have. */
export function lengthOf(fields: Fields): number | undefined {
  const length = fields['content-length'];
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

export function toHeaders(fields: Fields, headers: Headers = new Headers()): Headers {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one);
  }
  return headers;
}

/** Lets go of a reply that is not used. */
export function letGo({ body }: Reply): void {
  if (body instanceof Readable) body.destroy();
}

export function destroyOnAbort(body: Readable, signal: AbortSignal | undefined): void {
  if (signal === undefined || body.closed) return;
  const abort = (): void => void body.destroy(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  body.once('close', () => signal.removeEventListener('abort', abort));
}
