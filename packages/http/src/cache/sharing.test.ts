import { getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { bulkhead } from '@dataenginex/resilience';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { cachedOrigin, httpDate } from '../../test/cached-origin.ts';
import { fakeDate, pass } from '../../test/fake-date.ts';
import { createClient, memoryCache, NetworkError } from '../index.ts';

const minute = { 'cache-control': 'max-age=60' };

/** A server that answers when the test says so. */
async function heldOrigin(cache = memoryCache()) {
  const held: ServerResponse[] = [];
  const origin = await cachedOrigin((_request, _count, response) => {
    held.push(response);
    return undefined;
  }, cache);
  const arrived = (count: number): Promise<void> => vi.waitFor(() => expect(held).toHaveLength(count), 5_000);
  return { origin, held, arrived };
}

/** One of which the first answer is stored, and whose age the test tells. */
async function storedOrigin(headers: Record<string, string>, body: string) {
  onTestFinished(fakeDate());
  const opened = await heldOrigin();
  const first = opened.origin.get();
  await opened.arrived(1);
  opened.held[0]?.writeHead(200, headers).end(body);
  await first;
  return opened;
}

describe.each([
  ['read whole', 'text'],
  ['read as it comes', 'response'],
] as const)('one request for many, %s', (_name, reader) => {
  const read = async (origin: Awaited<ReturnType<typeof cachedOrigin>>, options: { signal?: AbortSignal } = {}) => {
    const pending = origin.api.get('/', options);
    return reader === 'text' ? pending.text() : (await pending.response()).text();
  };

  it('serves 50 that miss', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const reads = Array.from({ length: 50 }, () => read(origin));
    await arrived(1);
    held[0]?.writeHead(200, minute).write('one ');
    await sleep(20);
    held[0]?.end('answer');
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['one answer']));
    expect(held).toHaveLength(1);
  });

  it('gives each a body of its own', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const reads = Array.from({ length: 3 }, () => origin.api.get('/').bytes());
    await arrived(1);
    held[0]?.writeHead(200, minute).end('abc');
    for (const bytes of await Promise.all(reads)) {
      expect(Buffer.from(bytes).toString()).toBe('abc');
      bytes.fill(0);
    }
    (await origin.api.get('/').bytes()).fill(0);
    expect(await read(origin)).toBe('abc');
  });

  it('survives the first caller, and ends when all have gone', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const [first, second] = [new AbortController(), new AbortController()];
    const reads = [read(origin, { signal: first.signal }), read(origin, { signal: second.signal })];
    await arrived(1);
    first.abort(new Error('first left'));
    await expect(reads[0]).rejects.toThrow('first left');
    expect(held[0]?.destroyed).toBe(false);
    const third = read(origin);
    held[0]?.writeHead(200, minute).end('for the others');
    expect([await reads[1], await third]).toEqual(['for the others', 'for the others']);
    expect(held).toHaveLength(1);

    await origin.cache.delete(origin.url);
    const last = [new AbortController(), new AbortController()];
    const gone = last.map(({ signal }) => read(origin, { signal }));
    await arrived(2);
    for (const controller of last) controller.abort(new Error('left'));
    for (const each of gone) await expect(each).rejects.toThrow('left');
    await vi.waitFor(() => expect(held[1]?.destroyed).toBe(true), 5_000); // long before its deadline
    const anew = read(origin);
    await arrived(3);
    held[2]?.end('anew');
    expect(await anew).toBe('anew');
    for (const { signal } of [first, second, ...last]) expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('goes on for one who waits when the first caller has left before its head came', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const first = new AbortController();
    const leaving = read(origin, { signal: first.signal });
    const second = read(origin);
    await arrived(1);
    first.abort(new Error('left'));
    await expect(leaving).rejects.toThrow('left');
    held[0]?.writeHead(200, minute).write('still ');
    await sleep(20);
    held[0]?.end('one');
    expect(await second).toBe('still one');
    expect(held).toHaveLength(1);
  });

  it('fails for all when it fails', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const reads = Array.from({ length: 5 }, () => read(origin));
    const settled = Promise.allSettled(reads);
    await arrived(1);
    held[0]?.destroy();
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(NetworkError) });
    }
    expect(held).toHaveLength(1);
  });

  it('lets each ask for itself when the answer is not for others', async () => {
    await using origin = await cachedOrigin([{ headers: { 'cache-control': 'no-store' } }]);
    const texts = await Promise.all(Array.from({ length: 5 }, () => read(origin)));
    expect(new Set(texts).size).toBe(5);
  });

  it('does not wait for another where the last answer was not for others', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const first = read(origin);
    await arrived(1);
    held[0]?.end('1');
    await first;
    const reads = Array.from({ length: 5 }, () => read(origin));
    await arrived(6);
    for (const response of held.slice(1)) response.writeHead(200, minute).end('2');
    await Promise.all(reads);
    expect(await read(origin)).toBe('2');

    await origin.cache.delete(origin.url); // what came last was for all
    const together = Array.from({ length: 5 }, () => read(origin));
    await arrived(7);
    held[6]?.writeHead(200, minute).end('3');
    expect(new Set(await Promise.all(together))).toEqual(new Set(['3']));
    expect(held).toHaveLength(7);
  });
});

describe('one request for many', () => {
  it('is one for each value of what the server may choose by', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const reads = ['en', 'de', 'en'].map((language) => origin.get('/', { 'accept-language': language }));
    await arrived(2);
    for (const response of held) response.writeHead(200, { ...minute, vary: 'accept-language' }).end('x');
    const got = await Promise.all(reads);
    expect(got.map(({ cache }) => cache)).toEqual(['fwd=uri-miss', 'fwd=uri-miss', 'fwd=uri-miss; collapsed']);
  });

  it('is one for each key or credential that an answer is kept for', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const reads = ['a', 'b', 'a', 'b', 'b'].map((key) => origin.get('/', { 'x-api-key': key }));
    await arrived(2);
    for (const [index, response] of held.entries()) response.writeHead(200, minute).end(['a', 'b'][index]);
    expect((await Promise.all(reads)).map(({ text }) => text)).toEqual(['a', 'b', 'a', 'b', 'b']);
    expect(held).toHaveLength(2);
  });

  it('holds those who then ask for themselves to the time that their request may take', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    await using api = createClient({
      baseUrl: origin.url,
      cache: origin.cache,
      timeoutMs: 2_000,
      retry: false,
      hedge: false,
    });
    const start = performance.now();
    const first = api.get('/').text();
    const second = expect(api.get('/').text()).rejects.toMatchObject({ code: 'DEX_HTTP_TIMEOUT', timeoutMs: 2_000 });
    await arrived(1);
    await sleep(500);
    held[0]?.writeHead(200, { 'cache-control': 'no-store' }).end('for one');
    expect(await first).toBe('for one');
    await second;
    expect(performance.now() - start).toBeLessThan(2_450);
  });

  it('lets those ask for themselves whom the answer turns out not to be for', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const reads = ['1', '2'].map((value) => origin.get('/', { 'x-a': value }));
    await arrived(1);
    held[0]?.writeHead(200, { ...minute, vary: 'x-a' }).end('one');
    await arrived(2);
    held[1]?.writeHead(200, { ...minute, vary: 'x-a' }).end('two');
    expect((await Promise.all(reads)).map(({ text }) => text)).toEqual(['one', 'two']);
  });

  it('does not serve those who ask for a fresh answer, or a part', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const headers = [{}, { 'cache-control': 'no-cache' }, { range: 'bytes=0-0' }, { 'if-none-match': '"a"' }];
    const reads = headers.map((each) => origin.get('/', each));
    await arrived(4);
    for (const response of held) response.writeHead(200, minute).end('x');
    await Promise.all(reads);
  });

  it('gives all of them what is stale, when it fails', async () => {
    const { origin, held, arrived } = await storedOrigin(minute, 'stale');
    await using _ = origin;
    for (const fail of [
      (response: ServerResponse) => response.destroy(),
      (response: ServerResponse) => response.writeHead(503).end(),
    ]) {
      pass(100);
      const before = held.length;
      const reads = Array.from({ length: 10 }, () => origin.get());
      await arrived(before + 1);
      fail(held[before]!);
      expect(new Set((await Promise.all(reads)).map(({ text }) => text))).toEqual(new Set(['stale']));
      expect(held).toHaveLength(before + 1);
    }
  });

  it('validates once for all', async () => {
    const { origin, held, arrived } = await storedOrigin({ ...minute, etag: '"a"' }, 'valid');
    await using _ = origin;
    pass(100);
    const reads = Array.from({ length: 10 }, () => origin.get());
    await arrived(2);
    held[1]?.writeHead(304, { ...minute, etag: '"a"', date: httpDate() }).end();
    expect(new Set((await Promise.all(reads)).map(({ text }) => text))).toEqual(new Set(['valid']));
    expect(held).toHaveLength(2);
  });
});

describe('a refresh in the background', () => {
  it('is not ended by one who waits for it and leaves', async () => {
    const { origin, held, arrived } = await storedOrigin(
      { 'cache-control': 'max-age=60, stale-while-revalidate=60' },
      'old',
    );
    await using _ = origin;
    pass(70);
    expect((await origin.get()).text).toBe('old');
    await arrived(2);
    pass(100); // too old to be given without it
    const controller = new AbortController();
    const leaving = origin.api.get('/', { signal: controller.signal }).text();
    await sleep(20);
    controller.abort(new Error('left'));
    await expect(leaving).rejects.toThrow('left');
    const staying = origin.get();
    await sleep(20);
    held[1]?.writeHead(200, { 'cache-control': 'max-age=600' }).end('new');
    expect((await staying).text).toBe('new');
    expect(held).toHaveLength(2);
  });
});

describe('refreshes that hang', () => {
  it('are 64 at most; what is stale is given all the same', async () => {
    let asked = 0;
    const seen = new Set<string>();
    await using origin = await cachedOrigin(({ url = '' }) => {
      asked += 1;
      const headers = { 'cache-control': 'max-age=1, stale-while-revalidate=60', age: '2' };
      return seen.size < seen.add(url).size ? { headers } : undefined;
    });
    await using api = createClient({ baseUrl: origin.url, cache: origin.cache, hedge: false });
    const paths = Array.from({ length: 70 }, (_, path) => `/${path}`);
    const read = () => Promise.all(paths.map((path) => api.get(path).text()));
    const first = await read();
    expect(await read()).toEqual(first);
    await vi.waitFor(() => expect(asked).toBe(134), 5_000);
    await sleep(50);
    expect(asked).toBe(134);
  });
});

describe('a refresh that hangs', () => {
  it('is given up after 5 min, whatever the policy, and those who wait for it ask for themselves', async () => {
    const onError = vi.fn();
    const { origin, held, arrived } = await heldOrigin(memoryCache({ onError }));
    await using _ = origin;
    await using api = createClient({
      baseUrl: origin.url,
      cache: origin.cache,
      policy: () => bulkhead({ concurrent: 9 }),
    });
    const first = api.get('/').text();
    await arrived(1);
    held[0]?.writeHead(200, { 'cache-control': 'max-age=1, stale-while-revalidate=60', age: '2' }).end('old');
    await first;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    try {
      expect(await api.get('/').text()).toBe('old');
      await arrived(2);
      vi.setSystemTime(Date.now() + 100_000);
      const follower = api.get('/').text();
      await new Promise((resolve) => void setImmediate(resolve));
      vi.advanceTimersByTime(300_000);
      vi.useRealTimers();
      await arrived(3);
      held[2]?.writeHead(200, minute).end('new');
      expect(await follower).toBe('new');
      expect(onError.mock.calls).toMatchObject([[{ operation: 'refresh', error: { code: 'DEX_HTTP_TIMEOUT' } }]]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a body that is read as it comes', () => {
  it('is stored when it has been read to its end, and not before', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const opening = origin.api.get('/').response();
    await arrived(1);
    held[0]?.writeHead(200, minute).write('a');
    const response = await opening;
    held[0]?.end('b');
    expect(await response.text()).toBe('ab');
    expect((await origin.get()).text).toBe('ab');
  });

  it('is stored as it came, whatever its reader does to the pieces', async () => {
    await using origin = await cachedOrigin([{ headers: minute }]);
    for await (const chunk of origin.api.get('/').stream()) chunk.fill(0);
    for await (const chunk of origin.api.get('/').stream()) chunk.fill(0);
    expect(await origin.api.get('/').text()).toBe('answer 1');
  });

  it('may have broken off before anybody reads it', async () => {
    await using origin = await cachedOrigin((_request, count, response) => {
      response.writeHead(200, { ...minute, 'set-cookie': 'a=1', 'content-length': '9' }).write('cut');
      setTimeout(() => (count === 1 ? response.destroy() : response.end(' again')), 10);
      return undefined;
    });
    const cookieJar = { getCookieString: () => '', setCookie: () => sleep(100) };
    await using api = origin.api.extend({ cookieJar });
    const opening = api.get('/').response();
    const follower = api.get('/').text();
    const response = await opening;
    await expect(response.text()).rejects.toThrow(NetworkError);
    expect(await follower).toBe('cut again');
  });

  it('is not stored when its reader leaves, and its connection is let go of', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const opening = origin.api.get('/').response();
    await arrived(1);
    held[0]?.writeHead(200, minute).write('a');
    await (await opening).close();
    await once(held[0]!, 'close');
    const again = origin.get();
    await arrived(2);
    held[1]?.end('b');
    expect((await again).text).toBe('b');
  });

  it('is read on for those who wait, when its reader is slow or leaves', async () => {
    for (const leave of [true, false]) {
      const { origin, held, arrived } = await heldOrigin();
      await using _ = origin;
      const opening = origin.api.get('/').response();
      await arrived(1);
      const body = Buffer.alloc(2 ** 20, 'x');
      held[0]?.writeHead(200, minute).write(body);
      const response = await opening;
      const follower = origin.api.get('/').bytes();
      await sleep(20);
      if (leave) await response.close();
      held[0]?.end(body);
      expect(await follower).toHaveLength(2 ** 21);
      if (!leave) expect(await response.bytes()).toHaveLength(2 ** 21);
      expect(held).toHaveLength(1);
    }
  });

  it('is let go of when those who waited have left, and then its reader', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const opening = origin.api.get('/').response();
    await arrived(1);
    held[0]?.writeHead(200, minute).write('a');
    const response = await opening;
    const controller = new AbortController();
    const follower = origin.api.get('/', { signal: controller.signal }).text();
    await sleep(20);
    controller.abort(new Error('left'));
    await expect(follower).rejects.toThrow('left');
    expect(held[0]?.destroyed).toBe(false);
    await response.close();
    await vi.waitFor(() => expect(held[0]?.destroyed).toBe(true), 5_000);
  });

  it('is let go of when its reader has left before it began, and it is not for the others', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const controller = new AbortController();
    const opening = origin.api.get('/', { signal: controller.signal }).response();
    const follower = origin.get();
    await arrived(1);
    controller.abort(new Error('left'));
    await expect(opening).rejects.toThrow('left');
    held[0]?.writeHead(200, { 'cache-control': 'no-store' }).write('a');
    await arrived(2);
    await vi.waitFor(() => expect(held[0]?.destroyed).toBe(true), 5_000);
    held[1]?.end('own');
    expect((await follower).text).toBe('own');
  });

  it('is waited for by nobody when its length is known to be too much', async () => {
    const { origin, held, arrived } = await heldOrigin(memoryCache({ maxEntryBytes: 1_000 }));
    await using _ = origin;
    const opening = origin.api.get('/').response();
    const follower = origin.get();
    await arrived(1);
    held[0]?.writeHead(200, { ...minute, 'content-length': 1_001 }).write('a');
    await arrived(2);
    held[1]?.end('own');
    expect((await follower).text).toBe('own');
    await (await opening).close();
  });

  it('is not read ahead of its reader when nobody waits', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const opening = origin.api.get('/').response();
    await arrived(1);
    let sent = 0;
    held[0]?.writeHead(200, minute).write('first');
    const response = await opening;
    const chunks = response.stream()[Symbol.asyncIterator]();
    await chunks.next();
    const chunk = Buffer.alloc(2 ** 20);
    while (sent < 200 && held[0]?.write(chunk) === true) sent += 1;
    for (; sent < 200; sent++) {
      const isDrained = await Promise.race([once(held[0]!, 'drain'), sleep(200).then(() => undefined)]);
      if (isDrained === undefined) break;
      held[0]?.write(chunk);
    }
    expect(sent).toBeLessThan(200);
    await chunks.return?.();
  });

  it('may have no end: those who wait ask for themselves once it is too large', async () => {
    const { origin, held, arrived } = await heldOrigin(memoryCache({ maxEntryBytes: 1_000 }));
    await using _ = origin;
    const response = origin.api.get('/').response();
    await arrived(1);
    held[0]?.writeHead(200, minute).write('start ');
    const chunks = (await response).stream()[Symbol.asyncIterator]();
    expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('start ');
    const follower = origin.get();
    await sleep(20);
    held[0]?.write('x'.repeat(2_000));
    await arrived(2);
    held[1]?.writeHead(200, minute).end('small');
    expect((await follower).text).toBe('small');
    expect((await chunks.next()).value).toHaveLength(2_000);
    held[0]?.write('and on');
    expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('and on');
    await chunks.return?.();
    await once(held[0]!, 'close');
  });

  it('may be slow: those who wait do so for 5 s', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const response = origin.api.get('/').response();
    await arrived(1);
    held[0]?.writeHead(200, minute).write('slow ');
    await response;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const follower = origin.get();
      await new Promise((resolve) => void setImmediate(resolve));
      vi.advanceTimersByTime(4_999);
      await new Promise((resolve) => void setImmediate(resolve));
      expect(held).toHaveLength(1);
      vi.advanceTimersByTime(1);
      vi.useRealTimers();
      await arrived(2);
      held[1]?.end('own');
      expect((await follower).text).toBe('own');
      held[0]?.end('but whole');
      expect(await (await response).text()).toBe('slow but whole');
    } finally {
      vi.useRealTimers();
    }
  });

  it('events are given as they come, and wait for nobody', async () => {
    const { origin, held, arrived } = await heldOrigin();
    await using _ = origin;
    const responses = [origin.api.get('/').response(), origin.api.get('/').response()];
    await arrived(1);
    held[0]?.writeHead(200, { ...minute, 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    await arrived(2);
    held[1]?.writeHead(200, { ...minute, 'content-type': 'text/event-stream' }).write('data: 2\n\n');
    for (const response of await Promise.all(responses)) {
      const first = await response.stream()[Symbol.asyncIterator]().next();
      expect(Buffer.from(first.value ?? []).toString()).toMatch(/^data: \d\n\n$/);
    }
  });
});
