import { once } from 'node:events';
import { CookieJar } from 'tough-cookie';
import { describe, expect, it } from 'vitest';
import { open } from '../../test/open.ts';
import { serve, type TestServer } from '../../test/server.ts';
import { type Client, type ClientOptions, createClient, memoryCache } from '../index.ts';

async function setUp(
  handle: Parameters<typeof serve>[0],
  options: ClientOptions = {},
): Promise<{ api: Client; server: TestServer }> {
  const server = await serve(handle);
  const api = createClient({ baseUrl: server.url, cookieJar: new CookieJar(), hedge: false, ...options });
  open.push(server, api);
  return { api, server };
}

describe('cookieJar', () => {
  it('keeps the cookies of each hop, and sends those of each hop’s origin', async () => {
    const other = await serve((request, response) =>
      response.setHeader('set-cookie', 'c=3').end(request.headers.cookie),
    );
    open.push(other);
    const { api } = await setUp((request, response) => {
      if (request.url === '/login') response.setHeader('set-cookie', ['a=1; HttpOnly', 'b=2']);
      const locations: Record<string, string> = {
        '/login': '/home',
        '/away': other.url.replace('127.0.0.1', 'localhost'),
      };
      const location = locations[request.url ?? ''];
      response.writeHead(location === undefined ? 200 : 302, location === undefined ? {} : { location });
      response.end(request.headers.cookie ?? 'none');
    });
    await expect(api.get('/').text()).resolves.toBe('none');
    await expect(api.get('/login').text()).resolves.toBe('a=1; b=2');
    await expect(api.get('/away').text()).resolves.toBe('');
    await expect(api.get('/away').text()).resolves.toBe('c=3');
    await expect(api.fetch('/').then((response) => response.text())).resolves.toBe('a=1; b=2');
  });

  it('comes after a Cookie of the user, and keeps what is answered to it', async () => {
    const { api } = await setUp((request, response) => {
      response.setHeader('set-cookie', 'a=1').end(request.headers.cookie);
    });
    await expect(api.get('/', { headers: { cookie: 'own=1' } }).text()).resolves.toBe('own=1');
    await expect(api.get('/').text()).resolves.toBe('a=1');
    await expect(api.get('/', { headers: { cookie: 'own=1' } }).text()).resolves.toBe('own=1');
  });

  it('passes over a cookie that the jar refuses', async () => {
    const { api } = await setUp((_request, response) =>
      response.setHeader('set-cookie', ['nonsense', 'a=1']).end('ok'),
    );
    await expect(api.get('/').text()).resolves.toBe('ok');
  });

  it('is not told again of cookies that come from the cache', async () => {
    let count = 0;
    const { api, server } = await setUp(
      (request, response) => {
        count += 1;
        if (request.url === '/cached') response.setHeader('cache-control', 'max-age=60');
        // for another path: what is cached is kept for the cookies that it was asked for with
        response.setHeader('set-cookie', `count=${count}; Path=/count`).end(request.headers.cookie);
      },
      { cache: memoryCache() },
    );
    await api.get('/cached').text();
    await api.get('/').text();
    await api.get('/cached').text();
    expect(server.requests).toEqual(['GET /cached', 'GET /']);
    await expect(api.get('/count').text()).resolves.toBe('count=2');
  });

  it('fails the request with what it throws, and lets go of the answer', async () => {
    const broken = new Error('The store is gone.');
    const jar = new CookieJar();
    let closed: Promise<unknown> | undefined;
    const handle: Parameters<typeof serve>[0] = (_request, response) => {
      closed = once(response, 'close');
      response.setHeader('set-cookie', 'a=1').write('endless');
    };
    const cannotKeep = { getCookieString: () => '', setCookie: () => Promise.reject(broken) };
    const { api } = await setUp(handle, { cookieJar: cannotKeep });
    await expect(api.get('/').response()).rejects.toBe(broken);
    await closed;
    const cannotFind = { getCookieString: () => Promise.reject(broken), setCookie: jar.setCookie.bind(jar) };
    const { api: another, server } = await setUp(handle, { cookieJar: cannotFind });
    await expect(another.get('/').response()).rejects.toBe(broken);
    expect(server.requests).toEqual([]);
  });

  it('sends nothing that could break out of its line', async () => {
    const cookieJar = { getCookieString: () => 'a=1\r\nx-injected: SECRET', setCookie: () => {} };
    const { api, server } = await setUp((_request, response) => response.end(), { cookieJar });
    const failed = api.get('/').text();
    await expect(failed).rejects.toThrow('Option "cookieJar.getCookieString()" must be one line of Latin-1');
    await expect(failed).rejects.not.toThrow('SECRET');
    expect(server.requests).toEqual([]);
  });

  it('does not outlast the timeoutMs of the client', async () => {
    const hangs = () => new Promise<string>(() => {});
    const setsCookie = { 'set-cookie': 'a=1' };
    for (const slow of [{ getCookieString: hangs }, { setCookie: hangs }]) {
      const cookieJar = { getCookieString: () => '', setCookie: () => {}, ...slow };
      const { api } = await setUp((_request, response) => response.writeHead(200, setsCookie).end(), {
        cookieJar,
        timeoutMs: 30,
      });
      await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_TIMEOUT', timeoutMs: 30 });
    }
  });

  it('does not outlast the signal, nor the client', async () => {
    const cookieJar = { getCookieString: () => new Promise<string>(() => {}), setCookie: () => {} };
    const { api } = await setUp((_request, response) => response.end(), { cookieJar });
    const signal = AbortSignal.timeout(10);
    await expect(api.get('/', { signal }).text()).rejects.toMatchObject({ name: 'TimeoutError' });
    const closed = expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
    await api.close();
    await closed;
  });

  it('must have the methods of a jar', () => {
    const message =
      'Option "createClient.cookieJar" must be an object with getCookieString and setCookie, got "object".';
    expect(() => createClient({ cookieJar: Object({ getCookieString: () => '' }) })).toThrow(message);
  });
});
