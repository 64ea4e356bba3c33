import { Agent as HttpAgent } from 'node:http';
import * as cockatiel from 'cockatiel';
import got from 'got';
import ky from 'ky';
import { Agent, interceptors, request } from 'undici';
import { drive, quantile } from './load.ts';
import { startUpstream, type Upstream } from './upstream.ts';

/** Makes what is called again and again. */
export type Contender = (upstream: Upstream) => () => Promise<unknown>;

const faults = { unavailable: 0.2, reset: 0.05, hang: 0.01 };
const perSecond = 500;

/** What every contender is given. */
export const settings = { deadlineMs: 5_000, attemptMs: 1_000, retries: 7, baseDelayMs: 20 };
const { deadlineMs, attemptMs, retries, baseDelayMs } = settings;

export const about =
  '10,000 calls at 500 a second; 20% of all attempts are answered with 503, 5% are reset, 1% get no answer. Each ' +
  'contender has 8 attempts, 5 s for a call, 1 s for an attempt, and backoff with full jitter from 20 ms or, where ' +
  'it has no jitter, of 10, 20, 40 ms and so on.';

export const peers: Record<string, Contender> = {
  undici: ({ origin }) => {
    const errorCodes = ['ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT'];
    const dispatcher = new Agent({ headersTimeout: attemptMs }).compose(
      interceptors.retry({ maxRetries: retries, minTimeout: baseDelayMs / 2, errorCodes }),
    );
    return async () => {
      const { statusCode, body } = await request(origin, { dispatcher, signal: AbortSignal.timeout(deadlineMs) });
      if (statusCode !== 200) throw new Error(`Upstream answered ${statusCode}.`);
      return body.text();
    };
  },
  got: ({ origin }) => {
    const options = {
      limit: retries,
      calculateDelay: ({ attemptCount }: { attemptCount: number }) => 1 + jittered(attemptCount),
    };
    const api = got.extend({
      timeout: { request: attemptMs },
      retry: options,
      agent: { http: new HttpAgent({ keepAlive: true }) },
    });
    return () => api.get(origin, { signal: AbortSignal.timeout(deadlineMs) }).text();
  },
  ky: ({ origin }) => {
    const options = { limit: retries, delay: jittered, retryOnTimeout: true };
    const api = ky.create({ timeout: attemptMs, totalTimeout: deadlineMs, retry: options });
    return () => api.get(origin).text();
  },
  cockatiel: ({ call }) => {
    const backoff = new cockatiel.ExponentialBackoff({ initialDelay: baseDelayMs, maxDelay: 10_000 });
    const upstream = cockatiel.wrap(
      cockatiel.timeout(deadlineMs, cockatiel.TimeoutStrategy.Aggressive),
      cockatiel.retry(cockatiel.handleAll, { maxAttempts: retries, backoff }),
      cockatiel.timeout(attemptMs, cockatiel.TimeoutStrategy.Aggressive),
    );
    return () => upstream.execute(({ signal }) => call(signal));
  },
};

/** The same faults for every contender, one after the other. */
export async function compare(
  contenders: Record<string, Contender>,
  smoke: boolean,
  onProgress: (step: string) => void,
): Promise<string[][]> {
  const calls = smoke ? 200 : 10_000;
  const rows = [['subject', 'served', 'p50', 'p99', 'slowest', 'attempts a call']];
  for (const [name, contender] of Object.entries(contenders)) {
    onProgress(name);
    await using upstream = await startUpstream();
    const call = contender(upstream);
    await drive(call, { calls: calls / 20, perSecond }); // connections and compilers warm up while nothing fails
    const before = await upstream.setFaults(faults);
    const outcomes = await drive(call, { calls, perSecond });
    const attempts = (await upstream.setFaults({})) - before;
    const tookMs = outcomes.map(({ beganMs, endedMs, served }) => (served ? endedMs - beganMs : Infinity));
    rows.push([
      name,
      `${((100 * tookMs.filter((ms) => ms < Infinity).length) / calls).toFixed(2)}%`,
      ...[0.5, 0.99, 1].map((q) => formatMs(quantile(tookMs, q))),
      (attempts / calls).toFixed(3),
    ]);
  }
  return rows;
}

function jittered(attempt: number): number {
  return Math.random() * baseDelayMs * 2 ** (attempt - 1);
}

function formatMs(ms: number): string {
  return ms < Infinity ? `${Math.round(ms)} ms` : 'not served';
}
