import { type IncomingMessage, Server, type ServerResponse } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { checkInteger, OptionError } from '@dataenginex/core';
import { track, untrack } from '../leaks.ts';
import { checkSignal, longestTimerMs } from '../checks.ts';

/** A server of HTTP/1, with or without TLS. */
export type HttpServer = Server | SecureServer;

/** Options of `attachDrain`. */
export interface DrainOptions {
  /**
   * From its abort on every response says `Connection: close`, while the server goes on accepting. Give it the
   * `draining` of `runService`: clients then leave for another server without losing a request.
   */
  draining?: AbortSignal | undefined;
  /** Aborting it closes the server; what is under way then has half a second. */
  signal?: AbortSignal | undefined;
  /** How long `close` waits for what is under way, before it destroys the connections. @default 15_000 */
  drainMs?: number | undefined;
}

interface Connection {
  readonly responses: Set<ServerResponse>;
  /** The one of them that was asked for last. */
  last: ServerResponse | undefined;
  /** What `socket.bytesRead` was when the last response was done: more than that, and something is under way. */
  bytesAnswered: number;
}

const abortedMs = 500;

/** How many connections wait to be accepted at most, as Node has it. */
const backlog = 511;

/** Closes a server so that no request it has taken is lost. Made by `attachDrain`. */
export class HttpDrain implements AsyncDisposable {
  readonly #server: HttpServer;
  readonly #drainMs: number;
  readonly #draining: AbortSignal | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #connections = new Map<Socket, Connection>();
  #timers: NodeJS.Timeout[] = [];
  #accepted = 0;
  #isDraining = false;
  #sweeps = false;
  #closed: Promise<void> | undefined;

  constructor(caller: string, server: HttpServer, options: DrainOptions) {
    const given: unknown = server;
    if (!(given instanceof Server || given instanceof SecureServer)) {
      throw new OptionError(`${caller}.server`, 'a server of node:http or node:https', given);
    }
    this.#server = server;
    this.#drainMs = checkInteger(`${caller}.drainMs`, options.drainMs ?? 15_000, { min: 0, max: longestTimerMs });
    this.#draining = checkSignal(`${caller}.draining`, options.draining);
    this.#signal = checkSignal(`${caller}.signal`, options.signal);
    this.#signal?.throwIfAborted();
    server.on('connection', this.#track).on('secureConnection', this.#track).once('close', this.detach);
    server.prependListener('request', this.#onRequest);
    track(this, 'HttpDrain');
    this.#draining?.addEventListener('abort', this.#drain, { once: true });
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#draining?.aborted === true) this.#drain();
  }

  /**
   * Accepts no more connections, closes the idle ones, lets the requests under way be answered and closes each
   * connection after its last answer. What is left after `drainMs`, such as event streams and WebSockets, is destroyed.
   * A second call waits too.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#drain();
    this.#destroyAfter(this.#drainMs);
    await this.#takeIn();
    this.#sweeps = true;
    // Node's own sweep, which `server.close` calls, cuts off what was given to `response.end` and is still being sent.
    server.closeIdleConnections = () => this.#connections.forEach(closeIfIdle);
    await new Promise<void>((resolve) => {
      server.close(() => resolve()); // the error would say that it did not listen
    });
  }

  /**
   * Accepts and reads what has arrived already, so that none of it is taken for idle. Node accepts one connection in each
   * turn of its loop, and reads it in the next.
   */
  async #takeIn(): Promise<void> {
    let accepted = -1;
    await setImmediate(); // may end a turn that has looked already
    for (let turns = 0; turns < backlog && accepted < this.#accepted; turns += 1) {
      accepted = this.#accepted;
      await setImmediate();
    }
  }

  /** Lets go of the server, without closing it. */
  readonly detach = (): void => {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#draining?.removeEventListener('abort', this.#drain);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#server.off('connection', this.#track).off('secureConnection', this.#track).off('close', this.detach);
    this.#server.off('request', this.#onRequest);
    Reflect.deleteProperty(this.#server, 'closeIdleConnections'); // Node's own again
    untrack(this);
  };

  #destroyAfter(ms: number): void {
    const destroy = (): void => {
      for (const socket of this.#connections.keys()) socket.destroy();
      this.#server.closeAllConnections(); // those too that were taken before this was attached
    };
    this.#timers.push(setTimeout(destroy, ms));
  }

  readonly #onAbort = (): void => {
    void this.close();
    this.#destroyAfter(abortedMs);
  };

  readonly #drain = (): void => {
    if (this.#isDraining) return;
    this.#isDraining = true;
    for (const connection of this.#connections.values()) {
      for (const response of connection.responses) sayClose(response, connection);
    }
  };

  readonly #track = (socket: Socket): Connection => {
    const connection: Connection = { responses: new Set(), last: undefined, bytesAnswered: 0 };
    this.#connections.set(socket, connection);
    this.#accepted += 1;
    socket.once('close', () => this.#connections.delete(socket));
    return connection;
  };

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    const connection = this.#connections.get(socket) ?? this.#track(socket);
    connection.responses.add(response);
    connection.last = response;
    if (this.#isDraining) sayClose(response, connection);
    response.once('close', () => {
      connection.responses.delete(response);
      if (connection.last === response) connection.last = undefined;
      connection.bytesAnswered = socket.bytesRead;
      if (this.#sweeps) closeIfIdle(connection, socket);
    });
  };
}

/**
 * Watches a server's connections, so that it can be closed without losing a request. Call it before the server listens;
 * whoever owns the server, such as a framework, lets it listen. `serveHttp` does both.
 *
 * `server.close()` alone leaves a keep-alive connection open for seconds after its last answer, cuts off answers that
 * are still being sent, and lets clients send requests into a connection that is being closed.
 *
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import { attachDrain } from '@dataenginex/resources';
 *
 * const server = createServer((_request, response) => response.end('12.8'));
 * const drain = attachDrain(server, { drainMs: 5_000 });
 * await once(server.listen(0), 'listening');
 * await drain.close();
 * server.listening; // => false
 * ```
 *
 * @throws {OptionError} When the server is not of `node:http` or `node:https`, or an option is out of range.
 * @throws The signal's reason, when it has aborted already.
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function attachDrain(server: HttpServer, options: DrainOptions = {}): HttpDrain {
  return new HttpDrain('attachDrain', server, options);
}

function closeIfIdle({ responses, bytesAnswered }: Connection, socket: Socket): void {
  if (responses.size === 0 && socket.bytesRead === bytesAnswered) socket.destroySoon();
}

/**
 * Whatever the handler says: a reverse proxy, for one, passes on the `Connection` that its upstream meant for it. Of
 * answers to requests in a pipeline only the last: a client takes none behind it.
 */
function sayClose(response: ServerResponse, connection: Connection): void {
  if (response.headersSent) return;
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (...args: unknown[]) => {
    if (connection.last !== response) return Reflect.apply(writeHead, response, args);
    response.setHeader('connection', 'close');
    return Reflect.apply(writeHead, response, args.map(withoutConnection));
  };
}

function withoutConnection(argument: unknown): unknown {
  if (Array.isArray(argument)) {
    // Node takes pairs as well, but not beside a header that is set, as `connection` is.
    const list: unknown[] = Array.isArray(argument[0]) ? argument.flat() : argument;
    return list.filter((_, index) => !isConnection(list[index - (index % 2)]));
  }
  if (typeof argument !== 'object' || argument === null) return argument;
  return Object.fromEntries(Object.entries(argument).filter(([name]) => !isConnection(name)));
}

function isConnection(name: unknown): boolean {
  return typeof name === 'string' && name.toLowerCase() === 'connection';
}
