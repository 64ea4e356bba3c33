import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readText, sendJson, serve } from '../test/server.ts';
import { type Client, type ClientOptions, createClient } from './index.ts';

const Day = z.object({ city: z.string(), tempMax: z.number() });
const day = { city: 'Seattle', tempMax: 12.8 };

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

async function setUp(
  handle: Parameters<typeof serve>[0],
  options: ClientOptions = {},
): Promise<{ api: Client; requests: readonly string[]; url: string }> {
  const server = await serve(handle);
  const api = createClient({ baseUrl: server.url, ...options });
  open.push(server, api);
  return { api, requests: server.requests, url: server.url };
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
    const api = createClient({ baseUrl: `${url}/api/` });
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
    [{ headers: { 'bad name': 'x' } }, 'headers whose names are tokens, got "bad name"'],
    [{ headers: { a: 'x\r\nInjected: 1' } }, 'Option "createClient.headers.a" must be one line of Latin-1'],
  ])('refuses %j', (options, message) => {
    expect(() => createClient(options)).toThrow(message);
  });

  it('refuses a policy beside the options that it takes the place of', async () => {
    const { policy } = await import('@dataenginex/resilience');
    expect(() => createClient({ policy: () => policy(), timeoutMs: 5 })).toThrow(
      'Option "createClient.timeoutMs" must be left out where a policy is given, got 5.',
    );
  });

  it.each<[Parameters<Client['get']>, string]>([
    [
      ['http://elsewhere.example/x'],
      'a URL on http://127.0.0.1:1, the client\'s own origin, got "http://elsewhere.example"',
    ],
    [['http://u:p@127.0.0.1:1/x'], 'a URL without credentials'],
    [['mailto:x'], 'Option "request.path"'],
    [['/', { headers: { a: 'x\ny' } }], 'Option "request.headers.a" must be one line'],
    [['/', { json: 1 }], 'Option "request.json" must be left out of a GET, got 1.'],
    [['/', { json: 1, body: 'x' }], 'Option "request.json" must be left out where a body is given'],
    [['/', { timeoutMs: -5 }], 'Option "timeout.ms"'],
  ])('refuses a request of %j', (args, message) => {
    expect(() => createClient({ baseUrl: 'http://127.0.0.1:1' }).get(...args)).toThrow(message);
  });

  it('wants whole URLs when it has no base', () => {
    expect(() => createClient().get('/x')).toThrow('an http: or https: URL, as the client has no baseUrl, got "/x"');
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
    const { body } = await api.get('/').response();
    const chunks: string[] = [];
    for await (const chunk of body) chunks.push(Buffer.from(chunk).toString());
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
    const { api } = await setUp((_request, response) => void response.write('endless'));
    const response = await api.get('/').response();
    await response.close();
    await response.close();
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
    const { body } = await api.get('/', { signal: controller.signal }).response();
    const reason = new Error('enough');
    const reading = (async () => {
      for await (const chunk of body) if (chunk.length) controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
  });
});
