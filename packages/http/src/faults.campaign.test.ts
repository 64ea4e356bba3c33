import { describe, expect, it } from 'vitest';
import { createClient } from './index.ts';
import { type FaultShares, startFaultyServer } from './testing.ts';

const seeds = Math.ceil(200 * Number(process.env['DEX_CAMPAIGN'] ?? 0.02));
const paths = Array.from({ length: 100 }, (_, index) => `/days/${index}`);

/** All that a client can tell from an answer; a body cut short with a length to match is none of them. */
const faults: FaultShares = {
  '503': 0.08,
  reset: 0.06,
  'cut body': 0.05,
  'cut chunks': 0.05,
  garbage: 0.04,
  'slow drip': 0.005,
  'long length': 0.005,
  hang: 0.005,
};

describe('a client before a server that fails by a seed', () => {
  it(`loses nothing, in ${seeds} seeds`, { timeout: 120_000 + seeds * 20_000 }, async () => {
    for (let seed = 1; seed <= seeds; seed += 1) {
      await using server = await startFaultyServer(({ url }) => ({ body: `rain at ${url}` }), { seed, faults });
      await using api = createClient({
        baseUrl: server.url,
        attemptTimeoutMs: 250,
        retry: { attempts: 8, baseDelayMs: 2 }, // a busy machine may miss an answer
        circuitBreaker: { park: true },
      });
      const answers = await Promise.all(paths.map((path) => api.get(path).text()));
      expect(answers, `seed ${seed}`).toEqual(paths.map((path) => `rain at ${path}`));
      expect(server.served.answer).toBeGreaterThanOrEqual(paths.length);
    }
  });

  it('meets the same faults with the same seed, whatever is under way beside them', async () => {
    const meet = async (connections: number): Promise<unknown> => {
      await using server = await startFaultyServer(() => ({ body: 'rain' }), {
        seed: 5,
        faults: { ...faults, hang: 0, 'long length': 0 },
      });
      await using api = createClient({
        baseUrl: server.url,
        connections,
        hedge: false,
        retry: { baseDelayMs: 1 },
        circuitBreaker: false,
      });
      await Promise.all(
        paths.map((path) =>
          api
            .get(path)
            .text()
            .catch(() => {}),
        ),
      );
      return server.served;
    };
    expect(await meet(1)).toEqual(await meet(32));
  });
});
