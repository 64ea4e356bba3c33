import { describe, expect, it } from 'vitest';
import { open } from '../../test/open.ts';
import { serve } from '../../test/server.ts';
import { createClient, type RequestOptions } from '../index.ts';

/** The keys that came with each attempt of a request whose first one fails. */
async function keysOf(method: string, options: RequestOptions): Promise<unknown[]> {
  const keys: unknown[] = [];
  const server = await serve((request, response, attempt) => {
    keys.push(request.headers['idempotency-key']);
    response.writeHead(attempt === 1 ? 503 : 200).end();
  });
  const api = createClient({ baseUrl: server.url, retry: { baseDelayMs: 0 }, hedge: false });
  open.push(server, api);
  await api
    .request(method, '/', { throwHttpErrors: false, ...options })
    .bytes()
    .catch(() => {});
  return keys;
}

const uuid = expect.stringMatching(/^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/);

describe('idempotencyKey', () => {
  it.each(['POST', 'PATCH', 'PUT', 'DELETE'])('is made once for a %s, which is then repeated', async (method) => {
    const [first, second, ...more] = await keysOf(method, { json: { a: 1 }, idempotencyKey: true });
    expect([first, more]).toEqual([uuid, []]);
    expect(second).toBe(first);
  });

  it('is another one for another request, and goes as it is when given', async () => {
    const [one] = await keysOf('POST', { idempotencyKey: true });
    const [other] = await keysOf('POST', { idempotencyKey: true });
    expect(one).not.toBe(other);
    expect(await keysOf('POST', { idempotencyKey: '"order-7"' })).toEqual(['"order-7"', '"order-7"']);
  });

  it('is what lets a POST be repeated', async () => {
    expect(await keysOf('POST', {})).toEqual([undefined]);
  });

  it.each([
    ['', 'Option "request.idempotencyKey" must be true or a key, got ""'],
    [false, 'must be true or a key, got false'],
    ['a\r\nx: 1', 'Option "request.idempotencyKey" must be one line of Latin-1'],
  ])('refuses %j', (idempotencyKey, message) => {
    // @ts-expect-error false is no key
    expect(() => createClient().post('http://h/', { idempotencyKey })).toThrow(message);
  });
});
