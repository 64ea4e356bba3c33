import { afterAll, describe, expect, it } from 'vitest';
import { sendJson, serve } from '../test/server.ts';
import { createClient } from './index.ts';

let header = '';
const server = await serve((request, response) => {
  if (request.url === '/x/') response.setHeader('link', header);
  sendJson(response, 1);
});
const api = createClient({ baseUrl: server.url, hedge: false });
afterAll(async () => {
  await api.close();
  await server[Symbol.asyncDispose]();
});

async function follow(link: string): Promise<string | undefined> {
  header = link;
  const before = server.requests.length;
  await Array.fromAsync(api.paginate('/x/'));
  return server.requests[before + 1]?.slice('GET '.length);
}

describe('the Link header', () => {
  it.each<[string, string | undefined]>([
    ['</x?page=2>; rel="next"', '/x?page=2'],
    ['</p1>; rel=prev, </p3>; rel=next', '/p3'],
    ['<a>;rel="prev start",<b> ; REL = "Last NEXT"', '/x/b'],
    ['<a,b;c>; title="x, <y>; rel=\\"next\\""; rel=prev, <d>; rel=next', '/x/d'],
    ['<a>; rel=prev; rel=next', undefined],
    ['<a>; rel=nextish', undefined],
    ['<a>; rel="next"; anchor="#part", <b>; rel=next', '/x/b'],
    ["<a>; title*=UTF-8''x; rel=next", '/x/a'],
    ['<a>; ; crossorigin; rel=next', '/x/a'],
    ['<>; rel=next', undefined],
    [', ,<a>; rel=next,,', '/x/a'],
    ['<a; rel=next', undefined],
    ['<a>; rel="next', undefined],
    ['nonsense, <a>; rel=next', undefined],
    [Buffer.from('<ü>; rel=next').toString('latin1'), '/x/%C3%BC'],
    ['', undefined],
  ])('%s leads to %s', async (link, path) => {
    await expect(follow(link)).resolves.toBe(path);
  });

  it('takes no more than linear time', async () => {
    const pieces = ['<a>;rel=prev,', ' ', ';', '<', '<a>;a="\\"', '<a>;a="', ';a', ',', '\\"', '<a> ;'];
    const began = performance.now();
    for (const piece of pieces) await follow(`<a>${piece.repeat(12_000 / piece.length)}`);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
