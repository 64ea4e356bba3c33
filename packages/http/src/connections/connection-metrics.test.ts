import { expect, it } from 'vitest';
import { openMetrics } from '../../test/metrics.ts';
import { serve } from '../../test/server.ts';
import { createClient } from '../index.ts';

it('open connections are counted, idle and active, until the client is closed', async () => {
  const valuesOf = openMetrics();
  const collect = async (): Promise<unknown[]> => {
    const points = await valuesOf('http.client.open_connections');
    return points.map(({ value, attributes }) => [attributes['http.connection.state'], value]);
  };
  await using server = await serve((request, response) => {
    if (request.url === '/quick') response.end('x');
  });
  const api = createClient({ baseUrl: server.url, hedge: false });
  const waiting = api.get('/waits').text();
  waiting.catch(() => {});
  await Promise.all([api.get('/quick').text(), api.get('/quick').text()]);
  await expect.poll(collect).toEqual([
    ['idle', 2],
    ['active', 1],
  ]);
  await using other = createClient({ baseUrl: server.url, hedge: false });
  await other.get('/quick').text();
  await expect.poll(collect).toEqual([
    ['idle', 3],
    ['active', 1],
  ]);
  await other.close();
  await api.close();
  await expect(waiting).rejects.toMatchObject({ code: 'DEX_HTTP_CLOSED' });
  expect(await collect()).toEqual([
    ['idle', 0],
    ['active', 0],
  ]);
});
