import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { open } from '../../test/open.ts';
import { serve } from '../../test/server.ts';
import { type Client, type ClientOptions, createClient } from '../index.ts';

async function answering(encoding: string, body: Uint8Array, options: ClientOptions = {}): Promise<Client> {
  const server = await serve((_request, response) => response.setHeader('content-encoding', encoding).end(body));
  const api = createClient({ baseUrl: server.url, hedge: false, ...options });
  open.push(server, api);
  return api;
}

const text = randomBytes(50_000).toString('hex');

describe('a compressed answer', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ['identity', Buffer.from(text)],
  ])('is decompressed: %s', async (encoding, body) => {
    const api = await answering(encoding, body);
    await expect(api.get('/').text()).resolves.toBe(text);
    let streamed = '';
    for await (const chunk of api.get('/').stream()) streamed += Buffer.from(chunk).toString();
    expect(streamed).toBe(text);
  });

  it('is asked for, unless decompress is false or the user says so', async () => {
    const server = await serve((request, response) => response.end(request.headers['accept-encoding'] ?? 'none'));
    const [api, plain] = [
      createClient({ baseUrl: server.url }),
      createClient({ baseUrl: server.url, decompress: false }),
    ];
    open.push(server, api, plain);
    await expect(api.get('/').text()).resolves.toBe('gzip, br, zstd');
    await expect(api.get('/', { headers: { 'accept-encoding': 'br' } }).text()).resolves.toBe('br');
    await expect(plain.get('/').text()).resolves.toBe('none');
  });

  it('comes as it is with decompress: false', async () => {
    const body = gzipSync(text);
    const api = await answering('gzip', body, { decompress: false });
    await expect(api.get('/').bytes()).resolves.toEqual(body);
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(2 ** 20))],
    ['br', brotliCompressSync(Buffer.alloc(2 ** 20))],
    ['zstd', zstdCompressSync(Buffer.alloc(2 ** 20))],
    ['gzip, gzip', gzipSync(gzipSync(Buffer.alloc(2 ** 20)))],
  ])('may not become more than maxBodyBytes: %s', async (encoding, body) => {
    const api = await answering(encoding, body, { maxBodyBytes: 2 ** 20 - 1 });
    const tooLarge = { code: 'DEX_HTTP_BODY_TOO_LARGE', maxBodyBytes: 2 ** 20 - 1 };
    await expect(api.get('/').bytes()).rejects.toMatchObject(tooLarge);
    const response = await api.get('/').response();
    await expect(response.bytes()).rejects.toMatchObject(tooLarge);
  });

  it.each([
    ['zstd frames', 'zstd', Buffer.concat([zstdCompressSync('rain'), zstdCompressSync('snow')])],
    ['gzip members', 'gzip', Buffer.concat([gzipSync('rain'), gzipSync('snow')])],
    [
      'zstd frames in gzip',
      'zstd, gzip',
      gzipSync(Buffer.concat([zstdCompressSync('rain'), zstdCompressSync('snow')])),
    ],
  ])('is read to its end: %s', async (_what, encoding, body) => {
    const api = await answering(encoding, body);
    await expect(api.get('/').text()).resolves.toBe('rainsnow');
    await expect((await api.get('/').response()).text()).resolves.toBe('rainsnow');
    const small = await answering(encoding, body, { maxBodyBytes: 7 });
    await expect(small.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_TOO_LARGE' });
  });

  it.each([
    ['gzip', gzipSync('rain')],
    ['deflate', deflateSync('rain')],
    ['br', brotliCompressSync('rain')],
    ['zstd', zstdCompressSync('rain')],
  ])('may not go on behind its end, nor be cut: %s', async (encoding, body) => {
    for (const broken of [Buffer.concat([body, Buffer.from('junk')]), body.subarray(0, -3)]) {
      const api = await answering(encoding, broken);
      await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY' });
      await expect((await api.get('/').response()).text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY' });
    }
  });

  it('may be padded with zeros', async () => {
    const api = await answering('gzip', Buffer.concat([gzipSync('rain'), Buffer.alloc(20)]));
    await expect(api.get('/').text()).resolves.toBe('rain');
  });

  it.each(['gzip', 'br', 'zstd'])('is empty where nothing came: %s, in chunks', async (encoding) => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).flushHeaders();
      response.end();
    });
    const api = createClient({ baseUrl: server.url });
    open.push(server, api);
    await expect(api.get('/').text()).resolves.toBe('');
    await expect((await api.get('/').response()).text()).resolves.toBe('');
    await expect((await api.fetch('/')).text()).resolves.toBe('');
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('is decompressed for an error to show, as far as it goes: %s', async (encoding, compress) => {
    for (const page of ['no such city', `no such city ${text}`]) {
      const server = await serve((_request, response) => {
        response.writeHead(404, { 'content-encoding': encoding }).end(compress(page));
      });
      const api = createClient({ baseUrl: server.url });
      open.push(server, api);
      await expect(api.get('/').text()).rejects.toThrow('answered 404: "no such city');
      await expect(api.get('/').response()).rejects.toMatchObject({ bodyStart: page.slice(0, 512) });
    }
  });

  it('shows nothing of an error in a coding that is not known', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(404, { 'content-encoding': 'rot13' }).end('ab fhpu pvgl');
    });
    const api = createClient({ baseUrl: server.url });
    open.push(server, api);
    await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_STATUS', bodyStart: '' });
  });

  it('may not have more than two codings', async () => {
    const api = await answering('gzip, gzip, gzip', gzipSync('x'));
    await expect(api.get('/').text()).rejects.toThrow('encoded as "gzip, gzip, gzip"');
  });

  it('of a HEAD has no body to decompress', async () => {
    const api = await answering('gzip', gzipSync(text));
    await expect(api.head('/').bytes()).resolves.toHaveLength(0);
    for await (const chunk of api.head('/').stream()) expect(chunk).toHaveLength(0);
  });
});

describe('response', () => {
  it('has the status and headers of what a reader before it was sent for', async () => {
    const server = await serve((_request, response) => response.setHeader('x-total', 3).end('[1]'));
    const api = createClient({ baseUrl: server.url, hedge: false });
    open.push(server, api);
    const pending = api.get('/');
    await expect(pending.json()).resolves.toEqual([1]);
    const response = await pending.response();
    expect([response.status, response.ok, response.headers.get('x-total')]).toEqual([200, true, '3']);
    await expect(response.text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
    expect(server.requests).toHaveLength(1);
  });
});
