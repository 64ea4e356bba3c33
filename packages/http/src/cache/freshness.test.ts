import { beforeEach, describe, expect, it, vi } from 'vitest';
import { cachedOrigin, httpDate } from '../../test/cached-origin.ts';
import { fakeDate, pass } from '../../test/fake-date.ts';
import { memoryCache } from '../index.ts';

beforeEach(fakeDate);

type Headers = Record<string, string | string[]>;

/** For how many of the seconds given the response is used without asking the server. */
async function freshAfter(seconds: number, headers: Headers, mode: 'private' | 'shared' = 'private'): Promise<boolean> {
  await using origin = await cachedOrigin([{ headers }], memoryCache({ mode, staleIfErrorMs: 0 }));
  await origin.get();
  pass(seconds);
  await origin.get();
  return origin.requests.length === 1;
}

async function expectLifetime(seconds: number, headers: Headers, mode: 'private' | 'shared' = 'private') {
  const start = Date.now();
  expect(await freshAfter(seconds - 1, headers, mode)).toBe(true);
  vi.setSystemTime(start);
  expect(await freshAfter(seconds + 1, headers, mode)).toBe(false);
}

describe('a clock that is set back', () => {
  it('makes nothing fresh for longer', async () => {
    const headers = { 'cache-control': 'max-age=60' };
    expect(await freshAfter(-59, headers)).toBe(true); // two machines may differ by some seconds
    expect(await freshAfter(-61, headers)).toBe(false);
  });

  it('between a request and its answer takes nothing from the age that the answer tells', async () => {
    await using origin = await cachedOrigin((_request, count) => {
      if (count === 1) pass(-3_600);
      return { headers: { 'cache-control': 'max-age=60', age: '50' } };
    });
    await origin.get();
    expect((await origin.get()).headers.get('age')).toBe('50');
  });
});

describe('RFC 9111, section 4.2.1: freshness lifetime', () => {
  it('max-age comes before Expires', () =>
    expectLifetime(60, { 'cache-control': 'max-age=60', expires: httpDate(500) }));

  it('s-maxage comes before both in a shared cache, and means nothing in a private one', async () => {
    const headers = { 'cache-control': 'max-age=60, s-maxage=100' };
    await expectLifetime(100, headers, 'shared');
    await expectLifetime(60, headers, 'private');
  });

  it('Expires counts from Date', () => expectLifetime(60, { expires: httpDate(160), date: httpDate(100) }));

  it('Expires counts from now where there is no Date', () =>
    expectLifetime(60, { date: 'soon', expires: httpDate(60) }));

  it.each([
    ['"max-age=60"', 'extension="max-age=60"'],
    ['a number below none', 'max-age=-60'],
    ['no whole number', 'max-age=60.5'],
    ['no number', "max-age='60'"],
    ['space', 'max-age =60'],
    ['no value', 'max-age'],
  ])('max-age with %s is none', async (_name, control) => {
    expect(await freshAfter(0, { 'cache-control': control })).toBe(false);
  });

  it.each([
    'max-age=060',
    'MAX-AGE=60',
    'max-age="60"',
    'a="b, c", max-age=60',
    'max-age=60, max-age=1',
    ',,max-age=60',
  ])('%s is a minute', (control) => expectLifetime(60, { 'cache-control': control }));

  it.each(['2147483648', '99999999999', '9'.repeat(400)])('max-age=%s is as long as can be', async (seconds) => {
    expect(await freshAfter(10 * 365 * 86_400, { 'cache-control': `max-age=${seconds}` })).toBe(true);
  });

  it.each(['0', '-1', 'tomorrow', ''])('Expires of "%s" is past', async (expires) => {
    expect(await freshAfter(0, { expires, 'last-modified': httpDate(-86_400) })).toBe(false);
  });
});

describe('RFC 9111, section 4.2.2: heuristic freshness', () => {
  it('is a tenth of what has passed since the last change', () =>
    expectLifetime(360, { 'last-modified': httpDate(-3_600) }));

  it('is a day at most', () => expectLifetime(86_400, { 'last-modified': httpDate(-10 * 365 * 86_400) }));

  it('is none without Last-Modified, or with one that is to come', async () => {
    expect(await freshAfter(0, { etag: '"a"' })).toBe(false);
    expect(await freshAfter(0, { 'last-modified': httpDate(500) })).toBe(false);
  });
});

describe('RFC 9111, section 4.2.3: age', () => {
  const minute = { 'cache-control': 'max-age=60' };

  it('counts the age that the response came with', () => expectLifetime(20, { ...minute, age: '40' }));
  it('counts from Date when that is older', () => expectLifetime(20, { ...minute, date: httpDate(-40) }));
  it('does not trust a Date that is to come', () => expectLifetime(60, { ...minute, date: httpDate(40) }));

  it('counts the time that the answer took', async () => {
    await using origin = await cachedOrigin(() => {
      pass(40);
      return { headers: { ...minute, date: httpDate() } };
    });
    await origin.get();
    expect((await origin.get()).headers.get('age')).toBe('40');
    pass(21);
    expect((await origin.get()).text).toBe('answer 2');
  });

  it('does not grow younger when the clock is set back', async () => {
    await using origin = await cachedOrigin([{ headers: { ...minute, age: '40' } }]);
    await origin.get();
    pass(-1_000);
    expect((await origin.get()).headers.get('age')).toBe('40');
  });
});

describe('RFC 9111, section 5.1: Age', () => {
  it.each([
    ['40', '40'],
    ['40, 0', '40'],
    ['0, 40', '0'],
    ['abc', '0'],
    ['-40', '0'],
    ['40.0', '0'],
    ['40;a=b', '0'],
    ['4294967296', '2147483648'],
  ])('"%s" is %s', async (said, taken) => {
    await using origin = await cachedOrigin([{ headers: { 'cache-control': 'max-age=9', etag: '"a"', age: said } }]);
    await origin.get('/');
    const { headers } = await origin.get('/', { 'cache-control': 'max-stale' });
    expect(headers.get('age')).toBe(taken);
  });

  it('of several the first counts', async () => {
    await using origin = await cachedOrigin([{ headers: { 'cache-control': 'max-age=60', age: ['7', '9'] } }]);
    await origin.get();
    expect((await origin.get()).headers.get('age')).toBe('7');
  });

  it('is in whole seconds on what is stored, and not on what is not', async () => {
    await using origin = await cachedOrigin([{ headers: { 'cache-control': 'max-age=60' } }]);
    expect((await origin.get()).headers.get('age')).toBeNull();
    pass(7.9);
    expect((await origin.get()).headers.get('age')).toBe('7');
    pass(1);
    expect((await origin.get()).headers.get('age')).toBe('8');
  });
});

describe('RFC 9110, section 5.6.7: dates', () => {
  it.each([
    'Thu, 18 Aug 2050 02:01:18 GMT',
    'THU, 18 AUG 2050 02:01:18 gmt',
    'Thursday, 18-Aug-50 02:01:18 GMT',
    'Thu Aug  8 02:01:18 2050',
    'Sun, 21 Nov 2286 04:46:39 GMT',
    'Thu, 29 Feb 2052 23:59:60 GMT',
  ])('%s is to come', async (expires) => expect(await freshAfter(60, { expires })).toBe(true));

  it.each([
    'Thu, 18 Aug 2050 02:01:18 UTC',
    'Thu, 18 Aug 2050 02:01:18 AEST',
    'Thu, 18 Aug 50 02:01:18 GMT',
    'Thu 18 Aug 2050 02:01:18 GMT',
    'Thu, 18  Aug  2050 02:01:18 GMT',
    'Thu, 18-Aug-2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02.01.18 GMT',
    'Thu, 18 Aug 2050 2:01:18 GMT',
    'Thu, 31 Feb 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 24:01:18 GMT',
    'Thu, 00 Aug 2050 02:01:18 GMT',
    '2050-08-18T02:01:18Z',
    '2539382478',
  ])('%s is no date', async (expires) => expect(await freshAfter(0, { expires })).toBe(false));

  it('a year of two digits is of this century up to 50 years ahead', async () => {
    expect(await freshAfter(0, { expires: 'Friday, 18-Aug-76 02:01:18 GMT' })).toBe(true);
    expect(await freshAfter(0, { expires: 'Friday, 18-Aug-77 02:01:18 GMT' })).toBe(false);
  });
});
