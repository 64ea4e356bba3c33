import { afterEach, describe, expect, it, vi } from 'vitest';
import { open } from '../../test/open.ts';
import { serve } from '../../test/server.ts';
import { type ClientOptions, createClient } from '../index.ts';

afterEach(() => void vi.useRealTimers());

async function setUp(handle: Parameters<typeof serve>[0], options: ClientOptions = {}) {
  const server = await serve(handle);
  const api = createClient({ retry: false, ...options });
  open.push(server, api);
  return { api, server };
}

describe('by default, each origin', () => {
  it('is left alone after ten failures in a row, for a second, and no other is', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { api, server } = await setUp((_request, response) => response.writeHead(503).end(), { hedge: false });
    const healthy = await serve((_request, response) => response.end('fine'));
    open.push(healthy);
    for (let request = 0; request < 10; request += 1) {
      await expect(api.get(server.url).text()).rejects.toMatchObject({ status: 503 });
    }
    const refused = api.post(server.url).text();
    await expect(refused).rejects.toMatchObject({ code: 'DEX_CIRCUIT_OPEN', key: server.url });
    const { retryAfterMs } = await refused.catch((error: unknown) => Object(error));
    expect(retryAfterMs).toBeGreaterThanOrEqual(800);
    expect(retryAfterMs).toBeLessThanOrEqual(1_000);
    expect(server.requests).toHaveLength(10);
    await expect(api.get(healthy.url).text()).resolves.toBe('fine');
  });

  it('is not left alone for answers that speak against the request', async () => {
    const { api, server } = await setUp(
      (_request, response, attempt) => response.writeHead(attempt % 2 === 0 ? 404 : 429).end(),
      { hedge: false },
    );
    for (let request = 0; request < 30; request += 1) {
      await expect(api.get(server.url).text()).rejects.toMatchObject({ code: 'DEX_HTTP_STATUS' });
    }
    expect(server.requests).toHaveLength(30);
  });

  it('is asked again by a GET that is slow, and never by a POST', async () => {
    const { api, server } = await setUp((request, response, attempt) => {
      if (request.method === 'GET' && attempt === 1) return;
      setTimeout(() => response.end(String(attempt)), request.method === 'POST' ? 300 : 0);
    });
    await expect(api.get(server.url).text()).resolves.toBe('2');
    await expect(api.post(server.url).text()).resolves.toBe('3');
    expect(server.requests).toEqual(['GET /', 'GET /', 'POST /']);
  });
});

describe('an option of createClient', () => {
  it('bounds what an origin is sent at once', async () => {
    const { api, server } = await setUp((_request, response) => void setTimeout(() => response.end('x'), 50), {
      bulkhead: { concurrent: 1, maxQueued: 1 },
      hedge: false,
    });
    const answers = await Promise.allSettled([1, 2, 3].map(() => api.get(server.url).text()));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(answers[2]).toMatchObject({ reason: { code: 'DEX_BULKHEAD_FULL', key: server.url } });
  });

  it('lets requests wait for an origin with park, and takes times of its own', async () => {
    const { api, server } = await setUp(
      (_request, response, attempt) => response.writeHead(attempt <= 2 ? 503 : 200).end('back'),
      { circuitBreaker: { consecutiveFailures: 1, park: true }, hedge: false },
    );
    const answers = await Promise.allSettled([1, 2, 3].map(() => api.get(server.url).text()));
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    await expect(api.get(server.url).text()).resolves.toBe('back');
    expect(() => createClient({ circuitBreaker: { openMs: 60_000 } })).not.toThrow();
    expect(() => createClient({ circuitBreaker: { openMs: -1 } })).toThrow('Option "circuitBreaker.openMs"');
  });

  it('leaves a part out with false', async () => {
    const { api, server } = await setUp((_request, response) => response.writeHead(500).end(), {
      circuitBreaker: false,
      bulkhead: false,
      hedge: false,
    });
    for (let request = 0; request < 12; request += 1) {
      await expect(api.get(server.url).text()).rejects.toMatchObject({ status: 500 });
    }
    expect(server.requests).toHaveLength(12);
  });
});
