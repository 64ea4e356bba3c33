import { setMaxListeners } from 'node:events';
import { checkFunction, checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { createAttempts } from './attempts.ts';
import { acceptedEncodings } from './content.ts';
import { type ConnectionsOptions, createDispatcher } from './dispatcher.ts';
import { ClientClosedError } from './errors.ts';
import { idempotencyHeaders } from './idempotency-key.ts';
import { createFetch } from './fetch.ts';
import { PendingRequest } from './pending-request.ts';
import { choosePolicies, type PolicyOptions, timeoutOf } from './policies.ts';
import { type OnProgress, ProgressMeter, withUploadProgress } from './progress.ts';
import { type BodyOptions, encodeBody } from './request-body.ts';
import { checkMaxRedirects, followRedirects, type RedirectOptions } from './redirects.ts';
import { mergeHeaders, normalizeHeaders, type RequestHeaders } from './request-headers.ts';
import { parseBaseUrl, type Query, resolveUrl } from './url.ts';

export interface ClientOptions extends PolicyOptions, ConnectionsOptions, RedirectOptions {
  /** What paths are appended to. Without it every request takes a whole URL. */
  baseUrl?: string | URL | undefined;
  /** Sent with every request. */
  headers?: RequestHeaders | undefined;
  /** The largest body that `json`, `text` and `bytes` will hold. @default 64 MiB */
  maxBodyBytes?: number | undefined;
  /** Whether compressed answers are asked for, and decompressed. @default true */
  decompress?: boolean | undefined;
}

export interface RequestOptions extends BodyOptions {
  query?: Query | undefined;
  headers?: RequestHeaders | undefined;
  signal?: AbortSignal | undefined;
  /** For this whole request, within the client's own limits. */
  timeoutMs?: number | undefined;
  /**
   * Sent as `Idempotency-Key`, by which the server knows a request that it has seen; `true` makes one. A POST or PATCH
   * that has it is repeated like a PUT.
   */
  idempotencyKey?: string | true | undefined;
  /** Told at most every 100 ms, and at the end. An attempt that is repeated begins anew; what it throws, ends the request. */
  onUploadProgress?: OnProgress | undefined;
  /** Told of the answer as it comes, at most every 100 ms, and at the end. A repeated attempt begins anew. */
  onDownloadProgress?: OnProgress | undefined;
  /** How many redirects are followed. @default the client's */
  maxRedirects?: number | undefined;
  /** With `false`, an answer that is not 2xx is returned like any other. @default true */
  throwHttpErrors?: boolean | undefined;
}

export interface Client extends AsyncDisposable {
  get(path: string | URL, options?: RequestOptions): PendingRequest;
  head(path: string | URL, options?: RequestOptions): PendingRequest;
  post(path: string | URL, options?: RequestOptions): PendingRequest;
  put(path: string | URL, options?: RequestOptions): PendingRequest;
  patch(path: string | URL, options?: RequestOptions): PendingRequest;
  delete(path: string | URL, options?: RequestOptions): PendingRequest;
  options(path: string | URL, options?: RequestOptions): PendingRequest;
  /** Any method, in capitals. */
  request(method: string, path: string | URL, options?: RequestOptions): PendingRequest;
  /**
   * `fetch` as WHATWG describes it, over the same policies, connections and headers, for any library that takes one. It
   * rejects as `fetch` does: with `signal.reason`, or with a `TypeError` whose `cause` is an error of this package; a
   * status is never an error. A path is appended to that of the base URL.
   */
  readonly fetch: typeof globalThis.fetch;
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
  const { baseUrl, headers = {}, maxBodyBytes = 64 * 2 ** 20, decompress = true } = options;
  checkInteger('createClient.maxBodyBytes', maxBodyBytes, { min: 1 });
  const base = baseUrl === undefined ? undefined : parseBaseUrl(baseUrl);
  const accepting = decompress ? { 'accept-encoding': acceptedEncodings } : {};
  const defaults = { ...accepting, ...normalizeHeaders('createClient.headers', headers) };

  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const dispatcher = createDispatcher(options);
  const attempts = createAttempts({
    dispatcher,
    policyOf: choosePolicies(options),
    closing: closing.signal,
  });
  const send = followRedirects(options, timeoutOf(options), attempts);
  const request: Client['request'] = (method, path, requestOptions = {}) => {
    closing.signal.throwIfAborted();
    checkMethod(method);
    const url = resolveUrl(path, base, requestOptions.query);
    const { signal, throwHttpErrors = true, timeoutMs, maxRedirects } = requestOptions;
    if (timeoutMs !== undefined) checkNumber('request.timeoutMs', timeoutMs, { min: 1, max: 2 ** 31 - 1 });
    if (maxRedirects !== undefined) checkMaxRedirects('request.maxRedirects', maxRedirects);
    const { body, bodyHeaders } = encodeBody(method, requestOptions);
    const { idempotencyKey, onUploadProgress, onDownloadProgress } = requestOptions;
    checkFunction('request.onUploadProgress', onUploadProgress);
    checkFunction('request.onDownloadProgress', onDownloadProgress);
    const own = normalizeHeaders('request.headers', requestOptions.headers ?? {});
    return new PendingRequest({
      request: {
        url,
        method,
        headers: mergeHeaders(defaults, bodyHeaders, own, idempotencyHeaders(idempotencyKey)),
        body: onUploadProgress === undefined ? body : withUploadProgress(body, onUploadProgress),
      },
      send,
      signal,
      timeoutMs,
      maxRedirects,
      maxBodyBytes,
      decompress,
      throwHttpErrors,
      repeatable: idempotencyKey !== undefined,
      progress: onDownloadProgress === undefined ? undefined : new ProgressMeter(onDownloadProgress),
    });
  };
  const fetch = createFetch({
    send,
    options: { maxBodyBytes, decompress },
    headers: defaults,
    resolve: (url) => {
      closing.signal.throwIfAborted();
      return resolveUrl(url, base, undefined);
    },
  });
  const verb =
    (method: string): Client['get'] =>
    (path, requestOptions) =>
      request(method, path, requestOptions);
  const close = async (): Promise<void> => {
    closing.abort(new ClientClosedError());
    if (dispatcher !== options.dispatcher) await dispatcher.destroy(new ClientClosedError());
  };

  return {
    request,
    get: verb('GET'),
    head: verb('HEAD'),
    post: verb('POST'),
    put: verb('PUT'),
    patch: verb('PATCH'),
    delete: verb('DELETE'),
    options: verb('OPTIONS'),
    fetch,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkMethod(method: string): void {
  if (!/^[A-Z]+(?:-[A-Z]+)*$/.test(method)) throw new OptionError('request.method', 'a token in capitals', method);
}
