import { checkFunction, checkInteger, OptionError } from '@dataenginex/core';
import type { AuthOptions } from './auth/auth.ts';
import type { SignOptions } from './auth/sign.ts';
import { HttpCache } from './cache/cache.ts';
import { checkCookieJar, type CookieOptions } from './layers/cookies.ts';
import type { ConnectionsOptions } from './connections/dispatcher.ts';
import { type HookOptions, joinHooks, listHooks } from './layers/hooks.ts';
import type { PolicyOptions } from './layers/policies.ts';
import { belongsToOrigin, checkMaxRedirects, type RedirectOptions } from './layers/redirects.ts';
import { checkOptionNames } from './option-names.ts';
import { normalizeHeaders, type RequestHeaders } from './request-headers.ts';
import { parseBaseUrl } from './url.ts';

/** Options of `createClient` and `extend`. */
export interface ClientOptions
  extends PolicyOptions, ConnectionsOptions, RedirectOptions, HookOptions, CookieOptions, AuthOptions, SignOptions {
  /** What paths are appended to. Without it every request takes a whole URL. */
  baseUrl?: string | URL | undefined;
  /** Sent with every request. */
  headers?: RequestHeaders | undefined;
  /** The largest body that `json`, `text` and `bytes` will hold, in bytes, once inflated. @default 64 MiB */
  maxBodyBytes?: number | undefined;
  /** Whether compressed answers are asked for, and decompressed. @default true */
  decompress?: boolean | undefined;
  /** Where answers are kept, such as `memoryCache()`. It stays yours to close. @default none */
  cache?: HttpCache | undefined;
}

/** @throws {OptionError} When an option cannot work; connections and policies check theirs as they are made. */
export function checkClientOptions(options: ClientOptions): void {
  checkOptionNames('createClient', options, clientOptions);
  const { baseUrl, headers, maxBodyBytes, cache, cookieJar, auth, sign } = options;
  if (baseUrl !== undefined) parseBaseUrl(baseUrl);
  normalizeHeaders('createClient.headers', headers ?? {});
  listHooks(options.hooks);
  checkMaxRedirects('createClient.maxRedirects', options.maxRedirects);
  if (maxBodyBytes !== undefined) checkInteger('createClient.maxBodyBytes', maxBodyBytes, { min: 1 });
  if (cache !== undefined && !(cache instanceof HttpCache)) {
    throw new OptionError('createClient.cache', 'made by memoryCache() or its like', cache);
  }
  if (cookieJar !== undefined) checkCookieJar(cookieJar);
  if (auth !== undefined && typeof auth?.open !== 'function') {
    throw new OptionError('createClient.auth', 'made by bearer, basic or oauth2', typeof auth);
  }
  checkFunction('createClient.sign', sign);
  for (const [name, value] of Object.entries({ auth, sign })) {
    if (value === undefined || baseUrl !== undefined) continue;
    throw new OptionError(`createClient.${name}`, 'given with a baseUrl, to whose origin alone it goes', typeof value);
  }
}

/** By key, so that the compiler misses none. */
const connectionsOptions: Record<keyof ConnectionsOptions, true> = {
  connections: true,
  connectTimeoutMs: true,
  http2: true,
  tls: true,
  socketPath: true,
  proxy: true,
  denyPrivateNetworks: true,
  dispatcher: true,
};
const policyOptions: Record<keyof PolicyOptions, true> = {
  timeoutMs: true,
  attemptTimeoutMs: true,
  retry: true,
  circuitBreaker: true,
  bulkhead: true,
  hedge: true,
  policy: true,
};

const clientOptions: Record<keyof ClientOptions, true> = {
  ...connectionsOptions,
  ...policyOptions,
  baseUrl: true,
  headers: true,
  maxBodyBytes: true,
  decompress: true,
  cache: true,
  maxRedirects: true,
  allowInsecureRedirects: true,
  hooks: true,
  cookieJar: true,
  auth: true,
  sign: true,
};

export function touchesConnections(options: ClientOptions): boolean {
  return Object.keys(options).some((name) => Object.hasOwn(connectionsOptions, name));
}

/** A bulkhead is as wide as there are connections. */
export function touchesPolicies(options: ClientOptions): boolean {
  return Object.keys(options).some((name) => name === 'connections' || Object.hasOwn(policyOptions, name));
}

/** The options that are given. */
export function given(options: ClientOptions): ClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * Options of a client with those of one made from it: headers are merged, hooks joined, the rest replaced. What is
 * secret stays with the origin it was given for.
 */
export function extendOptions(parent: ClientOptions, own: ClientOptions): ClientOptions {
  const headers = normalizeHeaders('createClient.headers', parent.headers ?? {});
  const kept = Object.entries({ ...parent, headers }).filter(([name]) => {
    if (own.policy !== undefined && Object.hasOwn(policyOptions, name)) return false;
    return own.dispatcher === undefined || !Object.hasOwn(connectionsOptions, name);
  });
  const base: ClientOptions = Object.fromEntries(kept);
  if (leavesOrigin(parent, own)) {
    base.auth = undefined;
    base.sign = undefined;
    for (const name of Object.keys(headers)) if (belongsToOrigin(name)) delete headers[name];
  }
  return {
    ...base,
    ...own,
    headers: { ...headers, ...normalizeHeaders('createClient.headers', own.headers ?? {}) },
    hooks: joinHooks(parent.hooks, own.hooks),
  };
}

function leavesOrigin(parent: ClientOptions, own: ClientOptions): boolean {
  if (parent.baseUrl === undefined || own.baseUrl === undefined) return false;
  return parseBaseUrl(parent.baseUrl).origin !== parseBaseUrl(own.baseUrl).origin;
}
