import { setTimeout as sleep } from 'node:timers/promises';
import { circuitBreaker, policy, retry, timeout } from '@dataenginex/resilience';
import * as cockatiel from 'cockatiel';
import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import pTimeout from 'p-timeout';
import { interleave } from '../../src/interleave.ts';
import type { Scenario } from '../../src/scenario.ts';
import { drive, quantile } from './load.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const perSecond = 200;
const deadlineMs = 5_000;
const attemptMs = 1_000;

type Attempt = Upstream['call'];

const contenders: Record<string, (attempt: Attempt) => () => Promise<string>> = {
  'cockatiel, retry': (attempt) => {
    const upstream = cockatiel.wrap(deadline(), cockatielRetry(), attemptTimeout());
    return () => upstream.execute(({ signal }) => attempt(signal));
  },
  'cockatiel, retry and breaker': (attempt) => {
    const breaker = cockatiel.circuitBreaker(cockatiel.handleAll, {
      halfOpenAfter: 100,
      breaker: new cockatiel.ConsecutiveBreaker(10),
    });
    const upstream = cockatiel.wrap(deadline(), cockatielRetry(), breaker, attemptTimeout());
    return () => upstream.execute(({ signal }) => attempt(signal));
  },
  'p-retry and opossum': (attempt) => {
    const breaker = new CircuitBreaker(attempt, { timeout: attemptMs, resetTimeout: 100, volumeThreshold: 20 });
    const options = { retries: 7, minTimeout: 100, maxTimeout: 10_000, randomize: true };
    return () =>
      pTimeout(
        pRetry(() => breaker.fire(), options),
        { milliseconds: deadlineMs },
      );
  },
  '@dataenginex/resilience': (attempt) => {
    const upstream = policy(
      timeout(deadlineMs),
      retry({ attempts: 8 }),
      circuitBreaker({ park: true }),
      timeout(attemptMs),
    );
    return () => upstream.run(({ signal }) => attempt(signal));
  },
};

const deadline = () => cockatiel.timeout(deadlineMs, cockatiel.TimeoutStrategy.Aggressive);
const attemptTimeout = () => cockatiel.timeout(attemptMs, cockatiel.TimeoutStrategy.Aggressive);
const cockatielRetry = () => {
  const backoff = new cockatiel.ExponentialBackoff({ initialDelay: 100, maxDelay: 10_000 });
  return cockatiel.retry(cockatiel.handleAll, { maxAttempts: 7, backoff });
};

interface Result {
  /** Share of the calls begun in the outage. */
  served: number;
  /** Attempts that reached the upstream in the outage, for each call begun in it. */
  attempts: number;
  /** From the end of the outage until 99% of the calls begun in it were served. */
  recoveredMs: number;
}

async function runOutage(
  upstream: Upstream,
  contender: (attempt: Attempt) => () => Promise<string>,
  outageMs: number,
): Promise<Result> {
  await upstream.setFaults({});
  const load = drive(contender(upstream.call), { calls: (2.5 * outageMs * perSecond) / 1_000, perSecond });
  await sleep(outageMs / 2);
  const before = await upstream.setFaults({ unavailable: 1 });
  const fromMs = performance.now();
  await sleep(outageMs);
  const after = await upstream.setFaults({});
  const toMs = performance.now();
  const hit = (await load).filter(({ beganMs }) => beganMs >= fromMs && beganMs < toMs);
  const lateMs = hit.map(({ served, endedMs }) => (served ? Math.max(0, endedMs - toMs) : Infinity));
  return {
    served: hit.filter(({ served }) => served).length / hit.length,
    attempts: (after - before) / hit.length,
    recoveredMs: quantile(lateMs, 0.99),
  };
}

export const scenario: Scenario = {
  title: 'An outage of 2 s in the midst of 200 calls a second',
  about:
    'Each contender has 8 attempts, 5 s for a call, 1 s for an attempt, and backoff with jitter from 100 ms. ' +
    'The calls are those begun while the server answered 503; the worst of 3 rounds.',
  run: async (smoke, onProgress) => {
    await using upstream = await startUpstream();
    const outageMs = smoke ? 200 : 2_000;
    const rounds = smoke ? 1 : 3;
    const turns = Object.values(contenders).map((contender) => () => runOutage(upstream, contender, outageMs));
    const results = await interleave(turns, rounds, (round) => onProgress(`round ${round} of ${rounds}`));
    const rows = Object.keys(contenders).map((name, index) => {
      const own = results[index] ?? [];
      const worst = (of: (result: Result) => number, pick: (...values: number[]) => number): number =>
        pick(...own.map(of));
      return [
        name,
        `${(100 * worst(({ served }) => served, Math.min)).toFixed(1)}%`,
        worst(({ attempts }) => attempts, Math.max).toFixed(2),
        `${Math.round(worst(({ recoveredMs }) => recoveredMs, Math.max))} ms`,
      ];
    });
    return [['subject', 'served', 'attempts a call during it', '99% served after it'], ...rows];
  },
};
