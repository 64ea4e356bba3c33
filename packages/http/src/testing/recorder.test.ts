import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FormData, request as undiciRequest, Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, serveRaw } from '../../test/server.ts';
import { type Client, createClient, StatusError } from '../index.ts';
import {
  createRecorder,
  type RecorderOptions,
  type ServedRequest,
  startFaultyServer,
  UnrecordedRequestError,
} from '../testing.ts';

let folder = '';
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dex-recorder-'));
});
afterAll(() => rm(folder, { recursive: true }));

function newPath(): string {
  files += 1;
  return join(folder, `sub/${files}.json`);
}

const options = { retry: false, hedge: false } as const;

async function using<T>(
  path: string,
  recorderOptions: RecorderOptions,
  baseUrl: string,
  use: (api: Client) => Promise<T>,
) {
  await using recorder = createRecorder(path, recorderOptions);
  await using api = createClient({ baseUrl, dispatcher: recorder.dispatcher, ...options });
  return await use(api);
}

/** Records with a server, then replays when there is none any more: both must see the same. */
async function bothWays<T>(
  handle: Parameters<typeof startFaultyServer>[0],
  use: (api: Client) => Promise<T>,
  recorderOptions: RecorderOptions = {},
): Promise<{ live: T; replayed: T; text: string; path: string; url: string }> {
  const path = newPath();
  const server = await startFaultyServer(handle, { seed: 1, faults: {} });
  const live = await using(path, { mode: 'record', ...recorderOptions }, server.url, use);
  await server.close();
  const replayed = await using(path, { mode: 'replay', ...recorderOptions }, server.url, use);
  return { live, replayed, text: await readFile(path, 'utf8'), path, url: server.url };
}

const echo = ({ method, url, body }: ServedRequest) => ({
  status: 201,
  headers: { 'content-type': 'application/json', 'x-tag': ['a', 'b'] },
  body: JSON.stringify({ method, url, body: String(body) }),
});

describe('createRecorder', () => {
  it('replays status, headers and body without a network', async () => {
    const { live, replayed, text, url } = await bothWays(echo, async (api) => {
      const response = await api.post('/rows', { json: { day: 1 }, query: { all: true } }).response();
      return [response.status, response.headers.get('x-tag'), await response.json()];
    });
    expect(live).toEqual([201, 'a, b', { method: 'POST', url: '/rows?all=true', body: '{"day":1}' }]);
    expect(replayed).toEqual(live);
    expect(JSON.parse(text)).toEqual({
      exchanges: [
        {
          request: { method: 'POST', url: `${url}/rows?all=true`, body: '{"day":1}' },
          response: {
            status: 201,
            headers: { 'content-type': 'application/json', date: expect.any(String), 'x-tag': ['a', 'b'] },
            body: '{"method":"POST","url":"/rows?all=true","body":"{\\"day\\":1}"}',
          },
        },
      ],
    });
  });

  it('answers the same request in the order in which it was recorded, and others by method, URL and body', async () => {
    let count = 0;
    const { live, replayed } = await bothWays(
      () => ({ body: String((count += 1)) }),
      (api) =>
        Promise.all([
          api.get('/a').text(),
          api.get('/a').text(),
          api.put('/a', { body: 'x' }).text(),
          api.put('/a', { body: 'y' }).text(),
          api.get('/a', { query: { day: 1 } }).text(),
        ]),
    );
    expect(live.toSorted()).toEqual(['1', '2', '3', '4', '5']);
    expect(replayed).toEqual(live);
  });

  it('keeps the order of beginning, though answers come in another', async () => {
    await using server = await serve((request, response) => {
      setTimeout(() => response.end(request.url), request.url === '/slow' ? 100 : 0);
    });
    const path = newPath();
    await using(path, { mode: 'record' }, server.url, (api) =>
      Promise.all([api.get('/slow').text(), api.get('/quick').text()]),
    );
    const { exchanges } = JSON.parse(await readFile(path, 'utf8'));
    expect(exchanges.map(({ response }: { response: { body: string } }) => response.body)).toEqual(['/slow', '/quick']);
  });

  it('replays errors by status, and an error body that the client read only the start of', async () => {
    const big = 'e'.repeat(40_000);
    const { live, replayed } = await bothWays(
      ({ url }) => ({ status: 404, body: url === '/big' ? big : 'no' }),
      async (api) => {
        const failures: unknown[] = [];
        for (const path of ['/small', '/big']) {
          failures.push(
            await api
              .get(path)
              .text()
              .catch((error: unknown) => error),
          );
        }
        return failures.map((error) => error instanceof StatusError && [error.status, error.bodyStart.length]);
      },
    );
    expect(live).toEqual([
      [404, 2],
      [404, 512],
    ]);
    expect(replayed).toEqual(live);
  });

  it('replays retries: a refusal, then the answer', async () => {
    let count = 0;
    const path = newPath();
    const server = await startFaultyServer(() => ({ status: (count += 1) === 1 ? 503 : 200, body: 'rain' }), {
      seed: 1,
      faults: {},
    });
    for (const mode of ['record', 'replay'] as const) {
      const retried: number[] = [];
      await using recorder = createRecorder(path, { mode });
      await using api = createClient({
        baseUrl: server.url,
        dispatcher: recorder.dispatcher,
        retry: { baseDelayMs: 1, onRetry: () => void retried.push(1) },
        hedge: false,
      });
      expect(await api.get('/').text()).toBe('rain');
      expect(retried).toEqual([1]);
      await server.close();
    }
  });

  it('writes binary bodies in base64, both ways', async () => {
    const bytes = Buffer.from([0, 255, 1, 254]);
    const { live, replayed, text } = await bothWays(
      ({ body }) => ({ body: Buffer.concat([body, body]) }),
      async (api) => Buffer.from(await api.put('/', { body: bytes }).bytes()).toString('hex'),
    );
    expect(live).toBe('00ff01fe00ff01fe');
    expect(replayed).toBe(live);
    expect(text).toContain('"base64": "AP8B/g=="');
    expect(text).toContain('"base64": "AP8B/gD/Af4="');
  });

  it('writes compressed bodies as what they become', async () => {
    const { live, replayed, text } = await bothWays(
      () => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync('{"rain":true}') }),
      (api) => api.get('/').text(),
    );
    expect([live, replayed]).toEqual(['{"rain":true}', '{"rain":true}']);
    expect(text).toContain('"body": "{\\"rain\\":true}"');
    expect(text).not.toContain('content-encoding');
  });

  it('keeps a body whose encoding is broken, so that it fails as it did', async () => {
    const { live, replayed } = await bothWays(
      () => ({ headers: { 'content-encoding': 'gzip' }, body: 'no gzip' }),
      (api) =>
        api
          .get('/')
          .text()
          .catch((error: Error) => error.message),
    );
    expect(live).toContain('not gzip');
    expect(replayed).toBe(live);
  });

  it('replays HEAD, 204 and streams', async () => {
    const { live, replayed } = await bothWays(
      ({ method, url }) => (url === '/gone' ? { status: 204 } : { body: method === 'HEAD' ? 'rain' : '1\n2\n' }),
      async (api) => {
        const head = await api.head('/').response();
        const gone = await api.delete('/gone').bytes();
        const rows: unknown[] = [];
        for await (const row of api.get('/').ndjson()) rows.push(row);
        return [head.headers.get('content-length'), gone.byteLength, rows];
      },
    );
    expect(live).toEqual(['4', 0, [1, 2]]);
    expect(replayed).toEqual(live);
  });

  it('compares streamed and multipart bodies as well', async () => {
    const form = new globalThis.FormData();
    form.append('day', 'monday');
    const { live, replayed } = await bothWays(
      ({ body }) => ({ body: String(body.length) }),
      async (api) => [
        await api
          .post('/stream', {
            body: async function* () {
              yield 'ra';
              yield 'in';
            },
          })
          .text(),
        await api.post('/form', { multipart: form }).text(),
      ],
    );
    expect(live[0]).toBe('4');
    expect(replayed).toEqual(live);
  });

  it('serves undici itself, with its query and its forms', async () => {
    const path = newPath();
    const server = await startFaultyServer(echo, { seed: 1, faults: {} });
    const seen: unknown[] = [];
    for (const mode of ['record', 'replay'] as const) {
      await using recorder = createRecorder(path, { mode });
      const { dispatcher } = recorder;
      const form = new FormData();
      form.append('a', '1');
      const got = await undiciRequest(`${server.url}/q`, { dispatcher, query: { day: [1, 2], city: 'x y' } });
      const posted = await undiciRequest(`${server.url}/f`, { dispatcher, method: 'POST', body: form });
      seen.push([await got.body.text(), posted.statusCode]);
      await posted.body.dump();
      await server.close();
    }
    expect(seen[1]).toEqual(seen[0]);
  });

  it('is broken off by the caller like a connection', async () => {
    const path = newPath();
    await using server = await serve((_request, response) => void response.write('data: 1\n\n'));
    const read = async (api: Client): Promise<unknown> => {
      const ending = new AbortController();
      try {
        for await (const chunk of api.get('/', { signal: ending.signal }).stream()) {
          expect(Buffer.from(chunk).toString()).toBe('data: 1\n\n');
          setTimeout(() => ending.abort(new Error('enough')), 20);
        }
        return 'ended';
      } catch (error) {
        return error;
      }
    };
    for (const mode of ['record', 'replay'] as const) {
      expect(await using(path, { mode }, server.url, read)).toMatchObject({ message: 'enough' });
    }
    expect(await readFile(path, 'utf8')).toContain('"aborted": true');
    await using recorder = createRecorder(path);
    await using api = createClient({ baseUrl: server.url, dispatcher: recorder.dispatcher, ...options });
    const aborted = AbortSignal.abort(new Error('before'));
    await expect(api.get('/', { signal: aborted }).text()).rejects.toThrow('before');
  });

  it('leaves out what failed without an answer', async () => {
    await using server = await serveRaw((socket) => {
      if (server.requests.at(-1) === 'GET /hints') socket.write('HTTP/1.1 103 Early Hints\r\n\r\n');
      else socket.destroy();
    });
    const path = newPath();
    await using(path, { mode: 'record' }, server.url, async (api) => {
      await expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK' });
      await expect(api.get('/hints', { timeoutMs: 100 }).text()).rejects.toMatchObject({ code: 'DEX_HTTP_TIMEOUT' });
    });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ exchanges: [] });
  });

  describe('mode', () => {
    it('auto records when there is no file, and replays when there is', async () => {
      const path = newPath();
      const server = await startFaultyServer(echo, { seed: 1, faults: {} });
      const first = createRecorder(path);
      expect(first.mode).toBe('record');
      await first.close();
      await first.close();
      expect(createRecorder(path).mode).toBe('replay');
      expect(createRecorder(path, { mode: 'record' }).mode).toBe('record');
      await server.close();
      expect(server.served.answer).toBe(0);
    });

    it('goes through a dispatcher of the user, which stays open', async () => {
      await using server = await startFaultyServer(echo, { seed: 1, faults: {} });
      const agent = new Agent();
      await using(newPath(), { mode: 'record', dispatcher: agent }, server.url, (api) => api.get('/').text());
      expect(agent.closed).toBe(false);
      await agent.close();
    });

    it('refuses what cannot work', async () => {
      const broken = join(folder, 'broken.json');
      await writeFile(broken, '{"exchanges":[{"request":{},"response":{}}]}');
      for (const [path, recorderOptions, option] of [
        [newPath(), { mode: 'replay' }, 'createRecorder.path'],
        [broken, {}, 'createRecorder.path'],
        [newPath(), JSON.parse('{"mode":"playback"}'), 'createRecorder.mode'],
        [newPath(), JSON.parse('{"redact":1}'), 'createRecorder.redact'],
        [newPath(), JSON.parse('{"isSecret":1}'), 'createRecorder.isSecret'],
      ] as const) {
        expect(() => createRecorder(path, recorderOptions)).toThrow(
          expect.objectContaining({ code: 'DEX_OPTION', option }),
        );
      }
      expect(() => createRecorder(join(folder, 'none.json'), { mode: 'replay' })).toThrow("`mode: 'record'` makes");
    });
  });

  describe('a request that was not recorded', () => {
    it('is refused at once, and told what is there', async () => {
      const { path, url } = await bothWays(echo, (api) => api.post('/rows', { body: 'a' }).text());
      await using recorder = createRecorder(path);
      await using api = createClient({ baseUrl: url, dispatcher: recorder.dispatcher });
      const ask = (...args: Parameters<Client['request']>) =>
        api
          .request(...args)
          .text()
          .catch((error: unknown) => error);
      const other = await ask('GET', '/days', { query: { token: 'secret', day: 1 } });
      expect(other).toBeInstanceOf(UnrecordedRequestError);
      expect(other).toMatchObject({
        code: 'DEX_HTTP_UNRECORDED',
        retryable: false,
        method: 'GET',
        url: `${url}/days?token=REDACTED&day=1`,
        recorded: [`POST ${url}/rows`],
        message:
          `GET ${url}/days?token=REDACTED&day=1 is not in the recording ${path}. It holds POST ${url}/rows. ` +
          "Record it anew with mode: 'record'.",
      });
      expect(String(await ask('POST', '/rows', { body: 'b' }))).toContain(' with this body. It holds');
      expect(await ask('POST', '/rows', { body: 'a' })).toContain('"method":"POST"');
      expect(String(await ask('POST', '/rows', { body: 'a' }))).toContain(' once more than it was recorded. It holds');
    });

    it('is told of ten that are there, of none too', async () => {
      const { path, url } = await bothWays(echo, (api) =>
        Promise.all(Array.from({ length: 12 }, (_, index) => api.get(`/${index}`).text())),
      );
      await using(path, {}, url, async (api) => {
        await expect(api.get('/no').text()).rejects.toThrow(`, GET ${url}/9 and 2 more. Record`);
      });
      const empty = newPath();
      await createRecorder(empty).close();
      await using(empty, {}, url, async (api) => {
        await expect(api.get('/no').text()).rejects.toThrow('It holds nothing.');
      });
    });
  });

  describe('secrets', () => {
    const secretive = ({ url }: ServedRequest) => ({
      headers: {
        'content-type': 'application/json',
        'set-cookie': ['sid=S3CRET; Path=/; HttpOnly', 'theme=S3CRET'],
        'x-auth-token': 'S3CRET',
        'www-authenticate': 'Bearer realm="weather"',
        location: '/next?signature=S3CRET&day=1',
      },
      body: url.startsWith('/token')
        ? '{"access_token":"S3CRET","expires_in":60,"nested":[{"client_secret":"S3CRET"}],"author":"Luke"}'
        : '{"temperature": 5.0}',
    });

    it('stand nowhere in the file, and requests that held them are found again', async () => {
      const { replayed, text } = await bothWays(secretive, async (api) => {
        const headers = { authorization: 'Bearer S3CRET', cookie: 'sid=S3CRET' };
        const form = { grant_type: 'client_credentials', client_secret: 'S3CRET' };
        const token = await api.post('/token', { form, headers }).json();
        await api.post('/login', { json: { user: 'Luke', password: 'S3CRET' } }).text();
        const response = await api.get('/days', { query: { 'api-key': 'S3CRET', day: 1 }, headers }).response();
        const cookies = response.headers.getSetCookie();
        return { token, cookies, body: await response.text(), next: response.headers.get('location') };
      });
      expect(text).not.toContain('S3CRET');
      expect(replayed).toEqual({
        token: {
          access_token: 'REDACTED',
          expires_in: 60,
          nested: [{ client_secret: 'REDACTED' }],
          author: 'Luke',
        },
        cookies: ['sid=REDACTED; Path=/; HttpOnly', 'theme=REDACTED'],
        body: '{"temperature": 5.0}',
        next: '/next?signature=REDACTED&day=1',
      });
      expect(text).toContain('/days?api-key=REDACTED&day=1');
      expect(text).toContain('grant_type=client_credentials&client_secret=REDACTED');
      expect(text).toContain('Bearer realm=\\"weather\\"');
    });

    it.each([
      ['rows', '{"user":"Luke","token":"S3CRET"}\n{"user":"Leia", "token" : "S3\\"CRET"}\n'],
      ['events', 'id: 1\ndata: {"user":"Luke","token":"S3CRET"}\n\n'],
      ['JSON with quotes', '{"a":["x",": "],"user":"Luke","t\\u006fken":"S3CRET"}'],
      ['JSON that was cut', '[{"user":"Luke"},{"token":"S3CRET'],
      ['JSON with long strings', `{"user":"Luke","token":"S3CRET${'x'.repeat(10e6)}"}`],
    ])('are left out of %s as well', async (_what, body) => {
      const { text } = await bothWays(
        () => ({ body }),
        (api) => api.post('/', { body }).text(),
      );
      expect(text).not.toMatch(/S3|CRET/);
      expect(text.match(/Luke/g)).toHaveLength(2);
    });

    it('are left out of the fields of a form with files', async () => {
      const { live, replayed, text } = await bothWays(
        () => ({ body: 'fine' }),
        (api) => {
          const multipart = new globalThis.FormData();
          for (const [name, value] of Object.entries({
            user: 'Luke',
            password: 'S3\nCRET',
            note: '{"token":"S3CRET","more":1}',
          })) {
            multipart.append(name, value);
          }
          return api.post('/login', { multipart }).text();
        },
      );
      expect([live, replayed]).toEqual(['fine', 'fine']);
      expect(text).not.toMatch(/S3|CRET/);
      expect(text).toMatch(/Luke.*REDACTED.*more/);
    });

    it('are what `isSecret` says', async () => {
      const { text } = await bothWays(
        () => ({ headers: { 'x-auth-token': 'shown', 'x-user': 'hidden' }, body: '{"user":"hidden","token":"shown"}' }),
        (api) => api.get('/', { query: { user: 'hidden', token: 'shown' } }).text(),
        { isSecret: (name) => /user/.test(name) },
      );
      expect(text).not.toContain('hidden');
      expect(text.match(/shown/g)).toHaveLength(3);
    });

    it('are taken out of any text by `redact`, which may also make requests alike', async () => {
      const { live, replayed, text } = await bothWays(
        ({ body }) => ({ body: `<id>42</id> ${String(body)}` }),
        (api) => api.post('/', { body: `at ${performance.now()}` }).text(),
        { redact: (body, url) => body.replace(/<id>\d+/, `<id>${new URL(url).pathname}`).replace(/at [\d.]+/, 'at 0') },
      );
      expect(live).toMatch(/^<id>42<\/id> at \d/);
      expect(replayed).toBe('<id>/</id> at 0');
      expect(text).toContain('"body": "at 0"');
    });

    it('fails to close when `redact` throws, and harms no request', async () => {
      await using server = await startFaultyServer(echo, { seed: 1, faults: {} });
      const redact = (): never => {
        throw new Error('a bug');
      };
      const recorder = createRecorder(newPath(), { redact });
      await using api = createClient({ baseUrl: server.url, dispatcher: recorder.dispatcher, ...options });
      expect(await api.get('/').text()).toContain('GET');
      await expect(recorder.close()).rejects.toThrow('a bug');
    });
  });
});
