import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { contentChunks, type ContentOptions } from './content.ts';
import {
  type Call,
  destroyOnAbort,
  fieldOf,
  letGo,
  type Outgoing,
  type OutgoingBody,
  type Reply,
  type Send,
  toHeaders,
} from './message.ts';

/** What of a client its `fetch` goes through. */
export interface FetchTarget {
  readonly send: Send;
  readonly options: Omit<ContentOptions, 'signal'>;
  /** The headers of the client. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** @throws {OptionError} When the client may not send there. */
  readonly resolve: (url: string | URL) => URL;
}

/**
 * `fetch` as WHATWG describes it, under which are the policies, cache, connections and headers of a client.
 *
 * @see https://fetch.spec.whatwg.org/#fetch-method
 */
export function createFetch({ send, options, headers: own, resolve }: FetchTarget): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const { signal, ...asked } = readInput(input, init, resolve);
    signal?.throwIfAborted();
    try {
      const headers = { accept: '*/*', ...own, ...asked.headers };
      const request: Outgoing = {
        url: asked.url,
        method: asked.method,
        headers: withoutGaps(headers),
        body: asked.body,
      };
      const call: Call = {
        signal,
        whole: false,
        maxBodyBytes: options.maxBodyBytes,
        maxErrorBytes: undefined,
        repeatable: false,
        maxRedirects: asked.redirect === 'follow' ? undefined : 0,
      };
      const reply = await send(request, call);
      const isRedirect = reply.status >= 300 && reply.status < 400 && reply.fields['location'] !== undefined;
      if (asked.redirect === 'error' && isRedirect) {
        letGo(reply);
        throw new Error(`${request.method} was answered with a redirect.`);
      }
      if (init.cache === 'only-if-cached' && reply.status === 504) throw new Error('It is not in the cache.');
      return toResponse(reply, request, { ...options, signal });
    } catch (cause) {
      if (signal?.aborted === true) throw signal.reason;
      throw new TypeError('fetch failed', { cause });
    }
  };
}

interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OutgoingBody;
  readonly signal: AbortSignal | undefined;
  readonly redirect: RequestInit['redirect'];
}

/** @throws {TypeError} When it is no request that can be sent. */
function readInput(input: string | URL | Request, init: RequestInit, resolve: FetchTarget['resolve']): Asked {
  const { method = 'GET', body = null, redirect = 'follow' } = init;
  const directives = cacheDirectives[init.cache ?? 'default'];
  try {
    if (!(input instanceof Request) && body === null && method === 'GET') {
      const headers = readHeaders(init.headers === undefined ? [] : new Headers(init.headers), directives);
      return { url: resolve(input), method, headers, body, signal: init.signal ?? undefined, redirect };
    }
    // What has more to it is read by the standard's own class: methods, bodies and their types.
    const request = new Request(input instanceof Request ? input : resolve(input), init);
    return {
      url: resolve(request.url),
      method: request.method,
      headers: readHeaders(request.headers, directives),
      body: readBody(request, body),
      signal: request.signal,
      redirect: request.redirect,
    };
  } catch (cause) {
    throw cause instanceof TypeError ? cause : new TypeError('fetch failed', { cause });
  }
}

/** A body that is at hand can be sent again; a stream cannot. */
function readBody(request: Request, given: unknown): OutgoingBody {
  if (typeof given === 'string') return given;
  if (given instanceof URLSearchParams) return given.toString();
  if (given instanceof ArrayBuffer) return new Uint8Array(given);
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const { body } = request;
  return body === null ? null : { replayable: false, open: () => body };
}

/** What belongs to the connection. `fetch` leaves such headers out without a word. */
const forbidden = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function readHeaders(
  headers: Iterable<readonly [string, string]>,
  directives: string | undefined,
): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [name, value] of headers) if (!forbidden.has(name)) read[name] = value;
  if (directives !== undefined) read['cache-control'] ??= directives;
  return read;
}

/** Cache modes in the words of HTTP, which the cache under it goes by. */
const cacheDirectives: Readonly<Record<NonNullable<RequestInit['cache']>, string | undefined>> = {
  default: undefined,
  'no-store': 'no-store',
  reload: 'no-cache',
  'no-cache': 'no-cache',
  'force-cache': 'max-stale',
  'only-if-cached': 'only-if-cached, max-stale',
};

function withoutGaps(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) kept[name] = value;
  return kept;
}

const bodiless = new Set([204, 205, 304]);

function toResponse(reply: Reply, request: Outgoing, options: ContentOptions): Response {
  const { status, fields } = reply;
  const init = { status, statusText: STATUS_CODES[status] ?? '', headers: toHeaders(fields) };
  const response = new Response(
    bodiless.has(status) || request.method === 'HEAD' ? null : toBody(reply, options),
    init,
  );
  const { href } = reply.redirectedTo ?? request.url;
  Object.defineProperty(response, 'url', { value: href });
  if (reply.redirectedTo !== undefined) Object.defineProperty(response, 'redirected', { value: true });
  return response;
}

function toBody(reply: Reply, options: ContentOptions): Uint8Array<ArrayBuffer> | ReadableStream {
  if (reply.body instanceof Readable) destroyOnAbort(reply.body, options.signal);
  else if (fieldOf(reply.fields, 'content-encoding') === undefined) return new Uint8Array(reply.body);
  const chunks = contentChunks(reply, options);
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      for (;;) {
        const { done, value } = await chunks.next();
        if (done === true) {
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        if (value.byteLength === 0) continue;
        controller.enqueue(new Uint8Array(value)); // a copy, as what is enqueued is taken away from its owner
        return;
      }
    },
    async cancel() {
      letGo(reply);
      await chunks.return();
    },
  });
}
