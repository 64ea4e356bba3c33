import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { open } from '../test/open.ts';
import { sendJson, serve, serveRaw } from '../test/server.ts';
import { type Client, createClient, isRetryable } from './index.ts';

async function answering(
  status: number,
  headers: Record<string, string>,
  body: string | Buffer,
): Promise<{ api: Client; url: string }> {
  const server = await serve((_request, response) => response.writeHead(status, headers).end(body));
  const api = createClient({ baseUrl: server.url, hedge: false, retry: { attempts: 1 } });
  open.push(server, api);
  return { api, url: server.url };
}

const json = { 'content-type': 'application/json; charset=utf-8' };

describe('errors', () => {
  it('carry the status, the headers, the start of the body and Retry-After', async () => {
    const { api, url } = await answering(429, { 'retry-after': '7' }, '{"error":true,"reason":"Too many requests."}');
    const error = api.get('/v1').json();
    await expect(error).rejects.toThrow(`GET ${url}/v1 answered 429: "{\\"error\\":true`);
    await expect(error).rejects.toMatchObject({
      name: 'StatusError',
      code: 'DEX_HTTP_STATUS',
      status: 429,
      method: 'GET',
      attempt: 1,
      retryAfterMs: 7_000,
      retryable: true,
      bodyStart: '{"error":true,"reason":"Too many requests."}',
    });
  });

  it.each<[string, number | undefined]>([
    ['0', 0],
    ['1.5', 1_500],
    ['5, 5', 5_000],
    ['99999999999', 99_999_999_999_000],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['-5', undefined],
    ['soon', undefined],
    ['2099-01-01', undefined],
  ])('tell of Retry-After: %s', async (value, retryAfterMs) => {
    const { api } = await answering(404, { 'retry-after': value }, '');
    await expect(api.get('/').text()).rejects.toMatchObject({ retryAfterMs });
  });

  it('show no secret of the URL', async () => {
    const { api, url } = await answering(500, {}, '');
    const query = {
      city: 'Seattle',
      api_key: 'abc',
      token: ['d', 'e'],
      'X-Amz-Signature': 'f',
      sig: 'g',
      design: 'kept',
    };
    await expect(api.get('/v1', { query }).text()).rejects.toThrow(
      `GET ${url}/v1?city=Seattle&api_key=REDACTED&token=REDACTED&X-Amz-Signature=REDACTED&sig=REDACTED&design=kept answered 500.`,
    );
  });

  it('hold at most the first 512 characters of a huge body', async () => {
    const { api } = await answering(500, {}, 'é'.repeat(2 ** 20));
    await expect(api.get('/').text()).rejects.toMatchObject({ bodyStart: 'é'.repeat(512) });
    await expect(api.get('/').response()).rejects.toMatchObject({ bodyStart: 'é'.repeat(512) });
  });

  it.each<[string, Record<string, string>, string | Buffer, string]>([
    ['HTML', { 'content-type': 'text/html' }, '<html>', 'sent "text/html" where JSON was wanted: "<html>"'],
    ['another type', { 'content-type': 'text/csv' }, 'a,b', 'sent "text/csv" where JSON was wanted: "a,b"'],
    ['nothing', json, '', 'sent an empty body where JSON was wanted'],
    ['truncated JSON', json, '{"daily":{"time":["2012', 'sent 23 bytes that are not JSON (Unterminated string'],
    ['bytes that are not UTF-8', json, Buffer.from([0x22, 0xff, 0x22]), 'sent a body that is not UTF-8'],
  ])('say so when a 2xx answer is %s', async (_what, headers, body, message) => {
    const { api, url } = await answering(200, headers, body);
    const error = api.get('/v1').json();
    await expect(error).rejects.toThrow(`GET ${url}/v1 ${message}`);
    await expect(error).rejects.toMatchObject({ code: 'DEX_HTTP_BODY', retryable: false });
  });

  it('keep the status of an error answer that is cut', async () => {
    const server = await serveRaw(
      (socket) => void socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 99\r\n\r\nno such'),
    );
    const api = createClient({ baseUrl: server.url });
    open.push(server, api);
    const cut = api.get('/').response();
    await expect(cut).rejects.toMatchObject({ code: 'DEX_HTTP_STATUS', status: 404, bodyStart: 'no such' });
  });

  it('name an encoding that is not known, and one that is broken', async () => {
    const unknown = await answering(200, { ...json, 'content-encoding': 'compress' }, '1');
    await expect(unknown.api.get('/').json()).rejects.toThrow('sent a body encoded as "compress", which was not');
    const broken = await answering(200, { ...json, 'content-encoding': 'gzip' }, gzipSync('1').subarray(0, -4));
    await expect(broken.api.get('/').json()).rejects.toThrow('sent a body that is not gzip (unexpected end of file)');
    await expect(
      broken.api
        .get('/')
        .response()
        .then((response) => response.text()),
    ).rejects.toMatchObject({
      code: 'DEX_HTTP_BODY',
      message: expect.stringContaining('is not gzip'),
    });
  });

  it('accept JSON by any of its names, or without one', async () => {
    for (const headers of [json, { 'content-type': 'application/problem+json' }, {}]) {
      const { api } = await answering(200, headers, '1');
      await expect(api.get('/').json()).resolves.toBe(1);
    }
  });

  it('name the path that a schema refuses', async () => {
    const server = await serve((_request, response) => sendJson(response, { daily: { time: ['2012-02-30', 5] } }));
    const api = createClient({ baseUrl: server.url });
    open.push(server, api);
    const error = api.get('/').json(z.object({ daily: z.object({ time: z.array(z.iso.date()) }) }));
    await expect(error).rejects.toThrow(/does not fit the schema: daily\.time\.0: .*; daily\.time\.1: /);
    await expect(error).rejects.toMatchObject({ code: 'DEX_HTTP_SCHEMA', issues: [{}, {}] });
  });

  it('tell a refused connection from a cut one by their cause', async () => {
    const server = await serveRaw((socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'));
    const cut = createClient({ baseUrl: server.url, hedge: false, retry: { attempts: 1 } });
    open.push(server, cut);
    await expect(cut.get('/').text()).rejects.toMatchObject({
      code: 'DEX_HTTP_NETWORK',
      status: 200,
      cause: { code: 'UND_ERR_SOCKET' },
    });
    const response = await cut.get('/').response();
    await expect(response.bytes()).rejects.toMatchObject({
      code: 'DEX_HTTP_NETWORK',
      status: 200,
      url: `${server.url}/`,
    });

    const refused = createClient({ baseUrl: 'http://127.0.0.1:1', retry: { attempts: 1 } });
    open.push(refused);
    await expect(refused.get('/').text()).rejects.toMatchObject({
      code: 'DEX_HTTP_NETWORK',
      cause: { code: 'ECONNREFUSED' },
    });

    const misnamed = createClient({ baseUrl: server.url.replace('http:', 'https:'), retry: false });
    open.push(misnamed);
    await expect(misnamed.get('/').text()).rejects.toThrow(/failed: .*wrong version number.*[^\n]$/);
  });
});

describe('isRetryable', () => {
  it('knows only failures of requests', () => {
    expect(isRetryable(new TypeError('a bug'))).toBe(false);
    expect(isRetryable(undefined)).toBe(false);
  });
});
