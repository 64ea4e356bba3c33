import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { policy } from '@dataenginex/resilience';
import { describe, expect, it } from 'vitest';
import { open } from '../../test/open.ts';
import { createClient } from '../index.ts';
import {
  type Fault,
  type FaultyServer,
  type FaultyServerOptions,
  type ServerReply,
  startFaultyServer,
} from '../testing.ts';

const sunny: ServerReply = { headers: { 'content-type': 'text/plain' }, body: 'sunny today' };

async function start(options: FaultyServerOptions, handle: () => ServerReply = () => sunny): Promise<FaultyServer> {
  const server = await startFaultyServer(handle, options);
  open.push(server);
  return server;
}

const paths = Array.from({ length: 200 }, (_, index) => `/days/${index}`);

/** What a client sees: each answer is one letter, `.` for the right one. */
async function look(url: string, path: string, init: RequestInit = {}): Promise<string> {
  try {
    const response = await fetch(url + path, init);
    if (response.status !== 200) return String(response.status);
    const chunked = response.headers.get('content-length') === null;
    return await response.text().then(
      (text) => (text === sunny.body ? '.' : text),
      () => (chunked ? 'cut chunks' : 'cut body'),
    );
  } catch {
    return 'reset';
  }
}

/** What each path meets until it is answered, so many requests at a time. */
async function lookAt(server: FaultyServer, concurrency: number): Promise<string[][]> {
  const met: string[][] = paths.map(() => []);
  const left = paths.entries();
  const ask = async (): Promise<void> => {
    for (const [index, path] of left) {
      while (met[index]?.at(-1) !== '.') met[index]?.push(await look(server.url, path));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, ask));
  return met;
}

/** Without `hang`, which a test would have to wait for. */
const quick = { '503': 0.1, reset: 0.07, 'cut body': 0.04, 'cut chunks': 0.035, '429': 0.02 };

describe('startFaultyServer', () => {
  it('misbehaves by seed, request and attempt alone, however many requests are under way', async () => {
    const wanted = await lookAt(await start({ seed: 7, faults: quick }), 1);
    const server = await start({ seed: 7, faults: quick });
    expect(await lookAt(server, 16)).toEqual(wanted);
    expect(new Set(wanted.map((met) => met.length))).toEqual(new Set([1, 2, 3, 4]));
    expect(wanted.some((met) => new Set(met).size > 2)).toBe(true);
    expect(await lookAt(await start({ seed: 8, faults: quick }), 16)).not.toEqual(wanted);
    const counts = Object.groupBy(wanted.flat(), (seen) => seen);
    expect(server.served).toMatchObject({
      answer: paths.length,
      ...Object.fromEntries(Object.keys(quick).map((fault) => [fault, counts[fault]?.length ?? 0])),
      hang: 0,
    });
  });

  it('goes by method, path and body', async () => {
    const bodies = Array.from({ length: 40 }, (_, index) => String(index));
    const ask = async (method: string, path: string): Promise<string[]> => {
      const server = await start({ seed: 1, faults: { '503': 0.5 } });
      return Promise.all(bodies.map((body) => look(server.url, path, { method, body })));
    };
    const posted = await ask('POST', '/');
    expect(new Set(posted)).toEqual(new Set(['503', '.']));
    expect(await ask('POST', '/')).toEqual(posted);
    expect(await ask('PUT', '/')).not.toEqual(posted);
    expect(await ask('POST', '/other')).not.toEqual(posted);
  });

  it('fails as often as it is told, by default 26 % and rarely in ways that take long', async () => {
    const server = await start({ seed: 1, maxInARow: Infinity });
    await using api = createClient({ baseUrl: server.url, policy: () => policy() });
    const many = Array.from({ length: 2_000 }, (_, index) => index);
    const ended = new AbortController();
    const asked = many.map((index) =>
      api
        .get(`/${index}`, { signal: ended.signal })
        .text()
        .catch(() => {}),
    );
    const sum = (): number => Object.values(server.served).reduce((total, count) => total + count, 0);
    while (sum() < many.length) await sleep(5);
    ended.abort();
    await Promise.all(asked);
    expect(server.served.answer / many.length).toBeGreaterThan(0.71);
    expect(server.served.answer / many.length).toBeLessThan(0.77);
    expect(server.served).toMatchObject({ garbage: 0, 'slow drip': 0, 'long length': 0, 'short length': 0 });
    for (const fault of ['503', '429', 'reset', 'cut body', 'cut chunks', 'hang'] as const) {
      expect(server.served[fault], fault).toBeGreaterThan(0);
    }
    expect(server.served.hang).toBeLessThan(30);
  });

  it.each([1, 3])('fails one request no more than %i times in a row', async (maxInARow) => {
    const server = await start({ seed: 1, faults: { '503': 1 }, maxInARow });
    const seen: string[] = [];
    for (let round = 0; round < 8; round += 1) seen.push(await look(server.url, '/'));
    const inARow = seen
      .join(' ')
      .split('.')
      .map((part) => part.trim().split(' ').filter(Boolean).length);
    expect(Math.max(...inARow)).toBe(maxInARow);
    expect(server.served.answer).toBe(Math.floor(8 / (maxInARow + 1)));
  });

  const all = (fault: Fault, options: Partial<FaultyServerOptions> = {}) =>
    start({ seed: 1, faults: { [fault]: 1 }, ...options });

  it('answers 503 as a proxy does and 429 with Retry-After, or as it is told to', async () => {
    const [down, limited] = [await all('503'), await all('429')];
    const unavailable = await fetch(down.url);
    expect([unavailable.status, unavailable.headers.get('content-type')]).toEqual([503, 'text/html']);
    expect(await unavailable.text()).toContain('<h1>503 Service Temporarily Unavailable</h1>');
    const refused = await fetch(limited.url);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    const replies = { '429': { status: 200, headers: { 'retry-after': '7' }, body: 'Later.' } };
    const own = await fetch((await all('429', { replies })).url);
    expect([own.status, own.headers.get('retry-after'), await own.text()]).toEqual([429, '7', 'Later.']);
  });

  it.each([
    ['reset', 'DEX_HTTP_NETWORK', undefined],
    ['garbage', 'DEX_HTTP_NETWORK', undefined],
    ['cut body', 'DEX_HTTP_NETWORK', 200],
    ['cut chunks', 'DEX_HTTP_NETWORK', 200],
    ['hang', 'DEX_HTTP_TIMEOUT', undefined],
    ['long length', 'DEX_HTTP_TIMEOUT', undefined],
    ['slow drip', 'DEX_HTTP_TIMEOUT', undefined],
  ] as const)('%s is %s to a client', async (fault, code, status) => {
    const server = await all(fault);
    const attemptTimeoutMs = code === 'DEX_HTTP_TIMEOUT' ? 150 : 10_000;
    await using api = createClient({ baseUrl: server.url, retry: false, hedge: false, attemptTimeoutMs });
    await expect(api.get('/').text()).rejects.toMatchObject({ code, ...(status && { status }) });
    expect(server.served[fault]).toBe(1);
  });

  it('lets a slow drip end, and a short length pass for a shorter body', async () => {
    expect(await look((await all('slow drip', { dripMs: 1 })).url, '/')).toBe('.');
    expect(await look((await all('short length')).url, '/')).toBe('sunny');
  });

  it('resets what has no body to cut', async () => {
    const server = await all('cut body');
    await expect(fetch(server.url, { method: 'HEAD' })).rejects.toThrow('fetch failed');
    const empty = await start({ seed: 1, faults: { 'cut chunks': 1 } }, () => ({ body: 'x' }));
    await expect(fetch(empty.url)).rejects.toThrow('fetch failed');
  });

  it('hands the whole request to the handler, and answers with what it throws', async () => {
    const server = await startFaultyServer(
      ({ method, url, headers, body }) => {
        if (url === '/throw') throw new Error('a bug');
        return {
          status: 201,
          headers: { 'x-type': headers['content-type'] ?? '' },
          body: `${method} ${url} ${String(body)}`,
        };
      },
      { seed: 1, faults: {} },
    );
    open.push(server);
    const response = await fetch(`${server.url}/rows?day=1`, { method: 'POST', body: 'rain' });
    expect([response.status, response.headers.get('x-type')]).toEqual([201, 'text/plain;charset=UTF-8']);
    expect(await response.text()).toBe('POST /rows?day=1 rain');
    const failed = await fetch(`${server.url}/throw`);
    expect([failed.status, await failed.text()]).toEqual([500, 'Error: a bug']);
    // @ts-expect-error no body
    const odd = await start({ seed: 1, faults: {} }, () => ({ headers: { 'x-a': 'b' }, body: { json: true } }));
    expect(await look(odd.url, '/')).toBe('500');
    const named = await start({ seed: 1, faults: {} }, () => ({
      headers: { 'content-encoding': 'gzip', 'no name': 'b' },
      body: 'x',
    }));
    const refused = await fetch(named.url);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([500, 'text/plain']);
    expect(await refused.text()).toContain('Header name must be a valid HTTP token');
    expect(server.served).toMatchObject({ answer: 2 });
  });

  it('outlives a client that leaves in the middle of its request', async () => {
    const server = await start({ seed: 1, faults: {} });
    const leaving = new AbortController();
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('half')),
    });
    const asked = fetch(server.url, { method: 'POST', body, duplex: 'half', signal: leaving.signal });
    setTimeout(() => leaving.abort(), 50);
    await expect(asked).rejects.toThrow('aborted');
    expect(await look(server.url, '/')).toBe('.');
    expect(server.served.answer).toBe(1);
  });

  it('lets go of what hangs when closed, twice if need be', async () => {
    const server = await all('hang');
    const hanging = expect(fetch(server.url)).rejects.toThrow('fetch failed');
    while (server.served.hang === 0) await sleep(1);
    const closing = server.close();
    await Promise.all([closing, server.close(), server[Symbol.asyncDispose]()]);
    await hanging;
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  });

  it.each([
    [{ seed: 0.5 }, 'startFaultyServer.seed'],
    [{ seed: 1, maxInARow: 0 }, 'startFaultyServer.maxInARow'],
    [{ seed: 1, port: 65_536 }, 'startFaultyServer.port'],
    [{ seed: 1, dripMs: 0 }, 'startFaultyServer.dripMs'],
    [{ seed: 1, faults: { reset: 1.1 } }, 'startFaultyServer.faults.reset'],
    [{ seed: 1, faults: { reset: 0.6, hang: 0.6 } }, 'startFaultyServer.faults'],
    [{ seed: 1, faults: JSON.parse('{"rest":0.1}') }, 'startFaultyServer.faults'],
  ])('refuses %j', async (options, option) => {
    await expect(startFaultyServer(() => sunny, options)).rejects.toMatchObject({ code: 'DEX_OPTION', option });
  });

  it('says when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await expect(start({ seed: 1, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    taken.close();
  });

  it('gives up starting when aborted', async () => {
    const reason = new Error('not now');
    await expect(start({ seed: 1, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const starting = start({ seed: 1, signal: controller.signal });
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
  });
});
