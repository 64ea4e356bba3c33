import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Scenario } from '../../src/scenario.ts';

const script = fileURLToPath(new URL('../../../packages/http/test/million-requests.ts', import.meta.url));

export const scenario: Scenario = {
  title: 'What a million requests leave behind',
  about:
    'One client with its whole stack and a cache, 64 requests in flight: JSON, bodies left unread or read in part, ' +
    'answers from the cache, fetch, 503s and resets that are retried, 404s, cut bodies, timeouts and aborts. The heap is ' +
    'measured after a collection, after a tenth of the requests and after all; the rest once the client is closed.',
  run: async (smoke, onProgress) => {
    const rows = [['requests', 'succeeded', 'heap grew by', 'listeners', 'timers and sockets', 'unhandled', 'took']];
    for (const requests of smoke ? [5_000] : [100_000, 1_000_000]) {
      onProgress(`${requests} requests`);
      const args = ['--expose-gc', '--conditions=@dataenginex/source', script, String(requests)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const { outcomes, tookMs, heapGrowth, listeners, unhandled, resources } = JSON.parse(stdout);
      rows.push([
        requests.toLocaleString('en'),
        `${((100 * outcomes.success) / requests).toFixed(1)}%`,
        `${(heapGrowth / 2 ** 20).toFixed(1)} MiB`,
        String(listeners),
        String(resources.length),
        String(unhandled),
        `${Math.round(tookMs / 1_000)} s`,
      ]);
    }
    return rows;
  },
};
