import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { timeout } from '@dataenginex/resilience';
import { type Client, createClient, type HttpCache, memoryCache, type RequestHeaders } from '../src/index.ts';
import { serve } from './server.ts';

/** What the server answers: 200 with today's date, and the number of the request as its body, where nothing else is said. */
export interface Answer {
  status?: number;
  headers?: Record<string, string | string[] | number>;
  body?: string;
}

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of RFC 9211, without the name. */
  readonly cache: string;
}

export interface CachedOrigin extends AsyncDisposable {
  readonly url: string;
  readonly api: Client;
  readonly cache: HttpCache;
  /** What has come to the server. */
  readonly requests: readonly {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingHttpHeaders;
  }[];
  /** Sends a GET, and reads the answer whole. */
  get(path?: string, headers?: RequestHeaders): Promise<Got>;
  send(method: string, path?: string, headers?: RequestHeaders): Promise<Got>;
}

type Handler = (request: IncomingMessage, count: number, response: ServerResponse) => Answer | undefined;

/** A server, and a client with a cache that neither retries nor follows. */
export async function cachedOrigin(
  answers: readonly Answer[] | Handler,
  cache: HttpCache = memoryCache(),
): Promise<CachedOrigin> {
  const requests: { method: string; url: string; headers: IncomingHttpHeaders }[] = [];
  const server = await serve((request, response, count) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    const answer =
      typeof answers === 'function' ? answers(request, count, response) : (answers[count - 1] ?? answers.at(-1));
    if (answer === undefined) return;
    const { status = 200, headers = {}, body = `answer ${count}` } = answer;
    const isBodiless = status === 304 || status === 204;
    response.writeHead(status, { date: new Date().toUTCString(), ...headers }).end(isBodiless ? undefined : body);
  });
  const api = createClient({ baseUrl: server.url, cache, policy: () => timeout(10_000), maxRedirects: 0 });
  const send: CachedOrigin['send'] = async (method, path = '/', headers = {}) => {
    const response = await api.request(method, path, { headers, throwHttpErrors: false }).response();
    const status = response.headers.get('cache-status') ?? '';
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, cache: status.replace(/^DEX(?:; )?/, '') };
  };
  return {
    url: server.url,
    api,
    cache,
    requests,
    send,
    get: (path, headers) => send('GET', path, headers),
    async [Symbol.asyncDispose]() {
      await api.close();
      await cache.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** An HTTP date, `seconds` from now. */
export function httpDate(seconds = 0): string {
  return new Date(Date.now() + seconds * 1_000).toUTCString();
}
