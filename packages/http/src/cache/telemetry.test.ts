import { expect, it } from 'vitest';
import { cachedOrigin } from '../../test/cached-origin.ts';
import { openMetrics } from '../../test/metrics.ts';

it('counts what the cache had for each request', async () => {
  const valuesOf = openMetrics();
  const headers = { 'cache-control': 'max-age=60', etag: '"a"' };
  await using origin = await cachedOrigin((_request, count) => ({ status: count === 2 ? 304 : 200, headers }));

  await origin.get();
  await origin.get();
  await origin.get('/', { 'cache-control': 'no-cache' });
  await origin.get('/', { 'cache-control': 'no-store' });
  await origin.send('POST');
  await Promise.all([origin.get('/many'), origin.get('/many'), origin.get('/many')]);

  const points = await valuesOf('dex.http.cache.requests');
  const counts = Object.fromEntries(points.map(({ attributes, value }) => [attributes['dex.cache.result'], value]));
  expect(counts).toEqual({ miss: 2, hit: 1, revalidated: 1, bypass: 2, collapsed: 2 });
});
