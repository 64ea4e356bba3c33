import { hedge, policy, retry, timeout } from '@dataenginex/resilience';
import type { Scenario } from '../../src/scenario.ts';
import { about, compare, type Contender, peers, settings } from './faults.ts';

const { deadlineMs, attemptMs, retries, baseDelayMs } = settings;

const ours: Record<string, Contender> = {
  '@dataenginex/resilience, no hedge': ({ call }) => {
    const upstream = policy(timeout(deadlineMs), retry({ attempts: 1 + retries, baseDelayMs }), timeout(attemptMs));
    return () => upstream.run(({ signal }) => call(signal));
  },
  '@dataenginex/resilience': ({ call }) => {
    const upstream = policy(
      timeout(deadlineMs),
      retry({ attempts: 1 + retries, baseDelayMs }),
      hedge(),
      timeout(attemptMs),
    );
    return () => upstream.run(({ signal }) => call(signal));
  },
};

export const scenario: Scenario = {
  title: 'A quarter of all attempts fail, each for itself',
  about,
  run: (smoke, onProgress) => compare({ ...peers, ...ours }, smoke, onProgress),
};
