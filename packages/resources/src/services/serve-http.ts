import { once } from 'node:events';
import { Server as TlsServer } from 'node:tls';
import { checkInteger } from '@dataenginex/core';
import { type DrainOptions, HttpDrain, type HttpServer } from './drain-http.ts';
import { checkSignal } from '../checks.ts';

/** Options of `serveHttp`. */
export interface ServeHttpOptions extends DrainOptions {
  /** From 0 to 65535; 0 lets the system choose. @default 0 */
  port?: number | undefined;
  /** @default every address of the machine, IPv6 and IPv4 */
  host?: string | undefined;
}

/** A server that listens. */
export interface HttpListener extends AsyncDisposable {
  readonly port: number;
  /** Without a slash at the end, such as `http://127.0.0.1:3000`; `localhost` when it listens on every address. */
  readonly url: string;
  /**
   * Accepts no more, closes idle connections, and waits for the requests under way, at most `drainMs`; then destroys
   * what is left. A second call waits too.
   */
  close(): Promise<void>;
}

/**
 * Lets a server listen, and closes it without losing a request.
 *
 * ```ts
 * import { createServer } from 'node:http';
 * import { openScope, serveHttp } from '@dataenginex/resources';
 *
 * await using scope = openScope();
 * const server = createServer((_request, response) => response.end('12.8'));
 * const { url } = await scope.use(serveHttp(server, { host: '127.0.0.1' }));
 * await (await fetch(url)).text(); // => '12.8'
 * ```
 *
 * @returns When the server listens.
 * @throws {OptionError} When the server is not of `node:http` or `node:https`, or an option is out of range.
 * @throws The error of Node when it cannot listen, such as one with the code `EADDRINUSE`; the server may try again.
 * @throws The signal's reason.
 */
export async function serveHttp(server: HttpServer, options: ServeHttpOptions = {}): Promise<HttpListener> {
  const { port = 0, host } = options;
  checkInteger('serveHttp.port', port, { min: 0, max: 65_535 });
  const signal = checkSignal('serveHttp.signal', options.signal);
  const drain = new HttpDrain('serveHttp', server, options);
  try {
    server.listen({ port, host });
    await once(server, 'listening', { signal });
  } catch (error) {
    if (signal?.aborted !== true) {
      drain.detach();
      throw error;
    }
    await drain.close();
    throw signal.reason;
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server listens on no port.');
  const protocol = server instanceof TlsServer ? 'https' : 'http';
  return {
    port: address.port,
    url: `${protocol}://${hostOf(address.address)}:${address.port}`,
    close: () => drain.close(),
    [Symbol.asyncDispose]: () => drain.close(),
  };
}

function hostOf(address: string): string {
  if (address === '::' || address === '0.0.0.0') return 'localhost';
  return address.includes(':') ? `[${address}]` : address;
}
