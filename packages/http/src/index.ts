export { type Client, type ClientOptions, createClient, type RequestOptions } from './client.ts';
export type { ConnectionsOptions, TlsOptions } from './dispatcher.ts';
export {
  BlockedAddressError,
  BodyError,
  BodyTooLargeError,
  BodyUsedError,
  ClientClosedError,
  HttpError,
  isRetryable,
  NetworkError,
  RedirectError,
  RequestBodyError,
  RequestTimeoutError,
  SchemaError,
  StatusError,
} from './errors.ts';
export type { HttpResponse } from './http-response.ts';
export type { PendingRequest } from './pending-request.ts';
export type { PolicyOptions } from './policies.ts';
export type { OnProgress, TransferProgress } from './progress.ts';
export type { BodyOptions, BodyPieces, RequestBody } from './request-body.ts';
export type { RedirectOptions } from './redirects.ts';
export type { RequestHeaders } from './request-headers.ts';
export type { Query } from './url.ts';
