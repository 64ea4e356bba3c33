import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cachedOrigin } from '../../test/cached-origin.ts';
import { type ClientOptions, createClient, memoryCache } from '../index.ts';
import { sqliteCache } from '../sqlite.ts';

const headers = { 'cache-control': 'max-age=60' };
const folder = mkdtempSync(join(tmpdir(), 'dex-http-'));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

describe('a private cache that several clients have', () => {
  it.each(['cookie', 'x-api-key', 'X-Auth-Token'])(
    'keeps what was asked for with one %s for that alone',
    async (name) => {
      await using origin = await cachedOrigin([{ headers }]);
      expect((await origin.get('/', { [name]: 'alice' })).text).toBe('answer 1');
      expect((await origin.get('/', { [name]: 'bob' })).text).toBe('answer 2');
      expect((await origin.get()).text).toBe('answer 3');
      expect((await origin.get('/', { [name]: 'alice' })).text).toBe('answer 1');
    },
  );

  it('gives who sends a cookie what came without one, unless it has something for that cookie', async () => {
    await using origin = await cachedOrigin([{ headers }]);
    expect((await origin.get('/', { cookie: 'id=alice' })).text).toBe('answer 1');
    expect((await origin.get()).text).toBe('answer 2');
    expect((await origin.get('/', { cookie: 'id=bob' })).text).toBe('answer 2');
    expect((await origin.get('/', { cookie: 'id=bob', authorization: 'Bearer b' })).text).toBe('answer 3');
    expect((await origin.get('/', { cookie: 'id=alice' })).text).toBe('answer 1');
  });

  it('keeps none of their secrets', async () => {
    const file = join(folder, 'secrets.db');
    await using origin = await cachedOrigin([{ headers: { ...headers, vary: 'x-api-key' } }], sqliteCache(file));
    const secrets = { cookie: 'id=s3cret', 'x-api-key': 's3cret', authorization: 'Bearer s3cret' };
    await origin.get('/', secrets);
    expect((await origin.get('/', secrets)).cache).toMatch(/^hit/);
    const { DatabaseSync } = await import('node:sqlite');
    const rows = new DatabaseSync(file)
      .prepare('SELECT variant, CAST(entry AS TEXT) AS entry FROM dex_http_cache')
      .all();
    expect(JSON.stringify(rows)).toContain('x-api-key');
    expect(JSON.stringify(rows)).not.toContain('s3cret');
  });

  it('lets a request be repeated under another Idempotency-Key', async () => {
    await using origin = await cachedOrigin([{ headers }]);
    await origin.get('/', { 'idempotency-key': '1' });
    expect((await origin.get('/', { 'idempotency-key': '2' })).text).toBe('answer 1');
  });

  it('keeps jars apart', async () => {
    await using origin = await cachedOrigin(({ headers: got }) => ({ headers, body: got.cookie ?? '' }));
    for (const cookie of ['id=alice', 'id=bob', 'id=alice']) {
      const cookieJar = { getCookieString: () => cookie, setCookie: () => {} };
      await using api = createClient({ hedge: false, baseUrl: origin.url, cache: origin.cache, cookieJar });
      expect(await api.get('/').text()).toBe(cookie);
    }
    expect(origin.requests).toHaveLength(2);
  });

  it('keeps apart what different signers signed, and gives one its own', async () => {
    await using origin = await cachedOrigin(({ headers: got }) => ({ headers, body: got.authorization ?? '' }));
    const { cache } = origin;
    const signer = (user: string) => () => ({ authorization: `Signed ${user}` });
    const [alice, bob] = [signer('alice'), signer('bob')];
    const read = async (options: ClientOptions): Promise<string> => {
      await using api = createClient({ hedge: false, baseUrl: origin.url, cache, ...options });
      return await api.get('/').text();
    };
    expect(await read({ sign: alice })).toBe('Signed alice');
    expect(await read({ sign: bob })).toBe('Signed bob');
    expect(await read({})).toBe('');
    expect(await read({ sign: alice })).toBe('Signed alice');
    expect(origin.requests).toHaveLength(3);
  });

  it('takes nothing from a shared cache with the same store, and gives it nothing', async () => {
    const file = join(folder, 'modes.db');
    const caches = [sqliteCache(file), sqliteCache(file, { mode: 'shared' })];
    await using origin = await cachedOrigin([{ headers: { 'cache-control': 'private, max-age=60' } }], caches[0]);
    await origin.get();
    await using api = createClient({ hedge: false, baseUrl: origin.url, cache: caches[1] });
    expect(await api.get('/').text()).toBe('answer 2');
    expect((await origin.get()).text).toBe('answer 1');
    await caches[1]?.close();
  });
});

describe('a shared cache', () => {
  it('takes a signed request for an authorized one', async () => {
    const cache = memoryCache({ mode: 'shared' });
    await using origin = await cachedOrigin(({ url }) => {
      return { headers: { 'cache-control': url === '/public' ? 'public, max-age=60' : 'max-age=60' } };
    }, cache);
    await using api = createClient({
      hedge: false,
      baseUrl: origin.url,
      cache,
      sign: () => ({ authorization: 'Signed' }),
    });
    for (const path of ['/', '/', '/public', '/public']) await api.get(path).text();
    await origin.get();
    await origin.get('/public');
    expect(origin.requests.map(({ url }) => url)).toEqual(['/', '/', '/public', '/']);
  });
});

describe('a signed request, in a shared cache', () => {
  it('shares nothing that varies by what it may be signed with', async () => {
    const cache = memoryCache({ mode: 'shared' });
    const varying = { 'cache-control': 'public, max-age=60', vary: 'authorization' };
    await using origin = await cachedOrigin(({ headers: got }) => {
      return { headers: varying, body: got.authorization ?? 'none' };
    }, cache);
    await using api = createClient({ baseUrl: origin.url, cache, sign: () => ({ authorization: 'Signed' }) });
    expect(await api.get('/').text()).toBe('Signed');
    expect((await origin.get()).text).toBe('none');
    expect(await api.get('/').text()).toBe('Signed');
    expect((await origin.get()).cache).toMatch(/^hit/);
  });
});

describe('one URL that leads to several servers', () => {
  it.each(['private', 'shared'] as const)('is several in a %s cache', async (mode) => {
    const cache = memoryCache({ mode });
    const servers = ['a', 'b'].map((name) => {
      const socketPath = join(folder, `${mode}-${name}.sock`);
      const server = createServer((_request, response) => void response.writeHead(200, headers).end(name));
      return { name, socketPath, server: server.listen(socketPath) };
    });
    for (const { name, socketPath } of [...servers, ...servers]) {
      await using api = createClient({ hedge: false, baseUrl: 'http://localhost', cache, socketPath });
      const response = await api.get('/').response();
      expect(await response.text()).toBe(name);
    }
    await using api = createClient({
      hedge: false,
      baseUrl: 'http://localhost',
      cache,
      socketPath: servers[0]?.socketPath,
    });
    for (const { server } of servers) server.close();
    expect(await api.get('/').text()).toBe('a'); // from the cache
    await cache.delete('http://localhost/');
    await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK' });
  });

  it('gives a client that may not reach private networks nothing that another brought from there', async () => {
    await using origin = await cachedOrigin([{ headers }]);
    await origin.get();
    await using api = createClient({
      hedge: false,
      baseUrl: origin.url,
      cache: origin.cache,
      denyPrivateNetworks: true,
    });
    await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_BLOCKED_ADDRESS' });
  });

  it('tells TLS options apart by what they say', async () => {
    await using origin = await cachedOrigin([{ headers }]);
    const check = () => undefined;
    const read = async (tls: ClientOptions['tls']): Promise<string> => {
      await using api = createClient({ hedge: false, baseUrl: origin.url, cache: origin.cache, tls });
      return await api.get('/').text();
    };
    expect(await read({ rejectUnauthorized: false })).toBe('answer 1');
    expect(await read({ checkServerIdentity: check })).toBe('answer 2');
    expect(await read({ checkServerIdentity: () => undefined })).toBe('answer 3');
    expect(await read(undefined)).toBe('answer 4');
    expect(await read({ rejectUnauthorized: false })).toBe('answer 1');
    expect(await read({ checkServerIdentity: check })).toBe('answer 2');
  });
});

describe('a request for something else than its URL and method say', () => {
  it('is not answered from the cache, nor kept', async () => {
    await using origin = await cachedOrigin(({ headers: got }) => ({ headers, body: got.host ?? '' }));
    const { host } = new URL(origin.url);
    await origin.get();
    expect(await origin.get('/', { host: 'other.example' })).toMatchObject({
      text: 'other.example',
      cache: 'fwd=bypass',
    });
    expect(await origin.get('/', { host })).toMatchObject({ text: host, cache: expect.stringMatching(/^hit/) });
  });

  it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])('is one that %s changes', async (name) => {
    await using origin = await cachedOrigin([{ headers: { ...headers, 'content-location': '/' } }]);
    await origin.get();
    for (const method of ['GET', 'POST']) {
      expect((await origin.send(method, '/', { [name]: 'DELETE' })).cache).toBe('fwd=method');
      expect((await origin.get()).cache).toMatch(/^fwd=uri-miss/);
    }
  });
});
