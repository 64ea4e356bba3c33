import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';

/** A server on loopback for one test. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** `GET /path` of each request, in order. */
  readonly requests: readonly string[];
}

/** Serves HTTP; `attempt` counts the requests, from 1. */
export async function serve(
  handle: (request: IncomingMessage, response: ServerResponse, attempt: number) => void,
): Promise<TestServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    handle(request, response, requests.length);
  });
  return start(server, requests, () => server.closeAllConnections());
}

/** Writes whatever it likes to the socket once a request has come. */
export async function serveRaw(handle: (socket: Socket) => void): Promise<TestServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      requests.push(String(data).split(' HTTP/', 1)[0] ?? '');
      handle(socket);
    });
  });
  return start(server, requests, () => {
    for (const socket of sockets) socket.destroy();
  });
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export async function readText(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString();
}

async function start(server: Server, requests: readonly string[], endConnections: () => void): Promise<TestServer> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.close();
      endConnections();
      await once(server, 'close');
    },
  };
}
