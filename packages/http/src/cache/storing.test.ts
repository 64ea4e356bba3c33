import { describe, expect, it } from 'vitest';
import { cachedOrigin, httpDate } from '../../test/cached-origin.ts';
import { type CacheEntry, type CacheStore, createHttpCache, memoryCache } from '../index.ts';

const fresh = { 'cache-control': 'max-age=60' };

/** Whether a second GET is answered with what the first brought. */
async function isStored(
  headers: Record<string, string | string[]>,
  status = 200,
  mode: 'private' | 'shared' = 'private',
) {
  await using origin = await cachedOrigin([{ headers, status }], memoryCache({ mode }));
  await origin.get();
  await origin.get();
  return origin.requests.length === 1;
}

describe('RFC 9111, section 3: storing responses', () => {
  it.each([200, 203, 299, 300, 301, 302, 307, 308, 400, 404, 410, 414, 500, 501, 503, 599])(
    'stores a %s that says how long it is fresh',
    async (status) => expect(await isStored(fresh, status)).toBe(true),
  );

  it('stores a 204, which has no body', async () => expect(await isStored(fresh, 204)).toBe(true));

  it.each([
    ['no-store', { 'cache-control': 'no-store' }],
    ['no-store beside max-age', { 'cache-control': 'max-age=60, No-Store' }],
    ['nothing that says how long', {}],
    ['Vary: *', { ...fresh, vary: 'accept, *' }],
    ['events without end', { ...fresh, 'content-type': 'text/event-stream' }],
  ])('does not store one with %s', async (_name, headers) => expect(await isStored(headers)).toBe(false));

  it.each([
    [201, false],
    [302, false],
    [403, false],
    [404, true],
    [500, false],
    [501, true],
  ])('guesses how long a %s is fresh: %s', async (status, guessed) => {
    const headers = { 'last-modified': httpDate(-86_400) };
    expect(await isStored(headers, status)).toBe(guessed);
    expect(await isStored({ ...headers, 'cache-control': 'public' }, status)).toBe(true);
  });

  it('does not store a 416, which is about a range and not about the URL', async () => {
    await using origin = await cachedOrigin(({ headers: { range } }) => {
      return { status: range === 'bytes=99-' ? 416 : 200, headers: fresh };
    });
    await origin.get('/', { range: 'bytes=99-' });
    expect(await origin.get()).toMatchObject({ status: 200, text: 'answer 2' });
    await origin.get('/', { range: 'bytes=99-' });
    expect(await origin.get()).toMatchObject({ status: 200, text: 'answer 2' });
  });

  it('holds no more memory for a small body than it takes', async () => {
    const kept: CacheEntry[] = [];
    const store: CacheStore = { get: () => undefined, set: (_key, entry) => void kept.push(entry), delete: () => {} };
    await using origin = await cachedOrigin((_request, _count, response) => {
      response.writeHead(200, fresh).write('in ');
      setTimeout(() => response.end('pieces'), 20);
      return undefined;
    }, createHttpCache(store));
    await origin.get();
    await origin.api.get('/').text();
    expect(kept.map(({ body }) => body.buffer.byteLength)).toEqual([9, 9]);
  });

  it('does not store what was asked for with a body, or with no-store', async () => {
    await using origin = await cachedOrigin([{ headers: fresh }]);
    await origin.get('/', { 'cache-control': 'no-store' });
    expect((await origin.get()).text).toBe('answer 2');
    expect((await origin.get('/', { 'cache-control': 'no-store' })).text).toBe('answer 3');
    expect((await origin.get()).text).toBe('answer 2');
    for (let count = 4; count < 6; count++) {
      expect(await origin.api.get('/', { body: 'q' }).text()).toBe(`answer ${count}`);
    }
    expect((await origin.get()).text).toBe('answer 2');
  });

  it('does not store a body that is too large, whether or not its length is told', async () => {
    await using origin = await cachedOrigin(
      (request, count, response) => {
        response.writeHead(200, fresh);
        if (request.url === '/told') return void response.end('0123456789x');
        response.write('01234');
        response.end(request.url === '/more' ? '56789x' : '56789');
        return undefined;
      },
      memoryCache({ maxEntryBytes: 10 }),
    );
    for (const path of ['/told', '/more', '/fits']) {
      await origin.get(path);
      await origin.api.get(path).text();
    }
    expect(origin.requests.map(({ url }) => url)).toEqual(['/told', '/told', '/more', '/more', '/fits']);
  });
});

describe('RFC 9111, section 3.1: storing header fields', () => {
  it('leaves out those of the connection and those it names, and gives them to the first caller', async () => {
    const headers = { ...fresh, connection: 'close, X-Hop', 'x-hop': '1', 'proxy-authenticate': 'Basic', 'x-end': '2' };
    await using origin = await cachedOrigin([{ headers }]);
    expect((await origin.get()).headers.get('x-hop')).toBe('1');
    const stored = (await origin.get()).headers;
    expect([...stored.keys()]).toEqual(['age', 'cache-control', 'cache-status', 'date', 'x-end']);
  });

  it('keeps a field that comes twice as two', async () => {
    await using origin = await cachedOrigin([{ headers: { ...fresh, 'set-cookie': ['a=1', 'b=2'] } }]);
    await origin.get();
    expect((await origin.get()).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('is not led astray by a field that is called __proto__', async () => {
    await using origin = await cachedOrigin([{ headers: { ...fresh, ['__proto__']: ['a', 'b'], 'x-a': '1' } }]);
    await origin.get();
    expect((await origin.get()).headers.get('x-a')).toBe('1');
    expect(origin.requests).toHaveLength(1);
  });
});

describe('RFC 9111, section 3.5: storing responses to authenticated requests', () => {
  const asAlice = { authorization: 'Bearer alice' };
  const asBob = { authorization: 'Bearer bob' };

  it('a private cache keeps the answers to different credentials apart', async () => {
    await using origin = await cachedOrigin([{ headers: fresh }]);
    expect((await origin.get('/', asAlice)).text).toBe('answer 1');
    expect((await origin.get('/', asBob)).text).toBe('answer 2');
    expect((await origin.get()).text).toBe('answer 3');
    expect((await origin.get('/', asAlice)).text).toBe('answer 1');
    expect((await origin.get('/', asBob)).text).toBe('answer 2');
  });

  it('a shared cache does not store them', async () => {
    await using origin = await cachedOrigin([{ headers: fresh }], memoryCache({ mode: 'shared' }));
    await origin.get('/', asAlice);
    expect((await origin.get('/', asAlice)).text).toBe('answer 2');
    expect((await origin.get()).text).toBe('answer 3');
  });

  it.each(['public, max-age=60', 'must-revalidate, max-age=60', 's-maxage=60'])(
    'a shared cache stores one with %s, for all',
    async (control) => {
      const cache = memoryCache({ mode: 'shared' });
      await using origin = await cachedOrigin([{ headers: { 'cache-control': control } }], cache);
      await origin.get('/', asAlice);
      expect((await origin.get('/', asBob)).text).toBe('answer 1');
      expect((await origin.get()).text).toBe('answer 1');
    },
  );
});

describe('RFC 9111, section 7.3: sensitive information in a shared cache', () => {
  it.each([
    ['private', { 'cache-control': 'private, max-age=60' }, false],
    ['a cookie, and freshness that is guessed', { 'set-cookie': 'id=1', 'last-modified': httpDate(-86_400) }, false],
    ['a cookie, and freshness that is said', { 'set-cookie': 'id=1', ...fresh }, true],
  ])('%s: stored is %s', async (_name, headers, stored) => {
    expect(await isStored(headers, 200, 'shared')).toBe(stored);
    expect(await isStored(headers, 200, 'private')).toBe(true);
  });
});
