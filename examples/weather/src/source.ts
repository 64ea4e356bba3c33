import { type Client, createClient, isRetryable, NetworkError, StatusError } from '@dataenginex/http';
import { bulkhead, circuitBreaker, hedge, type Policy, policy, retry, timeout } from '@dataenginex/resilience';
import { openScope } from '@dataenginex/resources';
import type { Station } from './model.ts';
import type { Options } from './options.ts';
import type { Progress } from './progress.ts';
import { startUpstream } from './upstream/server.ts';

/** Where observations come from: the replay, started here, or the real Open-Meteo. */
export interface Source extends AsyncDisposable {
  readonly api: Client;
  /** Stations whose normals it has. */
  readonly normalsOf: readonly Station['id'][];
}

/** The same client for both, but for how long an answer may take. */
export async function openSource(
  { live, seed }: Pick<Options, 'live' | 'seed'>,
  progress: Progress,
  signal: AbortSignal,
): Promise<Source> {
  await using scope = openScope({ signal });
  const upstream = live ? undefined : await scope.use(startUpstream({ seed, signal }));
  const api = scope.use(
    createClient({
      baseUrl: upstream?.url ?? 'https://archive-api.open-meteo.com',
      policy: () => patience(live ? 20_000 : 750, progress),
    }),
  );
  const held = scope.move();
  return {
    api,
    normalsOf: live ? [] : ['seattle'],
    [Symbol.asyncDispose]: () => held.close(),
  };
}

/**
 * How the job puts up with its upstream. A request that is slow for its kind is made a second time; while the upstream
 * is down, requests wait for it to come back, within their two minutes, and only a few are made to see.
 */
function patience(attemptTimeoutMs: number, progress: Progress): Policy {
  return policy(
    'upstream',
    timeout(120_000),
    retry({
      attempts: 8,
      baseDelayMs: 50,
      retryIf: isRetryable,
      onRetry: ({ error }) => progress.retry(faultOf(error)),
    }),
    circuitBreaker({ park: true, failureIf: isRetryable }),
    bulkhead({ concurrent: 16 }),
    hedge({ onHedge: () => progress.retry('slow') }),
    timeout(attemptTimeoutMs),
  );
}

/** What the upstream did wrong, in a word. */
function faultOf(error: unknown): string {
  if (error instanceof StatusError) return String(error.status);
  if (error instanceof NetworkError) return error.status === undefined ? 'reset' : 'cut body';
  return 'timeout';
}
