import dns from 'node:dns';
import { getEventListeners, once } from 'node:events';
import {
  Agent,
  type ClientRequest,
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { Agent as SecureAgent, createServer as createSecureServer, get as getSecurely } from 'node:https';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { attachDrain, serveHttp, type ServeHttpOptions, trackLeaks } from '../index.ts';

const held: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of held.splice(0)) await release();
});

async function serve(listener: RequestListener, options: ServeHttpOptions = {}) {
  const server = createServer(listener);
  const http = await serveHttp(server, { host: '127.0.0.1', ...options });
  held.push(() => http.close());
  return { server, http };
}

/** A connection that is written to by hand; `answer` is all it gets until the server ends it. */
async function open({ port }: { port: number }, request = '') {
  const socket = connect(port, '127.0.0.1');
  held.push(() => socket.destroy());
  await once(socket, 'connect');
  let received = '';
  socket.setEncoding('utf8').on('data', (data: string) => (received += data));
  socket.on('error', () => undefined);
  const ended = once(socket, 'close');
  socket.write(request);
  return {
    socket,
    received: () => received,
    receives: async (part: string) => {
      while (!received.includes(part)) await once(socket, 'data');
    },
    answer: async () => {
      await ended;
      return received;
    },
  };
}

const request = (path = '/', headers = '') => `GET ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n`;

/** Milliseconds until it settles. */
async function timed(work: Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work;
  return performance.now() - from;
}

describe('serveHttp', () => {
  it('listens, and tells where', async () => {
    const { http } = await serve((_request, response) => response.end('12.8'));
    expect(http.url).toBe(`http://127.0.0.1:${http.port}`);
    expect(await (await fetch(http.url)).text()).toBe('12.8');

    const everywhere = await serveHttp(createServer((_request, response) => response.end('all')));
    held.push(() => everywhere.close());
    expect(everywhere.url).toBe(`http://localhost:${everywhere.port}`);
    expect(await (await fetch(everywhere.url)).text()).toBe('all');
  });

  it('writes IPv6 addresses as URLs do', async (context) => {
    const server = createServer((_request, response) => response.end('six'));
    const hasIPv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
    context.skip(!hasIPv6, 'no IPv6 here');
    const http = await serveHttp(server, { host: '::1' });
    held.push(() => http.close());
    expect(http.url).toBe(`http://[::1]:${http.port}`);
  });

  it('passes on why it cannot listen, holds nothing, and may be tried again', async () => {
    using leaks = trackLeaks();
    const { http: first } = await serve(() => {});
    const controller = new AbortController();
    const { signal } = controller;
    const server = createServer((_request, response) => response.end('second'));
    const options = { host: '127.0.0.1', signal, draining: signal };
    await expect(serveHttp(server, { ...options, port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(server.listenerCount('request')).toBe(1);
    const second = await serveHttp(server, options);
    expect(await (await fetch(second.url)).text()).toBe('second');
    await second.close();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(server.listenerCount('request')).toBe(1);
    expect(Object.hasOwn(server, 'closeIdleConnections')).toBe(false);
    await first.close();
    expect(leaks.alive()).toEqual([]);
  });

  it('does not listen when it was aborted, nor when it is in the same tick', async () => {
    const reason = new Error('stopped');
    const server = createServer();
    await expect(serveHttp(server, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.listening).toBe(false);

    const { lookup } = dns;
    using slow = vi.spyOn(dns, 'lookup');
    slow.mockImplementation((...args) => setTimeout(() => Reflect.apply(lookup, dns, args), 30));
    for (const host of ['127.0.0.1', 'localhost']) {
      const controller = new AbortController();
      const starting = serveHttp(server, { host, signal: controller.signal });
      controller.abort(reason);
      await expect(starting).rejects.toBe(reason);
      await sleep(80);
      expect(server.listening).toBe(false);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      expect(server.listenerCount('request')).toBe(0);
    }
  });

  it.each([
    [{ port: -1 }, 'serveHttp.port'],
    [{ port: 65_536 }, 'serveHttp.port'],
    [{ port: 0.5 }, 'serveHttp.port'],
    [{ drainMs: -1 }, 'serveHttp.drainMs'],
    [{ drainMs: Infinity }, 'serveHttp.drainMs'],
    [{ signal: {} }, 'serveHttp.signal'],
    [{ draining: 'soon' }, 'serveHttp.draining'],
  ])('refuses %s', async (options, option) => {
    const server = createServer();
    // @ts-expect-error signals that are none
    await expect(serveHttp(server, options)).rejects.toMatchObject({ code: 'DEX_OPTION', option });
    expect(server.listening).toBe(false);
    expect(server.listenerCount('request')).toBe(0);
  });
});

describe('HttpListener.close', () => {
  it('closes in milliseconds where server.close() waits for the keep-alive of a client that is done', async () => {
    const slow: RequestListener = (_request, response) => void sleep(50).then(() => response.end('answer'));
    const agent = new Agent({ keepAlive: true });
    held.push(() => agent.destroy());
    const ask = async (port: number): Promise<string> => {
      return text(await responseTo(get({ port, host: '127.0.0.1', agent })));
    };

    const plain = createServer((...exchange) => {
      setImmediate(() => plain.close());
      slow(...exchange);
    });
    held.push(() => plain.closeAllConnections());
    await once(plain.listen(0, '127.0.0.1'), 'listening');
    expect(await ask(portOf(plain))).toBe('answer');
    const plainMs = timed(once(plain, 'close'));
    expect(await Promise.race([plainMs, sleep(500, 'still open')])).toBe('still open');

    const { server, http } = await serve((...exchange) => {
      setImmediate(() => void http.close());
      slow(...exchange);
    });
    expect(await ask(http.port)).toBe('answer');
    expect(await timed(http.close())).toBeLessThan(200);
    expect(server.listening).toBe(false);
  });

  it('lets go of idle and of silent connections at once, and accepts no more', async () => {
    const { http } = await serve((_request, response) => response.end('answer'));
    const idle = await open(http, request());
    await idle.receives('answer');
    const silent = await open(http);
    expect(await timed(http.close())).toBeLessThan(200);
    expect(await idle.answer()).toMatch(/answer$/);
    expect(await silent.answer()).toBe('');
    await expect(fetch(http.url)).rejects.toThrow('fetch failed');
  });

  it('answers what had arrived when it was called, on idle and on new connections', async () => {
    const { http } = await serve((_request, response) => response.end('answer'));
    const idle = await open(http, request());
    await idle.receives('answer');
    const silent = await open(http);
    await sleep(20);
    idle.socket.write(request('/second'));
    silent.socket.write(request('/first'));
    await http.close();
    expect((await idle.answer()).match(/answer/g)).toHaveLength(2);
    expect(await silent.answer()).toMatch(/answer$/);
  });

  it('answers what waits to be accepted', async () => {
    const { http } = await serve((_request, response) => response.end('answer'));
    const clients = await Promise.all(Array.from({ length: 50 }, () => open(http, request())));
    await http.close(); // by now Node has accepted only a few
    const answers = await Promise.all(clients.map(({ answer }) => answer()));
    expect(answers.filter((answer) => answer.endsWith('answer'))).toHaveLength(50);
  });

  it('waits for a request whose head or body is still arriving', async () => {
    const { http } = await serve(
      (incoming, response) => void text(incoming).then((body) => response.end(`got ${body}`)),
    );
    const head = await open(http, 'GET / HTTP/1.1\r\nHost:');
    const body = await open(http, 'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n12');
    await sleep(20);
    const closed = http.close();
    await sleep(50);
    head.socket.write(' test\r\n\r\n');
    body.socket.write('.8');
    await closed;
    expect(await head.answer()).toMatch(/\r\nConnection: close\r\n[^]*got $/i);
    expect(await body.answer()).toMatch(/\r\nConnection: close\r\n[^]*got 12\.8$/i);
  });

  it('sends to its end what was given to response.end, which server.close() cuts off', async () => {
    const bytes = 32 * 2 ** 20;
    const { http } = await serve((_request, response) => response.end(Buffer.alloc(bytes, 'x')));
    const response = await responseTo(get(http.url));
    await once(response, 'readable');
    await sleep(50);
    const closed = http.close();
    await sleep(50);
    expect((await text(response)).length).toBe(bytes);
    await closed;
  });

  it('closes a connection after its last answer, though the head of that had promised keep-alive', async () => {
    const { http } = await serve((_request, response) => {
      response.write('begun, ');
      setTimeout(() => response.end('ended'), 100);
    });
    const client = await open(http, request());
    await client.receives('begun');
    expect(client.received()).toMatch(/\r\nConnection: keep-alive\r\n/i);
    expect(await timed(http.close())).toBeLessThan(500);
    expect(await client.answer()).toContain('ended');
  });

  it('answers each of several requests that a client has sent at once', async () => {
    const { http } = await serve(({ url = '' }, response) => void sleep(50).then(() => response.end(`answer ${url}`)));
    const pipelined = await open(http, request('/1') + request('/2') + request('/3'));
    await sleep(20);
    await http.close();
    const answers = await pipelined.answer();
    expect(answers.match(/answer \/\d|Connection: [-a-z]+/gi)).toEqual(
      ['keep-alive', 'keep-alive', 'close'].flatMap((word, at) => [expect.stringContaining(word), `answer /${at + 1}`]),
    );
  });

  it('destroys after drainMs what never ends: streams, upgraded and half-open connections', async () => {
    const { server, http } = await serve((_request, response) => void response.write('data: 1\n\n'), { drainMs: 100 });
    const upgraded: Socket[] = [];
    server.on('upgrade', (_request, socket: Socket) => {
      upgraded.push(socket);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    });
    const stream = await open(http, request());
    const socket = await open(http, request('/', 'Upgrade: echo\r\nConnection: Upgrade\r\n'));
    const slow = await open(http, 'GET / HTTP/1.1\r\n');
    await Promise.all([stream.receives('data: 1'), socket.receives('101')]);
    const closed = timed(http.close());
    await Promise.all([stream.answer(), socket.answer(), slow.answer()]);
    expect(await closed).toBeGreaterThan(50);
    expect(await closed).toBeLessThan(600);
    expect(upgraded.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  it('lets an upgraded connection end by itself meanwhile', async () => {
    const { server, http } = await serve(() => {});
    server.on('upgrade', (_request, socket: Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
      setTimeout(() => socket.end('goodbye'), 100);
    });
    const client = await open(http, request('/', 'Upgrade: echo\r\nConnection: Upgrade\r\n'));
    await client.receives('101');
    await http.close();
    expect(await client.answer()).toMatch(/goodbye$/);
  });

  it('is safe twice, and as a resource', async () => {
    const { http } = await serve(() => {});
    await Promise.all([http.close(), http.close(), http[Symbol.asyncDispose]()]);
    await http.close();
  });

  it('gives what is under way half a second once its signal aborts, and closes by itself', async () => {
    const controller = new AbortController();
    const { server, http } = await serve(
      ({ url }, response) =>
        void sleep(url === '/quick' ? 100 : 60_000, null, { ref: false }).then(() => response.end('done')),
      { signal: controller.signal, draining: controller.signal },
    );
    const quick = await open(http, request('/quick'));
    const slow = await open(http, request('/slow'));
    await sleep(20);
    controller.abort();
    const closed = timed(once(server, 'close'));
    expect(await quick.answer()).toMatch(/\r\nConnection: close\r\n[^]*done$/i);
    expect(await slow.answer()).toBe('');
    expect(await closed).toBeGreaterThan(400);
    expect(await closed).toBeLessThan(1_500);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });
});

describe('while draining', () => {
  it('goes on accepting, and says Connection: close in every answer, also on connections already open', async () => {
    const draining = new AbortController();
    const begun = Promise.withResolvers<void>();
    const { http } = await serve(
      ({ url }, response) => void (url === '/slow' ? begun.promise : sleep(0)).then(() => response.end('answer')),
      { draining: draining.signal },
    );
    const idle = await open(http, request());
    await idle.receives('answer');
    const slow = await open(http, request('/slow'));
    await sleep(20);
    draining.abort();
    begun.resolve();
    expect(await slow.answer()).toMatch(/\r\nConnection: close\r\n/i);
    idle.socket.write(request());
    const [, before, after] = /^([^]*answer)([^]*answer)$/.exec(await idle.answer()) ?? [];
    expect(before).toMatch(/\r\nConnection: keep-alive\r\n/i);
    expect(after).toMatch(/\r\nConnection: close\r\n/i);
    expect(await (await open(http, request())).answer()).toMatch(/\r\nConnection: close\r\n/i);
    expect(await (await open(http, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')).answer()).toMatch(
      /\r\nConnection: close\r\n/i,
    );
  });

  it.each<[string, RequestListener]>([
    ['an object', (_request, response) => response.writeHead(201, { Connection: 'keep-alive', 'X-A': '1' }).end('x')],
    ['a list', (_request, response) => response.writeHead(201, ['connection', 'keep-alive', 'X-A', '1']).end('x')],
    [
      'a list of pairs',
      (_request, response) => {
        response.writeHead(201, [
          ['connection', 'keep-alive'],
          ['X-A', '1'],
        ]);
        response.end('x');
      },
    ],
    [
      'a reason and an object',
      (_request, response) => response.writeHead(201, 'Made', { connection: 'keep-alive', 'X-A': '1' }).end('x'),
    ],
    [
      'setHeader',
      (_request, response) => {
        response.setHeader('Connection', 'keep-alive');
        response.setHeader('X-A', '1');
        response.statusCode = 201;
        response.end('x');
      },
    ],
  ])('says so too where the handler says keep-alive: %s', async (_name, handler) => {
    const { http } = await serve(handler, { draining: AbortSignal.abort() });
    const answer = await (await open(http, request())).answer();
    expect(answer).toMatch(/^HTTP\/1\.1 201 (Made|Created)\r\n/);
    expect(answer.match(/connection: .*/gi)).toEqual([expect.stringMatching(/: close$/)]);
    expect(answer).toContain('X-A: 1\r\n');
  });
});

describe('serveHttp with TLS', () => {
  // A key that both sides know spares the test a certificate.
  const psk = Buffer.alloc(32, 7);
  const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

  it('drains just the same', async () => {
    const server = createSecureServer(
      { ...tls, pskCallback: () => psk, keepAliveTimeout: 60_000 },
      ({ url }, response) => void sleep(url === '/slow' ? 100 : 0).then(() => response.end('answer')),
    );
    const http = await serveHttp(server, { host: '127.0.0.1' });
    held.push(() => http.close());
    expect(http.url).toMatch(/^https:/);
    const trust = { ...tls, pskCallback: () => ({ psk, identity: 'test' }), checkServerIdentity: () => undefined };
    const agent = new SecureAgent({ ...trust, keepAlive: true });
    held.push(() => agent.destroy());
    const ask = (path: string) => responseTo(getSecurely(http.url + path, { agent }));
    expect(await text(await ask('/'))).toBe('answer');
    const [slow] = await Promise.all([ask('/slow'), ask('/').then(text)]); // two connections, one of them idle soon
    const silent = await open(http);
    const greeted = connectSecurely({ ...trust, port: http.port, host: '127.0.0.1' });
    await once(greeted, 'secureConnect');
    const shaking = await open(http, Buffer.from([22, 3, 1]).toString('latin1'));
    const closed = timed(http.close());
    expect(await text(slow)).toBe('answer');
    expect(await silent.answer()).toBe('');
    await once(greeted.resume(), 'close');
    shaking.socket.destroy();
    expect(await closed).toBeLessThan(1_000);
  });
});

describe('attachDrain', () => {
  it('drains a server that somebody else lets listen', async () => {
    const server = createServer((_request, response) => void sleep(50).then(() => response.end('answer')));
    const drain = attachDrain(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = await open({ port: portOf(server) }, request());
    await sleep(20);
    await drain.close();
    expect(await client.answer()).toMatch(/\r\nConnection: close\r\n/i);
  });

  it('can be attached to a server that has connections, and closed when there is nothing to close', async () => {
    const server = createServer((_request, response) => response.end('answer'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = await open({ port: portOf(server) });
    await sleep(20);
    await using drain = attachDrain(server);
    client.socket.write(request());
    await client.receives('answer');
    expect(await timed(drain.close())).toBeLessThan(200);
    await attachDrain(createServer()).close();
  });

  it('cuts off after drainMs what was under way before it was attached', async () => {
    const server = createServer(() => undefined);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = await open({ port: portOf(server) }, request());
    await sleep(20);
    expect(await timed(attachDrain(server, { drainMs: 50 }).close())).toBeLessThan(500);
    expect(await client.answer()).toBe('');
  });

  it('lets go when its owner closes the server', async () => {
    using leaks = trackLeaks();
    const controller = new AbortController();
    const server = createServer();
    attachDrain(server, { signal: controller.signal, draining: controller.signal });
    await once(server.listen(0), 'listening');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(2);
    expect(leaks.alive()).toHaveLength(1);
    server.close();
    await once(server, 'close');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(leaks.alive()).toEqual([]);
  });

  it('refuses options that cannot work, and a signal that has aborted', () => {
    const server = createServer();
    expect(() => attachDrain(server, { signal: AbortSignal.abort(new Error('stopped')) })).toThrow('stopped');
    expect(server.listenerCount('request')).toBe(0);
    expect(() => attachDrain(createServer(), { drainMs: NaN })).toThrow('Option "attachDrain.drainMs" must be');
    // @ts-expect-error a server of HTTP/2
    expect(() => attachDrain(createHttp2Server())).toThrow('Option "attachDrain.server" must be a server of node:http');
  });

  it('refuses what only has a server, such as a framework', async () => {
    // @ts-expect-error its server is meant
    await expect(serveHttp({ server: createServer() })).rejects.toThrow(
      'Option "serveHttp.server" must be a server of',
    );
  });
});

function responseTo(asked: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  asked.on('response', resolve).on('error', reject);
  return promise;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
