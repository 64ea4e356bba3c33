import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { RequestFacts } from '../facts.ts';
import {
  type Call,
  destroyOnAbort,
  type Fields,
  isStreamBody,
  isSuccess,
  lengthOf,
  type Outgoing,
  type OutgoingBody,
  type Reply,
} from './message.ts';

/** An answer whose body is still to come. */
interface Opened extends Reply {
  readonly body: Readable;
}

/** A request of one attempt. */
interface Sending {
  readonly dispatcher: Dispatcher;
  readonly request: Outgoing;
  readonly call: Call;
  readonly signal: AbortSignal;
  readonly facts: RequestFacts;
}

/** The answer broke off after its headers. */
export class BrokenOff extends Error {
  readonly status: number;

  constructor(status: number, cause: Error) {
    super(`the answer broke off in its body (${cause.message})`, { cause });
    this.status = status;
  }
}

/** The body that was being sent threw. */
export class BodyFailed extends Error {
  constructor(cause: unknown) {
    super('The body failed while it was sent.', { cause });
  }
}

/** Sends a request and reads of the answer what the call asks for. */
export function exchange(sending: Sending): Promise<Reply> {
  return sending.call.whole ? receive(sending) : openAnswer(sending);
}

/**
 * Sends the request and reads the whole body. A handler of its own under undici's dispatcher: `undici.request` puts a
 * Readable between the socket and the buffer, which this has no use for.
 */
function receive(sending: Sending): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver(sending, resolve, reject);
    sending.signal.addEventListener('abort', receiver.onAbort, { once: true });
    sending.dispatcher.dispatch(dispatchOptions(sending.request, 0), receiver);
  });
}

class Receiver implements Dispatcher.DispatchHandler {
  readonly #sending: Sending;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (reason: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #fields: Fields = {};
  #limit: number;
  #length = 0;
  readonly #chunks: Buffer[] = [];
  /** A function: an `EventTarget` makes an asynchronous one of an object, and that outlives many a collection. */
  readonly onAbort = (): void => {
    const { signal } = this.#sending;
    this.#reject(signal.reason);
    this.#controller?.abort(asError(signal.reason));
  };

  constructor(sending: Sending, resolve: (reply: Reply) => void, reject: (reason: unknown) => void) {
    this.#sending = sending;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#limit = sending.call.maxBodyBytes;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    throwOnceAborted(this.#sending.signal);
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, fields: Fields): void {
    if (status < 200) return;
    this.#status = status;
    this.#fields = fields;
    if (!isSuccess(status)) this.#limit = this.#sending.call.maxErrorBytes ?? this.#limit;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.byteLength;
    this.#chunks.push(chunk);
    const { progress } = this.#sending.call;
    if (progress !== undefined && isSuccess(this.#status)) progress.moved(this.#length, lengthOf(this.#fields));
    if (this.#length <= this.#limit) return;
    this.#finish(true);
    controller.abort(new Error('The body is larger than the limit.'));
  }

  onResponseEnd(): void {
    this.#finish(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#release();
    this.#reject(this.#status === 0 ? error : new BrokenOff(this.#status, error));
  }

  #finish(truncated: boolean): void {
    this.#release();
    const [first] = this.#chunks;
    const body =
      this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, Math.min(this.#length, this.#limit));
    this.#resolve({ status: this.#status, fields: this.#fields, body, truncated, facts: this.#sending.facts });
  }

  #release(): void {
    this.#sending.signal.removeEventListener('abort', this.onAbort);
  }
}

/** Sends the request and reads its headers, and the start of a body that only tells what went wrong. */
async function openAnswer(sending: Sending): Promise<Reply> {
  const { maxErrorBytes } = sending.call;
  const opened = await open(sending);
  destroyOnAbort(opened.body, sending.signal);
  if (isSuccess(opened.status) || maxErrorBytes === undefined) return opened;
  return { ...opened, ...(await readStart(opened.body, maxErrorBytes)) };
}

/**
 * Sends the request and resolves when the headers are there. `signal` ends the wait for them; from then on the body is
 * ended by destroying it.
 */
function open({ dispatcher, request, signal, facts }: Sending): Promise<Opened> {
  return new Promise((resolve, reject) => {
    let body: Body | undefined;
    const fail = (error: unknown): void => {
      release();
      reject(error);
    };
    const { onRequestStart, release } = abortWith(signal, fail);

    dispatcher.dispatch(dispatchOptions(request, null), {
      onRequestStart,
      onResponseStart(controller, status, fields) {
        if (status < 200) return;
        release();
        body = new Body(controller);
        if (request.method === 'HEAD' || status === 204 || status === 304) body.resume();
        resolve({ status, fields, body, facts });
      },
      onResponseData(controller, chunk) {
        if (body?.push(chunk) === false) controller.pause();
      },
      onResponseEnd: () => void body?.push(null),
      onResponseError(_controller, error) {
        if (body === undefined) fail(error);
        else body.breakOff(error);
      },
    });
  });
}

const nothing = Buffer.alloc(0);

/** A body on its way to its reader, who gets what came before it broke off. */
class Body extends Readable {
  readonly #controller: Dispatcher.DispatchController;
  #failure: Error | undefined;

  constructor(controller: Dispatcher.DispatchController) {
    super();
    this.#controller = controller;
    this.on('error', () => {}); // its reader is told; without a reader it must not end the process
  }

  breakOff(error: Error): void {
    this.#failure = error;
    this._read();
  }

  override _read(): void {
    if (this.#failure === undefined) this.#controller.resume();
    else if (this.readableLength === 0) this.destroy(this.#failure);
    else this.push(nothing); // to be asked again
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.readableEnded) this.#controller.abort(error ?? new Error('The body was let go of.'));
    callback(error);
  }
}

/** Aborted while it waited for a connection: a throw drops it, where an abort would also destroy the connection. */
function throwOnceAborted(signal: AbortSignal): void {
  if (signal.aborted) throw asError(signal.reason);
}

/** Lets `signal` end a request in each of its phases. */
function abortWith(signal: AbortSignal, fail: (error: unknown) => void) {
  let controller: Dispatcher.DispatchController | undefined;
  const abort = (): void => {
    fail(signal.reason);
    controller?.abort(asError(signal.reason));
  };
  signal.addEventListener('abort', abort, { once: true });
  return {
    onRequestStart: (started: Dispatcher.DispatchController): void => {
      throwOnceAborted(signal);
      controller = started;
    },
    release: (): void => signal.removeEventListener('abort', abort),
  };
}

/** As much of the start as comes; lets go of the rest. */
async function readStart(body: Readable, maxBytes: number): Promise<Pick<Reply, 'body' | 'truncated'>> {
  const chunks: Buffer[] = [];
  let length = 0;
  let truncated = true;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length > maxBytes) break;
    }
    truncated = length > maxBytes;
  } catch {
    // the status is what counts
  }
  return { body: Buffer.concat(chunks), truncated };
}

/** @param bodyTimeout How long a body may be silent, in milliseconds: 0 for ever, `null` for undici's 300 s. */
function dispatchOptions({ url, method, headers, body }: Outgoing, bodyTimeout: 0 | null): Dispatcher.DispatchOptions {
  const path = `${url.pathname}${url.search}`;
  // The policy's deadlines are what counts, and may be longer than undici's 300 s.
  return {
    origin: url.origin,
    path,
    method,
    headers: withLength(headers, body),
    body: toBody(body),
    headersTimeout: 0,
    bodyTimeout,
  };
}

function withLength(headers: Outgoing['headers'], body: OutgoingBody): Outgoing['headers'] {
  if (!isStreamBody(body) || body.length === undefined) return headers;
  return { ...headers, 'content-length': String(body.length) };
}

function toBody(body: OutgoingBody): string | Uint8Array | Readable | null {
  if (!isStreamBody(body)) return body;
  let pieces: AsyncIterator<Uint8Array> | undefined;
  let bytes = 0;
  const pull = async (): Promise<void> => {
    try {
      // opened once its first piece is asked for: what never left can then be sent again
      pieces ??= body.open()[Symbol.asyncIterator]();
      const { done, value } = await pieces.next();
      if (done === true) body.progress?.ended(bytes);
      else body.progress?.moved((bytes += value.byteLength), body.length);
      readable.push(done === true ? null : value);
    } catch (error) {
      readable.destroy(new BodyFailed(error));
    }
  };
  const readable = new Readable({
    read: () => void pull(),
    destroy(error, callback) {
      void pieces?.return?.().catch(() => {}); // not waited for: it may hang in its next piece
      callback(error);
    },
  });
  return readable.on('error', () => {}); // undici is told; once it has left, nobody is
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Aborted.', { cause: reason });
}
