import { checkFunction, checkNumber, OptionError } from '@dataenginex/core';
import type { ClientOptions } from './client-options.ts';
import { acceptedEncodings } from './bodies/content.ts';
import { type Holdings, openHoldings } from './holdings.ts';
import { idempotencyHeaders } from './layers/idempotency-key.ts';
import { createFetch } from './fetch.ts';
import { createLayers } from './layers/layers.ts';
import { createPaginate, type Paginate } from './paginate.ts';
import { PendingRequest } from './pending-request.ts';
import type { RequestPlan } from './perform.ts';
import { ProgressMeter, withUploadProgress } from './bodies/progress.ts';
import { encodeBody } from './bodies/request-body.ts';
import { checkMaxRedirects } from './layers/redirects.ts';
import { encodingForRange, mergeHeaders, normalizeHeaders } from './request-headers.ts';
import { checkRequestOptions, type RequestOptions } from './request-options.ts';
import { parseBaseUrl, type Query, type QueryOf, resolveUrl } from './url.ts';

/** Sends one kind of request; its query may be of any type whose properties fit there, such as an interface. */
type Verb = <Q extends QueryOf<Q> = Query>(path: string | URL, options?: RequestOptions<Q>) => PendingRequest;

/**
 * Made by `createClient`, once for each upstream, since connections, breakers, retry budget and token live in it. Its
 * methods send nothing: that is done when a reader of what they give asks for the result.
 */
export interface Client extends AsyncDisposable {
  readonly get: Verb;
  readonly head: Verb;
  readonly post: Verb;
  readonly put: Verb;
  readonly patch: Verb;
  readonly delete: Verb;
  readonly options: Verb;
  /** Any method, in capitals. */
  request<Q extends QueryOf<Q> = Query>(
    method: string,
    path: string | URL,
    options?: RequestOptions<Q>,
  ): PendingRequest;
  /** A list that comes in pages, by `Link` header, cursor or number; asked for as it is iterated over. */
  readonly paginate: Paginate;
  /**
   * `fetch` as WHATWG describes it, over the same policies, connections and headers, for any library that takes one. It
   * rejects as `fetch` does: with `signal.reason`, or with a `TypeError` whose `cause` is an error of this package; a
   * status is never an error. A path is appended to that of the base URL.
   */
  readonly fetch: typeof globalThis.fetch;
  /**
   * A client with further options: headers are merged, hooks called after this client's, the rest is replaced. It shares
   * connections, policies (breakers and their like), token and cache, unless its options touch them. Closing it leaves
   * this client open; closing this client closes it. Where it has connections of its own, it must be closed.
   *
   * With a `baseUrl` of another origin it has neither `auth`, nor `sign`, nor secret-sounding headers of this client.
   *
   * @throws {OptionError}
   */
  extend(options: ClientOptions): Client;
  /** Closes every connection. What is still under way rejects with `ClientClosedError`. */
  close(): Promise<void>;
}

/**
 * An HTTP client over undici, with deadlines, retries and schema-checked bodies.
 *
 * ```ts no-run
 * import { createClient } from '@dataenginex/http';
 * import { z } from 'zod';
 *
 * await using api = createClient({ baseUrl: 'https://api.open-meteo.com' });
 * const Forecast = z.object({ daily: z.object({ time: z.array(z.iso.date()) }) });
 * const forecast = await api.get('/v1/forecast', { query: { latitude: 47.45, longitude: -122.31 } }).json(Forecast);
 * forecast.daily.time;
 * ```
 *
 * @throws {OptionError} When an option cannot work or two contradict each other.
 */
export function createClient(options: ClientOptions = {}): Client {
  return openClient(openHoldings(options));
}

function openClient(holdings: Holdings): Client {
  const { closing, close, options } = holdings;
  const { baseUrl, headers = {}, maxBodyBytes = 64 * 2 ** 20, decompress = true } = options;
  const base = baseUrl === undefined ? undefined : parseBaseUrl(baseUrl);
  const accepting = decompress ? { 'accept-encoding': acceptedEncodings } : {};
  const defaults = { ...accepting, ...normalizeHeaders('createClient.headers', headers) };
  const send = createLayers(holdings, base?.origin);
  const planOf = (method: string, path: string | URL, requestOptions: RequestOptions): RequestPlan => {
    closing.throwIfAborted();
    checkMethod(method);
    checkRequestOptions(requestOptions);
    const url = resolveUrl(path, base, requestOptions.query);
    const { signal, throwHttpErrors = true, timeoutMs, maxRedirects } = requestOptions;
    if (timeoutMs !== undefined) checkNumber('request.timeoutMs', timeoutMs, { min: 1, max: 2 ** 31 - 1 });
    checkMaxRedirects('request.maxRedirects', maxRedirects);
    const { body, bodyHeaders } = encodeBody(method, requestOptions);
    const { idempotencyKey, onUploadProgress, onDownloadProgress } = requestOptions;
    checkFunction('request.onUploadProgress', onUploadProgress);
    checkFunction('request.onDownloadProgress', onDownloadProgress);
    const own = normalizeHeaders('request.headers', requestOptions.headers ?? {});
    return {
      request: {
        url,
        method,
        headers: mergeHeaders(defaults, encodingForRange(own), bodyHeaders, own, idempotencyHeaders(idempotencyKey)),
        body: onUploadProgress === undefined ? body : withUploadProgress(body, onUploadProgress),
      },
      send,
      signal,
      timeoutMs,
      maxRedirects,
      maxBodyBytes,
      decompress,
      throwHttpErrors,
      closing,
      repeatable: idempotencyKey !== undefined,
      progress: onDownloadProgress === undefined ? undefined : new ProgressMeter(onDownloadProgress),
    };
  };
  const request: Client['request'] = (method, path, requestOptions = {}) =>
    new PendingRequest(planOf(method, path, requestOptions));
  const fetch = createFetch({
    send,
    options: { maxBodyBytes, decompress },
    headers: defaults,
    resolve: (url) => {
      closing.throwIfAborted();
      return resolveUrl(url, base, undefined);
    },
  });
  const verb =
    (method: string): Verb =>
    (path, requestOptions) =>
      request(method, path, requestOptions);
  return {
    request,
    get: verb('GET'),
    head: verb('HEAD'),
    post: verb('POST'),
    put: verb('PUT'),
    patch: verb('PATCH'),
    delete: verb('DELETE'),
    options: verb('OPTIONS'),
    paginate: createPaginate((path, requestOptions) => planOf('GET', path, requestOptions)),
    fetch,
    extend: (more) => openClient(openHoldings(more, holdings)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkMethod(method: string): void {
  if (!/^[A-Z]+(?:-[A-Z]+)*$/.test(method)) throw new OptionError('request.method', 'a token in capitals', method);
}
