export { type Client, type ClientOptions, createClient, type RequestHeaders, type RequestOptions } from './client.ts';
export {
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
export type { HttpResponse, PendingRequest } from './pending-request.ts';
export type { Query } from './url.ts';
