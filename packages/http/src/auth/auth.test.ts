import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { open } from '../../test/open.ts';
import { readText, sendJson, serve, type TestServer } from '../../test/server.ts';
import { basic, bearer, type Client, type ClientOptions, createClient, oauth2, type OAuth2Options } from '../index.ts';

afterEach(() => void vi.useRealTimers());

/** Answers with the `Authorization` that came. */
async function setUp(
  options: ClientOptions,
  handle: Parameters<typeof serve>[0] = (request, response) => response.end(request.headers.authorization),
): Promise<{ api: Client; server: TestServer }> {
  const server = await serve(handle);
  const api = createClient({ baseUrl: server.url, retry: { baseDelayMs: 0 }, hedge: false, ...options });
  open.push(server, api);
  return { api, server };
}

describe('bearer', () => {
  it('sends a token, or what a function makes for each request', async () => {
    const { api } = await setUp({ auth: bearer('abc.DEF-1|~+/=') });
    await expect(api.get('/').text()).resolves.toBe('Bearer abc.DEF-1|~+/=');
    let count = 0;
    const { api: asking } = await setUp({ auth: bearer(() => `t${(count += 1)}`) });
    await expect(asking.get('/').text()).resolves.toBe('Bearer t1');
    await expect(asking.fetch('/').then((response) => response.text())).resolves.toBe('Bearer t2');
    const signals: unknown[] = [];
    const { api: waiting } = await setUp({
      auth: bearer(async ({ signal }) => {
        signals.push(signal);
        return 'later';
      }),
    });
    const { signal } = new AbortController();
    await expect(waiting.get('/', { signal }).text()).resolves.toBe('Bearer later');
    expect(signals).toEqual([signal]);
  });

  it('refuses what cannot stand in a header, without showing it', async () => {
    const message = 'Option "bearer.token" must be the token alone, in visible ASCII characters, got "another".';
    expect(() => bearer('')).toThrow('visible ASCII characters, got "".');
    for (const token of ['Bearer SECRET', 'SECRET token', 'SECRET\r\nx: y', 'SECRETé'])
      expect(() => bearer(token)).toThrow(message);
    const { api, server } = await setUp({ auth: bearer(async () => 'SECRET\n') });
    await expect(api.get('/').text()).rejects.toThrow(message);
    const { api: sync } = await setUp({ auth: bearer(() => Object(undefined)) });
    await expect(sync.get('/').text()).rejects.toThrow('visible ASCII characters, got "object".');
    expect(server.requests).toEqual([]);
  });

  it('fails the request with what its function throws, and does not outlast signal and client', async () => {
    const reason = new Error('no token');
    const { api } = await setUp({ auth: bearer(() => Promise.reject(reason)) });
    await expect(api.get('/').text()).rejects.toBe(reason);
    const { api: hanging } = await setUp({ auth: bearer(() => new Promise(() => {})) });
    const controller = new AbortController();
    const left = expect(hanging.get('/', { signal: controller.signal }).text()).rejects.toBe('left');
    const closed = expect(hanging.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
    controller.abort('left');
    await left;
    await hanging.close();
    await closed;
    const { api: short } = await setUp({ auth: bearer(() => new Promise(() => {})), timeoutMs: 20 });
    await expect(short.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_TIMEOUT', timeoutMs: 20 });
  });
});

describe('basic', () => {
  it('sends user name and password as UTF-8', async () => {
    const { api } = await setUp({ auth: basic('Aladdin', 'open sesame:') });
    await expect(api.get('/').text()).resolves.toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZTo=');
    const { api: other } = await setUp({ auth: basic('test', '123£') });
    await expect(other.get('/').text()).resolves.toBe('Basic dGVzdDoxMjPCow==');
  });

  it('refuses a colon in the name, and control characters', () => {
    expect(() => basic('a:b', 'SECRET')).toThrow('Option "basic.user" must be free of colons and control characters');
    expect(() => basic('a', 'SECRET\n')).toThrow(
      'Option "basic.password" must be free of control characters, got "another"',
    );
  });
});

describe('auth', () => {
  it('goes behind a header of the request', async () => {
    const { api } = await setUp({ auth: bearer('own') });
    await expect(api.get('/', { headers: { Authorization: 'Other x' } }).text()).resolves.toBe('Other x');
  });

  it('stays at its origin when a redirect leaves, and is there when one comes back', async () => {
    const other = await serve((request, response) => {
      if (request.url === '/') response.end(request.headers.authorization ?? 'none');
      else response.writeHead(302, { location: `${api.server.url}/end` }).end();
    });
    open.push(other);
    const api = await setUp({ auth: bearer('own') }, (request, response) => {
      if (request.url === '/end') response.end(request.headers.authorization);
      else response.writeHead(302, { location: `${other.url}${request.url}` }).end();
    });
    await expect(api.api.get('/').text()).resolves.toBe('none');
    await expect(api.api.get('/back').text()).resolves.toBe('Bearer own');
  });

  it('needs a baseUrl, as a signature does', () => {
    const message = 'must be given with a baseUrl, to whose origin alone it goes';
    expect(() => createClient({ auth: bearer('x') })).toThrow(`Option "createClient.auth" ${message}`);
    expect(() => createClient({ sign: () => ({}) })).toThrow(`Option "createClient.sign" ${message}`);
  });
});

describe('sign', () => {
  it('makes headers for each attempt from what is sent', async () => {
    const stamps: string[] = [];
    const { api } = await setUp(
      {
        sign: async ({ method, url, headers, body, signal }) => {
          expect(signal).toBeInstanceOf(AbortSignal);
          stamps.push(`${method} ${url.pathname}${url.search} ${headers['content-type']} ${String(body)}`);
          return { 'X-Signature': `${stamps.length}` };
        },
      },
      (request, response, count) => response.writeHead(count === 1 ? 503 : 200).end(request.headers['x-signature']),
    );
    await expect(api.put('/a?b=c', { json: { d: 1 } }).text()).resolves.toBe('2');
    expect(stamps).toEqual(['PUT /a?b=c application/json {"d":1}', 'PUT /a?b=c application/json {"d":1}']);
    await api.put('/stream', { body: () => Readable.from(['s']) }).text();
    await api.get('/none').text();
    expect(stamps.slice(2)).toEqual(['PUT /stream undefined undefined', 'GET /none undefined null']);
  });

  it('is not asked for another origin, and again when a redirect comes back', async () => {
    const other = await serve((request, response) => {
      if (request.url === '/') response.end(request.headers['x-plain'] ?? 'none');
      else response.writeHead(302, { location: `${server.url}/end` }).end();
    });
    open.push(other);
    const { api, server } = await setUp({ sign: () => ({ 'x-plain': 'signed' }) }, (request, response) => {
      if (request.url === '/end') response.end(request.headers['x-plain']);
      else response.writeHead(302, { location: `${other.url}${request.url}` }).end();
    });
    await expect(api.get('/').text()).resolves.toBe('none');
    await expect(api.get('/back').text()).resolves.toBe('signed');
  });

  it('fails the request with what it throws, unsent', async () => {
    const { api, server } = await setUp({ sign: () => Promise.reject(new Error('no key')) });
    await expect(api.get('/').text()).rejects.toThrow('no key');
    const { api: broken } = await setUp({ sign: () => ({ a: 'SECRET\n' }) });
    await expect(broken.get('/').text()).rejects.toThrow('Option "createClient.sign().a" must be one line of Latin-1');
    expect(server.requests).toEqual([]);
  });
});

describe('oauth2', () => {
  interface TokenAnswer {
    readonly status?: number;
    readonly body: unknown;
  }

  /** A token endpoint that counts its tokens, and an API that knows the last one. */
  async function setUpTokens(
    options: Partial<OAuth2Options> = {},
    answer: (count: number) => TokenAnswer = (count) => ({
      body: { access_token: `t${count}`, token_type: 'Bearer', expires_in: 3600 },
    }),
    delayMs = 0,
  ) {
    const asked: { authorization: string | undefined; body: string }[] = [];
    const endpoint = await serve((request, response) => {
      void readText(request).then(async (body) => {
        asked.push({ authorization: request.headers.authorization, body });
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        const { status = 200, body: said } = answer(asked.length);
        if (typeof said === 'string') response.writeHead(status).end(said);
        else sendJson(response, said, status);
      });
    });
    open.push(endpoint);
    const auth = oauth2({ tokenUrl: `${endpoint.url}/token`, clientId: 'id', clientSecret: 's3cret', ...options });
    let good: string | undefined;
    const { api, server } = await setUp({ auth }, (request, response) => {
      void readText(request).then((body) => {
        const isGood = good === undefined || request.headers.authorization === `Bearer ${good}`;
        response.writeHead(isGood ? 200 : 401).end(`${request.headers.authorization} ${body}`.trim());
      });
    });
    return { api, server, endpoint, asked, accept: (token: string) => void (good = token) };
  }

  it('asks for a token once, with id and secret form-encoded in Basic', async () => {
    const { api, asked } = await setUpTokens({
      clientId: 'a b',
      clientSecret: 'ü:%',
      scope: 'read write',
      params: { audience: 'weather' },
    });
    await expect(api.get('/').text()).resolves.toBe('Bearer t1');
    await expect(api.get('/').text()).resolves.toBe('Bearer t1');
    expect(asked).toEqual([
      {
        authorization: `Basic ${Buffer.from('a+b:%C3%BC%3A%25').toString('base64')}`,
        body: 'audience=weather&grant_type=client_credentials&scope=read+write',
      },
    ]);
  });

  it('sends id and secret in the body where that is asked for', async () => {
    const { api, asked } = await setUpTokens({ clientAuth: 'body' });
    await api.get('/').text();
    expect(asked).toEqual([
      { authorization: undefined, body: 'grant_type=client_credentials&client_id=id&client_secret=s3cret' },
    ]);
  });

  it('asks once for all who wait, and goes on when the first of them leaves', async () => {
    const { api, asked } = await setUpTokens({}, undefined, 30);
    const controller = new AbortController();
    const left = expect(api.get('/', { signal: controller.signal }).text()).rejects.toBe('left');
    const others = Array.from({ length: 20 }, () => api.get('/').text());
    controller.abort('left');
    await left;
    await expect(Promise.all(others)).resolves.toEqual(Array.from({ length: 20 }, () => 'Bearer t1'));
    expect(asked).toHaveLength(1);
  });

  it.each<[number | undefined, number | undefined, number]>([
    [100, undefined, 70],
    [100, 10_000, 90],
    [10, undefined, 5],
    [100, 0, 100],
  ])('replaces a token of %s s with refreshBeforeMs %s after %s s', async (expiresS, refreshBeforeMs, afterS) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { api } = await setUpTokens({ refreshBeforeMs }, (count) => ({
      body: { access_token: `t${count}`, expires_in: expiresS },
    }));
    await expect(api.get('/').text()).resolves.toBe('Bearer t1');
    vi.advanceTimersByTime(afterS * 1_000 - 1);
    await expect(api.get('/').text()).resolves.toBe('Bearer t1');
    vi.advanceTimersByTime(1);
    await expect(api.get('/').text()).resolves.toBe('Bearer t2');
  });

  it('keeps a token that has no end until it is refused', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { api, accept } = await setUpTokens({}, (count) => ({ body: { access_token: `t${count}` } }));
    await expect(api.get('/').text()).resolves.toBe('Bearer t1');
    vi.advanceTimersByTime(1e9);
    await expect(api.get('/').text()).resolves.toBe('Bearer t1');
    accept('t2');
    await expect(api.post('/', { body: 'again' }).text()).resolves.toBe('Bearer t2 again');
  });

  it('refreshes once for many 401, and sends each once more', async () => {
    const { api, asked, accept, server } = await setUpTokens({}, undefined, 20);
    await api.get('/').text();
    accept('t2');
    const all = Array.from({ length: 10 }, (_, index) => api.post('/', { body: String(index) }).text());
    await expect(Promise.all(all)).resolves.toEqual(Array.from({ length: 10 }, (_, index) => `Bearer t2 ${index}`));
    expect(asked).toHaveLength(2);
    expect(server.requests).toHaveLength(21);
  });

  it('keeps a new token when an old one is refused late', async () => {
    const endpoint = await serve((_request, response, count) => sendJson(response, { access_token: `t${count}` }));
    open.push(endpoint);
    const late: (() => void)[] = [];
    const auth = oauth2({ tokenUrl: endpoint.url, clientId: 'id', clientSecret: 'x' });
    const { api } = await setUp({ auth }, (request, response) => {
      const isGood = request.headers.authorization === 'Bearer t2';
      const answer = () => response.writeHead(isGood ? 200 : 401).end();
      if (request.url === '/late' && !isGood) late.push(answer);
      else answer();
    });
    const slow = api.get('/late').text();
    while (late.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await api.get('/').text();
    late[0]?.();
    await slow;
    expect(endpoint.requests).toHaveLength(2);
  });

  it('has no more time for both sendings than timeoutMs', async () => {
    const endpoint = await serve((_request, response) => sendJson(response, { access_token: 't' }));
    open.push(endpoint);
    const auth = oauth2({ tokenUrl: endpoint.url, clientId: 'id', clientSecret: 'x' });
    const { api } = await setUp({ auth, timeoutMs: 150 }, (_request, response) => {
      setTimeout(() => response.writeHead(401).end(), 100);
    });
    await expect(api.get('/').text()).rejects.toThrow('did not finish within 150 ms');
  });

  it('gives the second 401 to the caller, and the first where the body cannot be sent again', async () => {
    const { api, asked, accept, server } = await setUpTokens();
    accept('never');
    await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_STATUS', status: 401 });
    expect([asked.length, server.requests.length]).toEqual([2, 2]);
    accept('t3');
    await expect(api.post('/', { body: Readable.from(['once']) }).text()).rejects.toMatchObject({ status: 401 });
    expect([asked.length, server.requests.length]).toEqual([2, 3]);
    await expect(api.post('/', { body: Readable.from(['once']) }).text()).resolves.toBe('Bearer t3 once');
  });

  it.each<[TokenAnswer, string, Record<string, unknown>]>([
    [
      { status: 401, body: { error: 'invalid_client', error_description: 'Unknown client.' } },
      'gave no token: it answered 401 (invalid_client: Unknown client.)',
      { status: 401, error: 'invalid_client', retryable: false },
    ],
    [{ status: 400, body: '<html>' }, 'gave no token: it answered 400.', { status: 400, error: undefined }],
    [
      { status: 400, body: { error: 's3cret', error_description: 'not s3cret' } },
      'it answered 400.',
      { error: undefined },
    ],
    [{ status: 400, body: { error: 'a\nb', error_description: 5 } }, 'it answered 400.', { error: undefined }],
    [{ status: 503, body: '' }, 'it answered 503 (attempt 4)', { status: 503, retryable: true }],
    [{ status: 302, body: '' }, 'it answered 302', { status: 302 }],
    [{ body: {} }, 'gave no token: its answer has none', { status: 200 }],
    [{ body: 'null' }, 'gave no token: its answer has none', {}],
    [{ body: { access_token: 'a\r\nb' } }, 'gave no token: its answer has none', {}],
    [{ body: { access_token: 'x', token_type: 'mac' } }, 'gave a token that is not of type bearer', {}],
    [{ body: { access_token: 'x', token_type: {} } }, 'gave a token that is not of type bearer', {}],
    [{ body: { access_token: 'x', expires_in: 0 } }, 'gave a token that has expired', {}],
    [{ body: { access_token: 'x', expires_in: 'soon' } }, 'gave a token that has expired', {}],
    [{ body: `{"access_token":"x","pad":"${'x'.repeat(2 ** 18)}"}` }, 'its answer has none', {}],
  ])('tells what the endpoint said: %#', async (answer, message, fields) => {
    const { api, server, endpoint } = await setUpTokens({}, () => answer);
    const failed = api.get('/').text();
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({
      code: 'DEX_HTTP_TOKEN',
      method: 'POST',
      url: `${endpoint.url}/token`,
      message: expect.not.stringContaining('s3cret'),
      ...fields,
    });
    expect(server.requests).toEqual([]);
  });

  it('asks again after a failure', async () => {
    const { api } = await setUpTokens({}, (count) =>
      count === 1 ? { status: 400, body: '' } : { body: { access_token: `t${count}`, expires_in: '60' } },
    );
    await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_TOKEN' });
    await expect(api.get('/').text()).resolves.toBe('Bearer t2');
  });

  it('ends with the client', async () => {
    const { api, endpoint } = await setUpTokens({}, undefined, 60_000);
    const closed = expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
    while (endpoint.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await api.close();
    await closed;
  });

  it.each<[Partial<OAuth2Options>, string]>([
    [{ tokenUrl: 'nonsense SECRET' }, 'Option "oauth2.tokenUrl" must be an http: or https: URL without credentials'],
    [{ tokenUrl: 'https://user:SECRET@host/' }, 'Option "oauth2.tokenUrl"'],
    [{ tokenUrl: 'ftp://SECRET/' }, 'Option "oauth2.tokenUrl"'],
    [{ clientSecret: '' }, 'Option "oauth2.clientSecret" must be a string that is not empty'],
    [{ clientId: Object(5) }, 'Option "oauth2.clientId"'],
    [{ clientAuth: Object('post') }, 'Option "oauth2.clientAuth" must be one of "basic", "body"'],
    [{ refreshBeforeMs: -1 }, 'Option "oauth2.refreshBeforeMs" must be a number from 0'],
  ])('refuses %o', (options, message) => {
    const made = () => oauth2({ tokenUrl: 'https://host/token', clientId: 'id', clientSecret: 'SECRET', ...options });
    expect(made).toThrow(message);
    expect(made).not.toThrow('SECRET');
  });
});
