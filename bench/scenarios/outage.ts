import { setTimeout as sleep } from 'node:timers/promises';
import { circuitBreaker, policy, retry, timeout } from '@dataenginex/resilience';
import * as cockatiel from 'cockatiel';
import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import pTimeout from 'p-timeout';
import { interleave } from '../src/interleave.ts';
import { createProgress } from '../src/progress.ts';
import { formatTable } from '../src/table.ts';
import { drive, quantile } from './load.ts';
import { startUpstream, type Upstream } from './upstream.ts';

// An outage of 2 s in the midst of 200 calls a second. Each contender has 8 attempts, 5 s for the whole call, 1 s for
// an attempt, and backoff with jitter from 100 ms.

const perSecond = 200;
const deadlineMs = 5_000;
const attemptMs = 1_000;
const rounds = 3;

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

async function runOutage(upstream: Upstream, contender: (attempt: Attempt) => () => Promise<string>): Promise<Result> {
  await upstream.setFaults({});
  const load = drive(contender(upstream.call), { calls: 5 * perSecond, perSecond });
  await sleep(1_000);
  const before = await upstream.setFaults({ unavailable: 1 });
  const fromMs = performance.now();
  await sleep(2_000);
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

const progress = createProgress(process.stderr);
const upstream = await startUpstream();
try {
  const turns = Object.values(contenders).map((contender) => () => runOutage(upstream, contender));
  const results = await interleave(turns, rounds, (round) => progress.show('outage', `round ${round} of ${rounds}`));
  progress.clear();
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
  const header = ['calls begun in the outage', 'served', 'attempts per call in it', '99% served after it'];
  console.log(`An outage of 2 s at ${perSecond} calls/s, deadlines of 5 s. The worst of ${rounds} rounds.`);
  for (const line of formatTable([header, ...rows])) console.log(line);
} finally {
  await upstream[Symbol.asyncDispose]();
}
