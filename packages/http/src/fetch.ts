import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { describeFailure } from './errors.ts';
import { BrokenOff } from './layers/exchange.ts';
import { encodeMultipart } from './bodies/multipart.ts';
import { encodeBody } from './bodies/request-body.ts';
import { encodingForRange } from './request-headers.ts';
import { contentChunks, type ContentOptions, hasUnknownCoding } from './bodies/content.ts';
import {
  type Call,
  destroyOnAbort,
  fieldOf,
  isStreamBody,
  letGo,
  type Outgoing,
  type OutgoingBody,
  type Reply,
  type Send,
  toHeaders,
} from './layers/message.ts';

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
  return async (input, init) => {
    const { signal, ...asked } = readInput(input, init ?? {}, resolve);
    signal?.throwIfAborted();
    try {
      const headers = { accept: '*/*', ...own, ...encodingForRange(asked.headers), ...asked.headers };
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
        sent: { times: 0 },
      };
      const reply = await send(request, call);
      const isRedirect = reply.status >= 300 && reply.status < 400 && reply.fields['location'] !== undefined;
      if (asked.redirect === 'error' && isRedirect) {
        letGo(reply);
        throw new Error(`${request.method} was answered with a redirect.`);
      }
      if (asked.cache === 'only-if-cached' && reply.status === 504) throw new Error('It is not in the cache.');
      return toResponse(reply, request, { ...options, signal });
    } catch (cause) {
      if (isStreamBody(asked.body)) asked.body.discard?.();
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
  readonly redirect: Redirect;
  readonly cache: Cache;
}

type Redirect = NonNullable<RequestInit['redirect']>;
type Cache = NonNullable<RequestInit['cache']>;

/** @throws {TypeError} When it is no request that can be sent. */
function readInput(input: string | URL | Request, init: RequestInit, resolve: FetchTarget['resolve']): Asked {
  try {
    if (!(input instanceof Request) && isPlain(init)) {
      const { redirect = 'follow', cache = 'default' } = init;
      const headers = readHeaders(init.headers === undefined ? [] : new Headers(init.headers), cache);
      return {
        url: resolve(input),
        method: 'GET',
        headers,
        body: null,
        signal: init.signal ?? undefined,
        redirect,
        cache,
      };
    }
    // What has more to it is read by the standard's own class: methods, bodies and their types.
    const request = new Request(input instanceof Request ? input : resolve(input), init);
    const { redirect, cache, method, signal } = request;
    if (request.integrity !== '') throw new TypeError('integrity is not checked here: leave it out.');
    const { body, contentType } = readBody(request, init);
    const headers = readHeaders(request.headers, cache);
    if (contentType !== undefined) headers['content-type'] = contentType;
    return { url: resolve(request.url), method, headers, body, signal, redirect, cache };
  } catch (cause) {
    throw cause instanceof TypeError ? cause : new TypeError('fetch failed', { cause });
  }
}

const plainNames = new Set(['cache', 'headers', 'method', 'redirect', 'signal']);
const redirects = new Set(['error', 'follow', 'manual']);

/** A GET with nothing to it that only `Request` could read, or refuse. */
function isPlain(init: RequestInit): boolean {
  for (const name in init) if (!plainNames.has(name)) return false;
  const { method = 'GET', redirect = 'follow', cache = 'default' } = init;
  return method === 'GET' && redirects.has(redirect) && Object.hasOwn(cacheDirectives, cache);
}

interface ReadBody {
  readonly body: OutgoingBody;
  /** In place of the one that `Request` made. */
  readonly contentType?: string | undefined;
}

/** A body that is at hand can be sent again; a stream cannot, nor what is in a `Request` already. */
function readBody(request: Request, { body: given, headers }: RequestInit): ReadBody {
  const atHand = bytesOf(given);
  if (atHand !== undefined) return { body: atHand };
  if (given instanceof FormData) {
    const { body, bodyHeaders } = encodeMultipart(given);
    return { body, contentType: new Headers(headers).has('content-type') ? undefined : bodyHeaders['content-type'] };
  }
  const body = given instanceof Blob ? given : request.body;
  return { body: body === null ? null : encodeBody(request.method, { body }).body };
}

function bytesOf(given: unknown): string | Uint8Array | undefined {
  if (typeof given === 'string') return given;
  if (given instanceof URLSearchParams) return given.toString();
  if (given instanceof ArrayBuffer) return new Uint8Array(given);
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  return undefined;
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

function readHeaders(headers: Iterable<readonly [string, string]>, cache: Cache): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [name, value] of headers) if (!forbidden.has(name)) read[name] = value;
  const directives = cacheDirectives[cache];
  if (directives !== undefined) read['cache-control'] ??= directives;
  return read;
}

/** Cache modes in the words of HTTP, which the cache under it goes by. */
const cacheDirectives: Readonly<Record<Cache, string | undefined>> = {
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
  const { status, fields, redirectedTo } = reply;
  const isBodiless = bodiless.has(status) || request.method === 'HEAD';
  if (status === 205) letGo(reply); // it should have no body, and nobody would read the one it has
  const init = { status: Math.min(status, maxStatus), statusText: STATUS_CODES[status] ?? '' };
  const response = new Response(isBodiless ? null : toBody(reply, options), init);
  toHeaders(fields, response.headers); // given to the constructor they would be copied once more
  return tell(response, {
    url: { value: (redirectedTo ?? request.url).href },
    redirected: { value: redirectedTo !== undefined },
    ...(status > maxStatus && { status: { value: status } }),
  });
}

/** The highest that a `Response` may be made with; `fetch` makes others. */
const maxStatus = 599;

/** A response and its clones, with what only `fetch` could tell it. */
function tell(response: Response, about: PropertyDescriptorMap): Response {
  const clone = (): Response => tell(Response.prototype.clone.call(response), about);
  return Object.defineProperties(response, { ...about, clone: { value: clone } });
}

function toBody(reply: Reply, options: ContentOptions): Uint8Array<ArrayBuffer> | ReadableStream {
  if (reply.body instanceof Readable) destroyOnAbort(reply.body, options.signal);
  else if (fieldOf(reply.fields, 'content-encoding') === undefined) return new Uint8Array(reply.body);
  if (reply.body instanceof Readable && fieldOf(reply.fields, 'content-encoding') === undefined) {
    return toStream(reply, reply.body, options.signal);
  }
  const decompress = options.decompress && !hasUnknownCoding(reply);
  const chunks = contentChunks(reply, { ...options, decompress });
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      for (;;) {
        const { done, value } = await chunks.next().catch((cause: unknown) => {
          throw brokenOff(options.signal, cause);
        });
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

/** A body that is passed on as it comes, by events: iterators would cost more than all else in a small answer. */
function toStream(reply: Reply, body: Readable, signal: AbortSignal | undefined): ReadableStream {
  return new ReadableStream({
    type: 'bytes',
    start(controller) {
      let isOver = false;
      const fail = (error?: Error): void => {
        if (isOver) return;
        isOver = true;
        const cause =
          error === undefined ? undefined : describeFailure(new BrokenOff(reply.status, error), reply.facts);
        controller.error(brokenOff(signal, cause));
      };
      body.on('data', (chunk: Uint8Array) => {
        if (chunk.byteLength > 0) controller.enqueue(new Uint8Array(chunk)); // a copy, see above
        if ((controller.desiredSize ?? 0) <= 0) body.pause();
      });
      body.once('end', () => {
        isOver = true;
        controller.close();
        controller.byobRequest?.respond(0);
      });
      body.on('error', fail);
      body.once('close', fail);
      body.pause();
    },
    pull: () => void body.resume(),
    cancel: () => letGo(reply),
  });
}

function brokenOff(signal: AbortSignal | undefined, cause: unknown): unknown {
  return signal?.aborted === true ? signal.reason : new TypeError('terminated', { cause });
}
