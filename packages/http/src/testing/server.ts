import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { checkFunction, checkInteger, checkNumber } from '@dataenginex/core';
import { type Fault, seededFaults, type SeededFaultsOptions } from './faults.ts';

/** A request as the server got it, whole. */
export interface ServedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ServerReply {
  /** @default 200 */
  status?: number | undefined;
  headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  body?: string | Uint8Array | undefined;
}

export interface FaultyServerOptions extends SeededFaultsOptions {
  /** What is answered in place of the usual 503 and 429; a status in it is the fault's own. */
  replies?: Readonly<Partial<Record<'503' | '429', ServerReply>>> | undefined;
  /** Between the bytes of a slow drip. @default 100 */
  dripMs?: number | undefined;
  /** @default 0, a free one */
  port?: number | undefined;
  /** Gives up starting. Once started, `close` ends it. */
  signal?: AbortSignal | undefined;
}

export interface FaultyServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234`. */
  readonly url: string;
  /** Requests by what became of them: an answer in full, whatever its status, or a fault. */
  readonly served: Readonly<Record<'answer' | Fault, number>>;
  /** Ends every connection at once, those that hang included. */
  close(): Promise<void>;
}

/**
 * Starts a server on 127.0.0.1 that answers as `handle` says, but for the share of requests that meets a fault. Which
 * do, follows from the seed, the request (method, path, query, body) and how often it was made before: two runs meet
 * the same, however many requests are under way at once. What `handle` throws is answered with 500. The server
 * remembers each different request for as long as it runs.
 *
 * ```ts
 * import { createClient } from '@dataenginex/http';
 * import { startFaultyServer } from '@dataenginex/http/testing';
 *
 * const json = { 'content-type': 'application/json' };
 * await using server = await startFaultyServer(({ url }) => ({ headers: json, body: JSON.stringify({ url }) }), {
 *   seed: 3,
 *   faults: { '503': 0.3, reset: 0.1, 'cut body': 0.1 },
 * });
 * await using api = createClient({ baseUrl: server.url, retry: { baseDelayMs: 5 } });
 * for (let day = 1; day <= 20; day += 1) {
 *   await api.get(`/days/${day}`).json(); // at most 3 faults in a row, so that 4 attempts are enough
 * }
 * server.served.answer; // => 20
 * server.served['503'] > 0; // => true
 * ```
 *
 * @throws {OptionError} When an option cannot work.
 * @throws When the port is taken (`EADDRINUSE`).
 */
export async function startFaultyServer(
  handle: (request: ServedRequest) => ServerReply | Promise<ServerReply>,
  options: FaultyServerOptions,
): Promise<FaultyServer> {
  const { replies = {}, dripMs = 100, port = 0, signal } = options;
  checkFunction('startFaultyServer.handle', handle);
  checkNumber('startFaultyServer.dripMs', dripMs, { min: 1, max: 2 ** 31 - 1 });
  checkInteger('startFaultyServer.port', port, { min: 0, max: 65_535 });
  const faultOf = seededFaults(options);
  signal?.throwIfAborted();

  const served: Record<'answer' | Fault, number> = { answer: 0, ...none };
  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await readRequest(message);
    if (request === undefined) return;
    const key = keyOf(request);
    const fault = faultOf(key);
    served[fault ?? 'answer'] += 1;
    if (fault === 'hang') return;
    if (fault === 'reset') return void response.socket?.resetAndDestroy();
    if (fault === 'garbage') return void response.socket?.end(createHash('sha512').update(key).digest());
    if (fault === '503') return send(response, { ...unavailable, ...replies['503'], status: 503 });
    if (fault === '429') return send(response, { ...limited, ...replies['429'], status: 429 });
    const reply = await handle(request);
    if (fault === undefined) send(response, reply);
    else spoil(response, fault, reply, dripMs);
  };
  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      for (const name of response.getHeaderNames()) response.removeHeader(name); // of a reply that could not be sent
      send(response, { status: 500, headers: { 'content-type': 'text/plain' }, body: String(error) });
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  if (signal?.aborted) await close();
  signal?.throwIfAborted();
  const address = server.address();
  const taken = typeof address === 'object' ? address?.port : undefined;
  return { url: `http://127.0.0.1:${taken}`, served, close, [Symbol.asyncDispose]: close };
}

const none: Readonly<Record<Fault, number>> = {
  '503': 0,
  '429': 0,
  reset: 0,
  hang: 0,
  garbage: 0,
  'cut body': 0,
  'cut chunks': 0,
  'slow drip': 0,
  'long length': 0,
  'short length': 0,
};

const unavailable: ServerReply = {
  headers: { 'content-type': 'text/html' },
  body:
    '<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n' +
    '<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n<hr><center>nginx</center>\r\n' +
    '</body>\r\n</html>\r\n',
};

const limited: ServerReply = { headers: { 'content-type': 'text/plain', 'retry-after': '1' }, body: 'Slow down.' };

/** Undefined when the client left before it had sent all of it. */
async function readRequest(message: IncomingMessage): Promise<ServedRequest | undefined> {
  const { method = 'GET', url = '/', headers } = message;
  try {
    return { method, url, headers, body: Buffer.concat(await message.toArray()) };
  } catch {
    return undefined;
  }
}

function keyOf({ method, url, body }: ServedRequest): string {
  return body.length === 0 ? `${method} ${url}` : `${method} ${url} ${createHash('sha256').update(body).digest('hex')}`;
}

function send(response: ServerResponse, { body = '', ...head }: ServerReply): void {
  begin(response, head, Buffer.byteLength(body)).end(body);
}

function begin(response: ServerResponse, { status = 200, headers = {} }: ServerReply, length?: number): ServerResponse {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (length !== undefined) response.setHeader('content-length', length);
  return response.writeHead(status);
}

type Spoiling = 'cut body' | 'cut chunks' | 'slow drip' | 'long length' | 'short length';

/** The answer with a fault in its body. What has none, or one too short to be cut in two, is reset. */
function spoil(response: ServerResponse, fault: Spoiling, reply: ServerReply, dripMs: number): void {
  const body = Buffer.from(reply.body ?? '');
  const { length } = body;
  const half = body.subarray(0, length / 2);
  if (half.length === 0 || response.req.method === 'HEAD') response.socket?.resetAndDestroy();
  else if (fault === 'cut body') begin(response, reply, length).write(half, () => response.destroy());
  else if (fault === 'cut chunks') begin(response, reply).write(half, () => response.destroy());
  else if (fault === 'short length') begin(response, reply, half.length).end(body);
  else if (fault === 'long length') begin(response, reply, length + 1).write(body);
  else drip(begin(response, reply, length), body, dripMs);
}

function drip(response: ServerResponse, body: Buffer, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(at, (at += 1)));
    if (at === body.length) response.end();
  }, everyMs);
  response.once('close', () => clearInterval(timer));
}
