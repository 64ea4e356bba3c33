import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { checkInteger, DexError } from '@dataenginex/core';
import { createProbes, type HttpListener, serveHttp, type ServeHttpOptions } from '@dataenginex/resources';
import type { View } from '../model.ts';
import { readAssets } from './assets.ts';
import { sendEvents } from './events.ts';
import { answer, problem, type Reply } from './replies.ts';

const portsToTry = 20;
const drainMs = 2_000;
const maxConnections = 256;

export interface PageOptions {
  /** The first port to try, from 0 to 65535; 0 lets the system choose. @default 3000 */
  port?: number | undefined;
  /** @default '127.0.0.1' */
  host?: string | undefined;
  /** Cancels the start; a page that runs is closed, and lets answers finish for half a second. */
  signal?: AbortSignal | undefined;
}

export interface Page extends AsyncDisposable {
  /** Without a slash at the end, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly port: number;
  /** Ends the streams, lets answers finish, and after two seconds cuts what is left. */
  close(): Promise<void>;
}

/** No port was free. */
export class PageError extends DexError {
  override readonly name = 'PageError';
  readonly code = 'DEX_PAGE';
  /** The ports that were tried: first and last, both inclusive. */
  readonly ports: readonly [first: number, last: number];

  constructor(host: string, ports: readonly [number, number], options?: ErrorOptions) {
    super(`No free port on ${host} from ${ports[0]} to ${ports[1]}.`, options);
    this.ports = ports;
  }
}

/**
 * Serves the page and what it reads from `view`, from now until `close`. Where the port is taken the next free one of
 * twenty is used.
 *
 * @throws {OptionError} When `port` is not one.
 * @throws {PageError} When all of them are taken.
 */
export async function servePage(view: View, options: PageOptions = {}): Promise<Page> {
  const { port: first = 3000, host = '127.0.0.1', signal } = options;
  checkInteger('port', first, { min: 0, max: 65_535 });
  signal?.throwIfAborted();
  const assets = await readAssets();
  const streams = new Set<() => void>();
  let closing: Promise<void> | undefined;
  const probes = createProbes({ ready: { page: () => closing === undefined } });

  const server = createServer((request, response) => {
    if (probes.handle(request, response)) return undefined;
    const { method, url = '/' } = request;
    const asked = URL.parse(url, 'http://page');
    if (method !== 'GET' && method !== 'HEAD') {
      return reply(response, problem(405, `${method} is not allowed here.`, { allow: 'GET, HEAD' }));
    }
    if (asked === null) return reply(response, problem(400, 'The address cannot be read.'));
    if (asked.pathname === '/api/events') return openStream(request, response);
    try {
      reply(response, answer(asked, view, assets));
    } catch (error) {
      reply(response, problem(500, error instanceof Error ? error.message : String(error)));
    }
  });
  server.maxConnections = maxConnections;

  function openStream(request: IncomingMessage, response: ServerResponse) {
    response.writeHead(200, { ...common, 'content-type': 'text/event-stream', connection: 'close' });
    if (request.method === 'HEAD' || closing !== undefined) return response.end();
    const end = sendEvents(view, response);
    streams.add(end);
    return response.once('close', () => streams.delete(end));
  }

  const http = await listenNear(server, first, { host, signal, drainMs });
  const close = () => (closing ??= drain(http, streams));
  return { url: http.url, port: http.port, close, [Symbol.asyncDispose]: close };
}

const common = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

function reply(response: ServerResponse, { status, type, body, headers }: Reply) {
  response.writeHead(status, {
    ...common,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

async function listenNear(server: Server, first: number, options: ServeHttpOptions): Promise<HttpListener> {
  const last = first === 0 ? 0 : Math.min(first + portsToTry - 1, 65_535);
  for (let port = first; ; port++) {
    try {
      return await serveHttp(server, { ...options, port });
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken) throw error;
      if (port === last) throw new PageError(options.host ?? '', [first, last], { cause: error });
    }
  }
}

function drain(http: HttpListener, streams: ReadonlySet<() => void>): Promise<void> {
  for (const end of streams) end();
  return http.close();
}
