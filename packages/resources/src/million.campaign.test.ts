import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const uses = Math.ceil(1_000_000 * Number(process.env['DEX_CAMPAIGN'] ?? 0.01));
const script = fileURLToPath(new URL('../test/million-uses.ts', import.meta.url));

describe('scopes, tasks, a pool and locks', () => {
  it(`leave no timer, listener or promise behind after ${uses} uses`, { timeout: 120_000 + uses }, async () => {
    const args = ['--import', 'tsx', '--expose-gc', '--conditions=@dataenginex/source', script, String(uses)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { outcomes, heapGrowth, promises, ...left } = JSON.parse(stdout);
    expect(left).toEqual({
      timers: [],
      listeners: 0,
      waiting: 0,
      pool: { borrowed: 0, waiting: 0, creating: 0, validating: 0, destroying: 0 },
      locks: { free: 8, locked: false, readers: 0, writing: false },
    });
    expect(promises).toBeLessThan(50); // those of the script itself
    expect(heapGrowth).toBeLessThan(4 * 2 ** 20); // a listener or timer kept for each use takes ten times as much
    for (const outcome of ['success', 'Error', 'AbortError', 'AcquireTimeoutError', 'ScopeTimeoutError', 'PoolError']) {
      expect(outcomes[outcome], outcome).toBeGreaterThan(uses / 10_000);
    }
  });
});
