import { createClient } from '@dataenginex/http';
import type { Scenario } from '../../src/scenario.ts';
import { about, compare, type Contender, peers, settings } from '../resilience/faults.ts';

const { deadlineMs: timeoutMs, attemptMs: attemptTimeoutMs, retries, baseDelayMs } = settings;
const retry = { attempts: 1 + retries, baseDelayMs };

const ours: Record<string, Contender> = {
  '@dataenginex/http, no hedge': ({ origin }) => {
    const api = createClient({ baseUrl: origin, timeoutMs, attemptTimeoutMs, retry, hedge: false });
    return () => api.get('/').text();
  },
  '@dataenginex/http': ({ origin }) => {
    const api = createClient({ baseUrl: origin, timeoutMs, attemptTimeoutMs, retry });
    return () => api.get('/').text();
  },
};

export const scenario: Scenario = {
  title: 'A quarter of all attempts fail, each for itself',
  about: `${about} All else is the default: breaker, bulkhead and hedging in ours, undici under cockatiel.`,
  run: (smoke, onProgress) => compare({ ...peers, ...ours }, smoke, onProgress),
};
