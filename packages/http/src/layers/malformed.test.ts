import { type AddressInfo, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { basic, bearer, type Client, type ClientOptions, createClient, oauth2, type RequestOptions } from '../index.ts';

/** A server that writes what it likes, whenever it likes. */
interface RawServer {
  readonly url: string;
  /** All that has come, over all connections. */
  readonly received: () => string;
  readonly sockets: Set<Socket>;
}

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function raw(
  onRequest: (socket: Socket, request: number, text: string) => void,
  onConnect: (socket: Socket) => void = () => {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let received = '';
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    onConnect(socket);
    socket.on('data', (data) => {
      const text = data.toString('latin1');
      received += text;
      for (const each of text.match(/^[A-Z]+ \S+ HTTP\/1\.1\r\n/gm) ?? []) onRequest(socket, (requests += 1), each);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const { port }: Pick<AddressInfo, 'port'> = JSON.parse(JSON.stringify(server.address()));
  return { url: `http://127.0.0.1:${port}`, received: () => received, sockets };
}

/** How long a test of an answer that never ends waits for it. */
const attemptTimeoutMs = 400;

/** One attempt for each request, and no second one beside it. */
function client(options: ClientOptions): Client {
  const api = createClient({ retry: false, hedge: false, circuitBreaker: false, ...options });
  ends.push(() => api.close());
  return api;
}

const network = { code: 'DEX_HTTP_NETWORK' };
const timeout = { code: 'DEX_HTTP_TIMEOUT' };
const tooLarge = { code: 'DEX_HTTP_BODY_TOO_LARGE' };

const ok = (body: string, ...fields: string[]): string =>
  ['HTTP/1.1 200 OK', `content-length: ${Buffer.byteLength(body)}`, ...fields, '', body].join('\r\n');

/** Writes the same over and over, until the client has had enough; no faster than it reads. */
async function flood(socket: Socket, piece: string | Buffer): Promise<void> {
  while (!socket.destroyed) {
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
    else await sleep(0);
  }
}

/** What reads a body while it comes: it may throw or not, but it ends. */
async function drain(chunks: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const chunk of chunks) void chunk;
    return 'ended';
  } catch (error) {
    return error;
  }
}

describe('what would break out of its place in a request', () => {
  const breaks = [
    'a\r\nx-injected: 1',
    'a\nx-injected: 1',
    'a\rx-injected: 1',
    'a\0b',
    '\r\n\r\nGET /injected HTTP/1.1',
  ];
  const each = breaks.map((text) => [JSON.stringify(text), text] as const);

  const ways: Record<string, (text: string) => RequestOptions> = {
    'a header': (text) => ({ headers: { 'x-user': text } }),
    "a header's name": (text) => ({ headers: { [text]: '1' } }),
    Host: (text) => ({ headers: { host: text } }),
    Cookie: (text) => ({ headers: { cookie: text } }),
    'the content type': (text) => ({ headers: { 'content-type': text }, body: 'x' }),
    'an idempotency key': (text) => ({ idempotencyKey: text }),
  };
  describe.each(Object.entries(ways))('in %s', (_way, optionsOf) => {
    it.each(each)('is refused: %s', async (_shown, text) => {
      const { url, received } = await raw((socket) => socket.end(ok('')));
      const api = client({ baseUrl: url });
      expect(() => api.post('/', optionsOf(text))).toThrow(expect.objectContaining({ code: 'DEX_OPTION' }));
      expect(received()).toBe('');
    });
  });

  it.each(each)('is refused in what makes headers: %s', async (_shown, text) => {
    const { url, received } = await raw((socket) => socket.end(ok(JSON.stringify({ access_token: text }))));
    const oauth = { tokenUrl: `${url}/token`, clientId: text, clientSecret: text };
    for (const options of [
      { headers: { 'x-user': text } },
      { auth: bearer(() => text) },
      { auth: oauth2(oauth) },
      { sign: () => ({ 'x-signature': text }) },
      { cookieJar: { getCookieString: () => text, setCookie: () => {} } },
      { hooks: { beforeRequest: ({ headers }) => void (headers['x-hook'] = text) } },
    ] satisfies ClientOptions[]) {
      const ask = async (): Promise<string> =>
        client({ baseUrl: url, ...options })
          .get('/')
          .text();
      await expect(ask()).rejects.toMatchObject({ code: expect.stringMatching(/^DEX_(?:OPTION|HTTP_TOKEN)$/) });
    }
    expect(() => bearer(text)).toThrow('bearer.token');
    expect(() => basic(text, 'x')).toThrow('basic.user');
    expect(() => basic('x', text)).toThrow('basic.password');
    expect(received()).not.toMatch(/^x-injected|^GET \/ /m);
  });

  it.each(each)('is refused in a method: %s', async (_shown, text) => {
    const { url, received } = await raw((socket) => socket.end(ok('')));
    const api = client({ baseUrl: url });
    expect(() => api.request(text, '/')).toThrow('request.method');
    await expect(api.fetch('/', { method: text })).rejects.toThrow(TypeError);
    await expect(api.fetch('/', { headers: { 'x-user': `1${text}2` } })).rejects.toThrow(TypeError);
    expect(received()).toBe('');
  });

  it.each(each)('is refused in a path: %s', async (_shown, text) => {
    const { url, received } = await raw((socket) => socket.end(ok('')));
    const api = client({ baseUrl: url });
    for (const path of [`/${text}`, `/days?city=${text}`, `${url}/${text}`]) {
      expect(() => api.get(path), JSON.stringify(path)).toThrow('request.path');
      await expect(api.fetch(path)).rejects.toThrow(TypeError);
    }
    expect(() => createClient({ baseUrl: `${url}/${text}` })).toThrow('createClient.baseUrl');
    expect(received()).toBe('');
  });

  it.each(each)('is data in a query, a form, and the name of a file: %s', async (_shown, text) => {
    const { url, received } = await raw((socket) => socket.write(ok('fine')));
    const api = client({ baseUrl: url });
    const form = new FormData();
    form.append('file', new Blob(['x']), text.replace('\0', ''));
    expect(await api.get('/', { query: { city: text, [text]: 1 } }).text()).toBe('fine');
    expect(await api.post('/', { form: { city: text } }).text()).toBe('fine');
    expect(await api.post('/', { multipart: form }).text()).toBe('fine');
    const escaped = new URLSearchParams({ city: text }).toString();
    expect(received()).toContain(`GET /?${escaped}&`);
    expect(received()).toContain(escaped);
    expect(received()).not.toMatch(/^(?:x-injected|GET \/injected)/m);
  });

  it('is not a user name or a password in a URL', () => {
    const api = client({});
    for (const url of ['http://user@host/', 'http://user:s3cret@host/', 'http://:s3cret@host/']) {
      expect(() => api.get(url)).toThrow('a URL without credentials');
      expect(() => createClient({ baseUrl: url })).toThrow('without credentials');
    }
    expect(() => api.get('http://user:s3cret@host/')).not.toThrow('s3cret');
  });
});

describe('an answer that is not one', () => {
  const statusLines = [
    'HTP/1.1 200 OK',
    'HTTP/1.1',
    'HTTP/1.1 2x0 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 -200 OK',
    'HTTP/3.7 200 OK',
    'HTTP/1.1200 OK',
    '200 OK',
    'ICY 200 OK',
    '<html>hello</html>',
    '\0\0\0\0',
    'HTTP/1.1 101 Switching Protocols',
  ];
  it.each(statusLines)('%j is refused as a status line', async (line) => {
    const { url } = await raw((socket) => socket.end(`${line}\r\ncontent-length: 4\r\n\r\nrain`));
    const api = client({ baseUrl: url });
    await expect(api.get('/').text()).rejects.toMatchObject(network);
    expect(await drain(api.get('/').stream())).toMatchObject(network);
    await expect(api.fetch('/')).rejects.toThrow('fetch failed');
  });

  const fields: [string, string][] = [
    ['no colon', 'x-broken'],
    ['a space in a name', 'x broken: 1'],
    ['a space before the colon', 'x-broken : 1'],
    ['an empty name', ': 1'],
    ['a NUL in a name', 'x\0broken: 1'],
    ['a NUL in a value', 'x-broken: a\0b'],
    ['a CR in a value', 'x-broken: a\rb: c'],
    ['two lengths', 'content-length: 4\r\ncontent-length: 2'],
    ['a length with a sign', 'content-length: +4'],
    ['a negative length', 'content-length: -4'],
    ['a hexadecimal length', 'content-length: 0x4'],
    ['a list of lengths', 'content-length: 4, 4'],
    ['a length past 64 bits', 'content-length: 99999999999999999999'],
    ['a length and chunks', 'content-length: 4\r\ntransfer-encoding: chunked'],
    ['chunks and a length', 'transfer-encoding: chunked\r\ncontent-length: 4'],
  ];
  it.each(fields)('is refused for %s', async (_what, field) => {
    const { url } = await raw((socket) => socket.end(`HTTP/1.1 200 OK\r\n${field}\r\n\r\nrain`));
    const api = client({ baseUrl: url });
    await expect(api.get('/').text()).rejects.toMatchObject(network);
    expect(await drain(api.get('/').stream())).toMatchObject(network);
    await expect(api.fetch('/').then((response) => response.text())).rejects.toThrow(TypeError);
  });

  it('takes a header that is called __proto__ for a header', async () => {
    const { url } = await raw((socket) => socket.end(ok('rain', '__proto__: x', 'constructor: y')));
    const response = await client({ baseUrl: url }).get('/').response();
    expect(await response.text()).toBe('rain');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(response.headers.get('constructor')).toBe('y');
  });

  const chunks: [string, string][] = [
    ['a size that is no number', 'rain\r\nrain\r\n0\r\n\r\n'],
    ['a negative size', '-4\r\nrain\r\n0\r\n\r\n'],
    ['a size past 64 bits', 'ffffffffffffffffff\r\nrain\r\n0\r\n\r\n'],
    ['a size with a prefix', '0x4\r\nrain\r\n0\r\n\r\n'],
    ['no end of line after a chunk', '4\r\nrain0\r\n\r\n'],
    ['more than its size', '4\r\nrainy\r\n0\r\n\r\n'],
    ['a bare CR after the size', '4\rrain\r\n0\r\n\r\n'],
    ['no last chunk', '4\r\nrain\r\n'],
    ['a last chunk that is cut', '4\r\nrain\r\n0\r\n'],
    ['a broken trailer', '4\r\nrain\r\n0\r\nbro ken\r\n\r\n'],
  ];
  it.each(chunks)('is refused for chunks with %s', async (_what, body) => {
    const { url } = await raw((socket) => socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}`));
    const api = client({ baseUrl: url });
    await expect(api.get('/').text()).rejects.toMatchObject({ ...network, status: 200 });
    expect(await drain(api.get('/').stream())).toMatchObject(network);
    await expect(api.fetch('/').then((response) => response.text())).rejects.toThrow(Error);
  });

  it('is refused for fewer bytes than its length, or never ends and times out', async () => {
    const short = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nrain';
    const cut = client({ baseUrl: (await raw((socket) => socket.end(short))).url });
    await expect(cut.get('/').text()).rejects.toMatchObject({ ...network, status: 200 });
    expect(await drain(cut.get('/').stream())).toMatchObject({ ...network, status: 200 });
    const open = client({ baseUrl: (await raw((socket) => socket.write(short))).url, attemptTimeoutMs });
    await expect(open.get('/').text()).rejects.toMatchObject(timeout);
    const ending = AbortSignal.timeout(100);
    expect(await drain(open.get('/', { signal: ending }).stream())).toBe(ending.reason);
  });
});

describe('bytes that nobody asked for', () => {
  const forged = ok('forged', 'x-forged: 1');

  it.each([
    ['after the answer, at once', `${ok('real 1')}${forged}`],
    ['past the length that was said', 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nreal 1 and more'],
    ['after the last chunk', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nreal 1\r\n0\r\n\r\n${forged}`],
    ['after an answer without a body', `HTTP/1.1 204 No Content\r\n\r\n${forged}`],
  ])('%s, never answer the next request', async (_what, first) => {
    const { url } = await raw((socket, request) => socket.write(request === 1 ? first : ok(`real ${request}`)));
    const api = client({ baseUrl: url, connections: 1 });
    const [one, two] = await Promise.all([api.get('/').text(), api.get('/').text()]);
    expect([one, two]).toEqual([first.includes('204') ? '' : 'real 1', 'real 2']);
  });

  it('that come before the request, never answer it', async () => {
    const { url, sockets } = await raw((socket, request) => socket.write(ok(`real ${request}`)));
    const api = client({ baseUrl: url, connections: 1 });
    expect(await api.get('/').text()).toBe('real 1');
    for (const socket of sockets) socket.write(forged);
    await sleep(50);
    expect(await api.get('/').text()).toBe('real 2');
  });

  it('that come with the connection, end it or are the answer, but hang nothing', async () => {
    const { url } = await raw(
      () => {},
      (socket) => socket.write(ok('early')),
    );
    const api = client({ baseUrl: url });
    const outcome = await api
      .get('/')
      .text()
      .catch((error: unknown) => error);
    if (outcome !== 'early') expect(outcome).toMatchObject(network);
  });

  it('are no harm where the answer comes before the body has been sent', async () => {
    const { url } = await raw((socket) =>
      socket.end(`HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno`),
    );
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(2 ** 16);
    };
    const asked = client({ baseUrl: url }).post('/', { body: endless() }).text();
    await expect(asked).rejects.toMatchObject({ code: expect.stringMatching(/^DEX_HTTP_(?:STATUS|NETWORK)$/) });
  });
});

describe('what never ends', () => {
  const head = 'HTTP/1.1 200 OK\r\n';

  it.each([
    ['headers', head, 'x-more: and more\r\n'],
    ['one header', `${head}x-more: `, 'more'],
    ['a status line', 'HTTP/1.1 200 ', 'OK'],
    ['empty lines', '', '\r\n'],
    ['trailers', `${head}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x-more: and more\r\n'],
    ['an extension of a chunk', `${head}transfer-encoding: chunked\r\n\r\n4;x=`, 'more'],
    ['early hints', '', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
    ['100 Continue', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['102 Processing', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('is refused or given up, with bounded memory: %s', async (_what, begin, piece) => {
    const { url } = await raw((socket) => {
      socket.write(begin);
      void flood(socket, piece.repeat(4_096));
    });
    const api = client({ baseUrl: url, attemptTimeoutMs });
    const before = process.memoryUsage.rss();
    await expect(api.get('/').text()).rejects.toMatchObject({
      code: expect.stringMatching(/^DEX_HTTP_(?:NETWORK|TIMEOUT)$/),
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 2 ** 20);
  });

  it('is given up: headers byte by byte, a body byte by byte', async () => {
    for (const [begin, piece] of [
      [head, 'x'],
      [`${head}content-length: 100000\r\n\r\n`, 'x'],
      [`${head}transfer-encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
    ] as const) {
      const { url } = await raw((socket) => {
        socket.write(begin);
        const timer = setInterval(() => socket.write(piece), 20);
        socket.once('close', () => clearInterval(timer));
      });
      const api = client({ baseUrl: url, attemptTimeoutMs });
      await expect(api.get('/').text()).rejects.toMatchObject(timeout);
      const ending = AbortSignal.timeout(150);
      expect(await drain(api.get('/', { signal: ending }).stream())).toBe(ending.reason);
    }
  });

  const endless = (type: string, piece: string) =>
    raw((socket) => {
      socket.write(`${head}content-type: ${type}\r\n\r\n`);
      void flood(socket, piece.repeat(2 ** 14));
    });

  it('is cut at the limit: a body that is held in memory', async () => {
    const { url, sockets } = await endless('application/json', '[1,2]');
    const api = client({ baseUrl: url, maxBodyBytes: 2 ** 20 });
    for (const read of [() => api.get('/').json(), () => api.get('/').text(), () => api.get('/').bytes()]) {
      await expect(read()).rejects.toMatchObject(tooLarge);
    }
    const response = await api.get('/').response();
    await expect(response.text()).rejects.toMatchObject(tooLarge);
    while (sockets.size > 0) await sleep(5); // nothing reads on
  });

  it('is cut at the limit: the body of an error', async () => {
    const { url, sockets } = await raw((socket) => {
      socket.write('HTTP/1.1 404 Not Found\r\n\r\n');
      void flood(socket, 'no '.repeat(2 ** 14));
    });
    const api = client({ baseUrl: url });
    await expect(api.get('/').text()).rejects.toMatchObject({
      status: 404,
      bodyStart: expect.stringMatching(/^no no/),
    });
    expect(await drain(api.get('/').stream())).toMatchObject({ status: 404 });
    while (sockets.size > 0) await sleep(5);
  });

  it('is cut at the limit: a row, an event', async () => {
    const rows = client({ baseUrl: (await endless('application/x-ndjson', '"rain')).url });
    expect(await drain(rows.get('/').ndjson())).toMatchObject({ code: 'DEX_HTTP_BODY' });
    const events = client({ baseUrl: (await endless('text/event-stream', 'data: rain\n')).url });
    expect(await drain(events.get('/').sse())).toMatchObject({ code: 'DEX_HTTP_BODY' });
  });

  it('flows no faster than it is read, and ends with its reader', async () => {
    let written = 0;
    const { url, sockets } = await raw((socket) => {
      socket.write(`${head}\r\n`);
      const write = (): void => {
        while (!socket.destroyed && written < 2 ** 30) {
          written += 2 ** 16;
          if (!socket.write(Buffer.alloc(2 ** 16))) return;
        }
      };
      socket.on('drain', write);
      write();
    });
    const api = client({ baseUrl: url });
    for await (const chunk of api.get('/').stream()) {
      expect(chunk.byteLength).toBeGreaterThan(0);
      await sleep(300);
      break;
    }
    expect(written).toBeLessThan(64 * 2 ** 20); // what the sockets' buffers hold
    while (sockets.size > 0) await sleep(5);
  });
});

describe('a decompression bomb', () => {
  const zeros = Buffer.alloc(64 * 2 ** 20);
  const pack = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
  const bombs = Object.entries(pack).map(([coding, packed]) => [coding, packed(zeros)] as const);
  const codings: [string, Buffer][] = [
    ...bombs.map(([coding, bomb]): [string, Buffer] => [coding, bomb]),
    ['gzip, gzip', gzipSync(gzipSync(zeros))],
  ];

  it.each(codings)('of %s is refused at the limit of what it becomes', async (coding, bomb) => {
    const { url } = await raw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    const api = client({ baseUrl: url, maxBodyBytes: 2 ** 20 });
    const before = process.memoryUsage.rss();
    await expect(api.get('/').text()).rejects.toMatchObject(tooLarge);
    await expect((await api.get('/').response()).bytes()).rejects.toMatchObject(tooLarge);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 2 ** 20);
  });

  it('in more layers than two is not opened', async () => {
    const packed = gzipSync(gzipSync(gzipSync(zeros)));
    const { url } = await raw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip, gzip\r\ncontent-length: ${packed.length}\r\n\r\n`);
      socket.write(packed);
    });
    await expect(client({ baseUrl: url }).get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY' });
  });
});

describe('Retry-After', () => {
  it.each(['9'.repeat(400), '-1', '1e9', 'soon', 'Fri, 31 Dec 9999 23:59:59 GMT', '2147483648', '0x10', ''])(
    'of %j neither hangs nor hurries',
    async (value) => {
      const { url } = await raw((socket, request) => {
        socket.write(`HTTP/1.1 503 No\r\nretry-after: ${value}\r\ncontent-length: 0\r\n\r\n`);
        expect(request).toBeLessThan(4);
      });
      const api = client({ baseUrl: url, retry: { attempts: 3, baseDelayMs: 1 }, timeoutMs: 20_000 });
      const beganAt = performance.now();
      await expect(api.get('/').text()).rejects.toMatchObject({ status: 503 });
      expect(performance.now() - beganAt).toBeLessThan(15_000);
    },
  );
});
