import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createClient as createRedis } from 'redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cachedOrigin } from '../../test/cached-origin.ts';
import { noRedis, type RedisServer, startRedis } from '../../test/redis-server.ts';
import { describeStore } from '../../test/store-contract.ts';
import {
  type CacheEntry,
  type CacheErrorEvent,
  type CacheStore,
  createHttpCache,
  decodeEntry,
  encodeEntry,
  memoryCache,
} from '../index.ts';
import { redisCache, type RedisClient } from '../redis.ts';
import { sqliteCache } from '../sqlite.ts';

const minute = { 'cache-control': 'max-age=60' };
const folder = mkdtempSync(join(tmpdir(), 'dex-http-'));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));
let files = 0;
const nextFile = (): string => join(folder, `${(files += 1)}.db`);

/** A store as a user would write it, of bytes. */
function byteStore(): CacheStore & { readonly kept: Map<string, Map<string, Uint8Array>> } {
  const kept = new Map<string, Map<string, Uint8Array>>();
  return {
    kept,
    get: async (key) => [...(kept.get(key)?.values() ?? [])].map((bytes) => decodeEntry(bytes)),
    async set(key, entry) {
      kept.set(key, (kept.get(key) ?? new Map<string, Uint8Array>()).set(entry.variant, encodeEntry(entry)));
    },
    async delete(key, variant) {
      if (variant === undefined) kept.delete(key);
      else kept.get(key)?.delete(variant);
    },
  };
}

describeStore('memoryCache', memoryCache);
describeStore('sqliteCache', (options) => sqliteCache(nextFile(), options));
describeStore('createHttpCache', (options) => createHttpCache(byteStore(), options));

describe('memoryCache', () => {
  it('keeps what was used last, within its bytes', async () => {
    const body = 'x'.repeat(10_000);
    await using origin = await cachedOrigin(() => ({ headers: minute, body }), memoryCache({ maxBytes: 50_000 }));
    for (const path of ['/1', '/2', '/3', '/4', '/1', '/5', '/1', '/2']) await origin.get(path);
    expect(origin.requests.map(({ url }) => url)).toEqual(['/1', '/2', '/3', '/4', '/5', '/2']);
  });

  it('counts header fields and many small answers as well', async () => {
    const headers = { ...minute, 'x-a': 'a'.repeat(8_000) };
    await using origin = await cachedOrigin(() => ({ headers, body: '' }), memoryCache({ maxBytes: 20_000 }));
    for (const path of ['/1', '/2', '/3', '/1']) await origin.get(path);
    expect(origin.requests).toHaveLength(4);
  });

  it('counts what an answer of nothing takes: more than 1 KB, measured after a hit', async () => {
    await using origin = await cachedOrigin([{ headers: minute, body: '' }], memoryCache({ maxBytes: 100_000 }));
    for (let path = 0; path < 200; path++) await origin.get(`/${path}`);
    let kept = 0;
    for (let path = 0; path < 200; path++) {
      if ((await origin.get(`/${path}`, { 'cache-control': 'only-if-cached' })).status === 200) kept += 1;
    }
    expect(kept).toBeGreaterThan(50);
    expect(kept).toBeLessThan(100);
  });

  it.each([
    ['maxBytes', 0],
    ['maxEntryBytes', 0.5],
    ['maxVariants', 0],
    ['staleIfErrorMs', -1],
    ['storeTimeoutMs', 0],
    ['onError', 'log'],
  ])('refuses %s of %s', (option, value) => {
    expect(() => memoryCache({ [option]: value })).toThrow(`Option "memoryCache.${option}" must be`);
  });
});

describe('sqliteCache', () => {
  it('outlives the process, and is shared by several', async () => {
    const file = nextFile();
    await using origin = await cachedOrigin([{ headers: minute }], sqliteCache(file));
    await origin.get();
    await using other = await cachedOrigin([{}], sqliteCache(file));
    const only = { headers: { 'cache-control': 'only-if-cached' } };
    expect(await other.api.fetch(`${origin.url}/`, only).catch(() => undefined)).toBeUndefined();
    expect(await (await origin.api.fetch(`${origin.url}/`, only)).text()).toBe('answer 1');
  });

  it('takes no more room than it may', async () => {
    const file = nextFile();
    const body = 'x'.repeat(20_000);
    await using origin = await cachedOrigin(
      () => ({ headers: minute, body }),
      sqliteCache(file, { maxBytes: 200_000 }),
    );
    for (let path = 0; path < 40; path++) await origin.get(`/${path}`);
    expect((await origin.get('/39')).cache).toMatch(/^hit/);
    expect((await origin.get('/0')).cache).toBe('fwd=uri-miss');
    await origin.cache.close();
    expect(readFileSync(file).byteLength).toBeLessThan(400_000);
  });

  it('drops what is outdated before what is not, when it needs room', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const body = 'x'.repeat(20_000);
      await using origin = await cachedOrigin(
        ({ url }) => {
          return {
            headers: { 'cache-control': url === '/long' ? 'max-age=9000' : 'max-age=60, must-revalidate' },
            body,
          };
        },
        sqliteCache(nextFile(), { maxBytes: 300_000 }),
      );
      await origin.get('/long');
      for (let path = 0; path < 8; path++) await origin.get(`/${path}`);
      vi.setSystemTime(Date.now() + 100_000);
      for (let path = 10; path < 17; path++) await origin.get(`/${path}`);
      expect((await origin.get('/long')).cache).toMatch(/^hit/);
    } finally {
      vi.useRealTimers();
    }
  });

  it('finds what is outdated without reading all that it keeps', async () => {
    const file = nextFile();
    await using origin = await cachedOrigin([{ headers: minute }], sqliteCache(file));
    await origin.get();
    const database = new DatabaseSync(file);
    const plan = database.prepare('EXPLAIN QUERY PLAN DELETE FROM dex_http_cache WHERE keep_until <= 1').all();
    database.close();
    expect(plan).toMatchObject([{ detail: expect.stringContaining('USING INDEX') }]);
  });

  it('throws at once where there can be no file', () => {
    expect(() => sqliteCache(join(folder, 'none', 'a.db'))).toThrow(
      /^Option "sqliteCache.path" must be a file that can be opened or made \(unable to open database file\), got ".*a\.db"\.$/,
    );
    expect(() => sqliteCache(nextFile(), { maxBytes: 100 })).toThrow(
      'Option "sqliteCache.maxBytes" must be an integer',
    );
  });

  it('is a miss where the file is no database, which it leaves as it is', async () => {
    const file = nextFile();
    const text = 'precious notes '.repeat(1_000);
    writeFileSync(file, text);
    const events: CacheErrorEvent[] = [];
    const cache = sqliteCache(file, { onError: (event) => void events.push(event) });
    await using origin = await cachedOrigin([{ headers: minute }], cache);
    expect([(await origin.get()).text, (await origin.get()).text]).toEqual(['answer 1', 'answer 2']);
    expect(events.map(({ operation }) => operation)).toEqual(['get', 'set', 'get', 'set']);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it.each([
    ['cut', 'substr(entry, 1, length(entry) - 1)'],
    ['changed', "cast(substr(entry, 1, length(entry) - 1) || x'00' AS BLOB)"],
    ['emptied', "x''"],
    ['made text', "'text'"],
  ])('an entry that was %s is a miss', async (_name, value) => {
    const file = nextFile();
    await using origin = await cachedOrigin([{ headers: minute }], sqliteCache(file));
    await origin.get();
    const database = new DatabaseSync(file);
    database.exec(`UPDATE dex_http_cache SET entry = ${value}`);
    database.close();
    expect((await origin.get()).text).toBe('answer 2');
    expect((await origin.get()).text).toBe('answer 2');
  });

  it('drops a damaged entry, so that the others under its URL are found again', async () => {
    const file = nextFile();
    await using origin = await cachedOrigin([{ headers: { ...minute, vary: 'x-a' } }], sqliteCache(file));
    await origin.get('/', { 'x-a': '1' });
    const database = new DatabaseSync(file);
    database.exec("UPDATE dex_http_cache SET entry = x'00'");
    database.close();
    await origin.get('/', { 'x-a': '2' });
    expect((await origin.get('/', { 'x-a': '2' })).text).toBe('answer 2');
  });

  it('is a miss while another locks it', async () => {
    const file = nextFile();
    const onError = vi.fn();
    await using origin = await cachedOrigin([{ headers: minute }], sqliteCache(file, { onError }));
    await origin.get('/before');
    const other = new DatabaseSync(file);
    other.exec('BEGIN EXCLUSIVE');
    expect((await origin.get('/during')).text).toBe('answer 2');
    other.exec('COMMIT');
    other.close();
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), 5_000);
    expect(onError.mock.calls[0]).toMatchObject([{ operation: 'set', url: `${origin.url}/during` }]);
    expect((await origin.get('/during')).text).toBe('answer 3');
    expect((await origin.get('/during')).text).toBe('answer 3');
  });
});

describe.skipIf(noRedis)(`redisCache${noRedis ? ` (${noRedis})` : ''}`, () => {
  let server: RedisServer;
  let client: ReturnType<typeof createRedis>;
  beforeAll(async () => {
    server = await startRedis();
    client = createRedis({ url: server.url, socket: { reconnectStrategy: false } });
    client.on('error', () => {}); // one test stops the server
    await client.connect();
  });
  afterAll(async () => {
    if (client.isOpen) client.destroy();
    await server[Symbol.asyncDispose]();
  });

  /** Made before the server runs, as `describeStore` wants it. */
  const lateClient: RedisClient = {
    get isReady() {
      return client.isReady;
    },
    sendCommand: (args, options) => client.sendCommand(args, options),
  };
  describeStore('redisCache', (options) => redisCache(lateClient, options));

  it('leaves nothing behind once what it keeps is of no use', async () => {
    const cache = redisCache(client, { keyPrefix: 'ttl:', staleIfErrorMs: 0 });
    await using origin = await cachedOrigin((_request, count) => {
      return { headers: { 'cache-control': `max-age=${count === 1 ? 90 : 10}`, vary: 'x-a' } };
    }, cache);
    const key = `ttl:${origin.url}/`;
    await origin.get('/', { 'x-a': '1' });
    await vi.waitFor(async () => expect(await client.pTTL(key)).toBeGreaterThan(80_000), 5_000);
    await origin.get('/', { 'x-a': '2' });
    await vi.waitFor(async () => expect(await client.hLen(key)).toBe(2), 5_000);
    expect(await client.pTTL(key)).toBeGreaterThan(80_000);
    expect(await client.pTTL(key)).toBeLessThanOrEqual(90_000);
  });

  it.each(['garbage', ''])('an entry that became "%s" is a miss, and is dropped', async (value) => {
    const events: CacheErrorEvent[] = [];
    const cache = redisCache(client, { keyPrefix: 'bad:', onError: (event) => void events.push(event) });
    await using origin = await cachedOrigin([{ headers: minute }], cache);
    const key = `bad:${origin.url}/`;
    await client.hSet(key, 'variant', value);
    expect((await origin.get()).text).toBe('answer 1');
    await vi.waitFor(async () => expect((await origin.get()).cache).toMatch(/^hit/), 5_000);
    expect(events).toMatchObject([{ operation: 'get', error: { message: expect.stringContaining('damaged') } }]);
  });

  it('a key of another type is a miss', async () => {
    const onError = vi.fn();
    await using origin = await cachedOrigin([{ headers: minute }], redisCache(client, { onError }));
    await client.set(`dex:http:${origin.url}/`, 'mine');
    expect([(await origin.get()).text, (await origin.get()).text]).toEqual(['answer 1', 'answer 2']);
    expect(onError).toHaveBeenCalled();
  });

  it('does not wait for a client that is not connected', async () => {
    const unconnected = createRedis({ url: server.url });
    const events: CacheErrorEvent[] = [];
    const cache = redisCache(unconnected, { storeTimeoutMs: 20_000, onError: (event) => void events.push(event) });
    await using origin = await cachedOrigin([{ headers: minute }], cache);
    const start = performance.now();
    await origin.get();
    expect((await origin.get()).text).toBe('answer 2');
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(events[0]).toMatchObject({ operation: 'get', error: { message: 'The Redis client is not connected.' } });
  });

  it('refuses a prefix that is none', () => {
    // @ts-expect-error no string
    expect(() => redisCache(client, { keyPrefix: 5 })).toThrow(
      'Option "redisCache.keyPrefix" must be a string, got 5.',
    );
  });
});

describe('createHttpCache', () => {
  const failing = (fail: () => Promise<never>): CacheStore => ({ get: fail, set: fail, delete: fail });

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk'))],
  ])('a store that %s is a miss, and the failure is told', async (_name, fail) => {
    const events: CacheErrorEvent[] = [];
    const cache = createHttpCache(failing(fail), { onError: (event) => void events.push(event) });
    await using origin = await cachedOrigin([{ headers: minute }], cache);
    expect([(await origin.get('/?key=1')).text, (await origin.send('POST', '/?key=1')).text]).toEqual([
      'answer 1',
      'answer 2',
    ]);
    await vi.waitFor(() => expect(events.map(({ operation }) => operation)).toEqual(['get', 'set', 'delete']), 5_000);
    for (const { error, url } of events)
      expect([String(error), url]).toEqual(['Error: disk', `${origin.url}/?key=REDACTED`]);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['a list of something else', [5]],
  ])('a store that gives %s is a miss', async (_name, found) => {
    const store = { get: () => found, set: () => {}, delete: () => {} };
    // @ts-expect-error what a store in JavaScript might do
    await using origin = await cachedOrigin([{ headers: minute }], createHttpCache(store));
    expect((await origin.get()).text).toBe('answer 1');
  });

  it('waits for a slow store no longer than storeTimeoutMs', async () => {
    const events: CacheErrorEvent[] = [];
    const never = (): Promise<undefined> => new Promise(() => {});
    const cache = createHttpCache(
      { get: never, set: never, delete: never },
      { storeTimeoutMs: 20, onError: (event) => void events.push(event) },
    );
    await using origin = await cachedOrigin([{ headers: minute }], cache);
    expect((await origin.get()).text).toBe('answer 1');
    expect((await origin.send('POST')).text).toBe('answer 2');
    await vi.waitFor(() => expect(events).toHaveLength(3), 5_000);
    expect(events[0]).toMatchObject({ error: { message: 'The store did not answer within 20 ms.' } });
  });

  it('a store that does not settle what it promised is given no more than 64 MiB', async () => {
    const settle: (() => void)[] = [];
    const store: CacheStore = {
      get: () => undefined,
      set: () => new Promise<void>((resolve) => void settle.push(resolve)),
      delete: () => {},
    };
    const events: CacheErrorEvent[] = [];
    const cache = createHttpCache(store, { storeTimeoutMs: 5_000, onError: (event) => void events.push(event) });
    const body = 'x'.repeat(7 * 2 ** 20);
    await using origin = await cachedOrigin(() => ({ headers: minute, body }), cache);
    for (let path = 0; path < 12; path++) await origin.api.get(`/${path}`).bytes();
    expect(settle).toHaveLength(10);
    await vi.waitFor(() => expect(events).toHaveLength(2), 5_000);
    expect(events[0]).toMatchObject({ operation: 'set', error: { message: 'The store is too far behind.' } });
    for (const each of settle.splice(0)) each();
    await origin.api.get('/again').bytes();
    expect(settle).toHaveLength(1);
    for (const each of settle) each();
  });

  /** A store whose first deletes fail. */
  const keeping = (failures: number, fail: () => Promise<never>): CacheStore => {
    const kept = new Map<string, CacheEntry>();
    return {
      get: (key) => [...kept].filter(([name]) => name === key).map(([, entry]) => entry),
      set: (key, entry) => void kept.set(key, entry),
      delete: (key) => (failures-- > 0 ? fail() : kept.delete(key)),
    };
  };
  const locked = () => {
    throw new Error('locked');
  };

  it.each([
    ['throws', locked],
    ['hangs', () => new Promise<never>(() => {})],
  ])('gives nothing that a failed delete has left: one that %s', async (_name, fail) => {
    const cache = createHttpCache(keeping(2, fail), { storeTimeoutMs: 20 });
    await using origin = await cachedOrigin([{ headers: minute }], cache);
    await origin.get();
    await origin.get('/other');
    await origin.send('POST');
    expect((await origin.get()).text).toBe('answer 4');
    await new Promise((resolve) => void setTimeout(resolve, 50));
    expect((await origin.get('/other')).cache).toMatch(/^hit/);
    expect((await origin.get()).text).toBe('answer 5');
    expect((await origin.get()).cache).toMatch(/^hit/);
  });

  it('nor what a 404 has taken the place of', async () => {
    const headers = { 'cache-control': 'max-age=0, stale-if-error=60' };
    const answers = [{ headers }, { status: 404 }, { status: 503 }];
    await using origin = await cachedOrigin(answers, createHttpCache(keeping(1, locked)));
    await origin.get();
    await origin.get();
    expect((await origin.get()).status).toBe(503);
  });

  it('an abort ends the wait for a slow store', async () => {
    const never = (): Promise<undefined> => new Promise(() => {});
    const cache = createHttpCache({ get: never, set: never, delete: never });
    await using origin = await cachedOrigin([{ headers: minute }], cache);
    const reason = new Error('enough');
    const controller = new AbortController();
    const pending = origin.api.get('/', { signal: controller.signal }).text();
    setTimeout(() => controller.abort(reason), 10);
    await expect(pending).rejects.toBe(reason);
    expect(origin.requests).toEqual([]);
    await expect(origin.api.get('/', { signal: controller.signal }).text()).rejects.toBe(reason);
  });

  it('entries can be kept as they are, or as bytes', async () => {
    let kept: CacheEntry | undefined;
    const store: CacheStore = {
      get: () => (kept === undefined ? undefined : [kept]),
      set: (_key, entry) => void (kept = decodeEntry(encodeEntry(entry))),
      delete: () => void (kept = undefined),
    };
    await using origin = await cachedOrigin([{ headers: { ...minute, vary: 'x-a' } }], createHttpCache(store));
    await origin.get();
    expect((await origin.get()).cache).toMatch(/^hit/);
    expect(kept?.keepUntil).toBeGreaterThan(Date.now() + 3_600_000);
    expect(() => decodeEntry(new Uint8Array(40))).toThrow('A stored response is damaged, or of another version.');
  });
});
