import { getEventListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { open } from '../test/open.ts';
import { sendJson, serve, type TestServer } from '../test/server.ts';
import { type Client, createClient } from './index.ts';

async function setUp(
  handle: (url: URL, response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ api: Client; server: TestServer }> {
  const server = await serve((request, response) => handle(new URL(`http://h${request.url}`), response, request));
  const api = createClient({ baseUrl: server.url, retry: { attempts: 2, baseDelayMs: 0 }, hedge: false });
  open.push(server, api);
  return { api, server };
}

/** Three pages of two numbers, each linked to the next in this way. */
function linked(linkTo: (page: number) => string): (url: URL, response: ServerResponse) => void {
  return (url, response) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    if (page < 3) response.setHeader('link', linkTo(page + 1));
    sendJson(response, [2 * page - 1, 2 * page]);
  };
}

const Numbers = z.array(z.number());

describe('paginate', () => {
  it.each<[string, (page: number) => string]>([
    ['a query of its own', (page) => `<?page=${page}>; rel="next"`],
    ['a path', (page) => `</rows?page=1>; rel="first", </rows?page=${page}>; rel="next"`],
  ])('follows the Link header: %s', async (_name, linkTo) => {
    const { api, server } = await setUp(linked(linkTo));
    const items = api.paginate('/rows', { query: { limit: 2 }, schema: Numbers, items: (page) => page });
    expect(server.requests).toEqual([]);
    await expect(Array.fromAsync(items)).resolves.toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.requests).toEqual(['GET /rows?limit=2', 'GET /rows?page=2', 'GET /rows?page=3']);
    await expect(Array.fromAsync(items)).resolves.toHaveLength(6); // asked for anew, not passed for an empty list
  });

  it('follows several headers, and a whole URL', async () => {
    const { api, server } = await setUp((url, response) => {
      const next = `<${server.url}/rows?page=2#part>; rel=next`;
      if (!url.searchParams.has('page')) response.setHeader('link', ['</>; rel=up', next]);
      sendJson(response, []);
    });
    await Array.fromAsync(api.paginate('/rows'));
    expect(server.requests).toEqual(['GET /rows', 'GET /rows?page=2']);
  });

  it('hands out pages, of unknown content, where it is not told what is in them', async () => {
    const { api } = await setUp(linked((page) => `<?page=${page}>; rel=next`));
    await expect(Array.fromAsync(api.paginate('/rows'))).resolves.toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  it('follows a cursor in the body, keeping the rest of the query, to its end', async () => {
    const { api, server } = await setUp((url, response) => {
      const cursors: Record<string, string> = { '': 'a&b', 'a&b': 'c' };
      sendJson(response, { rows: [1], cursor: cursors[url.searchParams.get('cursor') ?? ''] ?? '' });
    });
    const Page = z.object({ rows: z.array(z.number()), cursor: z.string() });
    const items = api.paginate('/rows', {
      query: { limit: 2, tag: ['x', 'y'] },
      schema: Page,
      items: ({ rows }) => rows,
      next: ({ cursor }) => cursor !== '' && { cursor },
    });
    await expect(Array.fromAsync(items)).resolves.toEqual([1, 1, 1]);
    expect(server.requests).toEqual([
      'GET /rows?limit=2&tag=x&tag=y',
      'GET /rows?limit=2&tag=x&tag=y&cursor=a%26b',
      'GET /rows?limit=2&tag=x&tag=y&cursor=c',
    ]);
  });

  it('counts pages, and tells what is known of each', async () => {
    const { api, server } = await setUp((url, response) => {
      sendJson(response.setHeader('x-total', '2'), url.searchParams.get('page') === '3' ? [] : [1]);
    });
    const seen: unknown[] = [];
    const pages = api.paginate('/rows', {
      query: { page: 1 },
      schema: Numbers,
      next: (page, { url, headers, pageNumber }) => {
        seen.push([url.href, headers.get('x-total'), pageNumber]);
        return page.length > 0 && { page: pageNumber + 1 };
      },
    });
    await expect(Array.fromAsync(pages)).resolves.toEqual([[1], [1], []]);
    expect(seen).toEqual([1, 2, 3].map((page) => [`${server.url}/rows?page=${page}`, '2', page]));
  });

  it.each([undefined, null, false, ''] as const)('ends where next is %j', async (end) => {
    const { api, server } = await setUp((_url, response) => sendJson(response, []));
    await Array.fromAsync(api.paginate('/rows', { next: () => end }));
    expect(server.requests).toHaveLength(1);
  });

  it('sends the headers with each page, and repeats each under the policy', async () => {
    const keys: unknown[] = [];
    const { api } = await setUp((url, response, request) => {
      keys.push(request.headers.authorization);
      if (keys.length === 2) response.writeHead(503).end();
      else linked((page) => `<?page=${page}>; rel=next`)(url, response);
    });
    await Array.fromAsync(api.paginate('/rows', { headers: { authorization: 'Bearer x' } }));
    expect(keys).toEqual(Array.from({ length: 4 }, () => 'Bearer x'));
  });

  it('resolves a relative link from where a redirect has led', async () => {
    const { api, server } = await setUp((url, response) => {
      if (url.pathname === '/rows') response.writeHead(302, { location: '/v2/rows' }).end();
      else linked((page) => `<rows?page=${page}>; rel=next`)(url, response);
    });
    await Array.fromAsync(api.paginate('/rows'));
    expect(server.requests.slice(1)).toEqual(['GET /v2/rows', 'GET /v2/rows?page=2', 'GET /v2/rows?page=3']);
  });

  it('asks for the next page once all of one was taken, and not for one that nobody wants', async () => {
    const { api, server } = await setUp(linked((page) => `<?page=${page}>; rel=next`));
    const seen: number[] = [];
    for await (const item of api.paginate('/rows', { schema: Numbers, items: (page) => page })) {
      seen.push(item);
      expect(server.requests).toHaveLength(Math.ceil(item / 2));
      if (item === 4) break;
    }
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(server.requests).toHaveLength(2);
  });
});

describe('paginate, refusing', () => {
  it('a page that was there before', async () => {
    const { api, server } = await setUp((url, response) => {
      const next = url.searchParams.get('page') === '2' ? '?' : '?page=2&token=SECRET';
      sendJson(response.setHeader('link', `<${next}>; rel=next`), [1]);
    });
    const pages = Array.fromAsync(api.paginate('/rows?'));
    await expect(pages).rejects.toMatchObject({
      code: 'DEX_HTTP_PAGINATION',
      reason: 'loop',
      retryable: false,
      message: `GET ${server.url}/rows?page=2&token=REDACTED named as the next page ${server.url}/rows?, which was there before.`,
    });
    expect(server.requests).toHaveLength(2);
  });

  it('a page that was there before under another fragment', async () => {
    let count = 0;
    const { api } = await setUp((_url, response) => {
      count += 1;
      sendJson(response.setHeader('link', `<?page=2#${count}>; rel=next`), [1]);
    });
    await expect(Array.fromAsync(api.paginate('/rows'))).rejects.toMatchObject({ reason: 'loop' });
    expect(count).toBe(2);
  });

  it('more pages than were allowed, after the last of them', async () => {
    const { api, server } = await setUp((url, response) => {
      const page = Number(url.searchParams.get('page') ?? 1);
      sendJson(response.setHeader('link', `<?page=${page + 1}>; rel=next`), page);
    });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const page of api.paginate('/rows', { maxPages: 3 })) seen.push(page);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'DEX_HTTP_PAGINATION', reason: 'limit' });
    expect(seen).toEqual([1, 2, 3]);
    const endless = Array.fromAsync(api.paginate('/rows'));
    await expect(endless).rejects.toThrow('which is one more than 1000');
    expect(server.requests).toHaveLength(1_003);
  });

  it.each([
    ['mailto:x', 'a URL of mailto:, which may not be followed'],
    ['http://user:SECRET@h/', 'a URL of http:, which may not be followed'],
    ['https://h:99999/?key=SECRET', 'one that does not parse, which is no URL'],
  ])('what cannot be followed: %s', async (link, message) => {
    const { api } = await setUp((_url, response) => sendJson(response.setHeader('link', `<${link}>; rel=next`), 1));
    const pages = Array.fromAsync(api.paginate('/rows'));
    await expect(pages).rejects.toMatchObject({ reason: 'url', message: expect.stringContaining(message) });
    await expect(pages).rejects.not.toMatchObject({ message: expect.stringContaining('SECRET') });
  });

  it('another origin, unless told; it is sent nothing secret', async () => {
    const got: unknown[] = [];
    const other = await serve((request, response) => {
      const { authorization, cookie, 'x-api-key': key, 'accept-language': language } = request.headers;
      got.push([authorization, cookie, key, language]);
      sendJson(response, 2);
    });
    open.push(other);
    const { api, server } = await setUp((_url, response) => {
      sendJson(response.setHeader('link', `<${other.url}/?token=SECRET>; rel=next`), 1);
    });
    const headers = { authorization: 'Bearer x', cookie: 'a=b', 'x-api-key': 'k', 'accept-language': 'de' };
    await expect(Array.fromAsync(api.paginate('/rows', { headers }))).rejects.toMatchObject({
      reason: 'origin',
      nextUrl: `${other.url}/?token=REDACTED`,
      message: expect.stringContaining(`which is not on ${server.url}`),
    });
    expect(other.requests).toEqual([]);
    await expect(Array.fromAsync(api.paginate('/rows', { headers, crossOrigin: true }))).resolves.toEqual([1, 2]);
    expect(got).toEqual([[undefined, undefined, undefined, 'de']]);
  });

  it('what is no page: not JSON, not of the schema, an error answer', async () => {
    const { api } = await setUp((url, response) => {
      if (url.pathname === '/html') response.setHeader('content-type', 'text/html').end('<html>');
      else if (url.pathname === '/gone') response.writeHead(404).end();
      else sendJson(response, ['x']);
    });
    await expect(Array.fromAsync(api.paginate('/html'))).rejects.toMatchObject({ code: 'DEX_HTTP_BODY' });
    await expect(Array.fromAsync(api.paginate('/gone'))).rejects.toMatchObject({ status: 404 });
    await expect(Array.fromAsync(api.paginate('/', { schema: Numbers }))).rejects.toMatchObject({
      code: 'DEX_HTTP_SCHEMA',
    });
  });

  it.each<[Parameters<Client['paginate']>[1], string]>([
    [{ maxPages: 0 }, 'Option "paginate.maxPages" must be an integer from 1 to 1000000'],
    // @ts-expect-error no function
    [{ next: 'link' }, 'Option "paginate.next" must be a function'],
    // @ts-expect-error no function
    [{ items: 'rows' }, 'Option "paginate.items" must be a function'],
    // @ts-expect-error no such option
    [{ limit: 5 }, 'Option "request.limit" must be left out'],
    // @ts-expect-error no boolean
    [{ crossOrigin: 1 }, 'Option "paginate.crossOrigin" must be true or false'],
  ])('options that cannot work: %j', (options, message) => {
    expect(() => createClient().paginate('http://h/', options)).toThrow(message);
  });
});

describe('paginate, ended', () => {
  it('by its signal, between items and within a page; no listener is left', async () => {
    const { api } = await setUp((url, response) => {
      if (url.searchParams.has('page')) return; // hangs
      sendJson(response.setHeader('link', '<?page=2>; rel=next'), [1, 2]);
    });
    for (const within of [true, false]) {
      const controller = new AbortController();
      const seen: number[] = [];
      const reading = (async () => {
        const options = { signal: controller.signal, schema: Numbers, items: (page: number[]) => page };
        for await (const item of api.paginate('/rows', options)) {
          seen.push(item);
          if (within) controller.abort('left');
          else setTimeout(() => controller.abort('left'), 30);
        }
      })();
      await expect(reading).rejects.toBe('left');
      expect(seen).toEqual(within ? [1] : [1, 2]);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    }
  });

  it('by closing the client', async () => {
    const { api } = await setUp(() => {});
    const reading = expect(Array.fromAsync(api.paginate('/'))).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
    setTimeout(() => void api.close(), 30);
    await reading;
    expect(() => api.paginate('/')).toThrow('The HTTP client is closed.');
  });
});
