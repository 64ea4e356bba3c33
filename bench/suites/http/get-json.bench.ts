import { deepStrictEqual } from 'node:assert/strict';
import { Agent as NodeAgent } from 'node:http';
import { createClient } from '@dataenginex/http';
import axios from 'axios';
import got from 'got';
import ky from 'ky';
import { Agent, request } from 'undici';
import { benchmark, type Subject } from '../../src/benchmark.ts';
import { startServer } from '../../src/server.ts';
import { record } from './record.ts';

interface Getter {
  get(): Promise<unknown>;
  close?(): unknown;
}

const inFlight = 64;
const attemptTimeoutMs = 10_000;
const retries = 3;

/** The body that came last, and how many came. */
interface Answers {
  last: unknown;
  count: number;
}

function against(create: (origin: string) => Getter): Subject<Answers> {
  return async () => {
    const server = await startServer(new URL('json-server.ts', import.meta.url));
    const getter = create(server.origin);
    return {
      run: async (n) => {
        const answers: Answers = { last: undefined, count: 0 };
        let asked = 0;
        const ask = async (): Promise<void> => {
          while (asked < n) {
            asked += 1;
            answers.last = await getter.get();
            answers.count += 1;
          }
        };
        await Promise.all(Array.from({ length: inFlight }, ask));
        return answers;
      },
      teardown: async () => {
        await getter.close?.();
        await server.stop();
      },
    };
  };
}

export const bench = benchmark({
  title: 'GET of 1 KB of JSON, parsed',
  about:
    `One operation is a request over a kept connection, ${inFlight} in flight; the body is not validated. ` +
    `${attemptTimeoutMs / 1_000} s for an attempt; ${retries} retries, save for axios, undici and fetch, which have none.`,
  baseline: 'undici request and JSON.parse',
  subjects: {
    'undici request and JSON.parse': against((origin) => {
      const dispatcher = new Agent({
        connections: inFlight,
        headersTimeout: attemptTimeoutMs,
        bodyTimeout: attemptTimeoutMs,
      });
      return {
        get: async () => {
          const { body } = await request(`${origin}/day`, { dispatcher });
          return JSON.parse(await body.text());
        },
        close: () => dispatcher.close(),
      };
    }),
    '@dataenginex/http': against((origin) => {
      const api = createClient({ baseUrl: origin, connections: inFlight, attemptTimeoutMs });
      return { get: () => api.get('/day').json(), close: () => api.close() };
    }),
    'fetch with AbortSignal.timeout': against((origin) => ({
      get: async () => (await fetch(`${origin}/day`, { signal: AbortSignal.timeout(attemptTimeoutMs) })).json(),
    })),
    ky: against((origin) => {
      const api = ky.create({ prefix: origin, timeout: attemptTimeoutMs, retry: retries });
      return { get: () => api.get('day').json() };
    }),
    axios: against((origin) => {
      const httpAgent = new NodeAgent({ keepAlive: true, maxSockets: inFlight });
      const api = axios.create({ baseURL: origin, timeout: attemptTimeoutMs, httpAgent });
      return { get: async () => (await api.get<unknown>('/day')).data, close: () => httpAgent.destroy() };
    }),
    got: against((origin) => {
      const http = new NodeAgent({ keepAlive: true, maxSockets: inFlight });
      const timeout = { request: attemptTimeoutMs };
      const api = got.extend({ prefixUrl: origin, timeout, retry: { limit: retries }, agent: { http } });
      return { get: () => api.get('day').json(), close: () => http.destroy() };
    }),
  },
  check: (answers, n) => deepStrictEqual(answers, { last: record, count: n }),
});
