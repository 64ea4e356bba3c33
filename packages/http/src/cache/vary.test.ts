import { describe, expect, it } from 'vitest';
import { cachedOrigin, httpDate } from '../../test/cached-origin.ts';
import { memoryCache } from '../index.ts';

const varying = (vary: string) => [{ headers: { 'cache-control': 'max-age=60', vary } }];

describe('RFC 9111, section 2: the cache key', () => {
  it('is the URL with its query, without its fragment', async () => {
    await using origin = await cachedOrigin([{ headers: { 'cache-control': 'max-age=60' } }]);
    await origin.get('/a?b=1');
    expect(await (await origin.api.fetch(`${origin.url}/a?b=1#there`)).text()).toBe('answer 1');
    expect((await origin.get('/a?b=2')).text).toBe('answer 2');
    expect((await origin.get('/a?b=1&')).text).toBe('answer 3');
    expect((await origin.get('/a%3Fb=1')).text).toBe('answer 4');
  });
});

describe('RFC 9111, section 4.1: calculating cache keys with Vary', () => {
  it('keeps a response for each value of the headers that it names', async () => {
    await using origin = await cachedOrigin(varying('Accept, X-A'));
    expect((await origin.get('/', { 'x-a': '1' })).text).toBe('answer 1');
    expect((await origin.get('/', { 'x-a': '2' })).cache).toBe('fwd=vary-miss');
    expect((await origin.get('/', { 'x-a': '1', 'x-b': '9' })).text).toBe('answer 1');
    expect((await origin.get('/', { 'x-a': '2' })).text).toBe('answer 2');
    expect((await origin.get()).text).toBe('answer 3');
    expect((await origin.get('/', { 'x-a': '' })).text).toBe('answer 4');
  });

  it.each([
    ['X-A', '1,2', ' 1 , 2 ', true],
    ['X-A', '1, 2', '2, 1', false],
    ['X-A', '"1, 2"', '"1,2"', false],
    ['X-A', 'a', 'A', false],
    ['User-Agent', 'a, b', 'a,b', false],
    ['Accept-Language', 'en, de;q=0.5', 'de;q=0.5,EN', true],
    ['Accept-Language', 'en, de;q=0.5', 'de, en;q=0.5', false],
  ])('%s: "%s" and "%s" mean the same: %s', async (name, first, second, same) => {
    await using origin = await cachedOrigin(varying(name));
    await origin.get('/', { [name]: first });
    expect((await origin.get('/', { [name]: second })).text).toBe(same ? 'answer 1' : 'answer 2');
  });

  it.each(['constructor', '__proto__', 'toString'])('takes %s for the name of a header', async (name) => {
    await using origin = await cachedOrigin(varying(name));
    await origin.get();
    expect((await origin.get()).text).toBe('answer 1');
  });

  it('gives the newest of several that match', async () => {
    await using origin = await cachedOrigin((_request, count) => ({
      headers: { 'cache-control': 'max-age=60', ...(count === 1 ? { vary: 'x-a' } : {}) },
    }));
    await origin.get('/', { 'x-a': '1' });
    await new Promise((resolve) => void setTimeout(resolve, 5));
    await origin.get('/', { 'x-a': '2' });
    expect((await origin.get('/', { 'x-a': '1' })).text).toBe('answer 2');
  });

  it('gives the newest by Date, and of one second the one that came last', async () => {
    const answers = [{ vary: 'x-a', date: httpDate(-5) }, { date: httpDate(-10) }, { vary: 'x-b', date: httpDate(-5) }];
    await using origin = await cachedOrigin((_request, count) => {
      return { headers: { 'cache-control': 'max-age=60', ...answers[count - 1] } };
    });
    for (const [a, b] of [
      ['1', '1'],
      ['2', '1'],
      ['3', '2'],
    ] as const) {
      await origin.get('/', { 'x-a': a, 'x-b': b, 'cache-control': 'no-cache' });
      await new Promise((resolve) => void setTimeout(resolve, 5));
    }
    expect((await origin.get('/', { 'x-a': '1', 'x-b': '1' })).text).toBe('answer 1');
    expect((await origin.get('/', { 'x-a': '1', 'x-b': '2' })).text).toBe('answer 3');
  });

  it('is not made to compare thousands of headers', async () => {
    const names = (count: number): string => Array.from({ length: count }, (_, index) => `x-${index}`).join();
    for (const [count, text] of [
      [64, 'answer 1'],
      [65, 'answer 2'],
    ] as const) {
      await using origin = await cachedOrigin(varying(names(count)));
      await origin.get();
      expect((await origin.get()).text).toBe(text);
    }
  });

  it('keeps a bounded number of them, the newest', async () => {
    await using origin = await cachedOrigin(varying('x-a'), memoryCache({ maxVariants: 3 }));
    for (let value = 0; value < 50; value++) {
      await origin.get('/', { 'x-a': String(value) });
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
    expect((await origin.get('/', { 'x-a': '49' })).text).toBe('answer 50');
    expect((await origin.get('/', { 'x-a': '1' })).text).toBe('answer 51');
  });

  it('never mistakes one pair of values for another, whatever separators are in them', async () => {
    await using origin = await cachedOrigin(
      ({ headers }) => ({
        headers: { 'cache-control': 'max-age=60', vary: 'x-a, x-b' },
        body: JSON.stringify([headers['x-a'] ?? null, headers['x-b'] ?? null]),
      }),
      memoryCache({ maxVariants: 1_000 }),
    );
    const values = [undefined, '', ',', '"', '",', '","', 'a', 'a"', 'a,a', '["', '\\"', ':', 'null', '|'];
    for (const a of values) {
      for (const b of values) {
        const { text } = await origin.get('/', { 'x-a': a, 'x-b': b });
        expect(JSON.parse(text)).toEqual([a ?? null, b ?? null]);
      }
    }
  });
});
