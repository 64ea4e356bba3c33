// The adapter for http-tests/cache-tests, the public suite for HTTP caches: `api.fetch` over a memory cache.
//
//   node --conditions=@dataenginex/source RUNNER packages/http/test/cache-tests.ts
//
// RUNNER calls `fetch` as the suite does; DEX_CACHE_MODE is `private`, which is the default, or `shared`.

import { AsyncLocalStorage } from 'node:async_hooks';
import { timeout } from '@dataenginex/resilience';
import { Agent, type Dispatcher } from 'undici';
import { createClient, memoryCache } from '../src/index.ts';

type OnInformation = (status: number, headers: object) => void;

/** Who is to be told of interim responses, which `fetch` has no way to show. */
const listeners = new AsyncLocalStorage<OnInformation | undefined>();

const interim: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const listener = listeners.getStore();
  if (listener === undefined) return dispatch(options, handler);
  return dispatch(options, {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onResponseStart(controller, status, headers, statusText) {
      if (status < 200) listener(status, headers);
      handler.onResponseStart?.(controller, status, headers, statusText);
    },
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  });
};

const api = createClient({
  cache: memoryCache({ mode: process.env['DEX_CACHE_MODE'] === 'shared' ? 'shared' : 'private' }),
  policy: () => timeout(9_000), // the suite counts requests: none may be repeated
  decompress: false, // it also makes up content codings
  dispatcher: new Agent().compose(interim),
});

export function fetch(url: string, init: RequestInit & { onInformation?: OnInformation }): Promise<Response> {
  const { onInformation, ...rest } = init;
  return listeners.run(onInformation, () => api.fetch(url, rest));
}
