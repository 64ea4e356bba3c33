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
  { live, seed }: Pick<Options, 'live' | 'seed'>,
  progress: Progress,
  signal: AbortSignal,
): Promise<Source> {
  await using scope = openScope({ signal });
  const upstream = live ? undefined : await scope.use(startUpstream({ seed, signal }));
  const api = scope.use(
    createClient({
      baseUrl: upstream?.url ?? 'https://archive-api.open-meteo.com',
      timeoutMs: 120_000,
      attemptTimeoutMs: live ? 20_000 : 750,
      retry: { attempts: 8, baseDelayMs: 50, onRetry: ({ error }) => progress.retry(faultOf(error)) },
    }),
  );
  const held = scope.move();
  return {
    api,
    normalsOf: live ? [] : ['seattle'],
    [Symbol.asyncDispose]: () => held.close(),
  };
}

/** What the upstream did wrong, in a word. */
function faultOf(error: unknown): string {
  if (error instanceof StatusError) return String(error.status);
  if (error instanceof NetworkError) return error.status === undefined ? 'reset' : 'cut body';
  return 'timeout';
}
