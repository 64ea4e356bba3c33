import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import { checkInteger } from '@dataenginex/core';
import { answer } from './archive.ts';
import { type Fault, seededFaults } from './faults.ts';
import { BadQuery, readQuery } from './query.ts';
import { type Records, readRecords } from './records.ts';

export interface UpstreamOptions {
  /** Which requests meet which fault, and when. */
  seed: number;
  /** `false` for a transport without faults; the bad observations stay. @default true */
  faults?: boolean | undefined;
  /** @default 0, a free one */
  port?: number | undefined;
  /** Gives up starting. Once started, `close` ends it. */
  signal?: AbortSignal | undefined;
}

/** A running replay of NOAA's observations. */
export interface Upstream extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234`, to put before `/v1/archive`. */
  readonly url: string;
  /** Requests by what became of them: an answer in full, be it a 400, or a fault. */
  readonly served: Readonly<Record<'answer' | Fault, number>>;
  /** Ends every connection at once, those that hang included. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * Starts a server on 127.0.0.1 that answers `/v1/archive` as Open-Meteo's archive does, from NOAA's observations in
 * `vega-datasets`, with a fixed set of bad observations beside them and a transport that fails by the seed.
 *
 * @throws {RecordError} When the records are malformed.
 * @throws {OptionError} When `seed` or `port` cannot work.
 * @throws When the port is taken (`EADDRINUSE`).
 * @see https://open-meteo.com/en/docs/historical-weather-api
 */
export async function startUpstream(options: UpstreamOptions): Promise<Upstream> {
  const { seed, faults = true, port = 0, signal } = options;
  checkInteger('seed', seed);
  checkInteger('port', port, { min: 0, max: 65_535 });
  signal?.throwIfAborted();

  const records = await readRecords();
  signal?.throwIfAborted();
  const served = { answer: 0, '503': 0, '429': 0, reset: 0, hang: 0, 'cut body': 0, 'cut chunks': 0 };
  const decide = faults ? seededFaults(seed) : () => undefined;

  const server = createServer((request, response) => {
    const target = request.url ?? '/';
    const fault = decide(target);
    served[fault ?? 'answer'] += 1;
    const full = respond(request.method, target, records);
    if (fault === undefined) send(response, full);
    else misbehave(response, fault, full);
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

function respond(method: string | undefined, target: string, records: Records): Answer {
  const url = URL.parse(target, 'http://127.0.0.1');
  if (method !== 'GET' || url?.pathname !== '/v1/archive') return refusal(404, 'Not Found');
  try {
    return { status: 200, body: answer(readQuery(url.searchParams), records) };
  } catch (error) {
    if (error instanceof BadQuery) return refusal(400, error.message);
    throw error;
  }
}

function refusal(status: number, reason: string): Answer {
  return { status, body: JSON.stringify({ error: true, reason }) };
}

const json = 'application/json; charset=utf-8';

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': json, 'content-length': Buffer.byteLength(body) }).end(body);
}

const unavailable =
  '<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n' +
  '<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n<hr><center>nginx</center>\r\n' +
  '</body>\r\n</html>\r\n';

function misbehave(response: ServerResponse, fault: Fault, { status, body }: Answer): void {
  const start = body.slice(0, body.length / 2);
  switch (fault) {
    case '503':
      response.writeHead(503, { 'content-type': 'text/html' }).end(unavailable);
      break;
    case '429':
      response.setHeader('retry-after', 1);
      send(response, refusal(429, 'Minutely API request limit exceeded. Please try again in one minute.'));
      break;
    case 'reset':
      response.socket?.resetAndDestroy();
      break;
    case 'cut body':
      response.writeHead(status, { 'content-type': json, 'content-length': Buffer.byteLength(body) });
      response.write(start, () => response.destroy());
      break;
    case 'cut chunks':
      response.writeHead(status, { 'content-type': json });
      response.write(start, () => response.destroy());
      break;
    case 'hang':
      break;
  }
}
