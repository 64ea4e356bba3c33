import { setMaxListeners } from 'node:events';
import { checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { createAttempts } from './attempts.ts';
import { acceptedEncodings } from './content.ts';
import { type ConnectionsOptions, createDispatcher } from './dispatcher.ts';
import { ClientClosedError } from './errors.ts';
import { PendingRequest } from './pending-request.ts';
import { choosePolicies, type PolicyOptions } from './policies.ts';
import { parseBaseUrl, type Query, resolveUrl } from './url.ts';

/** Header names and values. A name that is `undefined` in a request takes the client's default away. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

export interface ClientOptions extends PolicyOptions, ConnectionsOptions {
  /** What paths are appended to. Without it every request takes a whole URL. */
  baseUrl?: string | URL | undefined;
  /** Sent with every request. */
  headers?: RequestHeaders | undefined;
  /** The largest body that `json`, `text` and `bytes` will hold. @default 64 MiB */
  maxBodyBytes?: number | undefined;
  /** Whether compressed answers are asked for, and decompressed. @default true */
  decompress?: boolean | undefined;
}

export interface RequestOptions {
  query?: Query | undefined;
  headers?: RequestHeaders | undefined;
  /** A value to send as JSON. */
  json?: unknown;
  /** A body to send as it is. */
  body?: string | Uint8Array | undefined;
  signal?: AbortSignal | undefined;
  /** For this whole request, within the client's own limits. */
  timeoutMs?: number | undefined;
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
  const send = createAttempts({
    dispatcher,
    policyOf: choosePolicies(options),
    closing: closing.signal,
  });
  const request: Client['request'] = (method, path, requestOptions = {}) => {
    closing.signal.throwIfAborted();
    checkMethod(method);
    const url = resolveUrl(path, base, requestOptions.query);
    const { signal, throwHttpErrors = true, timeoutMs } = requestOptions;
    if (timeoutMs !== undefined) checkNumber('request.timeoutMs', timeoutMs, { min: 1, max: 2 ** 31 - 1 });
    const { body, contentType } = encodeBody(method, requestOptions);
    const own = normalizeHeaders('request.headers', requestOptions.headers ?? {});
    return new PendingRequest({
      request: { url, method, headers: mergeHeaders(defaults, contentType, own), body },
      send,
      signal,
      timeoutMs,
      maxBodyBytes,
      decompress,
      throwHttpErrors,
      repeatable: false,
    });
  };
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
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkMethod(method: string): void {
  if (!/^[A-Z]+(?:-[A-Z]+)*$/.test(method)) throw new OptionError('request.method', 'a token in capitals', method);
}

function encodeBody(
  method: string,
  { json, body }: RequestOptions,
): { body: string | Uint8Array | null; contentType: RequestHeaders } {
  if (json === undefined) return { body: body ?? null, contentType: {} };
  // never the value itself: it may hold a secret
  if (body !== undefined) throw new OptionError('request.json', 'left out where a body is given', typeof json);
  if (method === 'GET' || method === 'HEAD')
    throw new OptionError('request.json', `left out of a ${method}`, typeof json);
  const text = JSON.stringify(json);
  if (typeof text !== 'string') throw new OptionError('request.json', 'a value that JSON can hold', typeof json);
  return { body: text, contentType: { 'content-type': 'application/json' } };
}

/** What belongs to the connection, and is undici's to send. */
const reservedHeaders = new Set(['content-length', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** @throws {OptionError} When a name or value could break out of its line. */
function normalizeHeaders(option: string, headers: RequestHeaders): Record<string, string | undefined> {
  const normalized: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new OptionError(option, 'headers whose names are tokens', name);
    if (reservedHeaders.has(name.toLowerCase())) throw new OptionError(option, 'free of connection headers', name);
    if (value !== undefined && /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new OptionError(`${option}.${name}`, 'one line of Latin-1', 'a control character or one past U+00FF');
    }
    normalized[name.toLowerCase()] = value;
  }
  return normalized;
}

function mergeHeaders(...layers: readonly RequestHeaders[]): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const [name, value] of layers.flatMap((layer) => Object.entries(layer))) {
    if (value === undefined) delete merged[name];
    else merged[name] = value;
  }
  return merged;
}
