import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FixtureView } from '../../test/fixture-view.ts';
import { type RunState, stations, years } from '../model.ts';
import { type Page, PageError, servePage } from './server.ts';

const held: AsyncDisposable[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const one of held.splice(0)) await one[Symbol.asyncDispose]();
});

async function start(view = new FixtureView()): Promise<{ view: FixtureView; page: Page }> {
  const page = await servePage(view, { port: 0 });
  held.push(page);
  return { view, page };
}

describe('servePage: files', () => {
  it('serves the page, which offers the stations and years there are', async () => {
    const { page } = await start();
    const response = await fetch(page.url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await response.text();
    const values = (name: string) =>
      [...html.matchAll(new RegExp(`name="${name}"[^>]*value="([^"]*)"`, 'g'))].map((match) => match[1]);
    expect(values('station')).toEqual(stations.map(({ id }) => id));
    const all = Array.from({ length: years.last - years.first + 1 }, (_, index) => String(years.first + index));
    expect(values('year')).toEqual(['all', ...all]);
    expect(values('reason')).toEqual(['all', ...Object.keys(new FixtureView().run().rejected)]);
  });

  it.each([
    ['/main.js', 'text/javascript; charset=utf-8'],
    ['/style.css', 'text/css; charset=utf-8'],
    ['/favicon.svg', 'image/svg+xml'],
    ['/uplot/uPlot.esm.js', 'text/javascript; charset=utf-8'],
    ['/uplot/uPlot.min.css', 'text/css; charset=utf-8'],
  ])('serves %s with its type and nothing from elsewhere allowed', async (path, type) => {
    const { page } = await start();
    const response = await fetch(page.url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await response.bytes()).length).toBe(Number(response.headers.get('content-length')));
  });

  it.each(['/nothing', '/index.html/..%2f..%2fserver.ts', '/../server.ts', '/static/main.js', '/constructor', '/api'])(
    'knows nothing at %s',
    async (path) => {
      const { page } = await start();
      const response = await raw(page, `GET ${path} HTTP/1.1\r\nHost: page\r\nConnection: close\r\n\r\n`);
      expect(response).toMatch(/^HTTP\/1\.1 404 /);
      expect(response).toContain('content-type: application/problem+json');
    },
  );

  it('says of an address it cannot read that it cannot', async () => {
    const { page } = await start();
    const response = await raw(page, 'GET // HTTP/1.1\r\nHost: page\r\nConnection: close\r\n\r\n');
    expect(response).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('servePage: the API', () => {
  it('gives the run, the insights of a station and the rejects as they are now', async () => {
    const { view, page } = await start();
    view.advance(24);
    const [run, insights, rejects] = await Promise.all(
      ['/api/run', '/api/insights?station=new-york', '/api/rejects'].map((path) => fetch(page.url + path)),
    );
    expect(run?.headers.get('cache-control')).toBe('no-store');
    expect(await run?.json()).toEqual(view.run());
    expect(await insights?.json()).toEqual(view.insights('new-york'));
    expect(await rejects?.json()).toEqual(view.rejects());
  });

  it('gives the report on a layer once it was judged, under a policy of its own', async () => {
    const { view, page } = await start();
    const before = await fetch(`${page.url}/quality/clean`);
    expect(before.status).toBe(404);
    expect(await before.json()).toMatchObject({ detail: 'The contract of the clean layer was not judged yet.' });
    view.finish();
    const after = await fetch(`${page.url}/quality/clean`);
    expect(after.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
    expect(await after.text()).toContain('<title>clean</title>');
    expect((await fetch(`${page.url}/quality/other`)).status).toBe(404);
  });

  it.each([
    ['?station=oslo', 'Got station "oslo", want station to be one of seattle, new-york.'],
    ['', 'Got no station, want station to be one of seattle, new-york.'],
  ])('refuses a station it does not know: %s', async (query, detail) => {
    const { page } = await start();
    const response = await fetch(`${page.url}/api/insights${query}`);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({ title: 'Bad Request', status: 400, detail });
    expect(response.status).toBe(400);
  });

  it('reads only: another method is refused, HEAD is a GET without a body', async () => {
    const { page } = await start();
    const post = await fetch(`${page.url}/api/run`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(`${page.url}/api/run`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const events = await fetch(`${page.url}/api/events`, { method: 'HEAD' });
    expect([events.headers.get('content-type'), await events.text()]).toEqual(['text/event-stream', '']);
  });

  it('answers the probes', async () => {
    const { page } = await start();
    for (const probe of ['/startupz', '/livez', '/readyz']) {
      const response = await fetch(page.url + probe);
      expect([response.status, await response.json()]).toMatchObject([200, { status: 'pass' }]);
    }
  });

  it('says why when the view fails, and goes on', async () => {
    const view = new FixtureView();
    const { page } = await start(view);
    const failing = vi.spyOn(view, 'rejects').mockImplementation(() => {
      throw new Error('rejects.ndjson: unexpected end');
    });
    const response = await fetch(`${page.url}/api/rejects`);
    const detail = 'rejects.ndjson: unexpected end';
    expect(await response.json()).toEqual({ title: 'Internal Server Error', status: 500, detail });
    failing.mockRestore();
    expect((await fetch(`${page.url}/api/rejects`)).status).toBe(200);
  });
});

describe('servePage: events', () => {
  it('sends the state at once, at most ten a second, and always the last', async () => {
    const { view, page } = await start();
    const events = await listen(page);
    await vi.waitFor(() => expect(events.states).toHaveLength(1), 5_000);
    const from = performance.now();
    let done = 0;
    while (performance.now() - from < 450 || done <= 20) {
      view.set({ months: { done: ++done, total: 96 } });
      await sleep(5);
    }
    await vi.waitFor(() => expect(events.states.at(-1)?.months.done).toBe(done), 5_000);
    expect(events.states.length).toBeGreaterThanOrEqual(3);
    expect(events.states.length).toBeLessThanOrEqual(2 + Math.ceil((performance.now() - from) / 100));
  });

  it('keeps a quiet stream alive with comments', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { page } = await start();
    const events = await listen(page);
    await vi.waitFor(() => expect(events.states).toHaveLength(1), 5_000);
    vi.advanceTimersByTime(15_000);
    await vi.waitFor(() => expect(events.text()).toMatch(/\n\n:\n\n$/), 5_000);
  });

  it('lets go of its subscription when the reader leaves', async () => {
    const { view, page } = await start();
    const events = await listen(page);
    await vi.waitFor(() => expect(view.listeners).toBe(1), 5_000);
    events.response.destroy();
    await vi.waitFor(() => expect(view.listeners).toBe(0), 5_000);
  });

  it('queues nothing for a reader that does not read, and gives it the last state when it does', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { view, page } = await start();
    const events = await listen(page);
    events.response.pause();
    const fat = 'x'.repeat(2 ** 20);
    for (let done = 1; done <= 60; done++) {
      view.set({ error: fat, months: { done, total: 96 } });
      vi.advanceTimersByTime(100);
      await new Promise(setImmediate);
    }
    events.response.resume();
    vi.useRealTimers();
    await vi.waitFor(() => expect(events.states.at(-1)?.months.done).toBe(60), 5_000);
    expect(events.states.length).toBeLessThan(40);
  });

  it('cuts the stream, not the pipeline, when the view fails', async () => {
    const { view, page } = await start();
    const events = await listen(page);
    await vi.waitFor(() => expect(events.states).toHaveLength(1), 5_000);
    await sleep(150);
    vi.spyOn(view, 'run').mockImplementation(() => {
      throw new Error('broken');
    });
    expect(() => view.set({ rows: 1 })).not.toThrow();
    await vi.waitFor(() => expect(view.listeners).toBe(0), 5_000);
  });
});

describe('servePage: ports', () => {
  it('takes the next free port and tells which', async () => {
    const taken = await occupy(0);
    const first = portOf(taken);
    const page = await servePage(new FixtureView(), { port: first });
    held.push(page);
    expect(page.port).toBeGreaterThan(first);
    expect(page.url).toBe(`http://127.0.0.1:${page.port}`);
    expect((await fetch(page.url)).status).toBe(200);
  });

  it('gives up after twenty, naming them', async () => {
    const first = 61_200;
    for (let port = first; port < first + 20; port++) await occupy(port);
    const failed = servePage(new FixtureView(), { port: first });
    await expect(failed).rejects.toThrow(PageError);
    await expect(failed).rejects.toMatchObject({ code: 'DEX_PAGE', ports: [first, first + 19] });
  });

  it('never tries a port above the last there is', async () => {
    await occupy(65_535);
    await expect(servePage(new FixtureView(), { port: 65_535 })).rejects.toMatchObject({ ports: [65_535, 65_535] });
  });

  it('passes on what is not about a port that is taken', async () => {
    await expect(servePage(new FixtureView(), { host: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it.each([-1, 65_536, 1.5, NaN])('refuses port %s', async (port) => {
    await expect(servePage(new FixtureView(), { port })).rejects.toMatchObject({ code: 'DEX_OPTION', option: 'port' });
  });

  it('does not start when it was cancelled, and leaves nothing open', async () => {
    const reason = new Error('stopped');
    await expect(servePage(new FixtureView(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const before = sockets();
    const controller = new AbortController();
    const starting = servePage(new FixtureView(), { port: 0, signal: controller.signal });
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
    expect(sockets()).toBeLessThanOrEqual(before);
  });
});

describe('Page.close', () => {
  it('ends open streams with the last state, idle and silent connections, and leaves nothing open', async () => {
    const { view, page } = await start();
    const events = await listen(page);
    await vi.waitFor(() => expect(events.states).toHaveLength(1), 5_000);
    const agent = new Agent({ keepAlive: true });
    const idle = await once(get(`${page.url}/livez`, { agent }), 'response');
    await text(idle[0]);
    const silent = connect(page.port, '127.0.0.1');
    await once(silent, 'connect');

    view.set({ rows: 1 });
    view.set({ rows: 2 });
    const from = performance.now();
    await page.close();
    expect(performance.now() - from).toBeLessThan(1_000);
    await vi.waitFor(() => expect(events.response.complete).toBe(true), 5_000);
    expect(events.states.at(-1)?.rows).toBe(2);
    expect(view.listeners).toBe(0);
    silent.destroy();
    agent.destroy();
    await vi.waitFor(() => expect(sockets()).toBe(0), 5_000);
    await expect(fetch(page.url)).rejects.toThrow('fetch failed');
  });

  it('lets a request finish that had begun, says it is not ready, and closes its connection', async () => {
    const { page } = await start();
    const socket = connect(page.port, '127.0.0.1');
    socket.write('GET /readyz HTTP/1.1\r\nHost: page\r\n');
    await sleep(50);
    const closed = page.close();
    socket.write('\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    await closed;
  });

  it('cuts what is not done after two seconds', async () => {
    const { page } = await start();
    const socket = connect(page.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /livez HTTP/1.1\r\n');
    await sleep(50);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const closed = page.close();
    vi.advanceTimersByTime(2_000);
    await closed;
  });

  it('is safe twice', async () => {
    const { page } = await start();
    await Promise.all([page.close(), page.close()]);
    await page[Symbol.asyncDispose]();
  });
});

async function listen(page: Page) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${page.url}/api/events`, { agent: false }, resolve).on('error', reject);
  });
  const states: RunState[] = [];
  let seen = '';
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    seen = (seen + chunk).slice(-100);
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^event: run\ndata: (.*)$/.exec(block)?.[1];
      if (data !== undefined) states.push(JSON.parse(data));
    }
  });
  response.on('error', () => undefined);
  held.push({ [Symbol.asyncDispose]: async () => void response.destroy() });
  return { response, states, text: () => seen };
}

async function occupy(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  held.push(server);
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function raw(page: Page, request: string): Promise<string> {
  const socket = connect(page.port, '127.0.0.1');
  socket.write(request);
  return text(socket);
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}
