import { Agent, request } from 'undici';
import { startServer } from '../../src/server.ts';

/** Shares of the calls, from 0 to 1, that fail in each way; together at most 1. */
interface Faults {
  /** Answered with 503. */
  readonly unavailable?: number;
  /** The connection is reset. */
  readonly reset?: number;
  /** Never answered. */
  readonly hang?: number;
}

/** A server on the loopback that fails as it is told to. */
export interface Upstream extends AsyncDisposable {
  readonly origin: string;
  /** One attempt, which fails unless it is answered with 200. */
  readonly call: (signal?: AbortSignal) => Promise<string>;
  /** What fails from now on. Resolves to the number of attempts that have arrived so far. */
  setFaults(faults: Faults): Promise<number>;
}

export async function startUpstream(): Promise<Upstream> {
  const server = await startServer(new URL('upstream-server.ts', import.meta.url));
  const dispatcher = new Agent();
  return {
    origin: server.origin,
    call: async (signal) => {
      const { statusCode, body } = await request(server.origin, { dispatcher, signal: signal ?? null });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`Upstream answered ${statusCode}.`);
      return text;
    },
    async setFaults(faults) {
      const query = Object.entries(faults).map(([kind, share]) => `${kind}=${share}`);
      const { body } = await request(`${server.origin}/faults?${query.join('&')}`, { dispatcher });
      return Number(await body.text());
    },
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy();
      await server.stop();
    },
  };
}
