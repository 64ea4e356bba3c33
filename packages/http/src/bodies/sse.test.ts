import { getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { open } from '../../test/open.ts';
import { serve, serveRaw } from '../../test/server.ts';
import { type Client, type ClientOptions, createClient } from '../index.ts';

afterEach(() => void vi.useRealTimers());

/** Each request is answered with the next of these texts; after the last comes a 204. */
async function setUp(
  texts: readonly (string | ((response: ServerResponse) => void))[],
  options: ClientOptions = {},
): Promise<{ api: Client; requests: readonly string[]; lastIds: (string | undefined)[] }> {
  const lastIds: (string | undefined)[] = [];
  const server = await serve((request, response, attempt) => {
    const id = request.headers['last-event-id'];
    lastIds.push(typeof id === 'string' ? Buffer.from(id, 'latin1').toString() : undefined);
    const text = texts[attempt - 1];
    if (typeof text === 'function') text(response);
    else if (text === undefined) response.writeHead(204).end();
    else response.setHeader('content-type', 'text/event-stream; charset=utf-8').end(text);
  });
  const api = createClient({ baseUrl: server.url, retry: { baseDelayMs: 0 }, hedge: false, ...options });
  open.push(server, api);
  return { api, requests: server.requests, lastIds };
}

/** What came before the error, and the error. */
async function collect(events: AsyncIterable<unknown>): Promise<{ seen: unknown[]; error: unknown }> {
  const seen: unknown[] = [];
  try {
    for await (const event of events) seen.push(event);
    return { seen, error: undefined };
  } catch (error) {
    return { seen, error };
  }
}

const Day = z.object({ max: z.number() });

describe('sse', () => {
  it('hands out events as they come', async () => {
    const { api } = await setUp([
      (response) => {
        expect(response.req.headers).toMatchObject({ accept: 'text/event-stream', 'cache-control': 'no-store' });
        response
          .setHeader('content-type', 'text/event-stream')
          .write('id: 7\nevent: day\ndata: {"max":1}\n\n: still\n');
        setTimeout(() => response.end('\ndata: two\ndata: lines\n\ndata: cut of'), 20);
      },
    ]);
    const events = api.get('/').sse({ reconnect: false });
    await expect(Array.fromAsync(events)).resolves.toEqual([
      { event: 'day', data: '{"max":1}', id: '7' },
      { event: 'message', data: 'two\nlines', id: '7' },
    ]);
    await expect(Array.fromAsync(events)).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
  });

  it('reads data as JSON by a schema', async () => {
    const { api } = await setUp(['id: 1\ndata: {"max":12.8}\n\n']);
    for await (const event of api.get('/').sse(Day, { reconnect: false })) {
      expect(event).toEqual({ event: 'message', data: { max: 12.8 }, id: '1' });
    }
  });

  it.each([
    [
      'data: {"max":1}\n\ndata: [DONE]\n\n',
      { code: 'DEX_HTTP_BODY', bodyStart: '[DONE]' },
      'sent event 1, whose data is not JSON',
    ],
    [
      'data: {"max":1}\n\ndata: {"max":"x"}\n\n',
      { code: 'DEX_HTTP_SCHEMA' },
      'sent event 1 that does not fit the schema: max:',
    ],
    ['data: {"max":1}\n\ndata: \xff\n\n', { code: 'DEX_HTTP_BODY' }, 'sent broken events (SSE at index 1'],
  ])('keeps what came before %j, and does not connect again', async (text, fields, message) => {
    const { api, requests } = await setUp([(response) => send(response, Buffer.from(text, 'latin1'))]);
    const { seen, error } = await collect(api.get('/').sse(Day));
    expect(seen).toHaveLength(1);
    expect(error).toMatchObject({ ...fields, message: expect.stringContaining(message) });
    expect(requests).toHaveLength(1);
  });

  it('refuses another content type, and what is answered in place of a stream', async () => {
    const { api, requests } = await setUp([
      (response) => response.setHeader('content-type', 'text/html').end('<html>'),
      (response) => response.writeHead(404).end(),
    ]);
    await expect(collect(api.get('/').sse())).resolves.toMatchObject({
      error: { code: 'DEX_HTTP_BODY', message: expect.stringContaining('"text/html" where text/event-stream') },
    });
    await expect(collect(api.get('/').sse())).resolves.toMatchObject({ error: { status: 404 } });
    expect(requests).toHaveLength(2);
  });

  it('is read once', async () => {
    const { api } = await setUp(['data: 1\n\n', 'data: 1\n\n']);
    const pending = api.get('/');
    await collect(pending.sse({ reconnect: false }));
    await expect(collect(pending.sse())).resolves.toMatchObject({ error: { code: 'DEX_HTTP_BODY_USED' } });
    expect((await pending.response()).status).toBe(200);
    const response = await api.get('/').response();
    await expect(collect(response.sse())).resolves.toMatchObject({ seen: [{ data: '1' }], error: undefined });
  });

  it.each([-1, 1.5, '3', true])('refuses to reconnect %j times', (reconnect) => {
    // @ts-expect-error no count
    expect(() => createClient().get('http://h/').sse({ reconnect })).toThrow(
      'Option "sse.reconnect" must be an integer',
    );
  });
});

function send(response: ServerResponse, text: string | Buffer): void {
  response.setHeader('content-type', 'text/event-stream').end(text);
}

describe('sse, connecting again', () => {
  it('goes on from behind the last event until a 204 comes', async () => {
    const { api, lastIds } = await setUp([
      'retry: 5\nid: a\ndata: 1\n\n',
      (response) => {
        response.setHeader('content-type', 'text/event-stream').write('data: 2\n\nid: ü✓\ndata: 3\n\nid: lost');
        setTimeout(() => response.destroy(), 10);
      },
      'data: 4\n\n',
      'id: d\ndata: 5\n\nid\ndata: 6\n\n',
    ]);
    const { seen, error } = await collect(api.get('/').sse());
    expect(error).toBeUndefined();
    expect(seen).toMatchObject([
      { data: '1', id: 'a', retry: 5 },
      { data: '2', id: 'a' },
      { data: '3', id: 'ü✓' },
      { data: '4', id: 'ü✓' },
      { data: '5', id: 'd' },
      { data: '6', id: '' },
    ]);
    expect(lastIds).toEqual([undefined, 'a', 'ü✓', 'ü✓', undefined]);
  });

  it("begins from a last event of the caller's", async () => {
    const { api, lastIds } = await setUp(['retry: 1\ndata: 1\n\n', 'id: 9\ndata: 2\n\n']);
    await collect(api.get('/', { headers: { 'Last-Event-ID': '7' } }).sse());
    expect(lastIds).toEqual(['7', '7', '9']);
  });

  it('waits as long as the server asks for, and half more at most', async () => {
    const times: number[] = [];
    const note = (response: ServerResponse): void => {
      times.push(performance.now());
      send(response, 'retry: 120\ndata: 1\n\n');
    };
    const { api } = await setUp([note, note, note]);
    await collect(api.get('/').sse());
    const [first = 0, second = 0, third = 0] = times;
    for (const waited of [second - first, third - second]) {
      expect(waited).toBeGreaterThanOrEqual(119);
      expect(waited).toBeLessThan(1_000);
    }
  });

  it.each([
    ['3 s where the server has not said', 'data: 1\n\n', 2_900, 4_600],
    ['60 s at most', 'retry: 999999999\ndata: 1\n\n', 59_900, 60_100],
  ])('waits %s', async (_name, text, least, most) => {
    const { api, requests } = await setUp([text]);
    const events = api.get('/').sse()[Symbol.asyncIterator]();
    await events.next();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const ended = events.next();
    // the wait begins once the end of the connection has come, which takes real time
    const begins = performance.now() + 300;
    while (performance.now() < begins) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(least);
    expect(requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(most - least);
    vi.useRealTimers();
    await expect(ended).resolves.toMatchObject({ done: true });
    expect(requests).toHaveLength(2);
  });

  it('gives up when nothing comes so often in a row, with what happened last', async () => {
    const { api, requests } = await setUp(['retry: 1\ndata: 1\n\n', ...Array.from({ length: 9 }, () => '')]);
    const { seen, error } = await collect(api.get('/').sse({ reconnect: 3 }));
    expect(seen).toHaveLength(1);
    expect(error).toMatchObject({
      code: 'DEX_HTTP_NETWORK',
      message: expect.stringContaining('failed: the stream of events ended.'),
    });
    expect(requests).toHaveLength(4);
  });

  it('counts only what comes in a row', async () => {
    const event = 'retry: 1\ndata: 1\n\n';
    const { api } = await setUp([event, '', event, ': alive\n', '', event]);
    const { seen, error } = await collect(api.get('/').sse({ reconnect: 2 }));
    expect([seen.length, error]).toEqual([3, undefined]);
  });

  it('goes on after an answer that may pass, and ends at one that will not', async () => {
    const busy = (response: ServerResponse): void => void response.writeHead(503).end();
    const event = 'retry: 1\ndata: 1\n\n';
    const { api, requests } = await setUp([event, busy, busy, event, (response) => response.writeHead(401).end()], {
      retry: false,
    });
    const { seen, error } = await collect(api.get('/').sse());
    expect(seen).toHaveLength(2);
    expect(error).toMatchObject({ status: 401 });
    expect(requests).toHaveLength(5);
  });

  it('waits for a circuit that is open, and not for a server that wants to be left alone for minutes', async () => {
    const event = 'retry: 1\ndata: 1\n\n';
    const { api, requests } = await setUp(
      [
        event,
        (response) => response.writeHead(500).end(),
        event,
        (response) => response.writeHead(503, { 'retry-after': '100' }).end(),
      ],
      { retry: false, circuitBreaker: { consecutiveFailures: 1, openMs: 50 } },
    );
    const { seen, error } = await collect(api.get('/').sse());
    expect(seen).toHaveLength(2);
    expect(error).toMatchObject({ status: 503, retryAfterMs: 100_000 });
    expect(requests).toHaveLength(4);
  });

  it('is not for a request that may not be repeated', async () => {
    const { api, requests } = await setUp(['retry: 1\ndata: 1\n\n']);
    await expect(collect(api.post('/', { json: {} }).sse())).resolves.toMatchObject({ seen: [{}], error: undefined });
    async function* pieces(): AsyncGenerator<string> {
      yield 'x';
    }
    expect(requests).toHaveLength(1);
    await collect(api.put('/', { body: pieces() }).sse());
    expect(requests).toHaveLength(2);
  });

  it('is for a POST with an idempotency key', async () => {
    const { api, requests } = await setUp(['retry: 1\ndata: 1\n\n']);
    await collect(api.post('/', { json: {}, idempotencyKey: true }).sse());
    expect(requests).toHaveLength(2);
  });

  it('throws the failure of a connection where it is turned off', async () => {
    const server = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100\r\n\r\ndata: 1\n\n');
      setTimeout(() => socket.destroy(), 20);
    });
    const api = createClient({ baseUrl: server.url });
    open.push(server, api);
    const { seen, error } = await collect(api.get('/').sse({ reconnect: false }));
    expect(seen).toHaveLength(1);
    expect(error).toMatchObject({ code: 'DEX_HTTP_NETWORK', status: 200 });
  });

  it('refuses an id that would break the header', async () => {
    const { api, requests } = await setUp(['retry: 1\nid: a\x01b\ndata: 1\n\n']);
    const { error } = await collect(api.get('/').sse());
    expect(error).toMatchObject({ code: 'DEX_HTTP_BODY', message: expect.stringContaining('no header can hold') });
    expect(requests).toHaveLength(1);
  });
});

describe('sse, ended', () => {
  it('by its signal while an event is waited for, while it waits, and within a chunk; no listener is left', async () => {
    const { api } = await setUp([
      (response) => response.setHeader('content-type', 'text/event-stream').write('data: 1\n\n'),
      'retry: 60000\ndata: 1\n\n',
      'data: 1\n\n'.repeat(100),
      'retry: 60000\ndata: 1\n\n',
    ]);
    for (const when of ['waiting', 'between', 'within', 'after the connection']) {
      const controller = new AbortController();
      const reason = new Error(when);
      const seen: unknown[] = [];
      const reading = (async () => {
        for await (const event of api.get('/', { signal: controller.signal }).sse()) {
          seen.push(event);
          if (when === 'after the connection') await new Promise((resolve) => setTimeout(resolve, 30));
          if (when === 'within' || when === 'after the connection') controller.abort(reason);
          else setTimeout(() => controller.abort(reason), 50);
        }
      })();
      await expect(reading).rejects.toBe(reason);
      expect(seen).toHaveLength(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    }
  });

  it('by closing the client, also while it waits', async () => {
    const { api } = await setUp(['retry: 60000\ndata: 1\n\n']);
    setTimeout(() => void api.close(), 50);
    await expect(collect(api.get('/').sse())).resolves.toMatchObject({ error: { code: 'DEX_HTTP_CLOSED' } });
  });

  it('by leaving the loop, which lets go of the connection', async () => {
    let closed: Promise<unknown> | undefined;
    const { api, requests } = await setUp([
      (response) => {
        closed = once(response, 'close');
        response.setHeader('content-type', 'text/event-stream').write('data: 1\n\n');
      },
    ]);
    for await (const { data } of api.get('/').sse()) {
      expect(data).toBe('1');
      break;
    }
    await closed;
    expect(requests).toHaveLength(1);
  });
});
