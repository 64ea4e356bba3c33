import { once } from 'node:events';
import { Readable } from 'node:stream';
import { policy, retry } from '@dataenginex/resilience';
import { describe, expect, it } from 'vitest';
import { open } from '../../test/open.ts';
import { readText, sendJson, serve, type TestServer } from '../../test/server.ts';
import {
  type Client,
  type ClientOptions,
  createClient,
  memoryCache,
  type ResponseHookEvent,
  type RetryHookEvent,
  StatusError,
} from '../index.ts';

async function setUp(
  options: ClientOptions,
  handle: Parameters<typeof serve>[0] = (request, response) => {
    sendJson(response, { url: request.url, headers: request.headers });
  },
): Promise<{ api: Client; server: TestServer }> {
  const server = await serve(handle);
  const api = createClient({ baseUrl: server.url, retry: { baseDelayMs: 0 }, hedge: false, ...options });
  open.push(server, api);
  return { api, server };
}

const hangs = () => new Promise<never>(() => {});

describe('beforeRequest', () => {
  it('changes headers and query, one hook after the other', async () => {
    const { api } = await setUp({
      headers: { 'x-default': 'd', 'x-gone': 'g' },
      hooks: {
        beforeRequest: [
          (request) => {
            request.headers['X-First'] = `${request.method} ${request.url.pathname}`;
            delete request.headers['x-gone'];
            request.url.searchParams.set('page', '2');
            request.url.hash = '#part';
          },
          async ({ headers, url }) => {
            await new Promise((resolve) => setTimeout(resolve, 1));
            headers['x-second'] = `${headers['X-First']}?${url.searchParams.toString()}`;
            headers['x-default'] = undefined;
          },
        ],
      },
    });
    const seen = await api.get('/a', { query: { x: 1 } }).json();
    expect(seen).toMatchObject({
      url: '/a?x=1&page=2',
      headers: { 'x-first': 'GET /a', 'x-second': 'GET /a?x=1&page=2', accept: 'application/json' },
    });
    expect(seen).not.toHaveProperty(['headers', 'x-gone']);
    expect(seen).not.toHaveProperty(['headers', 'x-default']);
    const fetched = await api.fetch('/b');
    await expect(fetched.json()).resolves.toMatchObject({ url: '/b?page=2' });
    const response = await api.get('/c').response();
    expect(response.url).toMatch(/\/c\?page=2$/);
    await response.close();
  });

  it('is called where a redirect stays, and not where it leaves, so that nothing it sets gets away', async () => {
    const other = await serve((request, response, count) => {
      if (count === 1) response.writeHead(503).end();
      else sendJson(response, request.headers);
    });
    open.push(other);
    const called: string[] = [];
    const { api } = await setUp(
      {
        hooks: {
          beforeRequest: ({ url, headers }) => {
            called.push(url.pathname);
            headers['x-plain'] = headers['x-trick'] = 'SECRET';
          },
          beforeRetry: ({ request }) => void (request.headers['x-again'] = 'SECRET'),
        },
      },
      (request, response) => {
        response.writeHead(302, { location: request.url === '/' ? '/stays' : `${other.url}/away` }).end();
      },
    );
    const seen = await api.get('/').text();
    expect(called).toEqual(['/', '/stays']);
    expect(seen).toContain('host');
    expect(seen).not.toContain('SECRET');
  });

  it('comes before the cache', async () => {
    let page = 0;
    const { api, server } = await setUp(
      {
        cache: memoryCache(),
        hooks: { beforeRequest: ({ url }) => url.searchParams.set('page', String(page)) },
      },
      (request, response) => response.setHeader('cache-control', 'max-age=60').end(request.url),
    );
    await expect(api.get('/').text()).resolves.toBe('/?page=0');
    await expect(api.get('/').text()).resolves.toBe('/?page=0');
    page = 1;
    await expect(api.get('/').text()).resolves.toBe('/?page=1');
    expect(server.requests).toHaveLength(2);
  });

  it.each<[string, NonNullable<ClientOptions['hooks']>['beforeRequest'], string]>([
    ['another path', ({ url }) => void (url.pathname = '/admin'), 'must be one that leaves the URL but for its query'],
    ['another host', ({ url }) => void (url.host = 'elsewhere.example'), 'must be one that leaves the URL'],
    [
      'a broken line',
      ({ headers }) => void (headers['x'] = 'a\r\nb: SECRET'),
      '"hooks.beforeRequest.headers.x" must be',
    ],
    ['a bad name', ({ headers }) => void (headers['a b'] = 'x'), 'headers whose names are tokens'],
    ['what is the connection’s', ({ headers }) => void (headers['Content-Length'] = '5'), 'connection headers'],
    ['what is no string', ({ headers }) => void Object.assign(headers, { x: 5 }), 'must be a string, got "number"'],
  ])('may not set %s', async (_what, beforeRequest, message) => {
    const { api, server } = await setUp({ hooks: { beforeRequest } });
    const failed = api.get('/').text();
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({ code: 'DEX_OPTION', message: expect.not.stringContaining('SECRET') });
    expect(server.requests).toEqual([]);
  });

  it('fails the request with what it throws', async () => {
    const reason = new Error('no ticket');
    const { api, server } = await setUp({
      hooks: {
        beforeRequest: () => {
          throw reason;
        },
      },
    });
    await expect(api.get('/').text()).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  it('does not outlast the signal, the timeout or the client', async () => {
    const { api } = await setUp({ hooks: { beforeRequest: hangs } });
    const controller = new AbortController();
    const left = expect(api.get('/', { signal: controller.signal }).text()).rejects.toBe('left');
    const late = expect(api.get('/', { timeoutMs: 20 }).text()).rejects.toMatchObject({ code: 'DEX_HTTP_TIMEOUT' });
    const closed = expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
    controller.abort('left');
    await Promise.all([left, late]);
    await api.close();
    await closed;
  });

  it.each(['beforeRequest', 'afterResponse'] as const)(
    'does not outlast the timeoutMs of the client: %s',
    async (name) => {
      const { api } = await setUp({ hooks: { [name]: hangs }, timeoutMs: 30 });
      const expired = { code: 'DEX_HTTP_TIMEOUT', timeoutMs: 30 };
      await expect(api.get('/').text()).rejects.toMatchObject(expired);
      await expect(api.get('/').response()).rejects.toMatchObject(expired);
    },
  );

  it('is not called where the signal has aborted before', async () => {
    let calls = 0;
    const { api } = await setUp({ hooks: { beforeRequest: () => void (calls += 1) } });
    await expect(api.get('/', { signal: AbortSignal.abort('left') }).text()).rejects.toBe('left');
    expect(calls).toBe(0);
  });

  it('may abort what it is called for', async () => {
    const controller = new AbortController();
    const beforeRequest = () => {
      controller.abort('left');
      return hangs();
    };
    const { api } = await setUp({ hooks: { beforeRequest } });
    await expect(api.get('/', { signal: controller.signal }).text()).rejects.toBe('left');
  });
});

describe('beforeRetry', () => {
  it('is told of the failure before each repeated attempt, and may change headers', async () => {
    const events: Omit<RetryHookEvent, 'request'>[] = [];
    const { api } = await setUp(
      {
        hooks: {
          beforeRetry: ({ error, attempt, request }) => {
            events.push({ error, attempt });
            request.headers['x-attempt'] = String(attempt);
          },
        },
      },
      (request, response, count) => {
        if (count < 3) response.writeHead(503).end();
        else sendJson(response, request.headers);
      },
    );
    await expect(api.get('/').json()).resolves.toMatchObject({ 'x-attempt': '3' });
    expect(events).toEqual([
      { error: expect.any(StatusError), attempt: 2 },
      { error: expect.any(StatusError), attempt: 3 },
    ]);
  });

  it('is not called without a failure, and begins each time from the request as it was', async () => {
    const seen: unknown[] = [];
    const { api } = await setUp(
      { hooks: { beforeRetry: ({ request }) => void (request.headers['x-tries'] = `${request.headers['x-tries']}+`) } },
      (request, response) => {
        seen.push(request.headers['x-tries']);
        response.writeHead(seen.length < 3 ? 503 : 200).end();
      },
    );
    await api.get('/', { headers: { 'x-tries': '1' } }).text();
    expect(seen).toEqual(['1', '1+', '1+']);
  });

  it('may not change the URL, and fails the request with what it throws', async () => {
    const failing: ClientOptions['hooks'][] = [
      { beforeRetry: ({ request }) => void (request.url.search = '?a=1') },
      { beforeRetry: () => Promise.reject(new Error('enough')) },
    ];
    const messages = ['"hooks.beforeRetry" must be one that leaves the URL, got', 'enough'];
    for (const [index, hooks] of failing.entries()) {
      const { api, server } = await setUp({ hooks }, (_request, response) => response.writeHead(503).end());
      await expect(api.get('/').text()).rejects.toThrow(messages[index]);
      expect(server.requests).toHaveLength(1);
    }
  });

  it('runs under a policy of one’s own too, and ends with the signal', async () => {
    const controller = new AbortController();
    const { api } = await setUp(
      {
        retry: undefined,
        hedge: undefined,
        policy: () => policy(retry({ baseDelayMs: 0 })),
        hooks: {
          beforeRetry: () => {
            controller.abort('left');
            return hangs();
          },
        },
      },
      (_request, response) => response.writeHead(503).end(),
    );
    await expect(api.get('/', { signal: controller.signal }).text()).rejects.toBe('left');
  });
});

describe('afterResponse', () => {
  it('sees the last answer, whatever its status', async () => {
    const events: ResponseHookEvent[] = [];
    const { api, server } = await setUp(
      { hooks: { afterResponse: (event) => void events.push(event) } },
      (request, response) => {
        if (request.url === '/') response.writeHead(302, { location: '/there?token=hidden' }).end();
        else response.writeHead(404, { etag: '"1"' }).end();
      },
    );
    await expect(api.get('/').text()).rejects.toMatchObject({ status: 404 });
    expect(events).toEqual([
      {
        method: 'GET',
        url: `${server.url}/there?token=REDACTED`,
        status: 404,
        headers: expect.any(Headers),
        redirected: true,
        retried: false,
      },
    ]);
    expect(events[0]?.headers.get('etag')).toBe('"1"');
  });

  it('fails the request with what it throws, and lets go of the answer', async () => {
    let closed: Promise<unknown> | undefined;
    const { api } = await setUp(
      {
        hooks: {
          afterResponse: ({ headers }) => {
            if (headers.has('x-failed')) throw new Error('failed inside a 200');
          },
        },
      },
      (_request, response) => {
        closed = once(response, 'close');
        response.setHeader('x-failed', '1').write('endless');
      },
    );
    await expect(api.get('/').response()).rejects.toThrow('failed inside a 200');
    await closed;
  });

  it('sends the request again, once', async () => {
    let token = 'old';
    const retried: boolean[] = [];
    const { api, server } = await setUp(
      {
        hooks: {
          beforeRequest: ({ headers }) => void (headers['authorization'] = token),
          afterResponse: async (event) => {
            retried.push(event.retried);
            if (event.status !== 401) return undefined;
            token = 'new';
            return 'retry';
          },
        },
      },
      (request, response) => {
        void readText(request).then((body) => {
          const isGood = request.headers.authorization === 'new' && request.url !== '/never';
          response.writeHead(isGood ? 200 : 401).end(body);
        });
      },
    );
    await expect(api.post('/', { body: 'b' }).text()).resolves.toBe('b');
    expect(retried).toEqual([false, true]);
    await expect(api.get('/never').text()).rejects.toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(4);
    token = 'old';
    const oneShot = api.post('/', { body: Readable.from(['once']) });
    await expect(oneShot.text()).rejects.toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(5);
  });

  it('has no more time for both than timeoutMs', async () => {
    const { api } = await setUp({ timeoutMs: 150, hooks: { afterResponse: () => 'retry' } }, (_request, response) => {
      setTimeout(() => response.end(), 100);
    });
    await expect(api.get('/').text()).rejects.toThrow('did not finish within 150 ms');
  });
});

describe('hooks', () => {
  it.each(['beforeRequest', 'beforeRetry', 'afterResponse'])('refuse a %s that is not a function', (name) => {
    const message = `Option "createClient.hooks.${name}" must be a function, got 5.`;
    expect(() => createClient({ hooks: Object({ [name]: 5 }) })).toThrow(message);
    expect(() => createClient({ hooks: Object({ [name]: [() => {}, 5] }) })).toThrow(message);
  });
});
