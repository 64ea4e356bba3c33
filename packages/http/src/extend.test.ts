import { once } from 'node:events';
import { Agent } from 'undici';
import { policy } from '@dataenginex/resilience';
import { describe, expect, it } from 'vitest';
import { open } from '../test/open.ts';
import { sendJson, serve, type TestServer } from '../test/server.ts';
import { bearer, type Client, type ClientOptions, createClient, memoryCache, oauth2 } from './index.ts';

/** Tells its headers, and the port that a request came from. */
async function setUp(options: ClientOptions = {}): Promise<{ api: Client; server: TestServer }> {
  const server = await serve((request, response) => {
    response.setHeader('cache-control', request.url?.startsWith('/cached') ? 'max-age=60' : 'no-store');
    if (request.url === '/hangs') return;
    if (request.url === '/fails') response.writeHead(500).end();
    else sendJson(response, { url: request.url, port: request.socket.remotePort, headers: request.headers });
  });
  const api = createClient({ baseUrl: server.url, retry: false, hedge: false, ...options });
  open.push(server, api);
  return { api, server };
}

async function portOf(api: Client): Promise<unknown> {
  return Object(await api.get('/').json()).port;
}

describe('extend', () => {
  it('merges headers, joins hooks and replaces the rest', async () => {
    const order: string[] = [];
    const { api, server } = await setUp({
      headers: { 'X-A': '1', 'x-b': '1', 'x-c': '1' },
      timeoutMs: 5_000,
      hooks: { beforeRequest: () => void order.push('parent') },
    });
    const child = api.extend({
      headers: { 'x-a': '2', 'X-C': undefined },
      timeoutMs: undefined,
      baseUrl: `${server.url}/v1`,
      hooks: { beforeRequest: [() => void order.push('child')] },
    });
    const seen = await child.get('/a', { headers: { 'x-d': '4' } }).json();
    expect(seen).toMatchObject({ url: '/v1/a', headers: { 'x-a': '2', 'x-b': '1', 'x-d': '4' } });
    expect(seen).not.toHaveProperty(['headers', 'x-c']);
    expect(order).toEqual(['parent', 'child']);
    await expect(api.get('/a').json()).resolves.toMatchObject({ url: '/a', headers: { 'x-a': '1', 'x-c': '1' } });
    expect(order).toEqual(['parent', 'child', 'parent']);
  });

  it('shares connections where its options leave them alone', async () => {
    const { api } = await setUp({ connections: 1 });
    const port = await portOf(api);
    await expect(portOf(api.extend({ headers: { a: 'b' }, timeoutMs: 1_000 }))).resolves.toBe(port);
    const own = api.extend({ connections: 1, connectTimeoutMs: 5_000 });
    await expect(portOf(own)).resolves.not.toBe(port);
    await expect(portOf(own.extend({ maxRedirects: 1 }))).resolves.toBe(await portOf(own));
  });

  it('shares breakers where its options leave the policies alone', async () => {
    const { api } = await setUp({ circuitBreaker: { consecutiveFailures: 2 } });
    const child = api.extend({ headers: { a: 'b' } });
    const apart = api.extend({ attemptTimeoutMs: 1_000 });
    await expect(child.get('/fails').text()).rejects.toMatchObject({ status: 500 });
    await expect(child.get('/fails').text()).rejects.toMatchObject({ status: 500 });
    await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_CIRCUIT_OPEN' });
    await expect(apart.get('/').text()).resolves.toContain('port');
  });

  it('shares the cache and the token', async () => {
    const endpoint = await serve((_request, response) => sendJson(response, { access_token: 't' }));
    open.push(endpoint);
    const auth = oauth2({ tokenUrl: endpoint.url, clientId: 'id', clientSecret: 'x' });
    const { api, server } = await setUp({ auth, cache: memoryCache() });
    const child = api.extend({ maxBodyBytes: 10_000 });
    const first = await child.get('/cached').json();
    await expect(api.get('/cached').json()).resolves.toEqual(first);
    expect(first).toMatchObject({ headers: { authorization: 'Bearer t' } });
    expect([server.requests.length, endpoint.requests.length]).toEqual([1, 1]);
    const other = api.extend({ auth: bearer('own') });
    await expect(other.get('/').json()).resolves.toMatchObject({ headers: { authorization: 'Bearer own' } });
  });

  it('takes nothing secret to a base URL of another origin', async () => {
    const other = await setUp();
    const { api, server } = await setUp({
      headers: { 'x-api-key': 'SECRET', cookie: 'SECRET', 'x-plain': '1' },
      auth: bearer('SECRET'),
      sign: () => ({ 'x-signed': 'SECRET' }),
    });
    const away = await api.extend({ baseUrl: other.server.url }).get('/').json();
    expect(away).toMatchObject({ headers: { 'x-plain': '1' } });
    expect(JSON.stringify(away)).not.toContain('SECRET');
    const near = await api
      .extend({ baseUrl: `${server.url}/v2` })
      .get('/')
      .json();
    expect(near).toMatchObject({ headers: { 'x-signed': 'SECRET', authorization: 'Bearer SECRET', cookie: 'SECRET' } });
  });

  it('leaves the parent open when closed', async () => {
    const { api } = await setUp();
    const child = api.extend({});
    const hanging = child.get('/hangs').text();
    const settled = expect(hanging).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
    await child.close();
    await settled;
    expect(() => child.get('/')).toThrow('The HTTP client is closed.');
    await expect(portOf(api)).resolves.toBeTypeOf('number');
  });

  it('is closed by its parent, also where it has connections of its own', async () => {
    const { api, server } = await setUp();
    const children = [api.extend({}), api.extend({ connections: 1 }), api.extend({}).extend({ connections: 2 })];
    const settled = children.map((child) =>
      expect(child.get('/hangs').text()).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' }),
    );
    while (server.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await api.close();
    await Promise.all(settled);
    for (const child of children) expect(() => child.get('/')).toThrow('The HTTP client is closed.');
    expect(() => api.extend({})).toThrow('The HTTP client is closed.');
  });

  it('ends its own connections with its close and that of its parent, and shared ones with the parent', async () => {
    const closed: Promise<unknown>[] = [];
    const server = await serve((request, response) => {
      closed.push(once(request.socket, 'close'));
      response.end();
    });
    const api = createClient({ baseUrl: server.url, retry: false });
    open.push(server, api);
    const [first, second] = [api.extend({ connections: 1 }), api.extend({ connections: 2 })];
    for (const client of [first, second, api]) await client.get('/').text();
    const began = performance.now();
    await first.close();
    await closed[0];
    await api.close();
    await Promise.all(closed);
    expect(performance.now() - began).toBeLessThan(2_000); // idle connections end by themselves after 4 s
  });

  it('takes a policy or dispatcher in place of the options that it goes without', async () => {
    const { api } = await setUp({ timeoutMs: 1_000, connectTimeoutMs: 1_000 });
    const dispatcher = new Agent();
    const child = api.extend({ policy: () => policy(), dispatcher });
    await expect(portOf(child)).resolves.toBeTypeOf('number');
    await child.close();
    expect(dispatcher.destroyed).toBe(false);
    await dispatcher.destroy();
    expect(() => child.extend({ timeoutMs: 5 })).toThrow('The HTTP client is closed.');
    const bound = api.extend({ policy: () => policy() });
    expect(() => bound.extend({ timeoutMs: 5 })).toThrow('"createClient.timeoutMs" must be left out where a policy');
    expect(() => api.extend({ headers: { a: 'x\n' } })).toThrow('Option "createClient.headers.a"');
  });
});
