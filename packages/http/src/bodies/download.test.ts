import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { tempDir } from '@dataenginex/resources';
import { describe, expect, it } from 'vitest';
import { open } from '../../test/open.ts';
import { serve } from '../../test/server.ts';
import { type Client, type ClientOptions, createClient, type TransferProgress } from '../index.ts';

const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const whole = { bytes: content.length, sha256, resumedFrom: 0, resumes: 0 };

type Handle = (request: IncomingMessage, response: ServerResponse, attempt: number) => void;

let partPath = '';

/** Waits until the client has written so much: what it has not taken yet is lost when its connection breaks. */
async function onDisk(bytes: number): Promise<void> {
  for (let times = 0; times < 1_000; times++) {
    const size = await stat(partPath).then(
      (part) => part.size,
      () => -1,
    );
    if (size === bytes) break;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A file on a server, which breaks each connection after so many bytes. */
function fileOf({
  breaksAfter = [],
  body = content,
  ...headers
}: { breaksAfter?: number[]; body?: Buffer; [header: string]: string | number[] | Buffer | undefined } = {}): Handle {
  return (request, response, attempt) => {
    const fields: Record<string, string | number[] | Buffer | undefined> = {
      etag: '"v1"',
      date: new Date().toUTCString(),
      ...headers,
    };
    for (const [name, value] of Object.entries(fields)) if (typeof value === 'string') response.setHeader(name, value);
    const { range, 'if-range': condition } = request.headers;
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const isSame = condition === fields['etag'] || condition === fields['last-modified'];
    const isPart = range !== undefined && isSame;
    if (isPart && from >= body.length) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    if (isPart) response.setHeader('content-range', `bytes ${from}-${body.length - 1}/${body.length}`);
    const piece = isPart ? body.subarray(from) : body;
    response.writeHead(isPart ? 206 : 200, { 'content-length': piece.length });
    const breakAt = breaksAfter[attempt - 1];
    if (breakAt === undefined) response.end(piece);
    else {
      response.flushHeaders();
      if (breakAt > 0) response.write(piece.subarray(0, breakAt));
      void onDisk((isPart ? from : 0) + breakAt).then(() => response.destroy());
    }
  };
}

interface SetUp {
  readonly api: Client;
  readonly path: string;
  readonly folder: string;
  /** `range | if-range` of each request. */
  readonly ranges: string[];
  readonly change: (handle: Handle) => void;
}

async function setUp(handle: Handle, options: ClientOptions = {}): Promise<SetUp> {
  const ranges: string[] = [];
  let current = handle;
  let attempts = 0;
  const server = await serve((request, response) => {
    const { range = '', 'if-range': condition = '' } = request.headers;
    ranges.push(range === '' ? '' : `${range} ${String(condition)}`);
    expect(request.headers['accept-encoding']).toBe('identity');
    current(request, response, ++attempts);
  });
  const api = createClient({ baseUrl: server.url, retry: { baseDelayMs: 0 }, hedge: false, ...options });
  const folder = await tempDir();
  open.push(folder, server, api);
  const path = join(folder.path, 'data.bin');
  partPath = `${path}.part`;
  return {
    api,
    path,
    folder: folder.path,
    ranges,
    change: (next) => {
      current = next;
      attempts = 0;
    },
  };
}

describe('download', () => {
  it('brings a file whole, and leaves nothing beside it', async () => {
    const { api, path, folder, ranges } = await setUp(fileOf());
    await expect(api.get('/f').download(path, { sha256: sha256.toUpperCase() })).resolves.toEqual(whole);
    expect(await readFile(path)).toEqual(content);
    expect(await readdir(folder)).toEqual(['data.bin']);
    expect(ranges).toEqual(['']);
  });

  it('brings an empty file, and one without a length or a validator', async () => {
    const { api, path, folder, change } = await setUp(fileOf({ body: Buffer.alloc(0) }));
    await expect(api.get('/f').download(path)).resolves.toMatchObject({ bytes: 0 });
    expect((await stat(path)).size).toBe(0);
    change((_request, response) => {
      response.write(content.subarray(0, 5));
      response.end(content.subarray(5));
    });
    await expect(api.get('/f').download(path)).resolves.toEqual(whole);
    expect(await readdir(folder)).toEqual(['data.bin']);
  });

  it('goes on where connections break, and checks the whole', async () => {
    const { api, path, ranges } = await setUp(fileOf({ breaksAfter: [100_000, 1, 100_000] }));
    await expect(api.get('/f').download(path, { sha256 })).resolves.toEqual({ ...whole, resumes: 3 });
    expect(await readFile(path)).toEqual(content);
    expect(ranges).toEqual(['', 'bytes=100000- "v1"', 'bytes=100001- "v1"', 'bytes=200001- "v1"']);
  });

  it('goes on from a date of last change that is a second old, and not from a younger one or a weak tag', async () => {
    const date = new Date().toUTCString();
    const before = new Date(Date.now() - 2_000).toUTCString();
    const old = await setUp(fileOf({ etag: undefined, date, 'last-modified': before, breaksAfter: [1_000] }));
    await expect(old.api.get('/f').download(old.path)).resolves.toEqual({ ...whole, resumes: 1 });
    expect(old.ranges).toEqual(['', `bytes=1000- ${before}`]);
    for (const headers of [{ 'last-modified': date, date, etag: undefined }, { etag: 'W/"v1"' }, { etag: undefined }]) {
      const weak = await setUp(fileOf({ ...headers, breaksAfter: [1_000] }));
      await expect(weak.api.get('/f').download(weak.path)).resolves.toEqual({ ...whole, resumes: 1 });
      expect(weak.ranges).toEqual(['', '']);
    }
  });

  it('begins anew when the file has changed meanwhile: a 200', async () => {
    const { api, path, folder, change } = await setUp(fileOf({ breaksAfter: [1_000] }));
    const changed = randomBytes(5_000);
    await expect(api.get('/f').download(path, { maxResumes: 0 })).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK' });
    expect((await readdir(folder)).toSorted()).toEqual(['data.bin.part', 'data.bin.part.json']);
    change(fileOf({ etag: '"v2"', body: changed }));
    await expect(api.get('/f').download(path)).resolves.toMatchObject({ bytes: 5_000, resumedFrom: 0, resumes: 0 });
    expect(await readFile(path)).toEqual(changed);
  });

  it.each<[string, Record<string, string>]>([
    ['another place', { 'content-range': 'bytes 0-299999/300000' }],
    ['another length', { 'content-range': 'bytes 1000-299999/300001' }],
    ['another tag', { etag: '"v2"' }],
    ['no place', { 'content-range': 'rows 1-2/3' }],
  ])('begins anew when a 206 is of %s', async (_name, headers) => {
    const good = fileOf();
    const { api, path, ranges } = await setUp((request, response, attempt) => {
      if (attempt === 1) fileOf({ breaksAfter: [1_000] })(request, response, attempt);
      else if (attempt > 2) good(request, response, attempt);
      else {
        const range = { etag: '"v1"', 'content-range': 'bytes 1000-299999/300000', ...headers };
        response.writeHead(206, range).end(content.subarray(1_000));
      }
    });
    await expect(api.get('/f').download(path, { sha256 })).resolves.toEqual({ ...whole, resumes: 2 });
    expect(ranges).toEqual(['', 'bytes=1000- "v1"', '']);
  });

  it('asks again when a 206 ends before the file does', async () => {
    const { api, path, ranges } = await setUp((request, response, attempt) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
      if (attempt === 1) fileOf({ breaksAfter: [1_000] })(request, response, attempt);
      else {
        const end = Math.min(content.length, from + 200_000);
        response.writeHead(206, { 'content-range': `bytes ${from}-${end - 1}/${content.length}` });
        response.end(content.subarray(from, end));
      }
    });
    await expect(api.get('/f').download(path, { sha256 })).resolves.toEqual({ ...whole, resumes: 2 });
    expect(ranges.at(-1)).toBe('bytes=201000- "v1"');
  });

  it('tells how far it is, what was there before included', async () => {
    const { api, path } = await setUp(fileOf({ breaksAfter: [1_000] }));
    await expect(api.get('/f').download(path, { maxResumes: 0 })).rejects.toThrow();
    const seen: TransferProgress[] = [];
    await api.get('/f').download(path, { onProgress: (progress) => void seen.push(progress) });
    expect(seen[0]?.bytes).toBeGreaterThan(1_000);
    expect(seen[0]?.totalBytes).toBe(300_000);
    expect(seen.at(-1)).toEqual({ bytes: 300_000, totalBytes: 300_000 });
  });

  it('keeps the permissions of the file that it replaces', async () => {
    const { api, path } = await setUp(fileOf());
    await writeFile(path, 'old');
    await chmod(path, 0o626); // with what a umask takes away
    await api.get('/f').download(path);
    expect((await stat(path)).mode & 0o777).toBe(0o626);
  });

  it('is the one reading of its request', async () => {
    const { api, path, ranges } = await setUp(fileOf());
    const pending = api.get('/f');
    await pending.download(path);
    await expect(pending.text()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
    await expect(pending.response()).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
    await expect(pending.download(path)).rejects.toMatchObject({ code: 'DEX_HTTP_BODY_USED' });
    expect(ranges).toHaveLength(1);
  });
});

describe('download, called again', () => {
  it('goes on from what the call before left, and checks that as well', async () => {
    const { api, path, ranges } = await setUp(fileOf({ breaksAfter: [100_000] }));
    await expect(api.get('/f').download(path, { maxResumes: 0 })).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK' });
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(api.get('/f').download(path, { sha256 })).resolves.toEqual({ ...whole, resumedFrom: 100_000 });
    expect(await readFile(path)).toEqual(content);
    expect(ranges).toEqual(['', 'bytes=100000- "v1"']);
  });

  it('needs no more than a 416 when all is there', async () => {
    const { api, path, ranges } = await setUp(fileOf({ breaksAfter: [100_000] }));
    await expect(api.get('/f').download(path, { maxResumes: 0 })).rejects.toThrow();
    await writeFile(`${path}.part`, content);
    await expect(api.get('/f').download(path, { sha256 })).resolves.toEqual({ ...whole, resumedFrom: 300_000 });
    expect(ranges).toEqual(['', 'bytes=300000- "v1"']);
  });

  it('begins anew after a 416 that says something else', async () => {
    const { api, path, change, ranges } = await setUp(fileOf({ breaksAfter: [100_000] }));
    await expect(api.get('/f').download(path, { maxResumes: 0 })).rejects.toThrow();
    change((request, response, attempt) => {
      if (attempt === 1) response.writeHead(416, { 'content-range': 'bytes */5' }).end();
      else fileOf()(request, response, attempt + 100);
    });
    await expect(api.get('/f').download(path, { sha256 })).resolves.toEqual({ ...whole, resumes: 1 });
    expect(ranges).toEqual(['', 'bytes=100000- "v1"', '']);
  });

  it.each<[string, (path: string) => Promise<unknown>, string]>([
    ['of another URL', async () => {}, '/g'],
    ['whose notes are broken', (path) => writeFile(`${path}.part.json`, '{"header":"etag"'), '/f'],
    ['whose notes are not ours', (path) => writeFile(`${path}.part.json`, '[1]'), '/f'],
    [
      'whose validator would break its header',
      async (path) => {
        const notes = JSON.parse(await readFile(`${path}.part.json`, 'utf8'));
        await writeFile(`${path}.part.json`, JSON.stringify({ ...notes, value: '"a\r\nx: 1"' }));
      },
      '/f',
    ],
    ['that is longer than the file', (path) => writeFile(`${path}.part`, randomBytes(300_001)), '/f'],
    ['that is empty', (path) => writeFile(`${path}.part`, ''), '/f'],
  ])('begins anew instead of a part %s', async (_name, tamper, url) => {
    const { api, path, ranges } = await setUp(fileOf({ breaksAfter: [100_000] }));
    await expect(api.get('/f').download(path, { maxResumes: 0 })).rejects.toThrow();
    await tamper(path);
    await expect(api.get(url).download(path, { sha256 })).resolves.toEqual(whole);
    expect(await readFile(path)).toEqual(content);
    expect(ranges).toEqual(['', '']);
  });

  it('goes on after an abort, which comes at once', async () => {
    const { api, path, change } = await setUp((_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': content.length }).write(content.subarray(0, 50_000));
    });
    const controller = new AbortController();
    const reason = new Error('left');
    const downloading = api.get('/f', { signal: controller.signal }).download(path, {
      onProgress: () => void setTimeout(() => controller.abort(reason), 50),
    });
    await expect(downloading).rejects.toBe(reason);
    change(fileOf());
    await expect(api.get('/f').download(path, { sha256 })).resolves.toMatchObject({ resumedFrom: 50_000 });
  });

  it('keeps no secret of the URL', async () => {
    const { api, path } = await setUp(fileOf({ breaksAfter: [1_000] }));
    await expect(api.get('/f?token=SECRET').download(path, { maxResumes: 0 })).rejects.toThrow();
    expect(await readFile(`${path}.part.json`, 'utf8')).not.toContain('SECRET');
  });

  it('begins anew each time with resume: false, and leaves nothing when it fails', async () => {
    const { api, path, folder, ranges } = await setUp(fileOf({ breaksAfter: [1_000, 2_000] }));
    for (let times = 0; times < 2; times++) {
      await expect(api.get('/f').download(path, { resume: false })).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK' });
      expect(await readdir(folder)).toEqual([]);
    }
    await expect(api.get('/f').download(path, { resume: false })).resolves.toEqual(whole);
    expect(ranges).toEqual(['', '', '']);
  });
});

describe('download, failing', () => {
  it('refuses a file that is not the one, and leaves the old one', async () => {
    const { api, path, folder } = await setUp(fileOf());
    await writeFile(path, 'old');
    const wrong = '0'.repeat(64);
    const downloading = api.get('/f').download(path, { sha256: wrong });
    await expect(downloading).rejects.toMatchObject({
      code: 'DEX_HTTP_CHECKSUM',
      expected: wrong,
      actual: sha256,
      retryable: false,
      message: expect.stringContaining(`/f sent a file whose SHA-256 is ${sha256}, not ${wrong}.`),
    });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['data.bin']);
  });

  it('finds damage in what was there before; the next call begins anew', async () => {
    const { api, path } = await setUp(fileOf({ breaksAfter: [100_000] }));
    await expect(api.get('/f').download(path, { maxResumes: 0 })).rejects.toThrow();
    await writeFile(`${path}.part`, Buffer.alloc(100_000));
    const error = api.get('/f').download(path, { sha256 });
    await expect(error).rejects.toMatchObject({ code: 'DEX_HTTP_CHECKSUM', retryable: true });
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(api.get('/f').download(path, { sha256 })).resolves.toEqual(whole);
  });

  it('gives up after so many connections, and after 4 in a row that bring nothing', async () => {
    const few = await setUp(fileOf({ breaksAfter: Array.from({ length: 50 }, () => 100) }));
    await expect(few.api.get('/f').download(few.path, { maxResumes: 7 })).rejects.toMatchObject({
      code: 'DEX_HTTP_NETWORK',
      status: 206,
    });
    expect(few.ranges).toHaveLength(8);
    const none = await setUp(fileOf({ breaksAfter: Array.from({ length: 50 }, (_, index) => (index === 0 ? 9 : 0)) }));
    await expect(none.api.get('/f').download(none.path)).rejects.toMatchObject({ code: 'DEX_HTTP_NETWORK' });
    expect(none.ranges).toHaveLength(5);
  });

  it("repeats under the client's policy until the headers are there, and leaves nothing after an error answer", async () => {
    const { api, path, folder, ranges, change } = await setUp((request, response, attempt) => {
      if (attempt < 3) response.writeHead(503).end();
      else fileOf()(request, response, attempt);
    });
    await expect(api.get('/f').download(path)).resolves.toEqual(whole);
    expect(ranges).toHaveLength(3);
    change((_request, response) => response.writeHead(404).end('no'));
    await expect(api.get('/f', { throwHttpErrors: false }).download(`${path}2`)).rejects.toMatchObject({ status: 404 });
    expect(await readdir(folder)).toEqual(['data.bin']);
  });

  it('keeps the disk from an endless body, also where its length is told', async () => {
    const endless = await setUp((_request, response) => {
      response.setHeader('etag', '"v1"');
      const more = (): boolean => response.destroyed || !response.write(content) || more();
      response.on('drain', more);
      more();
    });
    await expect(endless.api.get('/f').download(endless.path, { maxBytes: 1_000_000 })).rejects.toMatchObject({
      code: 'DEX_HTTP_BODY_TOO_LARGE',
      maxBodyBytes: 1_000_000,
    });
    expect(await readdir(endless.folder)).toEqual([]);
    const told = await setUp(fileOf());
    await expect(told.api.get('/f').download(told.path, { maxBytes: 299_999 })).rejects.toMatchObject({
      code: 'DEX_HTTP_BODY_TOO_LARGE',
    });
    expect(await readdir(told.folder)).toEqual([]);
  });

  it('refuses what is encoded though it was asked for plain', async () => {
    const { api, path } = await setUp(fileOf({ 'content-encoding': 'gzip' }));
    await expect(api.get('/f').download(path)).rejects.toThrow('sent a body encoded as "gzip"');
  });

  it('fails before anything is sent where nothing can be written', async () => {
    const { api, path, folder, ranges } = await setUp(fileOf());
    await expect(api.get('/f').download(join(folder, 'none', 'f'))).rejects.toMatchObject({ code: 'DEX_WRITE' });
    await mkdir(path);
    await expect(api.get('/f').download(path)).rejects.toMatchObject({ code: 'DEX_WRITE' });
    await symlink(path, `${path}2.part`);
    await expect(api.get('/f').download(`${path}2`)).rejects.toMatchObject({ code: 'DEX_WRITE' });
    expect(ranges).toEqual([]);
  });

  it('refuses a second download of the same path while the first is under way', async () => {
    const { api, path } = await setUp((_request, response) => response.write('first'));
    const controller = new AbortController();
    const first = expect(api.get('/f', { signal: controller.signal }).download(path)).rejects.toBe('left');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(api.get('/f').download(path)).rejects.toMatchObject({ code: 'DEX_LOCK' });
    controller.abort('left');
    await first;
  });

  it('is ended by closing the client, and by an abort before', async () => {
    const { api, path, folder } = await setUp((_request, response) => response.write('first'));
    await expect(api.get('/f', { signal: AbortSignal.abort('before') }).download(path)).rejects.toBe('before');
    const downloading = expect(api.get('/f').download(path)).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await api.close();
    await downloading;
    expect(await readdir(folder)).toEqual([]);
  });

  it.each<[Parameters<ReturnType<Client['get']>['download']>, string]>([
    [[''], 'Option "download.path" must be the path of a file'],
    [['f', { sha256: 'abc' }], 'Option "download.sha256" must be 64 hexadecimal digits'],
    [['f', { maxResumes: -1 }], 'Option "download.maxResumes"'],
    [['f', { maxBytes: 0 }], 'Option "download.maxBytes"'],
    // @ts-expect-error no boolean
    [['f', { resume: 1 }], 'Option "download.resume" must be true or false'],
    // @ts-expect-error no function
    [['f', { onProgress: 1 }], 'Option "download.onProgress" must be a function'],
  ])('refuses %j', async (args, message) => {
    await expect(
      createClient()
        .get('http://h/')
        .download(...args),
    ).rejects.toThrow(message);
  });

  it('is for a GET without a range of its own', async () => {
    const api = createClient();
    await expect(api.post('http://h/').download('f')).rejects.toThrow('Option "request.method" must be GET');
    await expect(api.get('http://h/', { headers: { Range: 'bytes=0-1' } }).download('f')).rejects.toThrow(
      'Option "request.headers.range" must be left out of a download',
    );
  });
});
