import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { hashFiles, makeFolder } from '../test/folder.ts';
import { startWeather } from '../test/weather-process.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.05);

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

describe('whatever the upstream does', () => {
  const seeds = Math.ceil(50 * scale);

  it(`${seeds} seeds of faults give the same bytes`, { timeout: seeds * 30_000 }, async () => {
    await using first = await makeFolder();
    await runOnce(first.path, 1);
    const expected = await hashFiles(first.path);
    expect(Object.keys(expected)).toHaveLength(96 + 1 + 2 + 6);
    for (let seed = 2; seed < 2 + seeds; seed++) {
      await using folder = await makeFolder();
      await runOnce(folder.path, seed);
      expect(await hashFiles(folder.path)).toEqual(expected);
    }
  });

  const kills = Math.ceil(20 * scale);

  it(
    `a SIGKILL at each of ${kills} random moments, then a rerun, gives the same bytes`,
    { timeout: kills * 60_000 },
    async () => {
      await using whole = await makeFolder();
      const started = performance.now();
      await runOnce(whole.path, 1);
      const tookMs = performance.now() - started;
      const expected = await hashFiles(whole.path);
      for (let round = 0; round < kills; round++) {
        await using folder = await makeFolder();
        await runOnce(folder.path, 1, Math.random() * tookMs);
        await runOnce(folder.path, 1);
        expect(await hashFiles(folder.path)).toEqual(expected);
      }
    },
  );
});
