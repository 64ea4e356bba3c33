import { OptionError } from '@dataenginex/core';
import { type LayerContext, waitFor } from './deadline.ts';
import { letGo, type Send } from './message.ts';
import { checkHeaderValue } from '../request-headers.ts';
import { isPromise } from './until-aborted.ts';

/** Keeps cookies: a `CookieJar` of `tough-cookie`, or one of your own. What it throws, the request rejects with. */
export interface CookieJar {
  /** The value of `Cookie` for a URL; empty where there is none. */
  getCookieString(url: string): string | Promise<string>;
  /** Keeps a `Set-Cookie` of an answer from a URL. With `ignoreError`, one that the jar refuses is no error. */
  setCookie(cookie: string, url: string, options: { ignoreError: boolean }): unknown;
}

export interface CookieOptions {
  /** Where cookies are kept between requests. A request's own `Cookie` header goes before it. */
  cookieJar?: CookieJar | undefined;
}

/** @throws {OptionError} When it is not a jar. */
export function checkCookieJar(jar: CookieJar): void {
  if (typeof jar?.getCookieString === 'function' && typeof jar.setCookie === 'function') return;
  throw new OptionError('createClient.cookieJar', 'an object with getCookieString and setCookie', typeof jar);
}

/** Above the cache, whose answers may vary by cookie. */
export function sendCookies(jar: CookieJar, context: LayerContext, send: Send): Send {
  return async (request, call) => {
    if (request.headers['cookie'] !== undefined) return send(request, call);
    const found = jar.getCookieString(request.url.href);
    const cookie = isPromise(found) ? await waitFor(context, request, call, found) : found;
    if (!cookie) return send(request, call);
    checkHeaderValue('cookieJar.getCookieString()', cookie);
    return send({ ...request, headers: { ...request.headers, cookie } }, call);
  };
}

/** Below the cache, whose stored answers would bring old cookies back. */
export function keepCookies(jar: CookieJar, context: LayerContext, send: Send): Send {
  return async (request, call) => {
    const reply = await send(request, call);
    const cookies = reply.fields['set-cookie'];
    if (cookies === undefined) return reply;
    const { href } = request.url;
    try {
      for (const cookie of typeof cookies === 'string' ? [cookies] : cookies) {
        const kept = jar.setCookie(cookie, href, { ignoreError: true });
        if (isPromise(kept)) await waitFor(context, request, call, kept);
      }
    } catch (error) {
      letGo(reply);
      throw error;
    }
    return reply;
  };
}
