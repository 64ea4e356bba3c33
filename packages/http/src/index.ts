export { type Client, type ClientOptions, createClient, type RequestHeaders, type RequestOptions } from './client.ts';
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
  RequestTimeoutError,
  SchemaError,
  StatusError,
} from './errors.ts';
export type { HttpResponse } from './http-response.ts';
export type { PendingRequest } from './pending-request.ts';
export type { PolicyOptions } from './policies.ts';
export type { Query } from './url.ts';
