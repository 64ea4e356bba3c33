import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answer, cachedOrigin, httpDate } from '../../test/cached-origin.ts';
import { fakeDate } from '../../test/fake-date.ts';
import { memoryCache } from '../index.ts';

beforeEach(fakeDate);

const digits = '0123456789';
const modified = 'Mon, 01 Dec 2025 00:00:00 GMT';
const tagged = { 'cache-control': 'max-age=60', etag: '"a"', 'last-modified': modified };
const whole: Answer = { headers: tagged, body: digits };

/** What a server that knows ranges answers. */
function part(first: number, last: number, headers: Record<string, string> = tagged): Answer {
  const range = { 'content-range': `bytes ${first}-${last}/10` };
  return { status: 206, headers: { ...headers, ...range }, body: digits.slice(first, last + 1) };
}

describe('parts that say different things of the whole', () => {
  it('are not joined, whatever tag they have', async () => {
    const lie = { 'content-range': 'bytes 5-9/20' };
    await using origin = await cachedOrigin([
      part(0, 4),
      { status: 206, headers: { ...tagged, ...lie }, body: '56789' },
      whole,
    ]);
    await origin.get('/', { range: 'bytes=0-4' });
    await origin.get('/', { range: 'bytes=5-9' });
    expect(await origin.get('/', { range: 'bytes=0-9' })).toMatchObject({
      text: digits,
      cache: expect.stringMatching(/^fwd/),
    });
    expect(origin.requests).toHaveLength(3);
  });
});

describe('RFC 9110, section 14.2: ranges of what is stored whole', () => {
  it.each([
    ['bytes=0-1', '01', 'bytes 0-1/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-30', digits, 'bytes 0-9/10'],
    ['bytes=8-30', '89', 'bytes 8-9/10'],
    ['Bytes=9-9', '9', 'bytes 9-9/10'],
  ])('%s', async (range, text, contentRange) => {
    await using origin = await cachedOrigin([whole]);
    await origin.get();
    const got = await origin.get('/', { range });
    expect(got).toMatchObject({ status: 206, text, cache: 'hit; ttl=60' });
    expect(got.headers.get('content-range')).toBe(contentRange);
    expect(got.headers.get('content-length')).toBe(String(text.length));
    expect(origin.requests).toHaveLength(1);
  });

  it.each([
    'bytes=10-',
    'bytes=-0',
    'bytes=0-1,3-4',
    'lines=0-1',
    'bytes=2-1',
    'bytes=',
    'bytes=-',
    `bytes=${'9'.repeat(400)}-`,
  ])('%s is left to the server', async (range) => {
    await using origin = await cachedOrigin([whole, { status: 416 }]);
    await origin.get();
    expect((await origin.get('/', { range })).status).toBe(416);
    expect((await origin.get()).text).toBe(digits);
    expect(origin.requests.map(({ headers }) => headers.range)).toEqual([undefined, range]);
  });

  it.each([
    ['the tag', '"a"', 206],
    ['another tag', '"b"', 200],
    ['a weak tag', 'W/"a"', 200],
    ['the date', modified, 206],
    ['another date', 'Mon, 01 Dec 2025 00:00:01 GMT', 200],
  ])('If-Range with %s', async (_name, condition, status) => {
    await using origin = await cachedOrigin([whole]);
    await origin.get();
    const got = await origin.get('/', { range: 'bytes=0-1', 'if-range': condition });
    expect([got.status, got.text]).toEqual([status, status === 206 ? '01' : digits]);
    expect(origin.requests).toHaveLength(1);
  });

  it('If-Range with a date of which there may be two versions has the whole', async () => {
    const date = httpDate();
    await using origin = await cachedOrigin([{ headers: { ...tagged, date, 'last-modified': date }, body: digits }]);
    await origin.get();
    expect((await origin.get('/', { range: 'bytes=0-1', 'if-range': date })).status).toBe(200);
    expect(origin.requests).toHaveLength(1);
  });

  it('is for GET, and for a 200', async () => {
    await using origin = await cachedOrigin([{ ...whole, status: 404 }]);
    await origin.get();
    expect((await origin.get('/', { range: 'bytes=0-1' })).status).toBe(404);
    expect((await origin.send('HEAD', '/', { range: 'bytes=0-1' })).status).toBe(404);
  });

  it('gives no part of what is compressed: nobody could inflate it', async () => {
    const body = gzipSync(digits);
    await using origin = await cachedOrigin(({ headers: { range } }, _count, response) => {
      const coding = range === undefined ? { 'content-encoding': 'gzip' } : { 'content-range': 'bytes 0-1/10' };
      response.writeHead(range === undefined ? 200 : 206, { 'cache-control': 'max-age=60', ...coding });
      response.end(range === undefined ? body : '01');
      return undefined;
    });
    expect((await origin.get()).text).toBe(digits);
    expect(await origin.get('/', { range: 'bytes=0-1' })).toMatchObject({ status: 206, text: '01' });
  });

  it('asks for what is stale with its validators, and gives the range of what a 304 confirms', async () => {
    await using origin = await cachedOrigin([whole, { status: 304, headers: tagged }]);
    await origin.get();
    vi.setSystemTime(Date.now() + 61_000);
    expect((await origin.get('/', { range: 'bytes=0-1' })).text).toBe('01');
    expect(origin.requests[1]?.headers).toMatchObject({ range: 'bytes=0-1', 'if-none-match': '"a"' });
    expect((await origin.get()).text).toBe(digits);
  });
});

describe('RFC 9111, section 3.3: storing incomplete responses', () => {
  it.each([
    ['bytes=2-4', '234'],
    ['bytes=3-3', '3'],
  ])('a stored part answers %s', async (range, text) => {
    await using origin = await cachedOrigin([part(2, 4)]);
    await origin.get('/', { range: 'bytes=2-4' });
    expect(await origin.get('/', { range })).toMatchObject({ status: 206, text });
    expect(origin.requests).toHaveLength(1);
  });

  it('and the end of the whole, where it has it', async () => {
    await using origin = await cachedOrigin([part(5, 9)]);
    await origin.get('/', { range: 'bytes=-5' });
    for (const [range, text] of [
      ['bytes=-5', '56789'],
      ['bytes=-1', '9'],
      ['bytes=8-', '89'],
      ['bytes=6-99', '6789'],
    ]) {
      expect((await origin.get('/', { range })).text).toBe(text);
    }
    expect(origin.requests).toHaveLength(1);
  });

  it('but nothing beyond it, nor a request without a range, nor a HEAD', async () => {
    const none = { ...tagged, etag: 'W/"a"' };
    await using origin = await cachedOrigin(() => part(2, 4, none));
    await origin.get('/', { range: 'bytes=2-4' });
    await origin.get('/', { range: 'bytes=1-4' });
    await origin.get('/', { range: 'bytes=2-' });
    await origin.get('/');
    await origin.send('HEAD');
    expect(origin.requests).toHaveLength(5);
    expect(origin.requests[3]?.headers.range).toBeUndefined();
  });

  it('nor under an If-Range that it cannot vouch for, and a HEAD leaves it as it is', async () => {
    await using origin = await cachedOrigin(({ method, headers: { 'if-range': condition } }) => {
      if (method === 'HEAD') return { headers: { ...tagged, 'content-length': '10' } };
      return condition === undefined ? part(0, 4) : whole;
    });
    const range = 'bytes=0-4';
    await origin.get('/', { range });
    await origin.send('HEAD');
    expect((await origin.get('/', { range })).cache).toMatch(/^hit/);
    expect(await origin.get('/', { range, 'if-range': '"b"' })).toMatchObject({ status: 200, text: digits });
  });

  it('knows nothing of the end where the length of the whole is not told', async () => {
    const headers = { ...tagged, 'content-range': 'bytes 2-4/*' };
    await using origin = await cachedOrigin([{ status: 206, headers, body: '234' }]);
    await origin.get('/', { range: 'bytes=2-4' });
    const got = await origin.get('/', { range: 'bytes=3-4' });
    expect([got.text, got.headers.get('content-range')]).toEqual(['34', 'bytes 3-4/*']);
    await origin.get('/', { range: 'bytes=-1' });
    await origin.get('/', { range: 'bytes=3-' });
    expect(origin.requests).toHaveLength(3);
  });

  it.each([
    ['several parts', { 'content-type': 'multipart/byteranges; boundary=a' }],
    ['a length that is not its own', { 'content-range': 'bytes 2-9/10' }],
    ['a range beyond the whole', { 'content-range': 'bytes 2-4/4' }],
    ['a range that goes backward', { 'content-range': 'bytes 4-2/10' }],
    ['no range', {}],
  ])('does not store %s', async (_name, headers) => {
    await using origin = await cachedOrigin([{ status: 206, headers: { ...tagged, ...headers }, body: '234' }]);
    for (let count = 0; count < 2; count++) {
      expect((await origin.get('/', { range: 'bytes=2-4' })).text).toBe('234');
    }
    expect(origin.requests).toHaveLength(2);
  });
});

describe('RFC 9111, section 3.4: combining partial content', () => {
  it('joins parts that touch or overlap, under one strong tag', async () => {
    await using origin = await cachedOrigin([part(2, 4), part(4, 6), part(0, 1)]);
    await origin.get('/', { range: 'bytes=2-4' });
    await origin.get('/', { range: 'bytes=4-6' });
    await origin.get('/', { range: 'bytes=0-1' });
    expect((await origin.get('/', { range: 'bytes=0-6' })).text).toBe('0123456');
    expect(origin.requests).toHaveLength(3);
  });

  it('keeps the newer part alone where both would be too large', async () => {
    await using origin = await cachedOrigin([part(0, 3), part(4, 7), part(0, 3)], memoryCache({ maxEntryBytes: 5 }));
    for (const range of ['bytes=0-3', 'bytes=4-7', 'bytes=5-6', 'bytes=0-3']) await origin.get('/', { range });
    expect(origin.requests.map(({ headers }) => headers.range)).toEqual(['bytes=0-3', 'bytes=4-7', 'bytes=0-3']);
  });

  it('becomes whole', async () => {
    await using origin = await cachedOrigin([part(5, 9), part(0, 6)]);
    await origin.get('/', { range: 'bytes=5-9' });
    await origin.get('/', { range: 'bytes=0-6' });
    const got = await origin.get();
    expect(got).toMatchObject({ status: 200, text: digits });
    expect([got.headers.get('content-length'), got.headers.has('content-range')]).toEqual(['10', false]);
    expect(origin.requests).toHaveLength(2);
  });

  it.each([
    ['a weak tag', { ...tagged, etag: 'W/"a"' }, part(5, 6, { ...tagged, etag: 'W/"a"' })],
    ['another tag', tagged, part(5, 6, { ...tagged, etag: '"b"' })],
    [
      'a date alone',
      { 'cache-control': 'max-age=60', 'last-modified': modified },
      part(5, 6, { 'cache-control': 'max-age=60', 'last-modified': modified }),
    ],
    ['a gap', tagged, part(6, 7)],
  ])('does not join over %s', async (_name, headers, second) => {
    await using origin = await cachedOrigin([part(2, 4, headers), second]);
    await origin.get('/', { range: 'bytes=2-4' });
    await origin.get('/', { range: 'bytes=5-6' });
    await origin.get('/', { range: 'bytes=2-4' });
    expect(origin.requests).toHaveLength(3);
  });

  it('uses the fields of the newer part, and the older ones that it lacks', async () => {
    await using origin = await cachedOrigin([
      part(5, 9, { ...tagged, 'x-a': '1', 'x-b': '1' }),
      part(0, 4, { ...tagged, 'x-a': '2' }),
    ]);
    await origin.get('/', { range: 'bytes=5-9' });
    await origin.get('/', { range: 'bytes=0-4' });
    const { headers } = await origin.get();
    expect([headers.get('x-a'), headers.get('x-b')]).toEqual(['2', '1']);
  });

  it('a part of a whole that is stored leaves it whole', async () => {
    await using origin = await cachedOrigin([whole, part(0, 1)]);
    await origin.get();
    vi.setSystemTime(Date.now() + 61_000);
    expect((await origin.get('/', { range: 'bytes=0-1' })).text).toBe('01');
    expect(await origin.get()).toMatchObject({ status: 200, text: digits });
  });

  it('asks for the rest of what it has the start of', async () => {
    await using origin = await cachedOrigin([part(0, 4), part(5, 9)]);
    await origin.get('/', { range: 'bytes=0-4' });
    expect(await origin.get()).toMatchObject({ status: 200, text: digits });
    expect(origin.requests[1]?.headers).toMatchObject({ range: 'bytes=5-', 'if-range': '"a"' });
    expect((await origin.get()).text).toBe(digits);
    expect(origin.requests).toHaveLength(2);
  });

  it.each([
    ['is another now', [{ headers: { ...tagged, etag: '"b"' }, body: 'another' }], 'another', 2],
    ['comes with another tag', [part(5, 9, { ...tagged, etag: '"b"' }), whole], digits, 3],
    ['does not follow', [part(6, 9), whole], digits, 3],
    ['is not all', [part(5, 8), whole], digits, 3],
    ['is refused', [{ status: 416 }, whole], digits, 3],
    ['is too large', [{ headers: tagged, body: 'x'.repeat(60) }, { body: 'y' }], 'y', 3],
  ] satisfies [string, Answer[], string, number][])(
    'gets the whole when the rest %s',
    async (_name, answers, text, requests) => {
      await using origin = await cachedOrigin([part(0, 4), ...answers], memoryCache({ maxEntryBytes: 50 }));
      await origin.get('/', { range: 'bytes=0-4' });
      expect(await origin.get()).toMatchObject({ status: 200, text });
      expect(origin.requests).toHaveLength(requests);
      if (requests === 3) expect(origin.requests[2]?.headers).not.toHaveProperty('range');
    },
  );
});
