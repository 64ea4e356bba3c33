import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { open } from '../../test/open.ts';
import { serve } from '../../test/server.ts';
import { type Client, createClient, type TransferProgress } from '../index.ts';

async function setUp(handle: Parameters<typeof serve>[0]): Promise<Client> {
  const server = await serve(handle);
  const api = createClient({ baseUrl: server.url, retry: { baseDelayMs: 0 }, hedge: false });
  open.push(server, api);
  return api;
}

/** Gathers reports, and checks that they never go back but to begin anew. */
function gather(): { seen: TransferProgress[]; report: (progress: TransferProgress) => void } {
  const seen: TransferProgress[] = [];
  return { seen, report: (progress) => void seen.push(progress) };
}

const mebibyte = Buffer.alloc(2 ** 20, 'x');

describe('onUploadProgress', () => {
  it.each<[string, () => Parameters<Client['post']>[1], number, number | undefined]>([
    ['bytes', () => ({ body: mebibyte }), 2 ** 20, 2 ** 20],
    ['text, in UTF-8', () => ({ body: 'é'.repeat(100_000) }), 200_000, 200_000],
    ['a Blob', () => ({ body: new Blob([mebibyte]) }), 2 ** 20, 2 ** 20],
    ['a stream', () => ({ body: () => ReadableStream.from([mebibyte]) }), 2 ** 20, undefined],
  ])('tells how far %s have gone, and of the end', async (_name, make, bytes, totalBytes) => {
    let came = 0;
    const api = await setUp((request, response) => {
      request.on('data', (chunk: Buffer) => (came += chunk.length)).on('end', () => response.end());
    });
    const { seen, report } = gather();
    await api.post('/', { ...make(), onUploadProgress: report }).bytes();
    expect(came).toBe(bytes);
    expect(seen[0]?.totalBytes).toBe(totalBytes);
    expect(seen[0]?.bytes).toBeGreaterThan(0);
    expect(seen.at(-1)).toEqual({ bytes, totalBytes: bytes });
    expect(seen.map((each) => each.bytes)).toEqual(seen.map((each) => each.bytes).toSorted((a, b) => a - b));
  });

  it('tells ten times a second at most', async () => {
    const api = await setUp((request, response) => void request.resume().on('end', () => response.end()));
    async function* slow(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 50; piece++) {
        yield Buffer.alloc(100);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    const { seen, report } = gather();
    const began = performance.now();
    await api.post('/', { body: slow(), onUploadProgress: report }).bytes();
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.length).toBeLessThan((performance.now() - began) / 100 + 3);
  });

  it('begins anew with each attempt', async () => {
    const api = await setUp((request, response, attempt) => {
      request.resume().on('end', () => response.writeHead(attempt === 1 ? 503 : 200).end());
    });
    const { seen, report } = gather();
    await api.put('/', { body: 'abc', onUploadProgress: report }).bytes();
    expect(seen.filter(({ bytes, totalBytes }) => bytes === totalBytes).length).toBeGreaterThanOrEqual(2);
  });

  it('ends the request when it throws', async () => {
    const api = await setUp((request, response) => void request.resume().on('end', () => response.end()));
    const failure = new Error('enough');
    const sent = api.put('/', {
      body: 'abc',
      onUploadProgress: () => {
        throw failure;
      },
    });
    await expect(sent.bytes()).rejects.toMatchObject({ code: 'DEX_HTTP_REQUEST_BODY', cause: failure });
  });

  it('is not told of a body that is empty or missing', async () => {
    const api = await setUp((_request, response) => response.end());
    const { seen, report } = gather();
    await api.post('/', { body: '', onUploadProgress: report }).bytes();
    await api.post('/', { onUploadProgress: report }).bytes();
    expect(seen).toEqual([]);
  });
});

describe('onDownloadProgress', () => {
  it.each<[string, (api: Client, report: (progress: TransferProgress) => void) => Promise<unknown>]>([
    ['read whole', (api, onDownloadProgress) => api.get('/', { onDownloadProgress }).bytes()],
    ['as it comes', (api, onDownloadProgress) => Array.fromAsync(api.get('/', { onDownloadProgress }).stream())],
    [
      'of a response',
      async (api, onDownloadProgress) => (await api.get('/', { onDownloadProgress }).response()).bytes(),
    ],
  ])('tells how much of a body has come that is %s, and of the end', async (_name, read) => {
    const api = await setUp((_request, response) => {
      response.setHeader('content-length', 2 * mebibyte.length).write(mebibyte);
      setTimeout(() => response.end(mebibyte), 150);
    });
    const { seen, report } = gather();
    await read(api, report);
    expect(seen[0]).toMatchObject({ totalBytes: 2 ** 21 });
    expect(seen[0]?.bytes).toBeLessThan(2 ** 21);
    expect(seen.at(-1)).toEqual({ bytes: 2 ** 21, totalBytes: 2 ** 21 });
    expect(seen.length).toBeLessThan(20);
  });

  it('counts what is on the wire, and knows no total where none is told', async () => {
    const zipped = gzipSync(Buffer.from(Array.from({ length: 10_000 }, (_, index) => index).join()));
    const api = await setUp((_request, response) => {
      response.setHeader('content-encoding', 'gzip').write(zipped.subarray(0, 10));
      setTimeout(() => response.end(zipped.subarray(10)), 20);
    });
    const { seen, report } = gather();
    await api.get('/', { onDownloadProgress: report }).text();
    expect(seen).toEqual([
      { bytes: 10, totalBytes: undefined },
      { bytes: zipped.length, totalBytes: zipped.length },
    ]);
  });

  it('is not told of an answer that only says what went wrong', async () => {
    const api = await setUp((_request, response, attempt) => {
      response.writeHead(attempt === 1 ? 503 : 200).end(attempt === 1 ? 'busy' : 'ok');
    });
    const { seen, report } = gather();
    await api.get('/', { onDownloadProgress: report }).text();
    expect(seen.at(-1)).toEqual({ bytes: 2, totalBytes: 2 });
    expect(seen.every(({ bytes }) => bytes <= 2)).toBe(true);
  });

  it('fails the request, and not the connection, when it throws', async () => {
    let attempts = 0;
    const api = await setUp((_request, response) => {
      attempts += 1;
      response.write('first');
      setTimeout(() => response.end('second'), 20);
    });
    const failure = new Error('once');
    for (const read of ['bytes', 'stream'] as const) {
      let told = 0;
      const onDownloadProgress = (): void => {
        told += 1;
        if (told === 1) throw failure;
      };
      const pending = api.get('/', { onDownloadProgress });
      await expect(read === 'bytes' ? pending.bytes() : Array.fromAsync(pending.stream())).rejects.toBe(failure);
    }
    expect(attempts).toBe(2);
  });

  it('must be a function', () => {
    // @ts-expect-error no function
    expect(() => createClient().get('http://h/', { onDownloadProgress: 1 })).toThrow('"request.onDownloadProgress"');
    // @ts-expect-error no function
    expect(() => createClient().get('http://h/', { onUploadProgress: 1 })).toThrow('"request.onUploadProgress"');
  });
});
