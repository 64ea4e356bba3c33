import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const calls = Math.ceil(1_000_000 * Number(process.env['DEX_CAMPAIGN'] ?? 0.02));
const script = fileURLToPath(new URL('../test/million-calls.ts', import.meta.url));

describe('a whole stack', () => {
  it(`leaves no timer, listener or promise behind after ${calls} calls`, { timeout: 300_000 }, async () => {
    const args = ['--expose-gc', '--conditions=@dataenginex/source', script, String(calls)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { outcomes, heapGrowth, promises, ...left } = JSON.parse(stdout);
    expect(left).toMatchObject({ resources: [], listeners: 0, waiting: 0, running: 0 });
    expect(promises).toBeLessThan(50); // those of the script itself
    expect(heapGrowth).toBeLessThan(4 * 2 ** 20); // a listener or timer kept for each call takes ten times as much
    for (const outcome of ['success', 'Error', 'AbortError', 'TimeoutError']) {
      expect(outcomes[outcome], outcome).toBeGreaterThan(calls / 1_000);
    }
  });
});
