import type { OnProgress } from './bodies/progress.ts';
import type { BodyOptions } from './bodies/request-body.ts';
import type { RequestHeaders } from './request-headers.ts';
import { checkOptionNames } from './option-names.ts';
import type { Query, QueryOf } from './url.ts';

/**
 * Options of one request. How it is repeated is the client's to say: `api.extend({ retry: false })` makes one that does
 * otherwise.
 *
 * @typeParam Q The type of `query`, which is inferred.
 */
export interface RequestOptions<Q extends QueryOf<Q> = Query> extends BodyOptions {
  /** An array repeats its name, a `Date` becomes ISO 8601, `undefined` and `null` are left out. */
  query?: Q | undefined;
  /** Over those of the client, of which `undefined` takes one away. */
  headers?: RequestHeaders | undefined;
  /** Aborting rejects with its reason at once, and ends a body that is still read. */
  signal?: AbortSignal | undefined;
  /** For this whole request, in milliseconds. It cannot lengthen the client's. @default the client's */
  timeoutMs?: number | undefined;
  /**
   * Sent as `Idempotency-Key`, by which the server knows a request that it has seen; `true` makes one. A POST or PATCH
   * that has it is repeated like a PUT.
   */
  idempotencyKey?: string | true | undefined;
  /**
   * Told at most every 100 ms, and at the end; a repeated attempt begins anew. What it throws, fails the request once the
   * body has ended.
   */
  onUploadProgress?: OnProgress | undefined;
  /** The same for the body of the answer. */
  onDownloadProgress?: OnProgress | undefined;
  /** How many redirects are followed. @default the client's */
  maxRedirects?: number | undefined;
  /** With `false`, an answer that is not 2xx is returned like any other. @default true */
  throwHttpErrors?: boolean | undefined;
}

const requestOptions: Record<keyof RequestOptions, true> = {
  query: true,
  headers: true,
  json: true,
  form: true,
  multipart: true,
  body: true,
  idempotencyKey: true,
  signal: true,
  timeoutMs: true,
  maxRedirects: true,
  throwHttpErrors: true,
  onUploadProgress: true,
  onDownloadProgress: true,
};

/** @throws {OptionError} When there is one that no request has, such as another client's `params`. */
export function checkRequestOptions(options: RequestOptions): void {
  checkOptionNames('request', options, requestOptions);
}
