import { createServer } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fault, seededFaults } from './faults.ts';
import { type Upstream, type UpstreamOptions, startUpstream } from './server.ts';

const open: Upstream[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((upstream) => upstream.close()));
});

async function start(options: UpstreamOptions): Promise<Upstream> {
  const upstream = await startUpstream(options);
  open.push(upstream);
  return upstream;
}

const targets = Array.from({ length: 96 }, (_, index) => {
  const date = new Date(Date.UTC(2012, index % 48, 1)).toISOString().slice(0, 10);
  const place = index < 48 ? 'latitude=47.45&longitude=-122.31' : 'latitude=40.64&longitude=-73.76';
  return `/v1/archive?${place}&timezone=auto&start_date=${date}&end_date=${date}&daily=temperature_2m_max`;
});

/** What a client sees; it cannot tell the two cut bodies apart, nor wait for what hangs. */
async function ask(url: string): Promise<{ fault: Fault | undefined; text: string }> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    return { fault: 'reset', text: '' };
  }
  const chunked = response.headers.get('content-length') === null;
  try {
    const text = await response.text();
    if (response.status === 503 || response.status === 429) return { fault: `${response.status}`, text };
    return { fault: undefined, text };
  } catch {
    return { fault: chunked ? 'cut chunks' : 'cut body', text: '' };
  }
}

/** Asks until answered, `concurrency` at a time, and notes the faults met. */
async function run(upstream: Upstream, concurrency: number) {
  const left = targets.entries();
  const faults: Fault[][] = [];
  const texts: string[] = [];
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const [index, target] of left) {
        const met: Fault[] = [];
        faults[index] = met;
        for (;;) {
          const { fault, text } = await ask(upstream.url + target);
          if (fault === undefined) {
            texts[index] = text;
            break;
          }
          met.push(fault);
        }
      }
    }),
  );
  return { faults, texts };
}

/** What the seed has in store for each target. */
function foresee(seed: number): Fault[][] {
  const decide = seededFaults(seed);
  return targets.map((target) => {
    const met: Fault[] = [];
    for (let fault = decide(target); fault !== undefined; fault = decide(target)) met.push(fault);
    return met;
  });
}

/** A seed under which the targets meet every fault but a hang. */
function eventfulSeed(): number {
  for (let seed = 1; ; seed += 1) {
    const kinds = new Set(foresee(seed).flat());
    if (!kinds.has('hang') && kinds.size === 5) return seed;
  }
}

describe('startUpstream', () => {
  const seed = eventfulSeed();

  it.each([1, 8])(
    'misbehaves by the seed alone, %i at a time, and answers the same bytes in the end',
    async (concurrency) => {
      const upstream = await start({ seed });
      const clean = await start({ seed, faults: false });
      const { faults, texts } = await run(upstream, concurrency);
      expect(faults).toEqual(foresee(seed));
      const wanted = await run(clean, 8);
      expect(texts).toEqual(wanted.texts);
      expect(wanted.faults.flat()).toEqual([]);

      const counts = Object.groupBy(faults.flat(), (fault) => fault);
      expect(upstream.served).toEqual({
        answer: targets.length,
        '503': counts['503']?.length,
        '429': counts['429']?.length,
        reset: counts.reset?.length,
        'cut body': counts['cut body']?.length,
        'cut chunks': counts['cut chunks']?.length,
        hang: 0,
      });
      expect(clean.served).toMatchObject({ answer: targets.length, '503': 0 });
    },
  );

  it('answers 503 as a proxy does and 429 as Open-Meteo does', async () => {
    const { url } = await start({ seed });
    const planned = foresee(seed);
    const first = (kind: Fault) => url + (targets[planned.findIndex((met) => met[0] === kind)] ?? '');
    const unavailable = await fetch(first('503'));
    expect([unavailable.status, unavailable.headers.get('content-type')]).toEqual([503, 'text/html']);
    expect(await unavailable.text()).toContain('<h1>503 Service Temporarily Unavailable</h1>');
    const limited = await fetch(first('429'));
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await limited.json()).toEqual({
      error: true,
      reason: 'Minutely API request limit exceeded. Please try again in one minute.',
    });
  });

  it('lets go of what hangs when closed, twice if need be', async () => {
    const decide = seededFaults(1);
    let target = '/v1/archive?0';
    for (let index = 1; decide(target) !== 'hang'; index += 1) target = `/v1/archive?${index}`;
    const upstream = await start({ seed: 1 });
    const hanging = expect(fetch(upstream.url + target)).rejects.toThrow('fetch failed');
    while (upstream.served.hang === 0) await sleep(1);
    const closing = upstream.close();
    await Promise.all([closing, upstream.close(), upstream[Symbol.asyncDispose]()]);
    await hanging;
    await expect(fetch(upstream.url)).rejects.toThrow('fetch failed');
  });

  it('refuses what cannot work', async () => {
    await expect(startUpstream({ seed: 0.5 })).rejects.toMatchObject({ code: 'DEX_OPTION', option: 'seed' });
    await expect(startUpstream({ seed: 1, port: 65_536 })).rejects.toMatchObject({ option: 'port' });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await expect(startUpstream({ seed: 1, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    server.close();
  });

  it('gives up starting when aborted', async () => {
    const reason = new Error('not now');
    await expect(startUpstream({ seed: 1, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const starting = startUpstream({ seed: 1, signal: controller.signal });
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
  });
});
