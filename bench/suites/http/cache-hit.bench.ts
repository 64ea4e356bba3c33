import { deepStrictEqual } from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, memoryCache } from '@dataenginex/http';
import { sqliteCache } from '@dataenginex/http/sqlite';
import got from 'got';
import { Agent, cacheStores, interceptors, request } from 'undici';
import { benchmark, type Subject } from '../../src/benchmark.ts';
import { startServer } from '../../src/server.ts';
import { record } from './record.ts';

interface Getter {
  get(): Promise<Uint8Array>;
  close?(): unknown;
}

function against(create: (origin: string) => Getter | Promise<Getter>): Subject<unknown> {
  return async () => {
    const server = await startServer(new URL('cached-server.ts', import.meta.url));
    const getter = await create(server.origin);
    await getter.get();
    return {
      run: async (n) => {
        let last = new Uint8Array();
        for (let made = 0; made < n; made += 1) last = new Uint8Array(await getter.get());
        return JSON.parse(new TextDecoder().decode(last));
      },
      teardown: async () => {
        await getter.close?.();
        await server.stop();
      },
    };
  };
}

export const bench = benchmark({
  title: 'GET that a cache answers',
  about:
    'One operation is a request for 1 KB of JSON that is fresh in the cache, one after the other; the body is read as ' +
    'bytes, and is not parsed. A request that went past the cache would be answered with an error.',
  baseline: 'undici with its cache in memory',
  subjects: {
    'undici with its cache in memory': against((origin) => {
      const store = new cacheStores.MemoryCacheStore();
      const dispatcher = new Agent().compose(interceptors.cache({ store }));
      return {
        get: async () => {
          const { body, statusCode } = await request(`${origin}/day`, { dispatcher });
          if (statusCode !== 200) throw new Error(`It answered ${statusCode}.`);
          return body.bytes();
        },
        close: () => dispatcher.close(),
      };
    }),
    '@dataenginex/http, memory': against((origin) => {
      const api = createClient({ baseUrl: origin, cache: memoryCache() });
      return { get: () => api.get('/day').bytes(), close: () => api.close() };
    }),
    '@dataenginex/http, SQLite': against(async (origin) => {
      const folder = await mkdtemp(join(tmpdir(), 'dex-cache-'));
      const cache = sqliteCache(join(folder, 'http.db'));
      const api = createClient({ baseUrl: origin, cache });
      return {
        get: () => api.get('/day').bytes(),
        close: async () => {
          await api.close();
          await cache.close();
          await rm(folder, { recursive: true });
        },
      };
    }),
    'got with a Map': against((origin) => {
      EventEmitter.defaultMaxListeners = Infinity; // it adds one to its store with each request
      const api = got.extend({ prefixUrl: origin, cache: new Map() });
      return { get: () => api.get('day').buffer() };
    }),
  },
  check: (last) => deepStrictEqual(last, record),
});
