import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { readText, sendJson, serve, serveRaw } from '../test/server.ts';
import { type ClientOptions, createClient } from './index.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

/** The same server for both, so that what is asserted holds for `fetch` itself. */
async function setUp(handle: Parameters<typeof serve>[0], options: ClientOptions = {}) {
  const server = await serve(handle);
  const api = createClient({ retry: { baseDelayMs: 1 }, ...options });
  open.push(server, api);
  const fetches: [string, typeof globalThis.fetch][] = [
    ['fetch', fetch],
    ['api.fetch', api.fetch],
  ];
  return { url: server.url, requests: server.requests, api, fetches };
}

describe('api.fetch, as fetch itself', () => {
  it('has status, headers, url and body', async () => {
    const { url, fetches } = await setUp((_request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      sendJson(response, { city: 'Seattle' }, 404);
    });
    for (const [, get] of fetches) {
      const response = await get(`${url}/x?q=1#part`);
      expect(response).toBeInstanceOf(Response);
      expect([response.status, response.statusText, response.ok, response.redirected]).toEqual([
        404,
        'Not Found',
        false,
        false,
      ]);
      expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      await expect(response.clone().json()).resolves.toEqual({ city: 'Seattle' });
      await expect(response.text()).resolves.toBe('{"city":"Seattle"}');
    }
    const response = await fetches[1]?.[1](`${url}/x?token=1`);
    expect(response?.url).toBe(`${url}/x?token=1`);
  });

  it.each<[string, () => RequestInit['body'], string, string | null]>([
    ['a string', () => 'é', 'é', 'text/plain;charset=UTF-8'],
    ['a form', () => new URLSearchParams({ a: '1 2' }), 'a=1+2', 'application/x-www-form-urlencoded;charset=UTF-8'],
    ['bytes', () => new TextEncoder().encode('bytes'), 'bytes', null],
    ['part of a buffer', () => new TextEncoder().encode('a buffer').subarray(2), 'buffer', null],
    ['an ArrayBuffer', () => new TextEncoder().encode('buffer').buffer, 'buffer', null],
    ['a Blob', () => new Blob(['blob'], { type: 'text/x' }), 'blob', 'text/x'],
    ['a stream', () => new Blob(['stream']).stream(), 'stream', null],
  ])('sends %s', async (_what, body, text, type) => {
    const { url, fetches } = await setUp((request, response) => {
      void readText(request).then((got) => sendJson(response, [request.method, got, request.headers['content-type']]));
    });
    for (const [, send] of fetches) {
      const init: RequestInit = { method: 'put', body: body() ?? null, duplex: 'half' };
      await expect((await send(url, init)).json()).resolves.toEqual(['PUT', text, type]);
    }
  });

  it('sends a FormData', async () => {
    const { url, fetches } = await setUp((request, response) => {
      void readText(request).then((got) =>
        response.end(`${request.headers['content-type']?.slice(0, 30)} ${got.length}`),
      );
    });
    const body = new FormData();
    body.set('a', 'x');
    const answers = fetches.map(async ([, send]) => (await send(url, { method: 'POST', body })).text());
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^multipart\/form-data; boundary= \d+$/);
  });

  it('takes a Request, and what init changes of it', async () => {
    const { url, fetches } = await setUp((request, response) => {
      void readText(request).then((got) => sendJson(response, [request.method, request.headers['x-a'], got]));
    });
    for (const [, send] of fetches) {
      const request = new Request(url, { method: 'POST', body: 'b', headers: { 'x-a': '1' } });
      await expect((await send(request.clone())).json()).resolves.toEqual(['POST', '1', 'b']);
      await expect((await send(request, { headers: { 'x-a': '2' } })).json()).resolves.toEqual(['POST', '2', 'b']);
    }
  });

  it('rejects with a TypeError when there is no answer, and when it cannot be sent', async () => {
    const { url, fetches } = await setUp((request) => void request.socket.destroy());
    for (const [, send] of fetches) {
      await expect(send(url)).rejects.toMatchObject({ name: 'TypeError', message: 'fetch failed' });
      await expect(send('nonsense')).rejects.toBeInstanceOf(TypeError);
      await expect(send(url, { body: 'x' })).rejects.toBeInstanceOf(TypeError);
      await expect(send(url, { headers: { 'a b': 'x' } })).rejects.toBeInstanceOf(TypeError);
      await expect(send(url, { headers: { a: 'x\r\nb: y' } })).rejects.toBeInstanceOf(TypeError);
      await expect(send(url, { method: 'CONNECT' })).rejects.toBeInstanceOf(TypeError);
    }
  });

  it('rejects with the reason of the signal, before, while it waits and in the body', async () => {
    const { url, fetches } = await setUp((request, response) => {
      if (request.url === '/body') response.write('first');
    });
    const reason = new Error('enough');
    for (const [, send] of fetches) {
      await expect(send(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const waiting = new AbortController();
      const answer = send(url, { signal: waiting.signal });
      setTimeout(() => waiting.abort(reason), 20);
      await expect(answer).rejects.toBe(reason);
      const reading = new AbortController();
      const response = await send(`${url}/body`, { signal: reading.signal });
      setTimeout(() => reading.abort(reason), 20);
      await expect(response.text()).rejects.toBe(reason);
    }
  });

  it('decompresses, and hands out bytes to a reader with a buffer of its own', async () => {
    const { url, fetches } = await setUp((_request, response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync('rain')),
    );
    for (const [, get] of fetches) {
      const reader = (await get(url)).body?.getReader({ mode: 'byob' });
      const read = await reader?.read(new Uint8Array(10));
      expect(new TextDecoder().decode(read?.value)).toBe('rain');
      await reader?.cancel();
    }
  });

  it('has no body where there is none', async () => {
    const { url, fetches } = await setUp((request, response) =>
      response.writeHead(Number(request.url?.slice(1))).end(),
    );
    for (const [, get] of fetches) {
      expect((await get(`${url}/204`)).body).toBeNull();
      expect((await get(`${url}/200`, { method: 'HEAD' })).body).toBeNull();
    }
  });

  it('leaves headers of the connection out', async () => {
    const { url, fetches } = await setUp((request, response) => sendJson(response, request.headers['te'] ?? 'none'));
    for (const [, get] of fetches.slice(1)) {
      await expect((await get(url, { headers: { te: 'x', 'content-length': '7' } })).json()).resolves.toBe('none');
    }
  });
});

describe('api.fetch, beyond fetch', () => {
  it('has the headers, the base URL and the retries of its client', async () => {
    const server = await serve((request, response, attempt) => {
      if (attempt < 3) response.writeHead(503).end('busy');
      else sendJson(response, [request.url, request.headers['x-a']]);
    });
    const api = createClient({ baseUrl: `${server.url}/v1`, headers: { 'x-a': '1' }, retry: { baseDelayMs: 1 } });
    open.push(server, api);
    await expect((await api.fetch('/days')).json()).resolves.toEqual(['/v1/days', '1']);
    expect(server.requests).toHaveLength(3);
  });

  it('resolves with the last answer when retries do not help, with its body', async () => {
    const { url, api, requests } = await setUp((_request, response) => response.writeHead(503).end('busy'));
    const response = await api.fetch(url);
    expect(response.status).toBe(503);
    await expect(response.text()).resolves.toBe('busy');
    expect(requests).toHaveLength(4);
  });

  it('tells in the cause what failed', async () => {
    const server = await serveRaw((socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'));
    const api = createClient({ baseUrl: server.url });
    open.push(server, api);
    const response = await api.fetch('/');
    await expect(response.text()).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK', status: 200 });
    await api.close();
    await expect(api.fetch('/')).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'DEX_HTTP_CLOSED' } });
  });

  it('lets go of the connection when its body is cancelled', async () => {
    let isClosed = false;
    const { url, api } = await setUp((_request, response) => {
      response.on('close', () => (isClosed = true));
      response.write('first');
    });
    const response = await api.fetch(url);
    await response.body?.cancel();
    await expect.poll(() => isClosed).toBe(true);
  });
});
