import { deepStrictEqual } from 'node:assert/strict';
import { createClient } from '@dataenginex/http';
import { Agent, fetch as undiciFetch } from 'undici';
import { benchmark, type Subject } from '../../src/benchmark.ts';
import { startServer } from '../../src/server.ts';
import { record } from './record.ts';

type Fetch = (url: string) => Promise<{ json(): Promise<unknown> }>;

const inFlight = 64;

function against(create: (origin: string) => { fetch: Fetch; close?: () => unknown }): Subject<unknown> {
  return async () => {
    const server = await startServer(new URL('json-server.ts', import.meta.url));
    const { fetch: ask, close } = create(server.origin);
    const url = `${server.origin}/day`;
    return {
      run: async (n) => {
        let last: unknown;
        let asked = 0;
        const askOn = async (): Promise<void> => {
          while (asked < n) {
            asked += 1;
            last = await (await ask(url)).json();
          }
        };
        await Promise.all(Array.from({ length: inFlight }, askOn));
        return last;
      },
      teardown: async () => {
        await close?.();
        await server.stop();
      },
    };
  };
}

export const bench = benchmark({
  title: 'fetch of 1 KB of JSON, parsed',
  about:
    `One operation is a request over a kept connection, ${inFlight} in flight, and \`response.json()\`. Ours has its ` +
    'whole stack around it, deadlines, retries, breaker, bulkhead and hedging; the others have none of these.',
  baseline: "undici's fetch",
  subjects: {
    "undici's fetch": against(() => {
      const dispatcher = new Agent({ connections: inFlight });
      return { fetch: (url) => undiciFetch(url, { dispatcher }), close: () => dispatcher.close() };
    }),
    "Node's fetch": against(() => ({ fetch })),
    '@dataenginex/http, api.fetch': against((origin) => {
      const api = createClient({ baseUrl: origin, connections: inFlight });
      return { fetch: api.fetch, close: () => api.close() };
    }),
  },
  check: (last) => deepStrictEqual(last, record),
});
