import { createClient, StatusError } from '@dataenginex/http';
import type { FaultyServer } from '@dataenginex/http/testing';
import { describe, expect, it } from 'vitest';
import { startUpstream } from './server.ts';

const targets = Array.from({ length: 96 }, (_, index) => {
  const date = new Date(Date.UTC(2012, index % 48, 1)).toISOString().slice(0, 10);
  const place = index < 48 ? 'latitude=47.45&longitude=-122.31' : 'latitude=40.64&longitude=-73.76';
  return `/v1/archive?${place}&timezone=auto&start_date=${date}&end_date=${date}&daily=temperature_2m_max`;
});

/** The answers to all targets, and the statuses that had to be put up with. */
async function askAll(
  upstream: FaultyServer,
  attemptTimeoutMs: number,
): Promise<{ texts: string[]; refusals: StatusError[] }> {
  const refusals: StatusError[] = [];
  const onRetry = ({ error }: { error: unknown }): void => {
    if (error instanceof StatusError) refusals.push(error);
  };
  await using api = createClient({
    baseUrl: upstream.url,
    attemptTimeoutMs,
    retry: { attempts: 8, baseDelayMs: 1, onRetry }, // a busy machine may miss an answer
    circuitBreaker: false,
    hedge: false,
  });
  return { texts: await Promise.all(targets.map((target) => api.get(target).text())), refusals };
}

describe('startUpstream', () => {
  it('answers the same bytes in the end, whatever its transport does, and fails as the real one', async () => {
    await using clean = await startUpstream({ seed: 1, faults: false });
    const wanted = await askAll(clean, 20_000);
    expect(wanted.refusals).toEqual([]);
    expect(clean.served).toMatchObject({ answer: targets.length, '503': 0, reset: 0 });

    await using upstream = await startUpstream({ seed: 1 });
    const { texts, refusals } = await askAll(upstream, 500); // as long as a hang is waited for
    expect(texts).toEqual(wanted.texts);
    expect(upstream.served.answer).toBeGreaterThanOrEqual(targets.length);
    expect(upstream.served['503'] + upstream.served.reset).toBeGreaterThan(5);
    const limited = refusals.find(({ status }) => status === 429);
    expect(limited).toMatchObject({ retryAfterMs: 1_000 });
    expect(limited?.bodyStart).toBe(
      '{"error":true,"reason":"Minutely API request limit exceeded. Please try again in one minute."}',
    );
  });

  it('refuses a seed that cannot work', async () => {
    await expect(startUpstream({ seed: 0.5 })).rejects.toMatchObject({ code: 'DEX_OPTION', option: 'seed' });
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
