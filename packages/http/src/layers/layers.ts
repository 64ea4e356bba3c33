import { createAttempts, type Prepare } from './attempts.ts';
import { authorize } from '../auth/auth.ts';
import { signed, type SignOptions } from '../auth/sign.ts';
import { CredentialKeeper } from '../cache/credential.ts';
import { createCacheLayer } from '../cache/layer.ts';
import { keepCookies, sendCookies } from './cookies.ts';
import type { LayerContext } from './deadline.ts';
import type { Holdings } from '../holdings.ts';
import { type HookLists, listHooks, runBeforeRetry, withAfterResponse, withBeforeRequest } from './hooks.ts';
import type { Send } from './message.ts';
import { timeoutOf } from './policies.ts';
import { followRedirects } from './redirects.ts';

/** The way of a request, from the hooks about its answer down to its attempts. What is not asked for has no layer. */
export function createLayers(holdings: Holdings, origin: string | undefined): Send {
  const { options, credentials, closing } = holdings;
  const { cookieJar, cache } = options;
  const hooks = listHooks(options.hooks);
  const context: LayerContext = { closing, timeoutMs: timeoutOf(options) };
  let send = createAttempts({ ...holdings, prepare: createPrepare(hooks, options, origin) });
  if (cookieJar !== undefined) send = keepCookies(cookieJar, context, send);
  if (cache !== undefined) {
    send = createCacheLayer(cache, new CredentialKeeper(cache.mode, options, origin), context, send);
  }
  if (credentials !== undefined && origin !== undefined) send = authorize(credentials, origin, context, send);
  if (cookieJar !== undefined) send = sendCookies(cookieJar, context, send);
  send = withBeforeRequest(hooks.beforeRequest, context, send);
  send = followRedirects(options, context, send);
  return withAfterResponse(hooks.afterResponse, context, send);
}

/** What is done to a request before each attempt, but not at another origin that a redirect led to. */
function createPrepare(
  { beforeRetry }: HookLists,
  { sign }: SignOptions,
  origin: string | undefined,
): Prepare | undefined {
  if (beforeRetry.length === 0 && sign === undefined) return undefined;
  return async (request, { attempt, error, signal }) => {
    const isHooked = error !== undefined && request.isForeign !== true;
    const changed = isHooked ? await runBeforeRetry(beforeRetry, request, { attempt, error }) : request;
    return sign === undefined || request.url.origin !== origin ? changed : signed(sign, changed, signal);
  };
}
