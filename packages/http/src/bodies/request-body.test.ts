import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { policy, retry } from '@dataenginex/resilience';
import { describe, expect, it } from 'vitest';
import { cert, key } from '../../test/certificate.ts';
import { open } from '../../test/open.ts';
import { serve } from '../../test/server.ts';
import { type BodyPieces, type Client, type ClientOptions, createClient, type RequestOptions } from '../index.ts';

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const quick = { retry: { attempts: 3, baseDelayMs: 0, maxDelayMs: 0 }, hedge: false } as const;

/** Keeps what it was sent, and answers with these statuses in turn; the last goes on. */
async function setUp(statuses = [200], options: ClientOptions = quick): Promise<{ api: Client; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = await serve((request, response, attempt) => {
    const answer = (body: Buffer): void => {
      seen.push({ headers: request.headers, body });
      response.writeHead(statuses[attempt - 1] ?? statuses.at(-1) ?? 200).end();
    };
    read(request).then(answer, () => {}); // a client that left gets none
  });
  const api = createClient({ baseUrl: server.url, ...options });
  open.push(server, api);
  return { api, seen };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await request.toArray());
}

async function send(options: RequestOptions): Promise<Seen> {
  const { api, seen } = await setUp();
  await api.post('/', options).bytes();
  const [first] = seen;
  if (first === undefined) throw new Error('Nothing came.');
  return first;
}

async function* generate(): AsyncGenerator<string | Uint8Array> {
  yield 'é';
  yield '';
  yield Buffer.from('bytes');
}

/** Hangs after its first piece. */
function hanging(): Readable {
  const stream = new Readable({ read: () => {} }).on('error', () => {});
  stream.push('first');
  return stream;
}

describe('form', () => {
  it('is sent by the rules of query, or as URLSearchParams has it', async () => {
    const record = await send({ form: { city: ['Seattle', 'New York'], days: 3, none: undefined, 'a&b': 'é=' } });
    expect(record.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(record.body.length),
    });
    expect(record.body.toString()).toBe('city=Seattle&city=New+York&days=3&a%26b=%C3%A9%3D');
    const params = await send({ form: new URLSearchParams([['a', '1']]) });
    expect(params.body.toString()).toBe('a=1');
  });
});

describe('multipart', () => {
  async function parse({ headers, body }: Seen): Promise<FormData> {
    return new Response(new Uint8Array(body), {
      headers: { 'content-type': headers['content-type'] ?? '' },
    }).formData();
  }

  it('brings fields and files as they were, and tells its length', async () => {
    const form = new FormData();
    form.append('city', 'Seattle');
    form.append('city', 'Zürich\nsecond line');
    form.append('file', new File(['a,b\r\n1,2\n'], 'daily "max".csv', { type: 'text/csv' }));
    form.append('blob', new Blob([Uint8Array.of(0, 255, 13, 10)]));
    const seen = await send({ multipart: form });
    expect(seen.headers['content-length']).toBe(String(seen.body.length));
    expect(seen.headers).not.toHaveProperty('transfer-encoding');
    const came = await parse(seen);
    expect(came.getAll('city')).toEqual(['Seattle', 'Zürich\r\nsecond line']);
    const file = came.get('file');
    if (!(file instanceof File)) throw new TypeError('no file');
    expect([file.name, file.type, await file.text()]).toEqual(['daily "max".csv', 'text/csv', 'a,b\r\n1,2\n']);
    const blob = came.get('blob');
    if (!(blob instanceof File)) throw new TypeError('no blob');
    expect([...(await blob.bytes())]).toEqual([0, 255, 13, 10]);
    expect([blob.name, blob.type]).toEqual(['blob', 'application/octet-stream']);
  });

  it('is escaped as browsers do, so that no name can begin a line of its own', async () => {
    const form = new FormData();
    form.append('a"\r\nx-injected: 1\nb', 'v');
    form.append('f', new Blob(['v']), 'a"\r\nx-injected: 1\nb.txt');
    const text = (await send({ multipart: form })).body.toString();
    expect(text).toContain('form-data; name="a%22%0D%0Ax-injected: 1%0D%0Ab"\r\n\r\nv');
    expect(text).toContain('form-data; name="f"; filename="a%22%0D%0Ax-injected: 1%0Ab.txt"\r\n');
    expect(text).not.toMatch(/^x-injected/m);
  });

  it('refuses a NUL, and a type that is more than one line', async () => {
    const api = createClient();
    const nul = new FormData();
    nul.append('a\0b', 'v');
    expect(() => api.post('http://h/', { multipart: nul })).toThrow(
      'Option "request.multipart" must be free of control characters in the names, got "a NUL"',
    );
    const fileName = new FormData();
    fileName.append('a', new Blob(['v']), 'a\0b');
    expect(() => api.post('http://h/', { multipart: fileName })).toThrow('in the file names');
    const odd = Object.defineProperty(new File(['v'], 'a'), 'type', { value: 'text/plain\r\nx-injected: 1' });
    const type = new FormData();
    type.append('a', odd);
    expect(() => api.post('http://h/', { multipart: type })).toThrow('in the types of files');
  });

  it('has a boundary of its own each time, and is sent again after a failure as it was', async () => {
    const form = new FormData();
    form.append('file', new File(['x'.repeat(200_000)], 'x'));
    const { api, seen } = await setUp([503, 200]);
    await api.put('/', { multipart: form }).bytes();
    await api.put('/', { multipart: form }).bytes();
    const [first, second, third] = seen;
    expect(first?.body.length).toBeGreaterThan(200_000);
    expect(second).toEqual(first);
    expect(third?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=[\w-]{30,70}$/);
    expect(third?.headers['content-type']).not.toBe(first?.headers['content-type']);
  });

  it('is sent as it was when the request was made', async () => {
    const form = new FormData();
    form.append('a', 'before');
    const { api, seen } = await setUp();
    const pending = api.post('/', { multipart: form });
    form.set('a', 'after');
    await pending.bytes();
    expect(seen[0]?.body.toString()).toContain('before');
  });
});

describe('body', () => {
  it.each<[string, () => RequestOptions['body']]>([
    ['a generator', () => generate()],
    ['a function that makes one', () => () => generate()],
    ['a Readable', () => Readable.from(generate(), { objectMode: false })],
    ['a Readable of objects', () => Readable.from(generate())],
    ['a Web stream', () => ReadableStream.from(generate())],
  ])('may be %s, of bytes and text, sent in chunks', async (_name, make) => {
    const { headers, body } = await send({ body: make() });
    expect(headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    expect(headers).not.toHaveProperty('content-type');
    expect(body.toString()).toBe('ébytes');
  });

  it('may be a Blob, with its type and length, also of a file and an empty one', async () => {
    const { headers, body } = await send({ body: new Blob(['{"a":1}'], { type: 'application/json' }) });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '7' });
    expect(body.toString()).toBe('{"a":1}');
    const folder = await mkdtemp(join(tmpdir(), 'dex-http-'));
    await writeFile(join(folder, 'rows'), 'x'.repeat(300_000));
    const file = await send({ body: await openAsBlob(join(folder, 'rows')) });
    await rm(folder, { recursive: true });
    expect([file.headers['content-length'], file.body.length]).toEqual(['300000', 300_000]);
    expect((await send({ body: new Blob([]) })).headers['content-length']).toBe('0');
  });

  it('gives its type away to a header of the request', async () => {
    const { headers } = await send({
      body: new Blob(['x'], { type: 'text/plain' }),
      headers: { 'Content-Type': 'a/b' },
    });
    expect(headers['content-type']).toBe('a/b');
  });

  it.each<[RequestOptions, string]>([
    [{ json: 1, form: {} }, 'Option "request.json" must be left out where a body is given, got "number"'],
    [{ form: { a: 'SECRET' }, multipart: new FormData() }, 'Option "request.form" must be left out'],
    [{ multipart: new FormData(), body: '' }, 'Option "request.multipart" must be left out'],
    // @ts-expect-error neither a body nor pieces of one
    [{ body: 5 }, 'Option "request.body" must be text, bytes, a Blob, a stream, or a function that makes one'],
    // @ts-expect-error an array is no async iterable
    [{ body: ['x'] }, 'Option "request.body" must be'],
    // @ts-expect-error a record is no FormData
    [{ multipart: { a: '1' } }, 'Option "request.multipart" must be a FormData'],
  ])('refuses %j', (options, message) => {
    expect(() => createClient().post('http://127.0.0.1:1/', options)).toThrow(message);
  });

  it('is left out of a GET, but for a raw one', async () => {
    const api = createClient();
    expect(() => api.get('http://h/', { form: {} })).toThrow('Option "request.form" must be left out of a GET');
    expect(() => api.head('http://h/', { multipart: new FormData() })).toThrow('must be left out of a HEAD');
    const { api: search, seen } = await setUp();
    await search.get('/', { body: '{"query":1}' }).bytes();
    expect(seen[0]?.body.toString()).toBe('{"query":1}');
  });

  it('refuses a stream that someone reads', async () => {
    const used = Readable.from(['x']);
    await used.toArray();
    const locked = ReadableStream.from(['x']);
    locked.getReader();
    for (const body of [used, locked]) {
      expect(() => createClient().post('http://h/', { body })).toThrow('a stream that nobody has read from');
    }
  });

  it('is sent no faster than the server takes it', async () => {
    let made = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; made < 1_024; made++) yield Buffer.alloc(2 ** 16);
    }
    const server = await serve((request, response) => {
      setTimeout(() => {
        expect(made).toBeLessThan(512);
        request.resume().on('end', () => response.end());
      }, 200);
    });
    const api = createClient({ baseUrl: server.url });
    open.push(server, api);
    await api.post('/', { body: endless() }).bytes();
    expect(made).toBe(1_024);
  });
});

describe('a body that can be sent once', () => {
  const everything: ClientOptions = { policy: () => policy(retry({ attempts: 3, baseDelayMs: 0 })) };

  it.each([
    ['the default policy', quick],
    ['a policy that repeats everything', everything],
  ])('is never sent again under %s, even by PUT and with an idempotency key', async (_name, options) => {
    const { api, seen } = await setUp([503, 200], options);
    await expect(api.put('/', { body: generate(), idempotencyKey: true }).bytes()).rejects.toMatchObject({
      code: 'DEX_HTTP_STATUS',
      status: 503,
      retryable: false,
      attempt: 1,
    });
    expect(seen).toHaveLength(1);
  });

  it('is repeated where a function makes it anew', async () => {
    const { api, seen } = await setUp([503, 200]);
    let made = 0;
    await api.put('/', { body: () => (made++, generate()) }).bytes();
    expect(seen.map(({ body }) => body.toString())).toEqual(['ébytes', 'ébytes']);
    expect(made).toBe(2);
  });

  it('is not begun while there is no connection, and let go of when there never is one', async () => {
    const gone = await serve(() => {});
    await gone[Symbol.asyncDispose]();
    const api = createClient({ baseUrl: gone.url, ...quick });
    open.push(api);
    const body = hanging();
    await expect(api.post('/', { body }).bytes()).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK', attempt: 3 });
    expect([body.readableDidRead, body.destroyed]).toEqual([false, true]);
    let cancelled: unknown;
    const web = new ReadableStream({ cancel: () => void (cancelled = true) });
    await expect(api.post('/', { body: web }).bytes()).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK' });
    expect(cancelled).toBe(true);
  });

  it('is let go of when the server answers before it has come', async () => {
    const server = await serve((_request, response) =>
      response.writeHead(413, { connection: 'close' }).end('too much'),
    );
    const api = createClient({ baseUrl: server.url });
    open.push(server, api);
    const body = hanging();
    await expect(api.post('/', { body }).bytes()).rejects.toMatchObject({ status: 413 });
    expect(body.destroyed).toBe(true);
  });
});

describe('a body that fails', () => {
  const disk = new Error('disk gone');
  async function* failing(): AsyncGenerator<string> {
    yield 'first';
    throw disk;
  }

  it.each<[string, () => RequestOptions['body'], string]>([
    ['a generator', failing, 'disk gone'],
    ['a Readable', () => Readable.from(failing()), 'disk gone'],
    ['a Web stream', () => ReadableStream.from(failing()), 'disk gone'],
    ['a function', () => failing, 'disk gone'],
    [
      'a function that throws',
      () => () => {
        throw disk;
      },
      'disk gone',
    ],
  ])('ends the request with its error as the cause, and is not sent again: %s', async (_name, make) => {
    const ended = Promise.withResolvers<unknown>();
    const server = await serve((request) =>
      request.on('error', () => {}).once('close', () => ended.resolve(request.complete)),
    );
    const api = createClient({ baseUrl: server.url, ...quick });
    open.push(server, api);
    const sent = api.put('/', { body: make() }).bytes();
    await expect(sent).rejects.toMatchObject({
      code: 'DEX_HTTP_REQUEST_BODY',
      cause: disk,
      attempt: 1,
      retryable: false,
    });
    await expect(sent).rejects.toThrow(`PUT ${server.url}/ could not be sent, as its body failed: disk gone.`);
    if (server.requests.length > 0) await expect(ended.promise).resolves.toBe(false);
    expect(server.requests.length).toBeLessThan(2);
  });

  it('may be one whose pieces are neither text nor bytes', async () => {
    const { api } = await setUp();
    const body: BodyPieces = Readable.from([1]);
    await expect(api.post('/', { body }).bytes()).rejects.toThrow('pieces must be text or bytes, got number');
  });

  it('does not speak against the server', async () => {
    const { api } = await setUp([200], { circuitBreaker: { consecutiveFailures: 1 } });
    await expect(api.put('/', { body: failing() }).bytes()).rejects.toMatchObject({ code: 'DEX_HTTP_REQUEST_BODY' });
    await expect(api.get('/').bytes()).resolves.toHaveLength(0);
  });
});

describe('a body that hangs', () => {
  it('is let go of at once when the request is aborted', async () => {
    const server = await serve(() => {});
    const api = createClient({ baseUrl: server.url });
    open.push(server, api);
    let cancelled: unknown;
    const start = (stream: ReadableStreamDefaultController): void => stream.enqueue(Buffer.from('first'));
    const web = new ReadableStream({ start, cancel: () => void (cancelled = true) });
    const own = hanging();
    const made = hanging();
    for (const body of [own, () => made, web]) {
      const controller = new AbortController();
      const count = server.requests.length;
      const sent = api.post('/', { body, signal: controller.signal }).bytes();
      const settled = expect(sent).rejects.toBe('left');
      while (server.requests.length === count) await new Promise((resolve) => setTimeout(resolve, 5));
      controller.abort('left');
      await settled;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([own.destroyed, made.destroyed, cancelled]).toEqual([true, true, true]);
  });
});

describe('a body over HTTP/2', () => {
  it('is sent, fails, and is let go of as over HTTP/1.1', async () => {
    const seen: Seen[] = [];
    const server = createSecureServer({ key, cert, allowHTTP1: false }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('error', () => {}).on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({ headers: request.headers, body: Buffer.concat(chunks) });
        response.end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const baseUrl = `https://127.0.0.1:${port}`;
    const api = createClient({ baseUrl, tls: { ca: cert }, http2: true, ...quick });
    open.push({ [Symbol.asyncDispose]: async () => void server.close() }, api);

    const form = new FormData();
    form.append('file', new File(['x'.repeat(300_000)], 'x'));
    await api.post('/', { multipart: form }).bytes();
    await api.post('/', { body: generate() }).bytes();
    expect(seen.map(({ headers, body }) => [Number(headers['content-length']), body.length])).toEqual([
      [seen[0]?.body.length, expect.any(Number)],
      [NaN, 7],
    ]);
    expect(seen[0]?.body.length).toBeGreaterThan(300_000);

    const disk = new Error('disk gone');
    const failing = async function* (): AsyncGenerator<string> {
      yield 'first';
      throw disk;
    };
    await expect(api.put('/', { body: failing }).bytes()).rejects.toMatchObject({
      code: 'DEX_HTTP_REQUEST_BODY',
      cause: disk,
      attempt: 1,
    });
    const body = hanging();
    await expect(api.post('/', { body, timeoutMs: 100 }).bytes()).rejects.toMatchObject({
      code: 'DEX_HTTP_TIMEOUT',
    });
    expect(body.destroyed).toBe(true);
    expect(seen).toHaveLength(2);
  });
});
