import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import { constants, createSecureServer } from 'node:http2';
import { createServer as createTls } from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { connect, createServer as createTcp, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { tempDir } from '@dataenginex/resources';
import { Agent } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cert, key } from '../../test/certificate.ts';
import { open } from '../../test/open.ts';
import { serve } from '../../test/server.ts';
import { type ClientOptions, createClient } from '../index.ts';

afterEach(() => void vi.unstubAllEnvs());

function client(options: ClientOptions) {
  const api = createClient({ retry: false, hedge: false, ...options });
  open.push(api);
  return api;
}

async function listen(server: Server & { closeAllConnections?(): void }, path?: string): Promise<number> {
  server.listen(path ?? { port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  open.push({
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections?.();
    },
  });
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** Whether a network says so at once or never differs from machine to machine. */
const unreachable = { code: expect.stringMatching(/^DEX_HTTP_(?:NETWORK|TIMEOUT)$/) };

describe('connections', () => {
  it('go to a Unix socket with socketPath', async () => {
    const folder = await tempDir();
    open.push(folder);
    const path = join(folder.path, 'socket');
    await listen(
      createServer((request, response) => response.end(`${request.headers.host}${request.url}`)),
      path,
    );
    const api = client({ baseUrl: 'http://docker/v1', socketPath: path });
    await expect(api.get('/info').text()).resolves.toBe('docker/v1/info');
  });

  it('trust what tls says, and else refuse', async () => {
    const port = await listen(createTls({ key, cert }, (_request, response) => response.end('safe')));
    const baseUrl = `https://127.0.0.1:${port}`;
    await expect(
      client({ baseUrl, tls: { ca: cert } })
        .get('/')
        .text(),
    ).resolves.toBe('safe');
    await expect(client({ baseUrl }).get('/').text()).rejects.toMatchObject({
      code: 'DEX_HTTP_NETWORK',
      message: expect.stringContaining('self-signed certificate'),
    });
  });

  it.each([
    [true, '2.0'],
    [false, '1.1'],
  ])('speak HTTP/2 with http2: %s', async (http2, version) => {
    const server = createSecureServer({ key, cert, allowHTTP1: true }, (request, response) =>
      response.end(request.httpVersion),
    );
    const port = await listen(server);
    const api = client({ baseUrl: `https://127.0.0.1:${port}`, tls: { ca: cert }, http2 });
    await expect(api.get('/').text()).resolves.toBe(version);
    await expect(Promise.all([1, 2, 3].map(() => api.get('/').text()))).resolves.toEqual([version, version, version]);
  });

  it('that are being made end with the client', async () => {
    const sockets = new Set<Socket>();
    const server = createTcp((socket) => {
      sockets.add(socket); // nobody answers the beginning of TLS
      socket.on('data', () => {}).on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    });
    const api = client({ proxy: false });
    const asked = api.get(`https://127.0.0.1:${await listen(server)}/`).text();
    await vi.waitFor(() => expect([...sockets].some(({ bytesRead }) => bytesRead > 0)).toBe(true), 5_000);
    await Promise.all([api.close(), expect(asked).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' })]);
    await vi.waitFor(() => expect(sockets.size).toBe(0), 5_000);
  });

  it('send once more what is refused over HTTP/2 before it began, a POST too', async () => {
    let refusals = 1;
    const server = createSecureServer({ key, cert });
    server.on('stream', (stream) => {
      if (refusals-- > 0) stream.on('error', () => {}).close(constants.NGHTTP2_REFUSED_STREAM);
      else stream.end('taken');
    });
    const port = await listen(server);
    const api = client({ baseUrl: `https://127.0.0.1:${port}`, tls: { ca: cert }, http2: true });
    await expect(api.post('/', { json: 1 }).text()).resolves.toBe('taken');
    refusals = 2;
    await expect(api.post('/', { json: 1 }).text()).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK' });
  });

  it('give up after connectTimeoutMs', async () => {
    const api = client({ connectTimeoutMs: 100 });
    // RFC 5737: nobody is there, and routers drop it or say so
    await expect(api.get('http://192.0.2.1/').text()).rejects.toMatchObject(unreachable);
  });

  it.each<[ClientOptions, string]>([
    [{ connections: 0 }, 'Option "createClient.connections"'],
    [{ connectTimeoutMs: 0 }, 'Option "createClient.connectTimeoutMs"'],
    [
      { proxy: 'socks5://user:secret@host' },
      'Option "createClient.proxy" must be an http: or https: URL, got "another".',
    ],
    [{ proxy: 'http://host', denyPrivateNetworks: true }, 'Option "createClient.proxy" must be left out beside'],
    [{ socketPath: '/s', denyPrivateNetworks: true }, 'Option "createClient.socketPath" must be left out beside'],
    [{ socketPath: '/s', proxy: 'http://host' }, 'Option "createClient.socketPath" must be left out beside a proxy'],
    [{ dispatcher: new Agent(), http2: true }, 'Option "createClient.http2" must be left out beside a dispatcher'],
  ])('refuse %j', (options, message) => {
    expect(() => createClient(options)).toThrow(message);
  });
});

/** A proxy that forwards and tunnels, and what it was asked. */
async function startProxy(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers['proxy-authorization'] ?? ''}`.trim());
    const outgoing = forward(incoming.url ?? '', { method: incoming.method }, (answer) => {
      response.writeHead(answer.statusCode ?? 502);
      answer.pipe(response);
    });
    incoming.pipe(outgoing);
  });
  server.on('connect', (incoming, socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    const [host, port] = (incoming.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const one of [socket, upstream]) one.on('error', () => {});
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, asked };
}

describe('proxy', () => {
  it('is asked by URL, with its credentials, which no other server sees', async () => {
    const proxy = await startProxy();
    const server = await serve((request, response) => response.end(request.headers['proxy-authorization'] ?? 'none'));
    open.push(server);
    const api = client({ proxy: proxy.url.replace('//', '//user:p%40ss@'), baseUrl: server.url });
    await expect(api.get('/x').text()).resolves.toBe('none');
    expect(proxy.asked).toEqual([`GET ${server.url}/x Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
  });

  it('tunnels TLS', async () => {
    const proxy = await startProxy();
    const port = await listen(createTls({ key, cert }, (_request, response) => response.end('safe')));
    const api = client({ proxy: proxy.url, baseUrl: `https://127.0.0.1:${port}`, tls: { ca: cert } });
    await expect(api.get('/').text()).resolves.toBe('safe');
    expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${port}`]);
  });

  it('comes from the environment, but for loopback and NO_PROXY', async () => {
    const server = await serve((_request, response) => response.end('direct'));
    open.push(server);
    const gateway = createServer((request, response) => response.end(`by proxy: ${request.url}`));
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${await listen(gateway)}`);
    vi.stubEnv('NO_PROXY', 'direct.example');
    const api = client({});
    await expect(api.get('http://weather.example/x').text()).resolves.toBe('by proxy: http://weather.example/x');
    await expect(api.get(server.url).text()).resolves.toBe('direct');
    await expect(api.get('http://direct.example/').text()).rejects.toMatchObject(unreachable);
    const none = client({ proxy: false });
    await expect(none.get('http://weather.invalid/x').text()).rejects.toMatchObject(unreachable);
  });

  it('of the environment may be host:port, and is named where it cannot be one', async () => {
    const gateway = createServer((request, response) => response.end(`by proxy: ${request.url}`));
    vi.stubEnv('HTTP_PROXY', `localhost:${await listen(gateway)}`);
    await expect(client({}).get('http://weather.example/x').text()).resolves.toBe('by proxy: http://weather.example/x');
    for (const proxy of ['http://', 'http://user:%zz@host', 'ftp://host']) {
      vi.stubEnv('HTTPS_PROXY', proxy);
      expect(() => createClient()).toThrow(/^Option "process\.env\.HTTPS_PROXY" must be .* got "another"/);
      expect(() => client({ proxy: false })).not.toThrow();
    }
  });

  it('that does not answer in time is given up after connectTimeoutMs', async () => {
    const port = await listen(createTcp(() => {}));
    const api = client({ proxy: `https://localhost:${port}`, connectTimeoutMs: 50, attemptTimeoutMs: 5_000 });
    const asked = api.get('https://weather.example/').text();
    await expect(asked).rejects.toMatchObject({ cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } });
  });
});

describe('denyPrivateNetworks', () => {
  it.each([
    'http://127.0.0.1:PORT/',
    'http://localhost:PORT/',
    'http://[::1]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://0.0.0.0:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f.1:PORT/',
    'http://10.1.2.3/',
    'http://172.31.0.1/',
    'http://192.168.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://100.64.0.1/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://[64:ff9b::a00:1]/',
    'http://[2002:7f00:1::]/',
    'http://255.255.255.255/',
  ])('refuses %s', async (url) => {
    const server = await serve((_request, response) => response.end('inside'));
    open.push(server);
    const target = url.replace('PORT', new URL(server.url).port);
    const api = createClient({ denyPrivateNetworks: true });
    open.push(api);
    await expect(api.get(target).text()).rejects.toMatchObject({
      code: 'DEX_HTTP_BLOCKED_ADDRESS',
      retryable: false,
      attempt: 1,
    });
    expect(server.requests).toEqual([]);
  });
});

describe('denyPrivateNetworks, of a name', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  it('connects to the address that it looked at, though the next answer is another', async () => {
    const server = await serve((_request, response) => response.end('inside'));
    open.push(server);
    const answers = ['2000::1', '127.0.0.1']; // a public one, which nobody has, and then one inside
    const asked: unknown[] = [];
    vi.spyOn(dns, 'lookup').mockImplementation((...args: unknown[]) => {
      const [host, , done] = args;
      asked.push(host);
      const address = answers.shift() ?? '127.0.0.1';
      if (typeof done === 'function') done(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
    });
    syncBuiltinESMExports();
    const api = client({ denyPrivateNetworks: true, attemptTimeoutMs: 200 });
    const url = server.url.replace('127.0.0.1', 'changing.example');
    await expect(api.get(url).text()).rejects.toMatchObject(unreachable);
    expect(asked).toEqual(['changing.example']);
    await expect(api.get(url).text()).rejects.toMatchObject({ code: 'DEX_HTTP_BLOCKED_ADDRESS' });
    expect(server.requests).toEqual([]);
  });

  it('that is still being looked up, ends with the client', async () => {
    const messages: unknown[] = [];
    const onSocket = (message: unknown): void => void messages.push(message);
    subscribe('net.client.socket', onSocket);
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(() => {});
    syncBuiltinESMExports();
    try {
      const api = client({ denyPrivateNetworks: true });
      const asked = api.get('http://weather.example/').text();
      await vi.waitFor(() => expect(lookup).toHaveBeenCalled(), 5_000);
      await Promise.all([api.close(), expect(asked).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' })]);
      expect(messages).toEqual([{ socket: expect.toSatisfy(({ destroyed }: Socket) => destroyed) }]);
    } finally {
      unsubscribe('net.client.socket', onSocket);
    }
  });
});

describe('an idle connection that the server closes', () => {
  it('never fails a request that may be repeated', async () => {
    const server = createServer((_request, response) => response.end('ok'));
    server.keepAliveTimeout = 1;
    server.keepAliveTimeoutBuffer = 0;
    const port = await listen(server);
    const api = createClient({ baseUrl: `http://127.0.0.1:${port}` });
    open.push(api);
    for (let request = 0; request < 30; request += 1) {
      await expect(api.get('/').text()).resolves.toBe('ok');
      await new Promise((resolve) => setTimeout(resolve, request % 4));
    }
  });
});
