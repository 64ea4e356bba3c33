import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answer, cachedOrigin } from '../../test/cached-origin.ts';
import { fakeDate, pass } from '../../test/fake-date.ts';
import { memoryCache, NetworkError } from '../index.ts';

beforeEach(fakeDate);

const minute = { 'cache-control': 'max-age=60' };

/** Whether what is `age` seconds old answers a request with the directives. */
async function isUsed(age: number, wanted: string, control = 'max-age=60'): Promise<boolean> {
  await using origin = await cachedOrigin([{ headers: { 'cache-control': control, etag: '"a"' } }]);
  await origin.get();
  pass(age);
  await origin.get('/', { 'cache-control': wanted });
  return origin.requests.length === 1;
}

describe('RFC 9111, section 5.2.1: request directives', () => {
  it.each([
    [10, 'max-age=10', true],
    [11, 'max-age=10', false],
    [0, 'max-age=0', false],
    [0, 'max-age=x', false],
    [30, 'min-fresh=30', true],
    [31, 'min-fresh=30', false],
    [70, 'max-stale=10', true],
    [71, 'max-stale=10', false],
    [999, 'max-stale', true],
    [61, 'max-stale=x', false],
    [70, 'max-stale=10, max-age=60', false],
    [0, 'no-cache', false],
    [0, 'NO-CACHE', false],
    [0, 'unknown="no-cache"', true],
  ])('what is %s s old and fresh for 60 s is used with %s: %s', async (age, wanted, used) => {
    expect(await isUsed(age, wanted)).toBe(used);
  });

  it.each(['must-revalidate', 'no-cache'])('max-stale does not overrule %s', async (control) => {
    expect(await isUsed(61, 'max-stale', `max-age=60, ${control}`)).toBe(false);
  });

  it('no-cache validates what is stored', async () => {
    await using origin = await cachedOrigin([
      { headers: { ...minute, etag: '"a"' } },
      { status: 304, headers: { etag: '"a"' } },
    ]);
    await origin.get();
    const got = await origin.get('/', { 'cache-control': 'no-cache' });
    expect(got).toMatchObject({ text: 'answer 1', cache: 'fwd=request; fwd-status=304; stored' });
  });

  it('only-if-cached is answered from the cache, or with a 504', async () => {
    await using origin = await cachedOrigin([{ headers: minute }]);
    const only = { 'cache-control': 'only-if-cached' };
    expect(await origin.get('/', only)).toMatchObject({ status: 504, text: '' });
    await origin.get();
    expect(await origin.get('/', only)).toMatchObject({ status: 200, text: 'answer 1' });
    pass(61);
    expect((await origin.get('/', only)).status).toBe(504);
    expect((await origin.get('/', { 'cache-control': 'only-if-cached, max-stale' })).text).toBe('answer 1');
    expect(origin.requests).toHaveLength(1);
  });
});

describe('RFC 9111, section 5.2.2: response directives', () => {
  /** What three requests bring, the last after a minute. */
  async function three(control: string, mode: 'private' | 'shared' = 'private'): Promise<string[]> {
    const headers = { 'cache-control': control, etag: '"a"', 'x-a': '1', 'x-b': '2' };
    await using origin = await cachedOrigin([{ headers }], memoryCache({ mode }));
    const texts = [(await origin.get()).text, (await origin.get()).text];
    pass(61);
    return [...texts, (await origin.get()).text].map((text) => text.replace('answer ', ''));
  }

  it('no-cache is stored, and validated before each use', async () => {
    expect(await three('max-age=99, no-cache')).toEqual(['1', '2', '3']);
    const headers = { 'cache-control': 'no-cache', etag: '"a"' };
    await using origin = await cachedOrigin([{ headers }, { status: 304, headers }]);
    await origin.get();
    expect((await origin.get()).text).toBe('answer 1');
    expect((await origin.get()).text).toBe('answer 1');
    expect(origin.requests).toHaveLength(3);
  });

  it('no-cache and private with names keep those fields alone from being used', async () => {
    const control = 'max-age=60, no-cache="X-A, x-c", private="x-b"';
    for (const [mode, b] of [
      ['private', '2'],
      ['shared', null],
    ] as const) {
      const headers = { 'cache-control': control, 'x-a': '1', 'x-b': '2' };
      await using origin = await cachedOrigin([{ headers }], memoryCache({ mode }));
      expect((await origin.get()).headers.get('x-a')).toBe('1');
      const got = (await origin.get()).headers;
      expect([got.get('x-a'), got.get('x-b'), origin.requests.length]).toEqual([null, b, 1]);
    }
  });

  it('must-understand makes up for no-store where the status is understood', async () => {
    const headers = { 'cache-control': 'max-age=60, no-store, must-understand' };
    for (const [status, requests] of [
      [200, 1],
      [599, 2],
    ] as const) {
      await using origin = await cachedOrigin([{ headers, status }]);
      await origin.get();
      await origin.get();
      expect(origin.requests).toHaveLength(requests);
    }
  });

  it('private is kept by a private cache alone', async () => {
    expect(await three('private, max-age=60')).toEqual(['1', '1', '2']);
    expect(await three('private, max-age=60', 'shared')).toEqual(['1', '2', '3']);
  });

  it('the last quoted string may be left open, and hides nothing', async () => {
    expect(await three('max-age=60, a="b, no-store')).toEqual(['1', '2', '3']);
  });
});

describe('RFC 8246: immutable', () => {
  it('spares a fresh response the reload, but not the forced one', async () => {
    const control = 'max-age=60, immutable';
    expect(await isUsed(59, 'max-age=0', control)).toBe(true);
    expect(await isUsed(59, 'no-cache', control)).toBe(false);
    expect(await isUsed(61, 'max-age=0', control)).toBe(false);
  });
});

describe('RFC 9111, section 4.2.4: serving stale responses', () => {
  /** The server hangs up. */
  const broken = 'broken';
  type Step = Answer | typeof broken;

  async function stale(control: string, steps: Step[], options: Parameters<typeof memoryCache>[0] = {}) {
    const origin = await cachedOrigin((request, count, response) => {
      const step = count === 1 ? { headers: { 'cache-control': control, etag: '"a"' } } : steps[count - 2];
      if (step !== broken) return step;
      response.destroy();
      return undefined;
    }, memoryCache(options));
    await origin.get();
    pass(61);
    return origin;
  }

  it.each<Step>([broken, { status: 500 }, { status: 502 }, { status: 503 }, { status: 504 }])(
    'gives what is stale in place of an error, for an hour',
    async (step) => {
      await using origin = await stale('max-age=60', [step, step, step]);
      const status = step === broken ? '' : ` fwd-status=${step.status};`;
      expect(await origin.get()).toMatchObject({
        text: 'answer 1',
        cache: `fwd=stale;${status} ttl=-1; detail=stale-if-error`,
      });
      pass(3_598);
      expect((await origin.get()).text).toBe('answer 1');
      pass(2);
      if (step === broken) await expect(origin.get()).rejects.toThrow(NetworkError);
      else expect((await origin.get()).text).toBe('answer 4');
    },
  );

  it('but not when the client is closed', async () => {
    await using origin = await cachedOrigin((_request, count) => (count === 1 ? { headers: minute } : undefined));
    await origin.get();
    pass(61);
    const pending = origin.get();
    const rejected = expect(pending).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
    await vi.waitFor(() => expect(origin.requests).toHaveLength(2), 5_000);
    await origin.api.close();
    await rejected;
  });

  it.each([
    ['a 404 has taken its place', [404, 503], [404, 503]],
    ['access is refused', [403, 503], [403, 503]],
    ['it has moved', [302, 503], [302, 503]],
    ['the server was busy meanwhile', [429, 503], [429, 200]],
  ])('nor once %s', async (_name, statuses, given) => {
    const headers = { 'cache-control': 'max-age=0, stale-if-error=60' };
    await using origin = await cachedOrigin((_request, count) => {
      return count === 1 ? { headers } : { status: statuses[count - 2] ?? 200 };
    });
    await origin.get();
    expect([(await origin.get()).status, (await origin.get()).status]).toEqual(given);
  });

  it.each([501, 505, 404, 429])('but not in place of a %s', async (status) => {
    await using origin = await stale('max-age=60', [{ status }]);
    expect((await origin.get()).status).toBe(status);
  });

  it('nor in place of an abort', async () => {
    await using origin = await cachedOrigin((_request, count) => (count === 1 ? { headers: minute } : undefined));
    await origin.get();
    pass(61);
    for (const headers of [{}, { 'if-none-match': '"b"' }]) {
      const controller = new AbortController();
      const reason = new Error('enough');
      const pending = origin.api.get('/', { headers, signal: controller.signal }).text();
      const before = origin.requests.length;
      await vi.waitFor(() => expect(origin.requests.length).toBeGreaterThan(before), 5_000);
      controller.abort(reason);
      await expect(pending).rejects.toBe(reason);
    }
  });

  it('nor when staleIfErrorMs is 0', async () => {
    await using origin = await stale('max-age=60', [broken], { staleIfErrorMs: 0 });
    await expect(origin.get()).rejects.toThrow(NetworkError);
  });

  it.each([
    ['must-revalidate', 'private'],
    ['no-cache', 'private'],
    ['proxy-revalidate', 'shared'],
    ['s-maxage=60', 'shared'],
  ] as const)('nor where the response has %s, in a %s cache', async (control, mode) => {
    await using origin = await stale(`max-age=60, ${control}`, [broken, { status: 503 }], { mode });
    await expect(origin.get()).rejects.toThrow(NetworkError);
    expect((await origin.get()).status).toBe(503);
  });

  it.each(['no-cache', 'max-age=0', 'min-fresh=1'])('nor where the request has %s', async (wanted) => {
    await using origin = await stale('max-age=60', [broken]);
    await expect(origin.get('/', { 'cache-control': wanted })).rejects.toThrow(NetworkError);
  });

  it('nor what has never been fresh, unless it says so', async () => {
    await using origin = await stale('max-age=0', [broken]);
    await expect(origin.get()).rejects.toThrow(NetworkError);
    await using other = await stale('max-age=0, stale-if-error=99', [broken]);
    expect((await other.get()).text).toBe('answer 1');
  });

  it('nor what breaks off: it is never taken for whole', async () => {
    await using origin = await cachedOrigin((_request, count, response) => {
      if (count > 1) return { headers: minute };
      response.writeHead(200, { ...minute, 'content-length': '100' }).write('0123456789');
      setTimeout(() => response.destroy(), 10);
      return undefined;
    });
    await expect(origin.get()).rejects.toThrow(NetworkError);
    expect((await origin.get()).text).toBe('answer 2');
  });
});

describe('RFC 5861', () => {
  const stale = (control: string) => ({ 'cache-control': `max-age=60, ${control}`, etag: '"a"' });

  it('section 4: stale-if-error of the response bounds it, in place of staleIfErrorMs', async () => {
    await using origin = await cachedOrigin((_request, count, response) => {
      if (count === 1) return { headers: stale('stale-if-error=10') };
      response.destroy();
      return undefined;
    });
    await origin.get();
    pass(69);
    expect((await origin.get()).text).toBe('answer 1');
    pass(2);
    await expect(origin.get()).rejects.toThrow(NetworkError);
  });

  it('section 4: stale-if-error of the request does where the response has none', async () => {
    await using origin = await cachedOrigin((_request, count) => (count === 1 ? { headers: minute } : { status: 503 }));
    await origin.get();
    pass(70);
    expect((await origin.get('/', { 'cache-control': 'stale-if-error=9' })).status).toBe(503);
    expect((await origin.get('/', { 'cache-control': 'stale-if-error=10' })).status).toBe(200);
  });

  it('section 3: stale-while-revalidate gives what is stale at once, and fetches a new one behind it', async () => {
    const refreshed = Promise.withResolvers<void>();
    await using origin = await cachedOrigin((_request, count) => {
      if (count === 2) refreshed.resolve();
      return { headers: stale('stale-while-revalidate=10') };
    });
    await origin.get();
    pass(69);
    expect(await origin.get()).toMatchObject({ text: 'answer 1', cache: 'hit; ttl=-9' });
    await refreshed.promise;
    await vi.waitFor(async () => expect((await origin.get()).text).toBe('answer 2'), 5_000);
    expect(origin.requests).toHaveLength(2);
    expect(origin.requests[1]?.headers['if-none-match']).toBe('"a"');
    pass(71);
    expect((await origin.get()).text).toBe('answer 3');
  });

  it('section 3: many who get what is stale make one request', async () => {
    await using origin = await cachedOrigin((_request, count, response) => {
      if (count === 1) return { headers: stale('stale-while-revalidate=10') };
      setTimeout(() => response.writeHead(200, minute).end('new'), 30);
      return undefined;
    });
    await origin.get();
    pass(65);
    const got = await Promise.all(Array.from({ length: 50 }, () => origin.get()));
    expect(new Set(got.map(({ text }) => text))).toEqual(new Set(['answer 1']));
    await vi.waitFor(async () => expect((await origin.get()).text).toBe('new'), 5_000);
    expect(origin.requests).toHaveLength(2);
  });

  it('section 3: a refresh that fails is told, and what is stale stays', async () => {
    const onError = vi.fn();
    await using origin = await cachedOrigin((_request, count, response) => {
      if (count === 1) return { headers: stale('stale-while-revalidate=10') };
      response.destroy();
      return undefined;
    }, memoryCache({ onError }));
    await origin.get('/?token=secret');
    pass(65);
    await origin.get('/?token=secret');
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), 5_000);
    expect(onError.mock.calls[0]).toMatchObject([{ operation: 'refresh', url: `${origin.url}/?token=REDACTED` }]);
    expect((await origin.get('/?token=secret')).text).toBe('answer 1');
  });

  it('section 3: the refresh is a plain request, and only-if-cached makes none', async () => {
    await using origin = await cachedOrigin([{ headers: stale('stale-while-revalidate=10') }]);
    await origin.get();
    pass(65);
    const only = { 'cache-control': 'only-if-cached', 'x-a': '1', range: 'bytes=0-1' };
    expect((await origin.get('/', only)).text).toBe('an');
    await new Promise((resolve) => void setTimeout(resolve, 30));
    expect(origin.requests).toHaveLength(1);
    expect((await origin.get('/', { ...only, 'cache-control': 'max-stale=1' })).text).toBe('an');
    await vi.waitFor(() => expect(origin.requests).toHaveLength(2), 5_000);
    const { headers } = origin.requests[1]!;
    expect([headers['x-a'], headers['cache-control'], headers.range]).toEqual(['1', undefined, undefined]);
  });

  it('section 3: it is not for a request that says how old an answer may be', async () => {
    await using origin = await cachedOrigin([{ headers: stale('stale-while-revalidate=10') }]);
    await origin.get();
    pass(65);
    expect((await origin.get('/', { 'cache-control': 'max-age=99' })).text).toBe('answer 2');
  });

  it('section 3: closing the client ends the refresh', async () => {
    const onError = vi.fn();
    await using origin = await cachedOrigin((_request, count) => {
      return count === 1 ? { headers: stale('stale-while-revalidate=10') } : undefined;
    }, memoryCache({ onError }));
    await origin.get();
    pass(65);
    await origin.get();
    await vi.waitFor(() => expect(origin.requests).toHaveLength(2), 5_000);
    await origin.api.close();
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), 5_000);
  });

  it.each(['must-revalidate', 'no-cache'])('section 3: %s overrules it', async (control) => {
    await using origin = await cachedOrigin([{ headers: stale(`stale-while-revalidate=10, ${control}`) }]);
    await origin.get();
    pass(65);
    expect((await origin.get()).text).toBe('answer 2');
  });
});

describe('RFC 9211: Cache-Status', () => {
  it('tells what the cache did, behind what caches before it have told', async () => {
    const headers = { ...minute, 'cache-status': 'Edge; hit' };
    await using origin = await cachedOrigin([{ headers }, { headers: minute }]);
    const values = [];
    for (let count = 0; count < 2; count++) values.push((await origin.get()).headers.get('cache-status'));
    pass(10);
    values.push((await origin.get()).headers.get('cache-status'));
    await origin.api.get('/whole').bytes();
    values.push((await origin.get('/whole')).cache, (await origin.get('/', { 'cache-control': 'no-store' })).cache);
    expect(values).toEqual([
      'Edge; hit, DEX; fwd=uri-miss',
      'Edge; hit, DEX; hit; ttl=60',
      'Edge; hit, DEX; hit; ttl=50',
      'hit; ttl=60',
      'fwd=bypass',
    ]);
  });
});
