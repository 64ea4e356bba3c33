import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createProbes,
  type HealthChecks,
  type HealthFailure,
  type HttpListener,
  type ProbesOptions,
  serveHttp,
} from '../index.ts';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

let http: HttpListener | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await http?.close();
});

async function serve(checks: HealthChecks, options?: ProbesOptions) {
  const probes = createProbes(checks, options);
  const server = createServer((request, response) => {
    if (!probes.handle(request, response)) response.end('the service');
  });
  http = await serveHttp(server, { host: '127.0.0.1' });
  const { url } = http;
  return async (path: string, init?: RequestInit) => {
    const response = await fetch(url + path, init);
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
}

describe('Probes.handle', () => {
  it('answers 200 where nothing is checked, and leaves the rest to the service', async () => {
    const ask = await serve({});
    for (const path of ['/livez', '/readyz', '/startupz', '/readyz?verbose']) {
      const { status, headers, body } = await ask(path);
      expect([status, JSON.parse(body)]).toEqual([200, { status: 'pass', checks: {} }]);
      expect(headers.get('content-type')).toBe('application/json');
      expect(headers.get('cache-control')).toBe('no-store');
    }
    for (const path of ['/', '/livez/', '/constructor']) expect((await ask(path)).body).toBe('the service');
  });

  it('answers 503 when a check fails, names it, and does not tell what it threw', async () => {
    const failures: HealthFailure[] = [];
    const ask = await serve(
      {
        ready: {
          good: () => 0,
          throws: () => {
            throw new Error('password wrong');
          },
          rejects: async () => Promise.reject(new Error('refused')),
          isReady: () => false,
        },
      },
      { onFailure: (failure) => failures.push(failure) },
    );
    const { status, body } = await ask('/readyz');
    expect(status).toBe(503);
    const durationMs = expect.any(Number);
    expect(JSON.parse(body)).toEqual({
      status: 'fail',
      checks: {
        good: { status: 'pass', durationMs },
        throws: { status: 'fail', durationMs },
        rejects: { status: 'fail', durationMs },
        isReady: { status: 'fail', durationMs },
      },
    });
    expect(new Set(failures)).toEqual(
      new Set([
        { probe: 'ready', check: 'isReady', error: undefined },
        { probe: 'ready', check: 'rejects', error: new Error('refused') },
        { probe: 'ready', check: 'throws', error: new Error('password wrong') },
      ]),
    );
    expect((await ask('/livez')).status).toBe(200);
  });

  it('reads only', async () => {
    const ask = await serve({ ready: { no: () => false } });
    const head = await ask('/readyz', { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([503, '']);
    const post = await ask('/readyz', { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('follows what changes', async () => {
    let isReady = false;
    const ask = await serve({ ready: { service: () => isReady } });
    expect((await ask('/readyz')).status).toBe(503);
    isReady = true;
    expect((await ask('/readyz')).status).toBe(200);
    isReady = false;
    expect((await ask('/readyz')).status).toBe(503);
  });
});

describe('Probes.check', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  it('fails a check that takes too long, and tells it by its signal', async () => {
    const failures: HealthFailure[] = [];
    let told: unknown;
    const probes = createProbes(
      {
        ready: {
          slow: ({ signal }) => {
            signal.addEventListener('abort', () => (told = signal.reason));
            return new Promise(() => {});
          },
          quick: () => sleep(799),
        },
      },
      { onFailure: (failure) => failures.push(failure) },
    );
    const checking = probes.check('ready');
    await vi.advanceTimersByTimeAsync(799);
    expect(told).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(await checking).toEqual({
      status: 'fail',
      checks: { slow: { status: 'fail', durationMs: 800 }, quick: { status: 'pass', durationMs: 799 } },
    });
    expect(told).toMatchObject({ name: 'TimeoutError', message: 'The check "slow" took longer than 800 ms.' });
    await vi.advanceTimersByTimeAsync(0);
    expect(failures).toEqual([{ probe: 'ready', check: 'slow', error: told }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('runs a check once for all who ask meanwhile, and again for who asks later', async () => {
    let runs = 0;
    const probes = createProbes({ ready: { db: async () => sleep(100).then(() => (runs += 1)) } });
    const asked = Array.from({ length: 10 }, () => probes.check('ready'));
    await vi.advanceTimersByTimeAsync(100);
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set(['pass']));
    expect(runs).toBe(1);
    const again = probes.check('ready');
    await vi.advanceTimersByTimeAsync(100);
    await again;
    expect(runs).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not pile up runs of a check that hangs, answers at once that it fails, and takes it back when it ends', async () => {
    let runs = 0;
    const hang = Promise.withResolvers<void>();
    const probes = createProbes({ live: { hangs: async () => ((runs += 1), hang.promise) } }, { timeoutMs: 50 });
    const first = probes.check('live');
    await vi.advanceTimersByTimeAsync(50);
    expect((await first).status).toBe('fail');
    for (let asked = 0; asked < 100; asked += 1) expect((await probes.check('live')).status).toBe('fail');
    expect(runs).toBe(1);
    hang.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect((await probes.check('live')).status).toBe('pass');
    expect(runs).toBe(2);
  });

  it('asks the checks of the startup until they have passed once', async () => {
    let runs = 0;
    const probes = createProbes({ startup: { warm: () => (runs += 1) >= 2 } });
    expect((await probes.check('startup')).status).toBe('fail');
    expect((await probes.check('startup')).status).toBe('pass');
    expect((await probes.check('startup')).status).toBe('pass');
    expect(runs).toBe(2);
  });

  it('lets a caller go that aborts, not the others', async () => {
    const probes = createProbes({ ready: { db: () => sleep(100) } });
    const controller = new AbortController();
    const { signal } = controller;
    const aborting = probes.check('ready', { signal });
    const staying = probes.check('ready');
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(aborting).rejects.toBe(reason);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(100);
    expect((await staying).status).toBe('pass');
    await expect(probes.check('ready', { signal })).rejects.toBe(reason);
  });
});

describe('createProbes', () => {
  it.each([
    [{ timeoutMs: 0 }, 'createProbes.timeoutMs'],
    [{ timeoutMs: NaN }, 'createProbes.timeoutMs'],
    [{ onFailure: 'log' }, 'createProbes.onFailure'],
  ])('refuses %s', (options, option) => {
    // @ts-expect-error no function
    expect(() => createProbes({}, options)).toThrow(`Option "${option}" must be`);
  });

  it('refuses probes there are not, and checks that are no functions', () => {
    // @ts-expect-error no such probe
    expect(() => createProbes({ alive: {} })).toThrow(
      'Option "createProbes.checks" must be one of "startup", "live", "ready", got "alive".',
    );
    // @ts-expect-error no function
    expect(() => createProbes({ ready: { db: true } })).toThrow(
      'Option "createProbes.checks.ready.db" must be a function, got true.',
    );
    // @ts-expect-error no name for the check, which would never run
    expect(() => createProbes({ ready: () => false })).toThrow(
      'Option "createProbes.checks.ready" must be an object of named functions, got a function.',
    );
  });

  it('does not pass a probe there is not', async () => {
    // @ts-expect-error no such probe
    await expect(createProbes({}).check('readiness')).rejects.toThrow(
      'Option "check.probe" must be one of "startup", "live", "ready", got "readiness".',
    );
  });
});
