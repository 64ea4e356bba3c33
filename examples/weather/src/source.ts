import { type Client, createClient, NetworkError, StatusError } from '@dataenginex/http';
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
  { live, seed, incident }: Pick<Options, 'live' | 'seed' | 'incident'>,
  progress: Progress,
  signal: AbortSignal,
): Promise<Source> {
  await using scope = openScope({ signal });
  const upstream = live ? undefined : await scope.use(startUpstream({ seed, incident, signal }));
  const baseUrl = upstream?.url ?? 'https://archive-api.open-meteo.com';
  const api = scope.use(openClient(baseUrl, live ? 20_000 : 750, progress));
  const held = scope.move();
  return {
    api,
    normalsOf: live ? [] : ['seattle'],
    [Symbol.asyncDispose]: () => held.close(),
  };
}

/**
 * The client's own policies, with more patience. While the upstream is down, requests wait for it to come back, within
 * their two minutes, and only a few are made to see; one that is slow for its kind is made a second time.
 */
function openClient(baseUrl: string, attemptTimeoutMs: number, progress: Progress): Client {
  return createClient({
    baseUrl,
    timeoutMs: 120_000,
    attemptTimeoutMs,
    connections: 16,
    retry: { attempts: 8, baseDelayMs: 50, onRetry: ({ error }) => progress.retry(faultOf(error)) },
    circuitBreaker: { park: true },
    hedge: { onHedge: () => progress.retry('slow') },
  });
}

/** What the upstream did wrong, in a word. */
function faultOf(error: unknown): string {
  if (error instanceof StatusError) return String(error.status);
  if (error instanceof NetworkError) return error.status === undefined ? 'reset' : 'cut body';
  return 'timeout';
}
