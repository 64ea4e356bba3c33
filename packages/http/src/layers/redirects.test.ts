import { once } from 'node:events';
import { createServer as createTls } from 'node:https';
import { Readable } from 'node:stream';
import { policy, timeout } from '@dataenginex/resilience';
import { describe, expect, it } from 'vitest';
import { cert, key } from '../../test/certificate.ts';
import { open, openClient } from '../../test/open.ts';
import { readText, sendJson, serve, serveRaw, type TestServer } from '../../test/server.ts';
import { type Client, type ClientOptions, createClient } from '../index.ts';

/** Tells as JSON what came, but for `/STATUS?to=…`, which is answered with that redirect. */
async function setUp(options: ClientOptions = {}): Promise<{ api: Client; server: TestServer; other: TestServer }> {
  const handle: Parameters<typeof serve>[0] = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://host');
    const status = Number(/^\/(3\d\d)$/.exec(pathname)?.[1]);
    const to = searchParams.get('to');
    if (status && to !== null) {
      response.writeHead(status, { location: to }).end('moved');
      return;
    }
    void readText(request).then((body) => {
      const { method, url, headers } = request;
      sendJson(response, { method, url, headers, body });
    });
  };
  const server = await serve(handle);
  const other = await serve(handle);
  open.push(other);
  return { api: openClient(server, options), server, other };
}

const to = (status: number, target: string) => `/${status}?to=${encodeURIComponent(target)}`;

describe('redirects', () => {
  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [303, 'DELETE', 'GET', ''],
    [301, 'PUT', 'PUT', '{"a":1}'],
    [302, 'PATCH', 'PATCH', '{"a":1}'],
    [307, 'POST', 'POST', '{"a":1}'],
    [308, 'POST', 'POST', '{"a":1}'],
    [308, 'DELETE', 'DELETE', '{"a":1}'],
  ])('after %i to a %s send %s with the body %j', async (status, method, sent, body) => {
    const { api } = await setUp();
    const headers = { 'content-language': 'en', 'x-own': '1' };
    const seen = await api.request(method, to(status, '/there?a=1'), { json: { a: 1 }, headers }).json();
    expect(seen).toMatchObject({ method: sent, url: '/there?a=1', body, headers: { 'x-own': '1' } });
    const about = body === '' ? {} : { 'content-type': 'application/json', 'content-language': 'en' };
    const { headers: got } = Object(seen);
    expect({ 'content-type': got['content-type'], 'content-language': got['content-language'] }).toEqual(about);
  });

  it('keep HEAD and GET whatever the status', async () => {
    const { api, server } = await setUp();
    for (const status of [301, 302, 303, 307, 308]) {
      await api.head(to(status, '/there')).text();
      await api.get(to(status, '/there')).text();
    }
    const there = server.requests.filter((line) => line.endsWith('/there'));
    expect(there).toEqual(Array.from({ length: 5 }, () => ['HEAD /there', 'GET /there']).flat());
  });

  it('are followed by opened answers too, which tell where they ended', async () => {
    const { api, server } = await setUp();
    const moved = await api.get(to(302, 'there?token=hidden#part')).response();
    expect([moved.url, moved.redirected]).toEqual([`${server.url}/there?token=REDACTED`, true]);
    await expect(moved.json()).resolves.toMatchObject({ url: '/there?token=hidden' });
    const direct = await api.get('/here').response();
    expect([direct.url, direct.redirected]).toEqual([`${server.url}/here`, false]);
    await direct.close();
  });

  it.each([
    ['there', '/there'],
    ['../up', '/up'],
    ['?page=2', '/302?page=2'],
    ['//{host}/scheme', '/scheme'],
    ['/é', '/%C3%A9'],
    [' /spaces\t', '/spaces'],
  ])('resolve the Location %j', async (location, expected) => {
    const server = await serveRaw((socket) => {
      const { host } = new URL(server.url);
      const value = location.replace('{host}', host);
      socket.write(
        server.requests.length === 1
          ? `HTTP/1.1 302 Found\r\nlocation: ${value}\r\ncontent-length: 0\r\n\r\n`
          : 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
      );
    });
    await openClient(server).get('/302').text();
    expect(server.requests).toEqual(['GET /302', `GET ${expected}`]);
  });

  it('are none without a Location, and with another 3xx', async () => {
    const server = await serve((request, response) =>
      response.writeHead(Number(request.url?.slice(1)), request.url === '/302' ? {} : { location: '/' }).end(),
    );
    const api = openClient(server);
    for (const status of [300, 302, 304, 305, 306]) {
      await expect(api.get(`/${status}`).text()).rejects.toMatchObject({ code: 'DEX_HTTP_STATUS', status });
    }
  });

  it.each([
    ['mailto:a@b', 'was redirected to a URL of mailto:'],
    ['file:///etc/passwd', 'was redirected to a URL of file:'],
    ['http://[nonsense', 'was redirected to what is not a URL'],
    ['http://user:SECRET@127.0.0.1:1/', 'was redirected to a URL with credentials'],
  ])('refuse the Location %j', async (location, message) => {
    const { api } = await setUp();
    const failed = api.get(to(302, location)).text();
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({ code: 'DEX_HTTP_REDIRECT', retryable: false });
    await expect(failed).rejects.not.toThrow('user:SECRET@');
  });

  it('refuse two Locations', async () => {
    const server = await serve((_request, response) =>
      response.writeHead(302, ['location', '/a', 'location', '/b']).end(),
    );
    await expect(openClient(server).get('/').text()).rejects.toThrow('what is not a URL');
    expect(server.requests).toHaveLength(1);
  });

  it('end after maxRedirects, and name the loop', async () => {
    const server = await serve((request, response) => {
      response.writeHead(302, { location: request.url === '/a' ? '/b?token=hidden' : '/a' }).end();
    });
    const api = openClient(server);
    const failed = api.get('/a').text();
    await expect(failed).rejects.toThrow(`GET ${server.url}/a was redirected more than 10 times, in a loop.`);
    const urls = [`${server.url}/a`, `${server.url}/b?token=REDACTED`];
    await expect(failed).rejects.toMatchObject({
      code: 'DEX_HTTP_REDIRECT',
      urls: Array.from({ length: 12 }, (_, index) => urls[index % 2]),
    });
    expect(server.requests).toHaveLength(11);
    await expect(api.get('/a', { maxRedirects: 1 }).text()).rejects.toThrow('more than 1 times');
    expect(server.requests).toHaveLength(13);
  });

  it('are answers with maxRedirects: 0, of the client or of a request', async () => {
    const { api, server } = await setUp({ maxRedirects: 0 });
    await expect(api.get(to(302, '/there')).text()).rejects.toMatchObject({ status: 302 });
    await expect(api.get(to(302, '/there'), { maxRedirects: 1 }).json()).resolves.toMatchObject({ url: '/there' });
    const following = openClient(server);
    const response = await following.get(to(302, '/x'), { maxRedirects: 0, throwHttpErrors: false }).response();
    expect([response.status, response.redirected, response.headers.get('location')]).toEqual([302, false, '/x']);
    await expect(response.text()).resolves.toBe('moved');
  });

  it.each([-1, 0.5, 101, NaN])('refuse maxRedirects: %s', (maxRedirects) => {
    expect(() => createClient({ maxRedirects })).toThrow(
      '"createClient.maxRedirects" must be an integer from 0 to 100',
    );
    const api = createClient({ baseUrl: 'http://127.0.0.1:1' });
    expect(() => api.get('/', { maxRedirects })).toThrow('Option "request.maxRedirects" must be');
  });

  it('take nothing secret to another origin, nor back', async () => {
    const secrets = {
      authorization: 'Bearer SECRET',
      cookie: 'session=SECRET',
      'proxy-authorization': 'SECRET',
      'x-api-key': 'SECRET',
      'x-auth-token': 'SECRET',
      'x-xsrf': 'SECRET',
      'x-hmac-sha256': 'SECRET',
      'x-otp': 'SECRET',
      'x-sid': 'SECRET',
      referer: 'https://app.example/?code=SECRET',
      host: 'virtual.example',
    };
    const { api, server, other } = await setUp({ headers: { ...secrets, 'x-plain': 'stays' } });
    await expect(api.get(to(307, '/same')).text()).resolves.toContain('SECRET');
    const away = api.post(to(307, `${other.url}/away`), { body: 'b', headers: { 'idempotency-key': '1' } });
    const seen = await away.json();
    expect(JSON.stringify(seen)).not.toMatch(/SECRET|virtual/);
    expect(seen).toMatchObject({ headers: { 'x-plain': 'stays', 'idempotency-key': '1' }, body: 'b' });
    const back = await api.get(to(302, other.url + to(302, `${server.url}/back`))).text();
    expect(back).toContain('/back');
    expect(back).not.toMatch(/SECRET/);
  });

  it('send a body again only where it can be made again', async () => {
    const { api, server } = await setUp();
    const failed = api.post(to(307, '/there'), { body: Readable.from(['once']) }).text();
    await expect(failed).rejects.toThrow('was redirected with 307, and its body cannot be sent again');
    await expect(failed).rejects.toMatchObject({
      code: 'DEX_HTTP_REDIRECT',
      urls: [expect.any(String), `${server.url}/there`],
    });
    const again = api.post(to(307, '/there'), { body: () => Readable.from(['again']) });
    await expect(again.json()).resolves.toMatchObject({ body: 'again' });
    const dropped = api.post(to(303, '/there'), { body: Readable.from(['once']) });
    await expect(dropped.json()).resolves.toMatchObject({ method: 'GET', body: '' });
  });

  it('never lead from https to http, unless that is allowed', async () => {
    const { server } = await setUp();
    const secure = createTls({ key, cert }, (_request, response) => {
      response.writeHead(302, { location: `${server.url}/plain` }).end();
    }).listen(0, '127.0.0.1');
    await once(secure, 'listening');
    open.push({
      [Symbol.asyncDispose]: async () => {
        secure.close();
        secure.closeAllConnections();
      },
    });
    const address = secure.address();
    const options = { baseUrl: `https://127.0.0.1:${Object(address).port}`, tls: { ca: cert } };
    const wary = createClient(options);
    const bold = createClient({ ...options, allowInsecureRedirects: true });
    open.push(wary, bold);
    await expect(wary.get('/').text()).rejects.toThrow('was redirected from https: to http:, which is not allowed');
    expect(server.requests).toEqual([]);
    await expect(bold.get('/').json()).resolves.toMatchObject({ url: '/plain' });
  });

  it('run each hop under the policy of its origin', async () => {
    const origins: string[] = [];
    const { api, server, other } = await setUp({ policy: (origin) => (origins.push(origin), policy(timeout(5_000))) });
    await api.get(to(302, `${other.url}/x`)).text();
    expect(origins).toEqual([server.url, other.url]);
  });

  it('have the timeoutMs of the client together', async () => {
    const server = await serve((request, response) => {
      setTimeout(() => response.writeHead(302, { location: `${request.url}x` }).end(), 300);
    });
    const timeoutMs = 750;
    const asked = [openClient(server, { timeoutMs }).get('/'), openClient(server).get('/', { timeoutMs })];
    await Promise.all(
      asked.map(async (request) => {
        const failed = request.text();
        await expect(failed).rejects.toThrow(/\/x+ did not finish within 750 ms/);
        await expect(failed).rejects.toMatchObject({ code: 'DEX_HTTP_TIMEOUT', timeoutMs });
      }),
    );
    expect(server.requests.length).toBeLessThan(7);
  });

  it('end with the signal', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/hangs' }).end();
    });
    const controller = new AbortController();
    const settled = expect(openClient(server).get('/', { signal: controller.signal }).text()).rejects.toBe('left');
    while (server.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort('left');
    await settled;
  });

  it('let go of the bodies on the way', async () => {
    let closed: Promise<unknown> | undefined;
    const server = await serve((request, response) => {
      if (request.url !== '/') {
        response.end('there');
        return;
      }
      closed = once(response, 'close');
      response.writeHead(302, { location: '/there' }).write('endless');
    });
    const response = await openClient(server).get('/', { throwHttpErrors: false }).response();
    await closed;
    await expect(response.text()).resolves.toBe('there');
  });

  it('tell of a failure where it happened', async () => {
    const server = await serve((request, response) => {
      response.writeHead(request.url === '/' ? 302 : 404, { location: '/gone' }).end();
    });
    await expect(openClient(server).get('/').text()).rejects.toMatchObject({ status: 404, url: `${server.url}/gone` });
  });
});
