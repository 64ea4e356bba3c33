import { deepStrictEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type HttpCache, memoryCache } from '@dataenginex/http';
import { sqliteCache } from '@dataenginex/http/sqlite';
import got from 'got';
import { Agent, cacheStores, type Dispatcher, interceptors, request } from 'undici';
import { benchmark, type Subject } from '../../src/benchmark.ts';
import { startServer } from '../../src/server.ts';
import { record } from './record.ts';

interface Getter {
  get(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** The body that came last. */
function against(create: (origin: string, folder: string) => Getter): Subject<unknown> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dex-bench-'));
    const server = await startServer(new URL('cached-server.ts', import.meta.url));
    const getter = create(server.origin, folder);
    await getter.get();
    return {
      run: async (n) => {
        let last: unknown;
        for (let count = 0; count < n; count++) last = await getter.get();
        return last;
      },
      teardown: async () => {
        await getter.close();
        await server.stop();
        rmSync(folder, { recursive: true });
      },
    };
  };
}

function withUndici(origin: string, store: NonNullable<Parameters<typeof interceptors.cache>[0]>['store']): Getter {
  const agent = new Agent();
  const dispatcher: Dispatcher = agent.compose(interceptors.cache({ store }));
  return {
    get: async () => {
      const { body } = await request(`${origin}/day`, { dispatcher });
      return JSON.parse(await body.text());
    },
    close: () => agent.close(),
  };
}

function withDex(origin: string, cache: HttpCache): Getter {
  const api = createClient({ baseUrl: origin, cache });
  return {
    get: () => api.get('/day').json(),
    close: async () => {
      await api.close();
      await cache.close();
    },
  };
}

export const bench = benchmark({
  title: 'GET of 1 KB of JSON that is in the cache',
  about:
    'One operation is a request that the cache answers, its JSON parsed. One at a time; the answer is fresh for an hour.',
  baseline: 'undici, memory',
  subjects: {
    'undici, memory': against((origin) => withUndici(origin, new cacheStores.MemoryCacheStore())),
    'undici, SQLite': against((origin, folder) =>
      withUndici(origin, new cacheStores.SqliteCacheStore({ location: join(folder, 'undici.db') })),
    ),
    'got, Map': against((origin) => {
      const api = got.extend({ prefixUrl: origin, cache: new Map(), retry: { limit: 0 } });
      return { get: () => api.get('day').json(), close: async () => {} };
    }),
    '@dataenginex/http, memory': against((origin) => withDex(origin, memoryCache())),
    '@dataenginex/http, SQLite': against((origin, folder) => withDex(origin, sqliteCache(join(folder, 'dex.db')))),
  },
  check: (last) => deepStrictEqual(last, record),
});
