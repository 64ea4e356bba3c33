import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noRedis, type RedisServer, startRedis } from '../test/redis-server.ts';
import { bulkhead, policy, RateLimitError, RateLimitStoreError, retry, timeout } from './index.ts';
import { redisRateLimit, type RedisRateLimitOptions } from './redis.ts';

/** A client that never answers, as one behind a broken network. */
const silent = { isReady: true, eval: () => new Promise(() => {}) };
const notConnected = { isReady: false, eval: () => Promise.reject(new Error('must not be asked')) };

const settled = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

describe.skipIf(noRedis)(`redisRateLimit${noRedis ? ` (${noRedis})` : ''}`, () => {
  let server: RedisServer;
  let client: ReturnType<typeof createClient>;
  beforeAll(async () => {
    server = await startRedis();
    client = createClient({ url: server.url, socket: { reconnectStrategy: false } });
    client.on('error', () => {}); // one test stops the server
    await client.connect();
  });
  afterAll(async () => {
    if (client.isOpen) client.destroy();
    await server[Symbol.asyncDispose]();
  });

  let names = 0;
  const shared = (options: Partial<RedisRateLimitOptions<[city: string]>>) => {
    names += 1;
    return redisRateLimit({ client, keyPrefix: `test ${names}`, limit: 2, perMs: 60_000, ...options });
  };

  it('lets a burst through, refuses the next, and says when to come again', async () => {
    const api = shared({});
    const begin = performance.now();
    await expect(api.run(async () => 'first')).resolves.toBe('first');
    await expect(api.run(async () => 'second')).resolves.toBe('second');
    const error = await settled(api.run(async () => 'third'));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ code: 'DEX_RATE_LIMITED', limit: 2, perMs: 60_000, key: undefined });
    const { retryAfterMs } = error instanceof RateLimitError ? error : { retryAfterMs: 0 };
    expect(retryAfterMs).toBeGreaterThan(30_000 - (performance.now() - begin) - 2); // Redis counts whole milliseconds
    expect(retryAfterMs).toBeLessThanOrEqual(30_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const later = await settled(api.run(async () => 'fourth'));
    expect(later instanceof RateLimitError && later.retryAfterMs).toBeLessThan(retryAfterMs - 10);
  });

  it('is one limit for all policies of the same name, and leaves nothing in Redis once its time is past', async () => {
    const options = { client, keyPrefix: 'same', limit: 2, perMs: 60_000 };
    const [one, other] = [redisRateLimit(options), redisRateLimit(options)];
    await one.run(async () => {});
    await other.run(async () => {});
    await expect(one.run(async () => {})).rejects.toMatchObject({ code: 'DEX_RATE_LIMITED' });
    expect(await client.pTTL('same:')).toBeLessThanOrEqual(60_000);
    await redisRateLimit({ client, keyPrefix: 'short', limit: 2, perMs: 100 }).run(async () => {});
    await new Promise((resolve) => setTimeout(resolve, 110));
    expect(await client.exists('short:')).toBe(0);
  });

  it('makes a retry around it wait', async () => {
    const api = policy(retry({ baseDelayMs: 0 }), shared({ limit: 1, perMs: 100 }));
    const begin = performance.now();
    await Promise.all([api.run(async () => {}), api.run(async () => {})]);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(99);
  });

  it('keeps keys apart', async () => {
    const daily = shared({ limit: 1, key: (city) => city })(async (city: string) => city);
    await expect(daily('Seattle')).resolves.toBe('Seattle');
    await expect(daily('Oslo')).resolves.toBe('Oslo');
    await expect(daily('Oslo')).rejects.toMatchObject({ key: 'Oslo' });
    await expect(shared({ key: (city) => city }).run(async () => {})).rejects.toMatchObject({ code: 'DEX_KEY' });
  });

  it('holds for two processes together', async () => {
    const script = fileURLToPath(new URL('../test/rate-process.ts', import.meta.url));
    const ms = 1_000;
    const begin = performance.now();
    const run = () =>
      promisify(execFile)(process.execPath, ['--conditions=@dataenginex/source', script, server.url, String(ms)]);
    const outputs = await Promise.all([run(), run()]);
    const tookMs = performance.now() - begin;
    const counts = outputs.map(({ stdout }): { passed: number; refused: number; stalledMs: number } =>
      JSON.parse(stdout),
    );
    const passed = counts.reduce((sum, count) => sum + count.passed, 0);
    expect(passed).toBeLessThanOrEqual(20 + tookMs / 10);
    const stalledMs = Math.min(...counts.map((count) => count.stalledMs)); // the other asked all the rest of its time
    expect(passed).toBeGreaterThanOrEqual(20 + (0.9 * (ms - stalledMs)) / 10);
    for (const count of counts) expect(Math.min(count.passed, count.refused)).toBeGreaterThan(0);
  });

  it('goes on by itself when Redis goes away', async () => {
    await using mortal = await startRedis();
    const own = createClient({ url: mortal.url });
    own.on('error', () => {});
    await own.connect();
    const errors: unknown[] = [];
    const options = { client: own, keyPrefix: 'mortal', limit: 2, perMs: 60_000 };
    const api = redisRateLimit({ ...options, onStoreError: ({ error }) => errors.push(error) });
    await api.run(async () => {});
    expect(errors).toEqual([]);
    await mortal[Symbol.asyncDispose]();
    await api.run(async () => {});
    await api.run(async () => {});
    await expect(api.run(async () => {})).rejects.toMatchObject({ code: 'DEX_RATE_LIMITED' });
    expect(errors).toHaveLength(3);
    own.destroy();
  });

  it('does not hang on a server that is frozen', async () => {
    await using frozen = await startRedis();
    const own = createClient({ url: frozen.url });
    await own.connect();
    frozen.child.kill('SIGSTOP');
    const begin = performance.now();
    const api = redisRateLimit({
      client: own,
      keyPrefix: 'frozen',
      limit: 1,
      storeTimeoutMs: 50,
      onStoreDown: 'allow',
    });
    await expect(api.run(async () => 'through')).resolves.toBe('through');
    expect(performance.now() - begin).toBeLessThan(2_000);
    frozen.child.kill('SIGCONT');
    own.destroy();
  });
});

describe('redisRateLimit without its store', () => {
  const options = { keyPrefix: 'down', limit: 1, perMs: 60_000, storeTimeoutMs: 20 };

  it.each([
    ['a client that is not connected', notConnected],
    ['a client that does not answer', silent],
  ])('keeps to the limit by itself, lets all through, or refuses, as told, with %s', async (_title, client) => {
    const local = redisRateLimit({ ...options, client });
    await expect(local.run(async () => 'first')).resolves.toBe('first');
    await expect(local.run(async () => 'second')).rejects.toBeInstanceOf(RateLimitError);
    const allow = redisRateLimit({ ...options, client, onStoreDown: 'allow' });
    await allow.run(async () => {});
    await expect(allow.run(async () => 'second')).resolves.toBe('second');
    const refuse = redisRateLimit({ ...options, client, onStoreDown: 'refuse' });
    const error = await settled(refuse.run(async () => 'never'));
    expect(error).toBeInstanceOf(RateLimitStoreError);
    expect(error).toMatchObject({ code: 'DEX_RATE_LIMIT_STORE', cause: expect.any(Error) });
  });

  it('asks neither a client that is not connected, which would keep the question for later, nor for an aborted call', async () => {
    let asked = 0;
    const client = { isReady: false, eval: async () => void (asked += 1) };
    await redisRateLimit({ ...options, client }).run(async () => {});
    client.isReady = true;
    const aborted = redisRateLimit({ ...options, client }).run(async () => {}, { signal: AbortSignal.abort('gone') });
    await expect(aborted).rejects.toBe('gone');
    expect(asked).toBe(0);
  });

  it('asks no more than 10,000 times without an answer, and again after one', async () => {
    const answers: ((answered: unknown) => void)[] = [];
    const client = { isReady: true, eval: () => new Promise((resolve) => answers.push(resolve)) };
    const api = redisRateLimit({ ...options, client, onStoreDown: 'allow' });
    const callAll = (calls: number) => Promise.all(Array.from({ length: calls }, () => api.run(async () => {})));
    await callAll(10_001);
    expect(answers).toHaveLength(10_000);
    answers[0]?.([1, 0]);
    await new Promise((resolve) => setImmediate(resolve));
    await callAll(2);
    expect(answers).toHaveLength(10_001);
  });

  it.each(['OK', null, [], ['x', 0], [-1, 0]])('takes %j for no answer', async (garbage) => {
    const client = { isReady: true, eval: async () => garbage };
    const error = await settled(redisRateLimit({ ...options, client, onStoreDown: 'refuse' }).run(async () => {}));
    expect(error).toBeInstanceOf(RateLimitStoreError);
  });

  it.each([
    ['strings', ['2', '50']],
    ['BigInts', [2n, 50n]],
  ])('reads the answer of a client that maps numbers to %s', async (_title, answered) => {
    const client = { isReady: true, eval: async () => answered };
    const run = redisRateLimit({ ...options, client }).run(async () => {});
    await expect(run).rejects.toMatchObject({ code: 'DEX_RATE_LIMITED', retryAfterMs: 50 });
  });

  it('ends at once when it is aborted or out of time while it asks, and begins nothing', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const timersBefore = timers();
    const api = redisRateLimit({ ...options, client: silent, storeTimeoutMs: 10_000 });
    let calls = 0;
    const call = async (): Promise<void> => void (calls += 1);
    const controller = new AbortController();
    const aborted = settled(api.run(call, { signal: controller.signal }));
    controller.abort('gone');
    await expect(aborted).resolves.toBe('gone');
    await expect(api.run(call, { signal: controller.signal })).rejects.toBe('gone');
    await expect(policy(timeout(5), api).run(call)).rejects.toMatchObject({ code: 'DEX_TIMEOUT' });
    expect(calls).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(timers()).toBeLessThanOrEqual(timersBefore); // one of the runner may have ended
  });

  it('begins nothing where it is aborted in the tick of the answer', async () => {
    const answer = Promise.withResolvers<unknown>();
    const api = redisRateLimit({ ...options, client: { isReady: true, eval: () => answer.promise } });
    const controller = new AbortController();
    let calls = 0;
    const run = settled(api.run(async () => void (calls += 1), { signal: controller.signal }));
    answer.resolve([1, 0]);
    controller.abort('gone');
    await expect(run).resolves.toBe('gone');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(calls).toBe(0);
  });

  it('begins nothing where it is aborted while it tells of the error', async () => {
    let calls = 0;
    for (const onStoreDown of ['local', 'allow'] as const) {
      const controller = new AbortController();
      const onStoreError = (): void => controller.abort('gone');
      const api = redisRateLimit({ ...options, client: notConnected, onStoreDown, onStoreError });
      const run = (onStoreDown === 'local' ? api : policy(api, bulkhead())).run(async () => void (calls += 1), {
        signal: controller.signal,
      });
      await expect(run).rejects.toBe('gone');
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(calls).toBe(0);
  });

  it.each([
    ['at once', notConnected],
    ['in time', silent],
  ])('rejects with what onStoreError throws where Redis does not answer %s', async (_when, client) => {
    const onStoreError = (): void => {
      throw new Error('told');
    };
    const api = redisRateLimit({ ...options, client, storeTimeoutMs: 5, onStoreError });
    await expect(api.run(async () => {})).rejects.toThrow('told');
  });

  it.each([
    ['limit', { limit: 0 }],
    ['burst', { burst: 0.5 }],
    ['keyPrefix', { keyPrefix: '' }],
    ['storeTimeoutMs', { storeTimeoutMs: 0 }],
    ['maxKeys', { maxKeys: 0 }],
  ])('refuses a bad %s', (option, bad) => {
    expect(() => redisRateLimit({ ...options, client: silent, ...bad })).toThrow(
      expect.objectContaining({ option: `redisRateLimit.${option}` }),
    );
  });

  it('refuses a choice that is none', () => {
    // @ts-expect-error no such choice
    expect(() => redisRateLimit({ ...options, client: silent, onStoreDown: 'hope' })).toThrow('one of "local"');
  });
});
