import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CacheErrorEvent, createClient, type HttpCache, type HttpCacheOptions } from '../src/index.ts';
import { cachedOrigin } from './cached-origin.ts';

/** What every store must do, whatever it keeps its entries in. Each cache that `open` gives has the same content. */
export function describeStore(name: string, open: (options: HttpCacheOptions) => HttpCache): void {
  const minute = { 'cache-control': 'max-age=60' };
  let paths = 0;
  /** Stores outlive a test: each has a path of its own. */
  const nextPath = (): string => `/${name}/${(paths += 1)}`;

  describe(`${name}, as every store`, () => {
    const errors: CacheErrorEvent[] = [];
    const openCache = (options: HttpCacheOptions = {}): HttpCache =>
      open({ onError: (event) => void errors.push(event), ...options });
    afterEach(() => expect(errors.splice(0)).toEqual([]));

    it('gives back what was stored, byte for byte', async () => {
      const body = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
      await using origin = await cachedOrigin((_request, _count, response) => {
        response.writeHead(203, { ...minute, 'x-a': 'ü', 'set-cookie': ['a=1', 'b=2'] }).end(body);
        return undefined;
      }, openCache());
      const path = nextPath();
      const first = await origin.api.get(path).response();
      const heads = [first];
      expect(new Uint8Array(await first.bytes())).toEqual(body);
      await vi.waitFor(async () => {
        const again = await origin.api.get(path, { headers: { 'cache-control': 'only-if-cached' } }).response();
        expect(new Uint8Array(await again.bytes())).toEqual(body);
        heads.push(again);
      }, 5_000);
      const [came, stored] = heads;
      expect(stored?.status).toBe(203);
      for (const field of ['x-a', 'set-cookie', 'date'])
        expect(stored?.headers.get(field)).toBe(came?.headers.get(field));
      expect(origin.requests).toHaveLength(1);
    });

    it('keeps variants apart, replaces one by its newer self, and drops one or all', async () => {
      await using origin = await cachedOrigin([{ headers: { ...minute, vary: 'x-a' } }], openCache());
      const path = nextPath();
      const ask = async (value: string, control = 'max-stale'): Promise<string> =>
        (await origin.get(path, { 'x-a': value, 'cache-control': control })).text;
      await ask('1');
      await ask('2');
      await vi.waitFor(async () => expect([await ask('1'), await ask('2')]).toEqual(['answer 1', 'answer 2']), 5_000);
      expect(await ask('1', 'no-cache')).toBe('answer 3');
      await vi.waitFor(async () => expect([await ask('1'), await ask('2')]).toEqual(['answer 3', 'answer 2']), 5_000);
      await origin.send('DELETE', path);
      expect([await ask('1'), await ask('2')]).toEqual(['answer 5', 'answer 6']);
    });

    it('drops the oldest of too many variants', async () => {
      const cache = openCache({ maxVariants: 2 });
      await using origin = await cachedOrigin([{ headers: { ...minute, vary: 'x-a' } }], cache);
      const path = nextPath();
      const ask = (value: string) => origin.get(path, { 'x-a': value });
      for (const value of ['1', '2', '3', '4']) {
        await ask(value);
        await vi.waitFor(async () => expect((await ask(value)).cache).toMatch(/^hit/), 5_000);
      }
      expect((await ask('4')).cache).toMatch(/^hit/);
      expect((await ask('1')).cache).toBe('fwd=vary-miss');
    });

    it('updates the fields of what a 304 confirms', async () => {
      const headers = { 'cache-control': 'no-cache', etag: '"a"' };
      await using origin = await cachedOrigin((_request, count) => {
        return { status: count === 1 ? 200 : 304, headers: { ...headers, 'x-count': String(count) } };
      }, openCache());
      const path = nextPath();
      await origin.get(path);
      for (let count = 2; count < 5; count++) {
        const got = await origin.get(path);
        expect([got.text, got.headers.get('x-count')]).toEqual(['answer 1', String(count)]);
      }
    });

    it('mistakes no URL for another', async () => {
      await using origin = await cachedOrigin(({ url }) => ({ headers: minute, body: url ?? '' }), openCache());
      const base = nextPath();
      const urls = ['', '/', '?a', '?a=', '?a=1', '?a=1&', '?A=1', '/%2f', '//', "/'", '/*', '/_', '/%25'];
      for (let round = 0; round < 2; round++) {
        for (const rest of urls) expect((await origin.get(base + rest)).text).toBe(base + rest);
      }
    });

    it('is a miss after close, and can be closed twice', async () => {
      const cache = openCache();
      await using origin = await cachedOrigin([{ headers: minute }], cache);
      const path = nextPath();
      await origin.get(path);
      await cache.close();
      await cache.close();
      expect((await origin.get(path)).text).toBe('answer 2');
      await origin.send('DELETE', path);
      await cache.delete(origin.url + path);
    });

    it('serves several clients', async () => {
      const cache = openCache();
      await using origin = await cachedOrigin([{ headers: minute }], cache);
      const path = nextPath();
      await origin.get(path);
      await using other = createClient({ cache });
      await vi.waitFor(async () => expect(await other.get(origin.url + path).text()).toBe('answer 1'), 5_000);
    });
  });
}
