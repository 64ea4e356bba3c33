import { setTimeout as sleep } from 'node:timers/promises';
import { mapAsync, pipe, run } from '@dataenginex/streams';
import { describe, expect, it } from 'vitest';
import { hashFiles, makeFolder } from '../test/folder.ts';
import { startWeather } from '../test/weather-process.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.02);

/** A run in a folder of its own, from nothing; `kill` ends it with SIGKILL after so many milliseconds, if it still runs. */
async function runOnce(data: string, seed: number, kill?: number): Promise<number | null> {
  const weather = startWeather(['--once', '--seed', String(seed)], { data });
  if (kill !== undefined) {
    await Promise.race([sleep(kill), weather.ended]);
    weather.child.kill('SIGKILL');
  }
  const { code, output } = await weather.ended;
  if (kill === undefined && code !== 0) throw new Error(`Seed ${seed} ended with ${code}:\n${output}`);
  return code;
}

/** Several at a time, since a run mostly waits. */
async function each(count: number, check: (round: number) => Promise<void>): Promise<void> {
  const rounds = Array.from({ length: count }, (_, round) => round);
  await run(pipe(rounds, mapAsync(check, { concurrency: 4 })));
}

describe('whatever the upstream does', () => {
  const seeds = Math.ceil(200 * scale);

  it(`${seeds} seeds of faults give the same bytes`, { timeout: 120_000 + seeds * 20_000 }, async () => {
    await using first = await makeFolder();
    await runOnce(first.path, 1);
    const expected = await hashFiles(first.path);
    expect(Object.keys(expected)).toHaveLength(96 + 1 + 2 + 6);
    await each(seeds, async (round) => {
      await using folder = await makeFolder();
      await runOnce(folder.path, 2 + round);
      expect(await hashFiles(folder.path)).toEqual(expected);
    });
  });

  const kills = Math.ceil(20 * scale);

  it(
    `a SIGKILL at each of ${kills} random moments, then a rerun, gives the same bytes`,
    { timeout: 120_000 + kills * 40_000 },
    async () => {
      await using whole = await makeFolder();
      const started = performance.now();
      await runOnce(whole.path, 1);
      const tookMs = performance.now() - started;
      const expected = await hashFiles(whole.path);
      await each(kills, async () => {
        await using folder = await makeFolder();
        await runOnce(folder.path, 1, Math.random() * tookMs);
        await runOnce(folder.path, 1);
        expect(await hashFiles(folder.path)).toEqual(expected);
      });
    },
  );
});
