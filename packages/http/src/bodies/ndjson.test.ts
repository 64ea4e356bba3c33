import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { open } from '../../test/open.ts';
import { serve, serveRaw, type TestServer } from '../../test/server.ts';
import { type Client, createClient } from '../index.ts';

const Row = z.object({ n: z.number() });

function client(server: TestServer): Client {
  const api = createClient({ baseUrl: server.url, retry: { attempts: 2, baseDelayMs: 1 }, hedge: false });
  open.push(server, api);
  return api;
}

/** What came before the error, and the error. */
async function collect(rows: AsyncIterable<unknown>): Promise<{ seen: unknown[]; error: unknown }> {
  const seen: unknown[] = [];
  try {
    for await (const row of rows) seen.push(row);
    return { seen, error: undefined };
  } catch (error) {
    return { seen, error };
  }
}

async function answer(body: string, type = 'application/x-ndjson'): Promise<Client> {
  return client(await serve((_request, response) => response.setHeader('content-type', type).end(body)));
}

describe('ndjson', () => {
  it('hands out rows as they come, parsed and typed', async () => {
    const server = await serve((request, response) => {
      expect(request.headers.accept).toBe('application/x-ndjson');
      response.write('{"n":1}\n{"n"');
      setTimeout(() => response.end(':2}\n'), 20);
    });
    const rows: number[] = [];
    for await (const { n } of client(server).get('/').ndjson(Row)) rows.push(n);
    expect(rows).toEqual([1, 2]);
  });

  it('gives unknown rows without a schema, and also from a response', async () => {
    const api = await answer('1\n"two"\n');
    await expect(collect(api.get('/').ndjson())).resolves.toMatchObject({ seen: [1, 'two'] });
    const response = await api.get('/').response();
    await expect(collect(response.ndjson())).resolves.toMatchObject({ seen: [1, 'two'] });
  });

  it('hands a slow reader all that came before the connection broke', async () => {
    const text = Array.from({ length: 2_000 }, (_, n) => `{"n":${n}}\n`).join('');
    const server = await serveRaw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length + 1}\r\n\r\n${text}`, () => socket.destroySoon());
    });
    for (const isRead of [false, true]) {
      const response = await client(server).get('/').response();
      const rows = response.ndjson(Row)[Symbol.asyncIterator]();
      const first = isRead ? [(await rows.next()).value] : [];
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { seen, error } = await collect({ [Symbol.asyncIterator]: () => rows });
      expect([...first, ...seen]).toHaveLength(2_000);
      expect(error).toMatchObject({ code: 'DEX_HTTP_NETWORK', status: 200 });
    }
  });

  it('keeps the rows before a broken line, and names the line and the byte', async () => {
    const api = await answer('{"n":1}\n{"n":\n');
    const { seen, error } = await collect(api.get('/x').ndjson(Row));
    expect(seen).toEqual([{ n: 1 }]);
    expect(error).toMatchObject({
      code: 'DEX_HTTP_BODY',
      bodyStart: '{"n":',
      message: expect.stringMatching(/line 2, byte 8/),
    });
  });

  it('keeps the rows before one that the schema refuses, and names it', async () => {
    const api = await answer('{"n":1}\n{"n":"x"}\n');
    const { seen, error } = await collect(api.get('/x').ndjson(Row));
    expect(seen).toEqual([{ n: 1 }]);
    expect(error).toMatchObject({
      code: 'DEX_HTTP_SCHEMA',
      message: expect.stringMatching(/sent row 1 that does not fit the schema: n: /),
    });
  });

  it('ends at an abort, though a chunk holds more rows', async () => {
    const api = await answer('{"n":1}\n'.repeat(2_000));
    const controller = new AbortController();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const row of api.get('/', { signal: controller.signal }).ndjson(Row)) {
        seen.push(row);
        controller.abort('enough');
      }
    })();
    await expect(reading).rejects.toBe('enough');
    expect(seen).toHaveLength(1);
  });

  it('refuses another content type', async () => {
    const api = await answer('<html>', 'text/html');
    const { error } = await collect(api.get('/').ndjson(Row));
    expect(error).toMatchObject({
      code: 'DEX_HTTP_BODY',
      message: expect.stringMatching(/sent "text\/html" where NDJSON was wanted/),
    });
  });

  it('repeats until the headers are there, and never after', async () => {
    const answers = ['', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"n":1}\n{"n":2}\n'];
    const server = await serveRaw((socket) => void socket.end(answers.shift() ?? ''));
    const { seen, error } = await collect(client(server).get('/').ndjson(Row));
    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
    expect(error).toMatchObject({ code: 'DEX_HTTP_NETWORK', status: 200, attempt: 2 });
    expect(server.requests).toHaveLength(2);
  });

  it('lets go of the connection when the reader leaves', async () => {
    let closed: Promise<unknown> | undefined;
    const server = await serve((_request, response) => {
      closed = new Promise((resolve) => response.on('close', resolve));
      response.write('{"n":1}\n');
    });
    for await (const row of client(server).get('/').ndjson(Row)) {
      expect(row).toEqual({ n: 1 });
      break;
    }
    await closed;
  });
});
