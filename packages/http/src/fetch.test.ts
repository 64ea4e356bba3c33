import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { open } from '../test/open.ts';
import { readText, sendJson, serve, serveRaw } from '../test/server.ts';
import { type ClientOptions, createClient } from './index.ts';

/** The same server for both, so that what is asserted holds for `fetch` itself. */
async function setUp(handle: Parameters<typeof serve>[0], options: ClientOptions = {}) {
  const server = await serve(handle);
  const api = createClient({ retry: { baseDelayMs: 1 }, hedge: false, ...options });
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

  it('takes null for no init, and refuses what Request refuses', async () => {
    const { url, fetches } = await setUp((_request, response) => response.end('rain'));
    const wrong: Record<string, unknown>[] = [
      { redirect: 'nope' },
      { cache: 'nope' },
      { mode: 'navigate' },
      { body: 'of a GET' },
      { integrity: 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
    ];
    for (const [, get] of fetches) {
      await expect((await get(url, JSON.parse('null'))).text()).resolves.toBe('rain');
      for (const init of wrong) await expect(get(url, init)).rejects.toThrow(TypeError);
    }
  });

  it.each<[string, () => RequestInit['body']]>([
    ['a string', () => 'rain'],
    ['a Blob', () => new Blob(['rain'])],
    ['a form', () => new URLSearchParams({ city: 'Seattle' })],
    [
      'a FormData',
      () => {
        const form = new FormData();
        form.append('city', 'Seattle');
        return form;
      },
    ],
  ])('sends %s with its length, and again after a 307', async (_what, body) => {
    const { url, fetches } = await setUp((request, response) => {
      void readText(request).then((text) => {
        if (request.url === '/') response.writeHead(307, { location: '/on' }).end();
        else sendJson(response, Number(request.headers['content-length']) === text.length && text !== '');
      });
    });
    for (const [, send] of fetches) {
      await expect((await send(url, { method: 'POST', body: body() ?? null })).json()).resolves.toBe(true);
    }
  });

  it('reads a FormData back by the boundary it names', async () => {
    const { url, fetches } = await setUp((request, response) => {
      response.setHeader('content-type', request.headers['content-type'] ?? '');
      request.pipe(response);
    });
    for (const [, send] of fetches) {
      const form = new FormData();
      form.append('city', 'Seattle');
      const echoed = await (await send(url, { method: 'POST', body: form })).formData();
      expect([...echoed]).toEqual([['city', 'Seattle']]);
      const typed = await send(url, { method: 'POST', body: form, headers: { 'content-type': 'x/y' } });
      expect(typed.headers.get('content-type')).toBe('x/y');
    }
  });

  it('heeds the cache mode of a Request', async () => {
    const { url, fetches } = await setUp((request, response) => sendJson(response, request.headers['cache-control']));
    for (const [, get] of fetches) {
      await expect((await get(new Request(url, { cache: 'reload' }))).json()).resolves.toBe('no-cache');
    }
  });

  it('asks for a part as it is, not compressed', async () => {
    const { url, api, fetches } = await setUp((request, response) =>
      sendJson(response, request.headers['accept-encoding']),
    );
    const headers = { range: 'bytes=0-4' };
    for (const [, get] of fetches) await expect((await get(url, { headers })).json()).resolves.toBe('identity');
    await expect(api.get(url, { headers }).json()).resolves.toBe('identity');
    const asked = { ...headers, 'accept-encoding': 'br' };
    await expect(api.get(url, { headers: asked }).json()).resolves.toBe('br');
  });

  it.each([600, 999])('passes on a status past what a Response may be made with: %s', async (status) => {
    const { url, fetches } = await setUp((_request, response) => response.writeHead(status).end('odd'));
    for (const [, get] of fetches) {
      const response = await get(url);
      expect([response.status, response.ok, response.clone().status, await response.text()]).toEqual([
        status,
        false,
        status,
        'odd',
      ]);
    }
  });

  it('tells clones where they came from', async () => {
    const { url, fetches } = await setUp((request, response) => {
      if (request.url === '/on') response.end('rain');
      else response.writeHead(302, { location: '/on' }).end();
    });
    for (const [, get] of fetches) {
      const response = await get(url);
      const copy = response.clone().clone();
      expect([copy.url, copy.redirected]).toEqual([`${url}/on`, true]);
      await expect(Promise.all([response.text(), copy.text()])).resolves.toEqual(['rain', 'rain']);
    }
  });

  it('rejects with a TypeError when the body breaks off, or is not what its coding says', async () => {
    const { url, fetches } = await setUp((request, response) => {
      if (request.url === '/coding') response.setHeader('content-encoding', 'gzip').end('no gzip');
      else
        response.writeHead(200, { 'content-length': 9 }).write('rain', () => setTimeout(() => response.destroy(), 5));
    });
    for (const [, get] of fetches) {
      for (const path of ['/', '/coding']) {
        await expect((await get(url + path)).text()).rejects.toMatchObject({ name: 'TypeError' });
      }
    }
  });

  it('passes on a body as it is whose coding is not known', async () => {
    const { url, fetches } = await setUp((_request, response) => {
      response.setHeader('content-encoding', 'aws-chunked, gzip').end('rain');
    });
    for (const [, get] of fetches) await expect((await get(url)).text()).resolves.toBe('rain');
  });

  it('lets go of the body of a 205', async () => {
    const { url, api } = await setUp(
      (request, response) => {
        if (request.url === '/') response.writeHead(205, { 'content-length': 9 }).write('rain');
        else response.end('next');
      },
      { connections: 1 },
    );
    expect((await api.fetch(url)).body).toBeNull();
    await expect((await api.fetch(`${url}/next`)).text()).resolves.toBe('next');
  });

  it('cancels a stream that it could not send', async () => {
    const { api } = await setUp(() => {});
    let isCancelled = false;
    const body = new ReadableStream({ cancel: () => void (isCancelled = true) }, { highWaterMark: 0 });
    await expect(api.fetch('http://127.0.0.1:1', { method: 'POST', body, duplex: 'half' })).rejects.toThrow(TypeError);
    expect(isCancelled).toBe(true);
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
    const api = createClient({
      baseUrl: `${server.url}/v1`,
      headers: { 'x-a': '1' },
      retry: { baseDelayMs: 1 },
      hedge: false,
    });
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
    await expect(response.text()).rejects.toMatchObject({
      name: 'TypeError',
      cause: { code: 'DEX_HTTP_NETWORK', status: 200 },
    });
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
