import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const requests = Math.ceil(1_000_000 * Number(process.env['DEX_CAMPAIGN'] ?? 0.02));
const script = fileURLToPath(new URL('../test/million-requests.ts', import.meta.url));

describe('a whole client', () => {
  it(
    `leaves no timer, listener, socket or rejection behind after ${requests} requests`,
    { timeout: 600_000 },
    async () => {
      const args = ['--expose-gc', '--conditions=@dataenginex/source', script, String(requests)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const { outcomes, heapGrowth, ...left } = JSON.parse(stdout);
      expect(left).toMatchObject({ listeners: 0, unhandled: 0, resources: [] });
      expect(heapGrowth).toBeLessThan(4 * 2 ** 20); // a listener or timer kept for each request takes ten times as much
      expect(outcomes['success'] / requests).toBeGreaterThan(0.8);
      for (const outcome of ['NetworkError', 'StatusError', 'AbortError', 'RequestTimeoutError']) {
        expect(outcomes[outcome], outcome).toBeGreaterThan(requests / 1_000);
      }
    },
  );
});
