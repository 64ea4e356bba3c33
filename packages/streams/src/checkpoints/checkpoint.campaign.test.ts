import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mapAsync, pipe, run } from '../index.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.02);
const child = fileURLToPath(new URL('../../test/checkpoint-child.ts', import.meta.url));

let folder: string;
let input: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dex-kills-'));
  input = join(folder, 'readings.csv');
  await writeFile(input, readings(40_000));
});
afterAll(() => rm(folder, { recursive: true }));

/** Out of order by some seconds, a few much later, one in ten twice. */
function readings(length: number): string {
  const stations = ['Seattle', 'New York', '"Reykjavík, harbour"', 'Ōtautahi'];
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const rows: string[] = [];
  for (let n = 0; n < length; n += 1) {
    const at = 1_000_000 + n * 700 - random(4_000) - (random(100) === 0 ? random(120_000) : 0);
    rows.push(`${n},${stations[random(4)]},${at},${random(400) - 100}\n`);
    if (random(10) === 0) rows.push(rows.at(-30) ?? '');
  }
  return `id,station,at,celsius\n${rows.join('')}`;
}

/**
 * @param kill After how many of its signs of life to end it with SIGKILL, and how many milliseconds later.
 * @returns How the child ended: `'SIGKILL'`, or 0 when it was done before.
 */
async function count(name: string, kill?: { signs: number; ms: number }): Promise<string | number | null> {
  const files = [input, join(folder, `${name}.ndjson`), join(folder, `${name}.json`)];
  const counting = spawn(process.execPath, ['--conditions=@dataenginex/source', child, ...files], {
    // It starts in half the time.
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
  });
  const ended = new Promise<string | number | null>((resolve) => {
    counting.on('close', (code, signal) => resolve(signal ?? code));
  });
  let errors = '';
  counting.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  if (kill !== undefined) {
    let signs = 0;
    const seen = new Promise<void>((resolve) => {
      counting.stdout.on('data', ({ length }: Buffer) => {
        signs += length;
        if (signs >= kill.signs) resolve();
      });
    });
    await Promise.race([seen.then(() => sleep(kill.ms)), ended]);
    counting.kill('SIGKILL');
  } else counting.stdout.resume();
  const result = await ended;
  if (result !== 0 && result !== 'SIGKILL') throw new Error(`The child ended with ${result}:\n${errors}`);
  return result;
}

describe('a windowed pipe with checkpoints', () => {
  const kills = Math.ceil(1000 * scale);

  it(
    `writes the same bytes through ${kills} SIGKILLs at random moments`,
    { timeout: 120_000 + kills * 2_000 },
    async () => {
      await count('whole');
      const whole = await readFile(join(folder, 'whole.ndjson'), 'utf8');
      expect(whole.split('\n').length).toBeGreaterThan(1_500);

      let killed = 0;
      let rounds = 0;
      const killOften = async (lane: number): Promise<void> => {
        for (let round = 0; killed < kills; round += 1) {
          const name = `${lane}-${round}`;
          while (killed < kills) {
            if ((await count(name, { signs: 1 + Math.floor(Math.random() * 4), ms: Math.random() * 10 })) === 0) break;
            killed += 1;
          }
          expect(await count(name)).toBe(0);
          expect(await readFile(join(folder, `${name}.ndjson`), 'utf8')).toBe(whole);
          rounds += 1;
        }
      };
      await run(pipe([1, 2], mapAsync(killOften)));
      console.log(`${killed} kills, ${rounds} outputs`);
    },
  );
});
