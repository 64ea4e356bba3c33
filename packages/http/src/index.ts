export { type Auth, type AuthOptions, basic, bearer } from './auth/auth.ts';
export { oauth2, type OAuth2Options } from './auth/oauth2.ts';
export type { Signer, SignOptions, SignRequest } from './auth/sign.ts';
export { type CacheErrorEvent, createHttpCache, type HttpCache, type HttpCacheOptions } from './cache/cache.ts';
export { decodeEntry, encodeEntry } from './cache/codec.ts';
export type { CacheEntry } from './cache/entry.ts';
export type { CacheMode } from './cache/freshness.ts';
export type { CacheStore } from './cache/store.ts';
export { type Client, createClient } from './client.ts';
export type { ClientOptions } from './client-options.ts';
export type { CookieJar, CookieOptions } from './layers/cookies.ts';
export type { ConnectionsOptions, TlsOptions } from './connections/dispatcher.ts';
export type { Download, DownloadOptions } from './bodies/download.ts';
export {
  BlockedAddressError,
  BodyError,
  BodyTooLargeError,
  BodyUsedError,
  ChecksumError,
  ClientClosedError,
  HttpError,
  isRetryable,
  NetworkError,
  PaginationError,
  RedirectError,
  RequestBodyError,
  RequestTimeoutError,
  SchemaError,
  StatusError,
  TokenError,
} from './errors.ts';
export type { HookOptions, HookRequest, Hooks, ResponseHookEvent, RetryHookEvent } from './layers/hooks.ts';
export type { HttpResponse } from './http-response.ts';
export type { NextPage, PageContext, Paginate, PaginateOptions } from './paginate.ts';
export type { PendingRequest } from './pending-request.ts';
export type { PolicyOptions } from './layers/policies.ts';
export { memoryCache, type MemoryCacheOptions } from './cache/memory-cache.ts';
export type { OnProgress, TransferProgress } from './bodies/progress.ts';
export type { BodyOptions, BodyPieces, RequestBody } from './bodies/request-body.ts';
export type { RedirectOptions } from './layers/redirects.ts';
export type { RequestHeaders } from './request-headers.ts';
export type { RequestOptions } from './request-options.ts';
export type { SseEvent, SseOptions } from './bodies/sse.ts';
export type { Query, QueryOf } from './url.ts';
