import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** A request as it goes out. */
export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

type Fields = Readonly<Record<string, string | string[] | undefined>>;

/** How an answer begins. */
export interface Head {
  readonly status: number;
  /** As undici gives them, names in lower case: making `Headers` of them costs more than all else here. */
  readonly fields: Fields;
}

/** A whole answer. */
export interface Received extends Head {
  readonly body: Uint8Array;
  /** The body went past the limit, and `body` holds what came before. */
  readonly truncated: boolean;
}

/** An answer whose body is still to come. */
export interface Opened extends Head {
  readonly body: Readable;
}

/** The answer broke off after its headers. */
export class BrokenOff extends Error {
  readonly status: number;

  constructor(status: number, cause: Error) {
    super(`the answer broke off in its body (${cause.message})`, { cause });
    this.status = status;
  }
}

/** Of an answer that is not 2xx, so much is read for the error to show. */
export const maxErrorBytes = 16 * 2 ** 10;

/**
 * Sends the request and reads the whole body. A handler of its own under undici's dispatcher: `undici.request` puts a
 * Readable between the socket and the buffer, which this has no use for.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Outgoing,
  signal: AbortSignal,
  limits: { readonly maxBodyBytes: number; readonly maxErrorBytes: number },
): Promise<Received> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let fields: Fields = {};
    let limit = limits.maxBodyBytes;
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
          if (!isSuccess(status)) limit = limits.maxErrorBytes;
        },
        onResponseData(controller, chunk) {
          length += chunk.byteLength;
          chunks.push(chunk);
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

/**
 * Sends the request and resolves when the headers are there. `signal` ends the wait for them; from then on the body is
 * ended by destroying it.
 */
export function open(dispatcher: Dispatcher, request: Outgoing, signal: AbortSignal): Promise<Opened> {
  return new Promise((resolve, reject) => {
    let body: Readable | undefined;
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
        body = createBody(controller);
        if (request.method === 'HEAD' || status === 204 || status === 304) body.resume();
        resolve({ status, fields, body });
      },
      onResponseData(controller, chunk) {
        if (body?.push(chunk) === false) controller.pause();
      },
      onResponseEnd: () => void body?.push(null),
      onResponseError: (_controller, error) => void (body?.destroy(error) ?? fail(error)),
    });
  });
}

function createBody(controller: Dispatcher.DispatchController): Readable {
  const body = new Readable({
    read: () => controller.resume(),
    destroy(error, callback) {
      if (!body.readableEnded) controller.abort(error ?? new Error('The body was let go of.'));
      callback(error);
    },
  });
  return body.on('error', () => {}); // its reader is told; without a reader it must not end the process
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

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Reads the start of an answer that is not 2xx, as much of it as comes, and lets go of the rest. */
export async function readErrorStart({ body }: Opened): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length >= maxErrorBytes) break;
    }
  } catch {
    // the status is what counts
  }
  return Buffer.concat(chunks);
}

function dispatchOptions({ url, method, headers, body }: Outgoing): Dispatcher.DispatchOptions {
  // The policy's deadlines are what counts, and may be longer than undici's 300 s.
  return { origin: url.origin, path: `${url.pathname}${url.search}`, method, headers, body, headersTimeout: 0 };
}

export function toHeaders(fields: Fields): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  return headers;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Aborted.', { cause: reason });
}
