import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { type Attempt, type Policy, policy, retry, timeout } from '@dataenginex/resilience';
import { Dispatcher } from 'undici';
import { open, openClient } from '../../test/open.ts';
import { sendJson, serve, serveRaw } from '../../test/server.ts';
import { type ClientOptions, createClient } from '../index.ts';

const quick = { baseDelayMs: 1 };

describe('retries', () => {
  it.each([408, 425, 429, 500, 502, 503, 504])('repeats a GET answered with %s', async (status) => {
    const server = await serve((_request, response, attempt) =>
      sendJson(response, attempt, attempt < 3 ? status : 200),
    );
    await expect(openClient(server, { retry: quick }).get('/').json()).resolves.toBe(3);
  });

  it.each([301, 400, 401, 404, 409, 501])('does not repeat a GET answered with %s', async (status) => {
    const server = await serve((_request, response) => response.writeHead(status).end());
    await expect(openClient(server, { retry: quick }).get('/').text()).rejects.toMatchObject({
      status,
      retryable: false,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('repeats after a reset, a cut body with and without length, and garbage', async () => {
    const answers = [
      '',
      'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      'SMTP ready\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole',
    ];
    const server = await serveRaw((socket) => void socket.end(answers.shift() ?? ''));
    await expect(
      openClient(server, { retry: { attempts: 5, ...quick } })
        .get('/')
        .text(),
    ).resolves.toBe('whole');
    expect(server.requests).toHaveLength(5);
  });

  it('repeats after an attempt that hangs', async () => {
    const server = await serve((_request, response, attempt) => {
      if (attempt > 1) response.end('late but here');
    });
    const api = openClient(server, { attemptTimeoutMs: 200, retry: quick });
    await expect(api.get('/').text()).resolves.toBe('late but here');
  });

  it('repeats after a body that hangs: the attempt covers reading it', async () => {
    const server = await serve((_request, response, attempt) => {
      response.writeHead(200, { 'content-length': 5 }).write('wh');
      if (attempt > 1) response.end('ole');
    });
    await expect(openClient(server, { attemptTimeoutMs: 200, retry: quick }).get('/').text()).resolves.toBe('whole');
  });

  it('waits for Retry-After, as seconds and as a date', async () => {
    const times: number[] = [];
    const server = await serve((_request, response, attempt) => {
      times.push(Date.now());
      const values = ['1', new Date(Date.now() + 2_000).toUTCString()];
      const value = values[attempt - 1];
      if (value === undefined) response.end();
      else response.writeHead(503, { 'retry-after': value }).end();
    });
    await openClient(server, { retry: quick }).get('/').text();
    const [first = 0, second = 0, third = 0] = times;
    expect(second - first).toBeGreaterThanOrEqual(1_000);
    expect(third - second).toBeGreaterThanOrEqual(1_000); // a date has whole seconds
  });

  it('keeps its own mind when retryIf is undefined', async () => {
    const server = await serve((_request, response) => response.writeHead(404).end());
    const api = openClient(server, { retry: { ...quick, retryIf: undefined } });
    await expect(api.get('/').text()).rejects.toMatchObject({ status: 404 });
    expect(server.requests).toHaveLength(1);
  });

  it('tells onRetry what failed', async () => {
    const server = await serve((_request, response, attempt) => response.writeHead(attempt < 2 ? 503 : 200).end());
    const seen: unknown[] = [];
    await openClient(server, { retry: { ...quick, onRetry: ({ attempt, error }) => seen.push([attempt, error]) } })
      .get('/')
      .text();
    expect(seen).toEqual([[1, expect.objectContaining({ code: 'DEX_HTTP_STATUS', status: 503, attempt: 1 })]]);
  });

  it('names the last attempt in the error', async () => {
    const server = await serve((_request, response) => response.writeHead(503).end('busy'));
    const error = openClient(server, { retry: { attempts: 3, ...quick } })
      .get('/x')
      .text();
    await expect(error).rejects.toThrow(`GET ${server.url}/x answered 503: "busy" (attempt 3).`);
    expect(server.requests).toHaveLength(3);
  });
});

describe('a GET that is slow for its origin', () => {
  it('is sent a second time after 25 ms at the least, or as it is told', async () => {
    let hangs = false;
    const server = await serve((request, response) => {
      if (request.url === '/hangs' && hangs) hangs = false;
      else response.end();
    });
    const delays: number[] = [];
    const onHedge = ({ delayMs }: { delayMs: number }): void => void delays.push(delayMs);
    for (const hedge of [
      { onHedge },
      { onHedge, maxDelayMs: 10 },
      { onHedge, minDelayMs: 7 },
      { onHedge, delayMs: 3 },
    ]) {
      const api = openClient(server, { hedge, retry: false });
      for (let made = 0; made < 32; made += 1) await api.get('/').text();
      delays.length = 0;
      hangs = true;
      await api.get('/hangs').text();
      const [delayMs = 0] = delays;
      expect(delayMs).toBeGreaterThanOrEqual(
        'delayMs' in hedge ? 3 : 'minDelayMs' in hedge ? 7 : 'maxDelayMs' in hedge ? 10 : 25,
      );
      if ('maxDelayMs' in hedge) expect(delayMs).toBeLessThanOrEqual(10);
    }
  });
});

describe('a POST', () => {
  const twice = policy(timeout(5_000), retry({ attempts: 3, baseDelayMs: 0 }), timeout(1_000));

  it.each<[string, ClientOptions]>([
    ['the default policy', { retry: quick, attemptTimeoutMs: 1_000 }],
    ['a policy that retries everything', { policy: () => twice }],
  ])('is never sent twice when it may have arrived, under %s', async (_name, options) => {
    const answers: [code: string, answer: string | undefined][] = [
      ['DEX_HTTP_NETWORK', ''],
      ['DEX_HTTP_STATUS', 'HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'],
      ['DEX_HTTP_TIMEOUT', undefined],
    ];
    for (const [code, answer] of answers) {
      const server = await serveRaw((socket) => {
        if (answer !== undefined) socket.end(answer);
      });
      const sent = openClient(server, options).post('/', { json: {} }).text();
      await expect(sent).rejects.toMatchObject({ code, retryable: false });
      expect(server.requests).toHaveLength(1);
    }
  });

  it('is not repeated when the connection it went over breaks, whatever the code', async () => {
    let sent = 0;
    class Broken extends Dispatcher {
      override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
        sent += 1;
        const controller = { aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} };
        handler.onRequestStart?.(controller, {});
        const error = Object.assign(new Error('read EHOSTUNREACH'), { code: 'EHOSTUNREACH', syscall: 'read' });
        handler.onResponseError?.(controller, error);
        return true;
      }
    }
    const api = createClient({ baseUrl: 'http://127.0.0.1:1', dispatcher: new Broken(), retry: quick });
    open.push(api);
    await expect(api.post('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK', retryable: false });
    expect(sent).toBe(1);
  });

  it('is sent once under a policy that begins a second attempt before the first has ended', async () => {
    const server = await serve((_request, response) => setTimeout(() => response.end('made'), 50));
    const bare = policy();
    const hedging: Policy = Object.assign(bare.bind(undefined), {
      run: async <R>(fn: (attempt: Attempt) => Promise<R>): Promise<R> => {
        const { signal } = new AbortController();
        const first = fn({ signal, attempt: 1, remainingMs: Infinity });
        await expect(fn({ signal, attempt: 2, remainingMs: Infinity })).rejects.toMatchObject({
          code: 'DEX_HTTP_NETWORK',
          retryable: false,
        });
        return first;
      },
    });
    await expect(
      openClient(server, { policy: () => hedging })
        .post('/')
        .text(),
    ).resolves.toBe('made');
    expect(server.requests).toHaveLength(1);
  });

  it('does not wait for a connection that the refusal before holds', async () => {
    const server = await serve((_request, response, attempt) => {
      if (attempt < 3) response.writeHead(503).write('a page that does not end');
      else response.writeHead(503).end('busy');
    });
    const api = openClient(server, { connections: 1, retry: { attempts: 3, ...quick } });
    const response = await api.get('/', { throwHttpErrors: false }).response();
    expect([response.status, await response.text(), server.requests.length]).toEqual([503, 'busy', 3]);
  });

  it('lets go of what a policy did not take', async () => {
    let gone = 0;
    const server = await serve((_request, response) => {
      response.on('close', () => (gone += 1));
      response.writeHead(200).write('rain');
    });
    const again = retry({ attempts: 2, baseDelayMs: 1, retryIfResult: (_result, attempt) => attempt === 1 });
    await using response = await openClient(server, { policy: () => again })
      .get('/')
      .response();
    await vi.waitFor(() => expect(gone).toBe(1), 5_000);
    expect([response.status, server.requests.length]).toEqual([200, 2]);
  });

  it('tells of a policy that is none, or gives something else', async () => {
    const server = await serve((_request, response) => response.end('rain'));
    const wrong = [() => 'no policy', () => ({ run: () => Promise.resolve('something else') })];
    for (const each of wrong) {
      const api = openClient(server, Object({ policy: each }));
      await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_OPTION', option: 'createClient.policy' });
    }
  });

  it('is repeated when it was never sent', async () => {
    const server = await serve((_request, response) => response.end('made'));
    await using gone = await serve(() => {});
    const refused = gone.url;
    await gone[Symbol.asyncDispose]();
    const api = createClient({ baseUrl: refused, retry: { attempts: 3, ...quick } });
    open.push(server, api);
    await expect(api.post('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK', attempt: 3, retryable: true });
  });
});

describe('deadlines', () => {
  it('end the request with its URL and how long it took', async () => {
    const server = await serve(() => {});
    const error = openClient(server, { timeoutMs: 80 }).get('/slow').text();
    await expect(error).rejects.toThrow(`GET ${server.url}/slow did not finish within 80 ms.`);
    await expect(error).rejects.toMatchObject({
      code: 'DEX_HTTP_TIMEOUT',
      timeoutMs: 80,
      cause: { code: 'DEX_TIMEOUT' },
    });
  });

  it('tell what went wrong before they passed', async () => {
    const server = await serve((_request, response, attempt) => {
      if (attempt === 1) response.writeHead(429).end();
    });
    const error = openClient(server, { timeoutMs: 800, retry: { baseDelayMs: 0 } })
      .get('/')
      .text();
    await expect(error).rejects.toThrow(
      /did not finish within 800 ms \(attempt 2\); the attempt before: .* answered 429\.$/,
    );
    await expect(error).rejects.toMatchObject({ code: 'DEX_HTTP_TIMEOUT', cause: { status: 429 } });
  });

  it('are not waited for where the server asks to be left alone for longer', async () => {
    const server = await serve((_request, response) => response.writeHead(429, { 'retry-after': '50' }).end());
    const began = performance.now();
    await expect(openClient(server, { timeoutMs: 10_000 }).get('/').text()).rejects.toMatchObject({ status: 429 });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(server.requests).toHaveLength(1);
  });

  it('may be set for one request, also around a policy from elsewhere', async () => {
    const server = await serve(() => {});
    const bare = policy();
    const foreign = Object.assign(bare.bind(undefined), { run: bare.run.bind(undefined) });
    await expect(
      openClient(server, { policy: () => foreign })
        .get('/', { timeoutMs: 30 })
        .text(),
    ).rejects.toMatchObject({
      code: 'DEX_HTTP_TIMEOUT',
      timeoutMs: 30,
    });
  });

  it('may be set for one request', async () => {
    const server = await serve(() => {});
    await expect(openClient(server).get('/', { timeoutMs: 30 }).text()).rejects.toMatchObject({ timeoutMs: 30 });
  });
});

describe('abort', () => {
  it('rejects with the reason before, during and between attempts, and leaves no listener', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/busy') response.writeHead(503, { 'retry-after': '20' }).end();
    });
    const api = openClient(server);
    await expect(api.get('/', { signal: AbortSignal.abort('before') }).text()).rejects.toBe('before');
    expect(server.requests).toHaveLength(0);
    for (const path of ['/hangs', '/busy']) {
      for (const read of ['text', 'response'] as const) {
        const controller = new AbortController();
        const reason = new Error(`left ${path}`);
        const settled = expect(api.get(path, { signal: controller.signal })[read]()).rejects.toBe(reason);
        await new Promise((resolve) => setTimeout(resolve, 30));
        controller.abort(reason);
        await settled;
        expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      }
    }
  });

  it('while it waits for a connection drops the request and keeps the connection', async () => {
    const sockets = new Set<unknown>();
    const server = await serve((request, response) => {
      sockets.add(request.socket);
      setTimeout(() => response.end('done'), 30);
    });
    const api = openClient(server, { connections: 1 });
    for (const read of ['text', 'response'] as const) {
      const first = api.get('/first').text();
      const controller = new AbortController();
      const queued = api.get('/queued', { signal: controller.signal })[read]();
      const settled = expect(queued).rejects.toBe('left');
      await new Promise((resolve) => setTimeout(resolve, 5));
      controller.abort('left');
      await settled;
      await expect(first).resolves.toBe('done');
      await expect(api.get('/after').text()).resolves.toBe('done');
    }
    expect(server.requests).not.toContain('GET /queued');
    expect(sockets.size).toBe(1);
  });

  it('names the origin whose circuit is open, and in changes of its state', async () => {
    const server = await serve((_request, response) => response.writeHead(503).end());
    const onStateChange = vi.fn();
    const api = openClient(server, { retry: false, circuitBreaker: { consecutiveFailures: 1, onStateChange } });
    await expect(api.get('/').text()).rejects.toMatchObject({ status: 503 });
    for (const method of ['GET', 'POST']) {
      await expect(api.request(method, '/').text()).rejects.toThrow(`The circuit of "${server.url}" is open`);
    }
    expect(onStateChange.mock.calls).toEqual([[{ from: 'closed', to: 'open', key: server.url }]]);
  });

  it('heeds the deadline of the request, and of a policy around it: no wait begins that would outlast them', async () => {
    const server = await serve((_request, response) => response.writeHead(503, { 'retry-after': '2' }).end('busy'));
    const api = openClient(server, { retry: quick });
    const begun = performance.now();
    await expect(api.get('/', { timeoutMs: 1_500 }).text()).rejects.toMatchObject({ status: 503 });
    const around = timeout(1_500).run(({ signal }) => api.get('/', { signal }).text());
    await expect(around).rejects.toMatchObject({ status: 503 });
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it('leaves no listener after success', async () => {
    const server = await serve((_request, response) => response.end('x'));
    const { signal } = new AbortController();
    const api = openClient(server);
    await api.get('/', { signal }).text();
    await (await api.get('/', { signal }).response()).text();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
