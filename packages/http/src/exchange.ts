import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import {
  type Call,
  destroyOnAbort,
  type Fields,
  type Head,
  isStreamBody,
  isSuccess,
  lengthOf,
  type Outgoing,
  type OutgoingBody,
  type Reply,
} from './message.ts';

/** An answer whose body is still to come. */
interface Opened extends Head {
  readonly body: Readable;
}

type Answer = Omit<Reply, 'facts'>;

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
export function exchange(dispatcher: Dispatcher, request: Outgoing, call: Call, signal: AbortSignal): Promise<Answer> {
  return call.whole ? receive(dispatcher, request, call, signal) : openAnswer(dispatcher, request, call, signal);
}

/**
 * Sends the request and reads the whole body. A handler of its own under undici's dispatcher: `undici.request` puts a
 * Readable between the socket and the buffer, which this has no use for.
 */
function receive(dispatcher: Dispatcher, request: Outgoing, call: Call, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let fields: Fields = {};
    let limit = call.maxBodyBytes;
    let length = 0;
    const chunks: Buffer[] = [];

    const finish = (truncated: boolean): void => {
      release();
      const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, Math.min(length, limit));
      resolve({ status, fields, body, truncated });
    };
    const fail = (error: unknown): void => {
      release();
      reject(error);
    };
    const { onRequestStart, release } = abortWith(signal, fail);

    dispatcher.dispatch(
      { ...dispatchOptions(request), bodyTimeout: 0 },
      {
        onRequestStart,
        onResponseStart(_controller, statusCode, received) {
          if (statusCode < 200) return;
          status = statusCode;
          fields = received;
          if (!isSuccess(status)) limit = call.maxErrorBytes ?? limit;
        },
        onResponseData(controller, chunk) {
          length += chunk.byteLength;
          chunks.push(chunk);
          if (call.progress !== undefined && isSuccess(status)) call.progress.moved(length, lengthOf(fields));
          if (length <= limit) return;
          finish(true);
          controller.abort(new Error('The body is larger than the limit.'));
        },
        onResponseEnd: () => finish(false),
        onResponseError: (_controller, error) => fail(status === 0 ? error : new BrokenOff(status, error)),
      },
    );
  });
}

/** Sends the request and reads its headers, and the start of a body that only tells what went wrong. */
async function openAnswer(
  dispatcher: Dispatcher,
  request: Outgoing,
  { maxErrorBytes }: Call,
  signal: AbortSignal,
): Promise<Answer> {
  const opened = await open(dispatcher, request, signal);
  destroyOnAbort(opened.body, signal);
  if (isSuccess(opened.status) || maxErrorBytes === undefined) return opened;
  return { ...opened, ...(await readStart(opened.body, maxErrorBytes)) };
}

/**
 * Sends the request and resolves when the headers are there. `signal` ends the wait for them; from then on the body is
 * ended by destroying it.
 */
function open(dispatcher: Dispatcher, request: Outgoing, signal: AbortSignal): Promise<Opened> {
  return new Promise((resolve, reject) => {
    let body: Body | undefined;
    const fail = (error: unknown): void => {
      release();
      reject(error);
    };
    const { onRequestStart, release } = abortWith(signal, fail);

    dispatcher.dispatch(dispatchOptions(request), {
      onRequestStart,
      onResponseStart(controller, status, fields) {
        if (status < 200) return;
        release();
        body = new Body(controller);
        if (request.method === 'HEAD' || status === 204 || status === 304) body.resume();
        resolve({ status, fields, body });
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
      // Aborted while it waited for a connection: a throw drops it, where an abort would also destroy the connection.
      if (signal.aborted) throw asError(signal.reason);
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

function dispatchOptions({ url, method, headers, body }: Outgoing): Dispatcher.DispatchOptions {
  const path = `${url.pathname}${url.search}`;
  // The policy's deadlines are what counts, and may be longer than undici's 300 s.
  return {
    origin: url.origin,
    path,
    method,
    headers: withLength(headers, body),
    body: toBody(body),
    headersTimeout: 0,
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
