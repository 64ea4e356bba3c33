import { beforeEach, describe, expect, it } from 'vitest';
import { type Answer, cachedOrigin, httpDate } from '../../test/cached-origin.ts';
import { fakeDate, pass } from '../../test/fake-date.ts';
import { memoryCache } from '../index.ts';

beforeEach(fakeDate);

const minute = { 'cache-control': 'max-age=60' };
const tagged = { ...minute, etag: '"a"' };
const modified = 'Mon, 01 Dec 2025 00:00:00 GMT';

/** Stores the first answer, lets it become stale, and asks again. */
async function validate(first: Answer, second: Answer, headers: Record<string, string> = {}) {
  const origin = await cachedOrigin([first, second, { headers: { ...minute, 'x-third': '1' } }]);
  await origin.get();
  pass(61);
  return { origin, got: await origin.get('/', headers) };
}

describe('RFC 9111, section 4.3.1: sending a validation request', () => {
  it('sends the stored validators', async () => {
    const { origin } = await validate({ headers: { ...tagged, 'last-modified': modified } }, {});
    await using _ = origin;
    expect(origin.requests[1]?.headers).toMatchObject({ 'if-none-match': '"a"', 'if-modified-since': modified });
  });

  it('sends none for what has none', async () => {
    const { origin } = await validate({ headers: minute }, {});
    await using _ = origin;
    expect(origin.requests[1]?.headers).not.toHaveProperty('if-none-match');
    expect(origin.requests[1]?.headers).not.toHaveProperty('if-modified-since');
  });

  it('sends the tags of the client along', async () => {
    const { origin } = await validate({ headers: tagged }, {}, { 'if-none-match': '"b", W/"c"' });
    await using _ = origin;
    expect(origin.requests[1]?.headers['if-none-match']).toBe('"a", "b", W/"c"');
  });

  it('leaves a condition by tags to the server where the stored response has only a date', async () => {
    const { origin } = await validate(
      { headers: { ...minute, 'last-modified': modified } },
      {},
      { 'if-none-match': '"b"' },
    );
    await using _ = origin;
    expect(origin.requests[1]?.headers['if-none-match']).toBe('"b"');
    expect(origin.requests[1]?.headers).not.toHaveProperty('if-modified-since');
  });

  it('sends the headers that Vary names', async () => {
    const headers = { 'x-a': '1' };
    await using origin = await cachedOrigin([{ headers: { ...tagged, vary: 'x-a' } }]);
    await origin.get('/', headers);
    pass(61);
    await origin.get('/', headers);
    expect(origin.requests[1]?.headers).toMatchObject({ 'x-a': '1', 'if-none-match': '"a"' });
  });
});

describe('a validator that is not ASCII', () => {
  it.each([
    ['a tag', { ...minute, etag: '"\u20ac"' }],
    ['a date', { ...minute, 'last-modified': '\u20ac' }],
  ])('does no harm: %s', async (_name, headers) => {
    const inUtf8 = Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
    const { origin, got } = await validate({ headers: Object.fromEntries(inUtf8) }, {});
    await using _ = origin;
    expect(got.text).toBe('answer 2');
  });
});

describe('RFC 9111, section 4.3.2: handling a received validation request', () => {
  it.each([
    ['"a"', 304],
    ['W/"a"', 304],
    ['"b", "a"', 304],
    ['"b,a", "a"', 304],
    ['"b,a"', 200],
    ['*', 304],
    ['"b"', 200],
    ['a', 200],
    ['"A"', 200],
  ])('If-None-Match: %s is answered from the cache with a %s', async (condition, status) => {
    await using origin = await cachedOrigin([{ headers: tagged }]);
    await origin.get();
    const got = await origin.get('/', { 'if-none-match': condition });
    expect([got.status, got.text, origin.requests.length]).toEqual([status, status === 304 ? '' : 'answer 1', 1]);
  });

  it('compares weak tags as weak', async () => {
    await using origin = await cachedOrigin([{ headers: { ...minute, etag: 'W/"a"' } }]);
    await origin.get();
    expect((await origin.get('/', { 'if-none-match': '"a"' })).status).toBe(304);
  });

  it.each([
    ['the same date', modified, 304],
    ['a later one', 'Tue, 02 Dec 2025 00:00:00 GMT', 304],
    ['the same in another form', 'Monday, 01-Dec-25 00:00:00 GMT', 304],
    ['an earlier one', 'Sun, 30 Nov 2025 00:00:00 GMT', 200],
    ['no date', 'yesterday', 200],
  ])('If-Modified-Since with %s', async (_name, condition, status) => {
    await using origin = await cachedOrigin([{ headers: { ...minute, 'last-modified': modified } }]);
    await origin.get();
    expect((await origin.get('/', { 'if-modified-since': condition })).status).toBe(status);
    expect(origin.requests).toHaveLength(1);
  });

  it('If-Modified-Since goes by Date where there is no Last-Modified', async () => {
    await using origin = await cachedOrigin([{ headers: minute }]);
    await origin.get();
    expect((await origin.get('/', { 'if-modified-since': httpDate(1) })).status).toBe(304);
    expect((await origin.get('/', { 'if-modified-since': httpDate(-1) })).status).toBe(200);
  });

  it('If-None-Match comes before If-Modified-Since', async () => {
    await using origin = await cachedOrigin([{ headers: { ...tagged, 'last-modified': modified } }]);
    await origin.get();
    const conditions = { 'if-none-match': '"b"', 'if-modified-since': httpDate() };
    expect((await origin.get('/', conditions)).status).toBe(200);
  });

  it('a 304 has the fields that a client updates its own copy by, and no others', async () => {
    await using origin = await cachedOrigin([{ headers: { ...tagged, 'content-type': 'text/plain', vary: 'x-a' } }]);
    await origin.get();
    const { headers } = await origin.get('/', { 'if-none-match': '"a"' });
    expect([...headers.keys()].toSorted()).toEqual(['age', 'cache-control', 'cache-status', 'date', 'etag', 'vary']);
  });

  it('does not answer a 304 in place of an error', async () => {
    await using origin = await cachedOrigin([{ status: 404, headers: tagged }]);
    await origin.get();
    expect((await origin.get('/', { 'if-none-match': '"a"' })).status).toBe(404);
  });

  it.each(['if-match', 'if-unmodified-since'])('leaves %s to the server', async (name) => {
    await using origin = await cachedOrigin([{ headers: tagged }]);
    await origin.get();
    expect((await origin.get('/', { [name]: '"a"' })).text).toBe('answer 2');
    expect(origin.requests[1]?.headers[name]).toBe('"a"');
  });

  it('hands a condition on where nothing is stored, and does not store the 304', async () => {
    await using origin = await cachedOrigin([{ status: 304, headers: tagged }, { headers: tagged }]);
    expect((await origin.get('/', { 'if-none-match': '"a"' })).status).toBe(304);
    expect((await origin.get()).text).toBe('answer 2');
  });

  it('stores what a condition that does not hold brings', async () => {
    await using origin = await cachedOrigin([{ headers: tagged }]);
    expect((await origin.get('/', { 'if-none-match': '"b"' })).text).toBe('answer 1');
    expect((await origin.get()).text).toBe('answer 1');
  });
});

describe('RFC 9111, section 4.3.3: handling a validation response', () => {
  it('a 304 lets the stored response be used, fresh again', async () => {
    const { origin, got } = await validate({ headers: tagged }, { status: 304, headers: tagged });
    await using _ = origin;
    expect(got).toMatchObject({ status: 200, text: 'answer 1', cache: 'fwd=stale; fwd-status=304; stored' });
    pass(59);
    expect((await origin.get()).text).toBe('answer 1');
    expect(origin.requests).toHaveLength(2);
  });

  it('a full response takes its place', async () => {
    const { origin, got } = await validate({ headers: tagged }, { headers: { ...minute, etag: '"b"' } });
    await using _ = origin;
    expect([got.text, (await origin.get()).text]).toEqual(['answer 2', 'answer 2']);
  });

  it('a full response that may not be stored drops the old one', async () => {
    const { origin } = await validate({ headers: tagged }, { headers: { 'cache-control': 'no-store' } });
    await using _ = origin;
    await origin.get();
    expect(origin.requests[2]?.headers).not.toHaveProperty('if-none-match');
  });

  it("answers the client's own condition from what is validated", async () => {
    const { origin, got } = await validate(
      { headers: tagged },
      { status: 304, headers: tagged },
      { 'if-none-match': '"a"' },
    );
    await using _ = origin;
    expect(got.status).toBe(304);
    expect((await origin.get()).text).toBe('answer 1');
  });

  it("hands a 304 about the client's own tag on, and does not use it for what is stored", async () => {
    const second = { status: 304, headers: { ...minute, etag: '"b"' } };
    const { origin, got } = await validate({ headers: tagged }, second, { 'if-none-match': '"b"' });
    await using _ = origin;
    expect([got.status, got.headers.get('etag')]).toEqual([304, '"b"']);
    expect((await origin.get()).text).toBe('answer 3');
  });

  it('hands a 304 on that does not say which of the tags it is about', async () => {
    const second = { status: 304, headers: minute };
    const { origin, got } = await validate({ headers: tagged }, second, { 'if-none-match': '"b"' });
    await using _ = origin;
    expect(got.status).toBe(304);
    expect((await origin.get()).text).toBe('answer 3');
  });

  it('takes a 304 without a tag for one about the only tag that was sent', async () => {
    const { origin, got } = await validate({ headers: tagged }, { status: 304, headers: minute });
    await using _ = origin;
    expect(got.text).toBe('answer 1');
  });

  it('asks once more, without a condition, when a 304 is about nothing that was asked for', async () => {
    const second = { status: 304, headers: { ...minute, etag: '"b"' } };
    const { origin, got } = await validate({ headers: tagged }, second);
    await using _ = origin;
    expect(got.text).toBe('answer 3');
    expect(origin.requests[2]?.headers).not.toHaveProperty('if-none-match');
  });
});

describe('RFC 9111, section 3.2: updating stored header fields', () => {
  it('takes each from the 304, but those that belong to the stored body', async () => {
    const own = { 'content-type': 'text/plain', 'content-length': '8', 'content-encoding': 'identity', 'x-a': '1' };
    const newer = { 'content-type': 'text/html', 'content-length': '99', 'content-encoding': 'gzip', 'x-a': '2' };
    const { origin, got } = await validate(
      { headers: { ...tagged, ...own, 'x-b': '1' } },
      { status: 304, headers: { ...tagged, ...newer, connection: 'x-hop', 'x-hop': '1' } },
    );
    await using _ = origin;
    for (const { headers } of [got, await origin.get()]) {
      expect(Object.fromEntries(headers)).toMatchObject({
        ...own,
        'content-type': 'text/html',
        'x-a': '2',
        'x-b': '1',
      });
      expect(headers.has('x-hop')).toBe(false);
    }
  });

  it('a 304 may change how long, whether and for which requests the response is kept', async () => {
    const longer = await validate(
      { headers: tagged },
      { status: 304, headers: { ...tagged, 'cache-control': 'max-age=600' } },
    );
    await using _ = longer.origin;
    pass(599);
    expect((await longer.origin.get()).text).toBe('answer 1');

    const never = await validate(
      { headers: tagged },
      { status: 304, headers: { ...tagged, 'cache-control': 'no-store' } },
    );
    await using __ = never.origin;
    expect(never.got.text).toBe('answer 1');
    expect((await never.origin.get()).text).toBe('answer 3');
    expect(never.origin.requests[2]?.headers).not.toHaveProperty('if-none-match');

    const varying = await validate(
      { headers: tagged },
      { status: 304, headers: { ...tagged, vary: 'x-a' } },
      { 'x-a': '1' },
    );
    await using ___ = varying.origin;
    expect((await varying.origin.get('/', { 'x-a': '1' })).text).toBe('answer 1');
    expect((await varying.origin.get('/', { 'x-a': '2' })).text).toBe('answer 3');
  });

  it('forgets the Age that the response came with first', async () => {
    const { origin } = await validate({ headers: { ...tagged, age: '50' } }, { status: 304, headers: tagged });
    await using _ = origin;
    pass(5);
    expect((await origin.get()).headers.get('age')).toBe('5');
  });
});

describe('RFC 9111, section 4.3.5: freshening with HEAD', () => {
  const length = { 'content-length': '8' };

  it('answers a HEAD from the response to a GET, without its body', async () => {
    await using origin = await cachedOrigin([{ headers: { ...tagged, ...length } }]);
    await origin.get();
    const got = await origin.send('HEAD');
    expect([got.text, got.headers.get('content-length'), origin.requests.length]).toEqual(['', '8', 1]);
  });

  it('does not answer a GET from the response to a HEAD', async () => {
    await using origin = await cachedOrigin([{ headers: tagged }]);
    await origin.send('HEAD');
    expect((await origin.get()).text).toBe('answer 2');
  });

  it('a HEAD that tells the same updates what is stored', async () => {
    await using origin = await cachedOrigin([
      { headers: { ...tagged, ...length } },
      { headers: { ...tagged, ...length, 'x-a': '2' } },
    ]);
    await origin.get();
    pass(61);
    await origin.send('HEAD');
    expect(origin.requests[1]).toMatchObject({ method: 'HEAD' });
    const got = await origin.get();
    expect([got.text, got.headers.get('x-a')]).toEqual(['answer 1', '2']);
  });

  it.each([
    ['another tag', { ...tagged, etag: '"b"' }],
    ['another length', { ...tagged, 'content-length': '9' }],
    ['another date', { ...tagged, 'last-modified': modified }],
  ])('a HEAD that tells %s drops it', async (_name, headers) => {
    await using origin = await cachedOrigin([{ headers: { ...tagged, ...length } }, { headers }, {}]);
    await origin.get();
    pass(61);
    await origin.send('HEAD');
    await origin.get();
    expect(origin.requests[2]?.headers).not.toHaveProperty('if-none-match');
  });

  it('a HEAD that is not a 200 changes nothing', async () => {
    await using origin = await cachedOrigin([{ headers: tagged }, { status: 404 }, { status: 304, headers: tagged }]);
    await origin.get();
    pass(61);
    expect((await origin.send('HEAD')).status).toBe(404);
    expect((await origin.get()).text).toBe('answer 1');
    expect(origin.requests[2]?.headers['if-none-match']).toBe('"a"');
  });
});

describe('RFC 9111, section 4.4: invalidating stored responses', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH'])('a %s that succeeds drops what is stored', async (method) => {
    await using origin = await cachedOrigin([{ headers: minute }]);
    await origin.get();
    expect((await origin.send(method)).cache).toBe('fwd=method');
    expect((await origin.get()).text).toBe('answer 3');
  });

  it('drops every variant', async () => {
    await using origin = await cachedOrigin([{ headers: { ...minute, vary: 'x-a' } }]);
    await origin.get('/', { 'x-a': '1' });
    await origin.get('/', { 'x-a': '2' });
    await origin.send('DELETE');
    expect((await origin.get('/', { 'x-a': '1' })).text).toBe('answer 4');
  });

  it.each([
    ['POST', 500],
    ['POST', 404],
    ['OPTIONS', 200],
  ])('a %s that is answered %s drops nothing', async (method, status) => {
    await using origin = await cachedOrigin((request) => ({
      headers: minute,
      status: request.method === 'GET' ? 200 : status,
    }));
    await origin.get();
    await origin.send(method);
    expect((await origin.get()).text).toBe('answer 1');
  });

  it('a redirect drops what is stored as well', async () => {
    await using origin = await cachedOrigin((request) => ({
      headers: minute,
      status: request.method === 'GET' ? 200 : 303,
    }));
    await origin.get();
    await origin.send('POST');
    expect((await origin.get()).text).toBe('answer 3');
  });

  it('drops what Location and Content-Location name, but not on another origin', async () => {
    await using other = await cachedOrigin([{ headers: minute }]);
    await using origin = await cachedOrigin(
      ({ method }) => ({
        headers: method === 'GET' ? minute : { location: '/a', 'content-location': './b', 'x-other': `${other.url}/` },
      }),
      other.cache,
    );
    for (const path of ['/a', '/b', '/c']) await origin.get(path);
    await other.get();
    await origin.send('POST');
    for (const path of ['/a', '/b', '/c']) await origin.get(path);
    expect(origin.requests.map(({ url }) => url)).toEqual(['/a', '/b', '/c', '/', '/a', '/b']);
    await using evil = await cachedOrigin(() => ({ headers: { location: `${other.url}/` } }), other.cache);
    await evil.send('POST');
    await other.get();
    expect(other.requests).toHaveLength(1);
  });

  it.each([
    ['not stored', '/', 'answer 3'],
    ['stored where another URL was dropped', '/other', 'outdated'],
  ])('an answer that was on its way before is %s', async (_name, dropped, text) => {
    const arrived = Promise.withResolvers<() => void>();
    await using origin = await cachedOrigin((_request, count, response) => {
      if (count > 1) return { headers: minute };
      arrived.resolve(() => void response.writeHead(200, minute).end('outdated'));
      return undefined;
    });
    const early = origin.get();
    const answer = await arrived.promise;
    await origin.send('POST', dropped);
    answer();
    expect((await early).text).toBe('outdated');
    expect((await origin.get()).text).toBe(text);
  });

  it('cache.delete drops what is stored for a URL', async () => {
    await using origin = await cachedOrigin([{ headers: minute }]);
    await origin.get('/a?b');
    await origin.cache.delete(`${origin.url}/a?b#c`);
    expect((await origin.get('/a?b')).text).toBe('answer 2');
  });
});

describe('RFC 9110, section 9.3.3: POST', () => {
  it.each([
    ['the same URL and freshness', 200, { ...minute, 'content-location': '/' }, true],
    ['another status', 201, { ...minute, 'content-location': '/' }, false],
    ['another URL', 200, { ...minute, 'content-location': '/a' }, false],
    ['no URL', 200, minute, false],
    ['freshness that is guessed', 200, { 'last-modified': modified, 'content-location': '/' }, false],
  ])('an answer with %s is stored for GET: %s', async (_name, status, headers, stored) => {
    await using origin = await cachedOrigin(({ method }) => (method === 'POST' ? { status, headers } : {}));
    await origin.send('POST');
    expect((await origin.get()).text).toBe(stored ? 'answer 1' : 'answer 2');
    expect((await origin.send('POST')).text).toBe(stored ? 'answer 2' : 'answer 3');
  });
});

describe('mode', () => {
  it('refuses what is neither', () => {
    // @ts-expect-error no such mode
    expect(() => memoryCache({ mode: 'public' })).toThrow(
      'Option "memoryCache.mode" must be one of "private", "shared"',
    );
  });
});
