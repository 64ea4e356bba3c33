import { describe, expect, it } from 'vitest';
import { cachedOrigin } from '../../test/cached-origin.ts';
import { createClient } from '../index.ts';

const headers = { 'cache-control': 'max-age=60' };

describe('an answer from the cache', () => {
  it('is held to the limits of the client that reads it', async () => {
    await using origin = await cachedOrigin([{ headers }]);
    await origin.get();
    const { cache } = origin;
    await using narrow = createClient({ baseUrl: origin.url, cache, maxBodyBytes: 7, hedge: false });
    await expect(narrow.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_TOO_LARGE', maxBodyBytes: 7 });
    await using enough = createClient({ baseUrl: origin.url, cache, maxBodyBytes: 8, hedge: false });
    await expect(enough.get('/').text()).resolves.toBe('answer 1');
    expect(origin.requests).toHaveLength(1);
  });

  it('that is an error is thrown as one, with the start of its body and what was asked for', async () => {
    await using origin = await cachedOrigin([{ status: 404, headers, body: 'no such city '.repeat(5_000) }]);
    const path = '/days?token=secret';
    await origin.get(path);
    for (const read of [() => origin.api.get(path).text(), () => origin.api.get(path).response()]) {
      await expect(read()).rejects.toMatchObject({
        code: 'DEX_HTTP_STATUS',
        method: 'GET',
        url: `${origin.url}/days?token=REDACTED`,
        attempt: 1,
        bodyStart: expect.stringMatching(/^no such city /),
      });
    }
    await expect(origin.api.head(path).bytes()).rejects.toMatchObject({ method: 'HEAD', status: 404, bodyStart: '' });
    expect(origin.requests).toHaveLength(1);
  });

  it('that is an error was stored whole or not at all, however little of it was read for the error', async () => {
    const body = 'no such city '.repeat(50_000);
    await using origin = await cachedOrigin((request, _count, response) => {
      response.writeHead(404, headers).write(body);
      setTimeout(() => (request.url === '/cut' ? response.destroy() : response.end()), 20);
      return undefined;
    });
    for (const path of ['/long', '/cut']) {
      await expect(origin.api.get(path).response()).rejects.toMatchObject({ status: 404 });
      const again = origin.get(path);
      if (path === '/cut') await expect(again).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK' });
      else expect((await again).text).toHaveLength(body.length);
    }
  });

  it('is inflated like any other', async () => {
    const body = Buffer.from('H4sIAAAAAAAAA0vMKy5PLVIwBADTlHn7CAAAAA==', 'base64');
    await using origin = await cachedOrigin((_request, _count, response) => {
      response.writeHead(200, { ...headers, 'content-encoding': 'gzip', vary: 'accept-encoding' }).end(body);
      return undefined;
    });
    const texts = [await origin.api.get('/').text(), (await origin.get()).text, await origin.api.get('/').text()];
    expect(texts).toEqual(['answer 1', 'answer 1', 'answer 1']);
    await using raw = createClient({ baseUrl: origin.url, cache: origin.cache, decompress: false, hedge: false });
    await raw.get('/').bytes();
    expect(origin.requests.map((request) => request.headers['accept-encoding'])).toEqual(['gzip, br, zstd', undefined]);
  });

  it('is given to fetch as well', async () => {
    await using origin = await cachedOrigin([{ headers }]);
    await origin.get();
    const response = await origin.api.fetch('/');
    expect([await response.text(), response.headers.get('age')]).toEqual(['answer 1', '0']);
    expect(await (await origin.api.fetch('/', { cache: 'reload' })).text()).toBe('answer 2');
    expect(await (await origin.api.fetch('/', { cache: 'no-store' })).text()).toBe('answer 3');
    expect(await (await origin.api.fetch('/', { cache: 'force-cache' })).text()).toBe('answer 2');
    await expect(origin.api.fetch('/none', { cache: 'only-if-cached' })).rejects.toThrow('fetch failed');
  });

  it('keeps nothing of an aborted signal, and is not given to it', async () => {
    await using origin = await cachedOrigin([{ headers }]);
    await origin.get();
    const reason = new Error('enough');
    await expect(origin.api.get('/', { signal: AbortSignal.abort(reason) }).text()).rejects.toBe(reason);
  });
});

describe('createClient', () => {
  it('refuses a cache that is none', () => {
    // @ts-expect-error not a cache
    expect(() => createClient({ cache: new Map() })).toThrow('Option "createClient.cache" must be');
  });
});
