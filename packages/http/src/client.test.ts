import { getEventListeners, once } from 'node:events';
import { Readable } from 'node:stream';
import { openScope } from '@dataenginex/resources';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { open, openClient } from '../test/open.ts';
import { readText, sendJson, serve } from '../test/server.ts';
import { type Client, type ClientOptions, createClient } from './index.ts';

const Day = z.object({ city: z.string(), tempMax: z.number() });
const day = { city: 'Seattle', tempMax: 12.8 };

async function setUp(
  handle: Parameters<typeof serve>[0],
  options: ClientOptions = {},
): Promise<{ api: Client; requests: readonly string[]; url: string }> {
  const server = await serve(handle);
  return { api: openClient(server, options), requests: server.requests, url: server.url };
}

describe('createClient', () => {
  it('sends nothing until the result is asked for, and then once', async () => {
    const { api, requests } = await setUp((_request, response) => sendJson(response, day));
    const pending = api.get('/day');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(requests).toEqual([]);
    await expect(pending.json(Day)).resolves.toEqual(day);
    await expect(pending.text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
    expect(requests).toEqual(['GET /day']);
  });

  it('has a method for each verb', async () => {
    const { api, requests } = await setUp((_request, response) => response.end());
    for (const verb of ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const)
      await api[verb]('/x').text();
    await api.request('REPORT', '/x').text();
    expect(requests.map((line) => line.split(' ')[0])).toEqual([
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'REPORT',
    ]);
  });

  it('appends the path to that of the base URL, and the query to both', async () => {
    const { url, requests } = await setUp((_request, response) => response.end());
    const api = createClient({ baseUrl: `${url}/api/`, hedge: false });
    open.push(api);
    const query = { city: ['Seattle', 'New York'], days: 3, dry: true, from: new Date(0), none: undefined, zero: null };
    await api.get('/v1/days?a=1#part', { query }).text();
    await api.get('v1').text();
    await api.get(new URL(`${url}/else`)).text();
    expect(requests).toEqual([
      'GET /api/v1/days?a=1&city=Seattle&city=New+York&days=3&dry=true&from=1970-01-01T00%3A00%3A00.000Z',
      'GET /api/v1',
      'GET /else',
    ]);
  });

  it('sends default headers, which a request changes or takes away', async () => {
    const { api } = await setUp((request, response) => sendJson(response, request.headers), {
      headers: { Authorization: 'Bearer x', 'X-A': '1' },
    });
    const seen = await api.get('/', { headers: { 'x-a': '2', authorization: undefined } }).json();
    expect(seen).toMatchObject({ 'x-a': '2', accept: 'application/json' });
    expect(seen).not.toHaveProperty('authorization');
  });

  it('sends JSON, text and bytes', async () => {
    const { api } = await setUp((request, response) => {
      void readText(request).then((body) => sendJson(response, [request.headers['content-type'], body]));
    });
    await expect(api.post('/', { json: { a: 'é' } }).json()).resolves.toEqual(['application/json', '{"a":"é"}']);
    await expect(api.put('/', { body: 'plain' }).json()).resolves.toEqual([null, 'plain']);
    await expect(api.post('/', { body: new TextEncoder().encode('bytes') }).json()).resolves.toEqual([null, 'bytes']);
  });

  it('hands out text, bytes and parsed JSON', async () => {
    const { api } = await setUp((_request, response) => sendJson(response, 'é'));
    await expect(api.get('/').text()).resolves.toBe('"é"');
    await expect(api.get('/').bytes()).resolves.toEqual(Buffer.from('"é"'));
    await expect(api.get('/').json()).resolves.toBe('é');
  });

  it.each<[ClientOptions, string]>([
    [{ baseUrl: 'nonsense' }, 'Option "createClient.baseUrl" must be an http: or https: URL without credentials'],
    [{ baseUrl: 'file:///etc' }, 'Option "createClient.baseUrl"'],
    [{ baseUrl: 'http://user:secret@host/' }, 'got "http://host/"'],
    [{ timeoutMs: 0 }, 'Option "createClient.timeoutMs"'],
    [{ attemptTimeoutMs: NaN }, 'Option "createClient.attemptTimeoutMs"'],
    [{ maxBodyBytes: 0 }, 'Option "createClient.maxBodyBytes"'],
    [{ connections: 0.5 }, 'Option "createClient.connections"'],
    [{ retry: { attempts: 0 } }, 'Option "retry.attempts"'],
    // @ts-expect-error another client's
    [{ timeout: 5_000 }, 'Option "createClient.timeout" must be left out, as there are only connections, '],
    // @ts-expect-error another client's
    [{ hooks: { beforeResponse() {} } }, 'as there are only beforeRequest, beforeRetry, afterResponse, got'],
    [{ headers: { 'bad name': 'x' } }, 'headers whose names are tokens, got "bad name"'],
    [{ headers: { a: 'x\r\nInjected: 1' } }, 'Option "createClient.headers.a" must be one line of Latin-1'],
  ])('refuses %j', (options, message) => {
    expect(() => createClient(options)).toThrow(message);
  });

  it.each<ClientOptions>([
    { timeoutMs: 5 },
    { attemptTimeoutMs: 5 },
    { retry: false },
    { circuitBreaker: false },
    { bulkhead: false },
    { hedge: false },
  ])('refuses a policy beside %o, which it takes the place of', async (option) => {
    const { policy } = await import('@dataenginex/resilience');
    const [[name, value] = []] = Object.entries(option);
    expect(() => createClient({ policy: () => policy(), ...option })).toThrow(
      `Option "createClient.${name}" must be left out where a policy is given, got ${value}.`,
    );
  });

  it.each<[Parameters<Client['get']>, string]>([
    [
      ['http://elsewhere.example/x'],
      'a URL on http://127.0.0.1:1, the client\'s own origin, got "http://elsewhere.example"',
    ],
    [['http://u:p@127.0.0.1:1/x'], 'a URL without credentials'],
    [['mailto:x'], 'Option "request.path"'],
    [
      ['https://elsewhere.example:99999/x'],
      'Option "request.path" must be a path or a URL, got "one that does not parse".',
    ],
    [['/', { headers: { 'Transfer-Encoding': 'chunked' } }], 'free of connection headers, got "Transfer-Encoding"'],
    [['/', { json: () => 1 }], 'Option "request.json" must be left out of a GET'],
    [['/', { headers: { a: 'x\ny' } }], 'Option "request.headers.a" must be one line'],
    [['/', { json: 1 }], 'Option "request.json" must be left out of a GET, got "number".'],
    [['/', { json: 1, body: 'x' }], 'Option "request.json" must be left out where a body is given'],
    // @ts-expect-error another client's
    [['/', { params: { city: 'Seattle' } }], 'Option "request.params" must be left out, as there are only query, '],
    // @ts-expect-error another client's
    [['/', { query: 'a=1' }], 'Option "request.query" must be a plain object of names and values'],
    [['/', { timeoutMs: -5 }], 'Option "request.timeoutMs" must be a number from 1 to 2147483647, got -5.'],
  ])('refuses a request of %j', (args, message) => {
    expect(() => createClient({ baseUrl: 'http://127.0.0.1:1' }).get(...args)).toThrow(message);
  });

  it('takes an option that is undefined for one that is left out', () => {
    const options = { timeoutMs: 50, params: undefined };
    expect(() => createClient({ baseUrl: 'http://127.0.0.1:1', ...options }).get('/', options)).not.toThrow();
  });

  it('wants whole URLs when it has no base', () => {
    expect(() => createClient().get('/x')).toThrow(
      'an http: or https: URL, as the client has no baseUrl, got "one that does not parse"',
    );
  });

  it.each(['get', 'GE T', 'G\r\nX', ''])('refuses the method %j', (method) => {
    expect(() => createClient().request(method, 'http://127.0.0.1:1/')).toThrow('Option "request.method" must be');
  });

  it('shows no secret in the errors of its options', () => {
    const api = createClient({ baseUrl: 'http://127.0.0.1:1' });
    const calls = [
      () => createClient({ baseUrl: 'https://host/?api_key=SECRET' }),
      () => createClient({ baseUrl: 'https://user:SECRET@bad host/' }),
      () => createClient().get('/x?token=SECRET'),
      () => api.get('https://u:SECRET@h:99999/'),
      () => api.get('https://u:p@h/?token=SECRET'),
      () => api.get('/', { json: { password: 'SECRET' } }),
      () => api.get('/', { headers: { authorization: 'SECRET\n' } }),
    ];
    for (const call of calls) {
      expect(call).toThrow(
        expect.objectContaining({ code: 'DEX_OPTION', message: expect.not.stringContaining('SECRET') }),
      );
      expect(call).not.toThrow(expect.objectContaining({ got: expect.stringContaining('SECRET') }));
    }
  });

  it.each([undefined, null])('refuses %s for a path, and takes it for no query', async (nothing) => {
    const { api, requests } = await setUp((_request, response) => response.end());
    expect(() => api.get(Object({ path: nothing }).path)).toThrow('Option "request.path" must be');
    await api.get('/x', Object({ query: nothing })).text();
    expect(requests).toEqual(['GET /x']);
  });

  it.each([new Headers({ a: 'b' }), new Map([['a', 'b']]), [['a', 'b']]])('refuses %o for headers', (headers) => {
    const message = 'headers" must be a plain object of names and values';
    const api = createClient({ baseUrl: 'http://127.0.0.1:1' });
    expect(() => api.get('/', Object({ headers }))).toThrow(message);
    expect(() => createClient(Object({ headers }))).toThrow(message);
  });

  it('refuses a header that an object cannot hold', () => {
    const headers = JSON.parse('{"__proto__":"x"}');
    const api = createClient({ baseUrl: 'http://127.0.0.1:1' });
    expect(() => api.get('/', { headers })).toThrow('Option "request.headers" must be headers whose names are tokens');
  });

  it('leaves the query of a path as it is', async () => {
    const { api, requests } = await setUp((_request, response) => response.end());
    await api.get('/?a=%20b&flag', { query: { c: 'd e' } }).text();
    expect(requests).toEqual(['GET /?a=%20b&flag&c=d+e']);
  });

  it.each([
    [
      { at: {} },
      'Option "request.query.at" must be a string, number, boolean or valid Date, or several, got "object".',
    ],
    [{ at: [new Date(NaN)] }, 'Option "request.query.at"'],
    [{ at: Symbol('a') }, 'Option "request.query.at"'],
    [new URLSearchParams('a=1'), 'Option "request.query" must be a plain object'],
    [new Map([['a', 1]]), 'Option "request.query" must be a plain object'],
    [[['a', 1]], 'Option "request.query" must be a plain object'],
  ])('refuses %o as a query', (query, message) => {
    const api = createClient({ baseUrl: 'http://127.0.0.1:1' });
    expect(() => api.get('/', { query: Object(query) })).toThrow(message);
  });

  it('refuses JSON that cannot be sent', () => {
    const api = createClient({ baseUrl: 'http://127.0.0.1:1' });
    expect(() => api.post('/', { json: () => 1 })).toThrow('must be a value that JSON can hold, got "function".');
  });

  it('sends nothing for a schema that is none', async () => {
    let sent = 0;
    const { api } = await setUp((_request, response) => void response.end(`${(sent += 1)}`));
    // @ts-expect-error no Standard Schema
    const reading: unknown = api.get('/').json({ type: 'number' });
    await expect(reading).rejects.toThrow('Option "json.schema" must be a Standard Schema, such as one of zod, got');
    // @ts-expect-error no Standard Schema
    expect(() => api.get('/').ndjson({ type: 'number' })).toThrow('Option "ndjson.schema"');
    // @ts-expect-error no Standard Schema
    expect(() => api.paginate('/', { schema: { type: 'number' } })).toThrow('Option "paginate.schema"');
    expect(sent).toBe(0);
  });

  it('gives a body that comes piece by piece once, and does not pass the second time for an empty one', async () => {
    const { api } = await setUp((_request, response) => response.end('1\n2\n'));
    const [bytes, rows] = [api.get('/').stream(), api.get('/').ndjson()];
    expect(await Array.fromAsync(rows)).toEqual([1, 2]);
    await expect(Array.fromAsync(rows)).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
    expect(await Array.fromAsync(bytes)).toHaveLength(1);
    await expect(Array.fromAsync(bytes)).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
  });

  it('makes one policy for each origin', async () => {
    const { policy } = await import('@dataenginex/resilience');
    const { url } = await setUp((_request, response) => response.end());
    const origins: string[] = [];
    const api = createClient({ policy: (origin) => (origins.push(origin), policy()) });
    open.push(api);
    await api.get(`${url}/a`).text();
    await api.get(`${url}/b`).text();
    expect(origins).toEqual([url]);
  });
});

describe('close', () => {
  it('ends what is under way and refuses what comes after; twice is safe', async () => {
    const { api, requests } = await setUp(() => {});
    const hanging = api.get('/').text();
    const settled = expect(hanging).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
    while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await api.close();
    await settled;
    await api.close();
    expect(() => api.get('/')).toThrow('The HTTP client is closed.');
  });
});

describe('close, wherever a request is', () => {
  const closed = { code: 'DEX_HTTP_CLOSED' };

  it('ends the wait between attempts', async () => {
    const { api, requests } = await setUp((_request, response) =>
      response.writeHead(503, { 'retry-after': '20' }).end(),
    );
    const settled = expect(api.get('/').text()).rejects.toMatchObject(closed);
    while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await api.close();
    await settled;
  });

  it('refuses to send what was made before', async () => {
    const { api, requests } = await setUp((_request, response) => response.end());
    const pending = api.get('/');
    await api.close();
    await expect(pending.text()).rejects.toMatchObject(closed);
    expect(requests).toEqual([]);
  });

  it('ends requests and bodies under a dispatcher that is not its own, and leaves that open', async () => {
    const { Agent } = await import('undici');
    await using scope = openScope();
    const dispatcher = scope.adopt(new Agent(), (agent) => agent.destroy());
    const { api, url, requests } = await setUp(
      (request, response) => {
        if (request.url === '/body') response.write('first');
      },
      { dispatcher },
    );
    const response = await api.get('/body').response();
    const waiting = expect(api.get('/hangs').text()).rejects.toMatchObject(closed);
    while (requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const reading = expect(response.text()).rejects.toMatchObject(closed);
    await api.close();
    await Promise.all([waiting, reading]);
    expect(dispatcher.destroyed).toBe(false);
    expect(url).toMatch(/^http/);
  });
});

describe('response', () => {
  it('has status and headers beside each reader', async () => {
    const { api } = await setUp((_request, response) => sendJson(response.setHeader('etag', '"1"'), day));
    const response = await api.get('/').response();
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"1"']);
    await expect(response.json(Day)).resolves.toEqual(day);
    await expect(response.text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
  });

  it('hands out chunks as they come', async () => {
    const { api } = await setUp((_request, response) => {
      response.write('first');
      setTimeout(() => response.end('second'), 20);
    });
    const response = await api.get('/').response();
    const chunks: string[] = [];
    for await (const chunk of response.stream()) chunks.push(Buffer.from(chunk).toString());
    expect(chunks).toEqual(['first', 'second']);
  });

  it('is returned whatever its status with throwHttpErrors: false', async () => {
    const { api } = await setUp((_request, response) => response.writeHead(404).end('gone'));
    const response = await api.get('/', { throwHttpErrors: false }).response();
    expect(response.status).toBe(404);
    await expect(response.text()).resolves.toBe('gone');
    await expect(api.get('/', { throwHttpErrors: false }).text()).resolves.toBe('gone');
  });

  it('lets go of the connection when closed unread', async () => {
    let closed: Promise<unknown> | undefined;
    const { api } = await setUp((_request, response) => {
      closed = once(response, 'close');
      response.write('endless');
    });
    const response = await api.get('/').response();
    await response.close();
    await response.close();
    await closed;
  });

  it('has the whole body of an error answer with throwHttpErrors: false', async () => {
    const { api } = await setUp((_request, response) => response.writeHead(404).end('x'.repeat(20_000)));
    await expect(api.get('/', { throwHttpErrors: false }).text()).resolves.toHaveLength(20_000);
  });

  it('survives an abort after the body has come and nobody reads it', async () => {
    const { api } = await setUp((_request, response) => response.end('five!'));
    const controller = new AbortController();
    const response = await api.get('/', { signal: controller.signal }).response();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const reason = new Error('left');
    controller.abort(reason);
    await new Promise((resolve) => setTimeout(resolve, 20)); // an 'error' that nobody hears would end the process here
    await expect(response.text()).rejects.toBe(reason);
  });

  it('holds the server back while nobody reads', async () => {
    const piece = Buffer.alloc(2 ** 16);
    const pieces = 1_024; // 64 MiB, more than the sockets hold
    let taken = 0;
    const { api } = await setUp((_request, response) => {
      const source = function* (): Generator<Buffer> {
        for (; taken < pieces; taken++) yield piece;
      };
      Readable.from(source()).pipe(response);
    });
    const response = await api.get('/').response();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(taken).toBeLessThan(pieces / 2);
    let length = 0;
    for await (const chunk of response.stream()) length += chunk.byteLength;
    expect(length).toBe(pieces * piece.byteLength);
  });

  it('needs no closing when there is no body: HEAD, 204, 304', async () => {
    const { api } = await setUp((request, response) => response.writeHead(Number(request.url?.slice(1))).end());
    const { signal } = new AbortController();
    const options = { signal, throwHttpErrors: false };
    const responses = [
      await api.head('/200', options).response(),
      await api.get('/204', options).response(),
      await api.get('/304', options).response(),
    ];
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    for (const response of responses) await expect(response.text()).resolves.toBe('');
  });

  it('cannot be read once closed', async () => {
    const { api } = await setUp((_request, response) => response.end('x'));
    const response = await api.get('/').response();
    await response.close();
    await expect(response.text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
  });

  it('stops at maxBodyBytes', async () => {
    const { api } = await setUp((_request, response) => response.end('x'.repeat(100)), { maxBodyBytes: 99 });
    const message = /^GET http:\S+\/ sent a body of more than 99 bytes\.$/;
    await expect(api.get('/').text()).rejects.toThrow(message);
    const response = await api.get('/').response();
    await expect(response.bytes()).rejects.toThrow(message);
  });

  it('ends with the signal of the caller, in the middle of the body', async () => {
    const { api } = await setUp((_request, response) => void response.write('first'));
    const controller = new AbortController();
    const response = await api.get('/', { signal: controller.signal }).response();
    const reason = new Error('enough');
    const reading = (async () => {
      for await (const chunk of response.stream()) if (chunk.length) controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
  });
});

describe('json', () => {
  it('waits for an asynchronous schema no longer than for the signal', async () => {
    const { api } = await setUp((_request, response) => sendJson(response, day));
    const slow = z.unknown().refine(() => new Promise<boolean>(() => {}));
    const { signal } = new AbortController();
    const late = Day.refine(async () => true);
    await expect(api.get('/', { signal }).json(late)).resolves.toEqual(day);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const controller = new AbortController();
    const settled = expect(api.get('/', { signal: controller.signal }).json(slow)).rejects.toBe('left');
    await new Promise((resolve) => setTimeout(resolve, 30));
    controller.abort('left');
    await settled;
  });
});
