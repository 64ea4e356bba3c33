// Makes requests through a whole client, of which some fail, hang, are aborted or left unread, and prints what is left
// of them: `node --expose-gc --conditions=@dataenginex/source million-requests.ts COUNT`.
import { fork } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Client, createClient, memoryCache } from '../src/index.ts';

const requests = Number(process.argv[2]);
const atOnce = 64;

const server = fork(fileURLToPath(new URL('million-server.ts', import.meta.url)), { execArgv: [] });
const [{ port }] = await once(server, 'message');

let unhandled = 0;
process.on('unhandledRejection', () => (unhandled += 1));

const service = new AbortController(); // its signal lives as long as the process
const api = createClient({
  baseUrl: `http://127.0.0.1:${port}`,
  cache: memoryCache({ maxBytes: 2 ** 20 }),
  retry: { baseDelayMs: 1, maxDelayMs: 4 },
  circuitBreaker: { consecutiveFailures: Infinity, failureRatio: 0.9 },
});

/** Of a thousand requests so many are of each kind. */
const kinds: [number, (api: Client, signal: AbortSignal, made: number) => Promise<unknown>][] = [
  [700, (client, signal) => client.get('/day', { signal }).json()],
  [100, (client, signal, made) => client.get(`/cached/${made % 50}`, { signal }).json()],
  [60, (client, signal) => client.get('/flaky', { signal }).json()],
  [20, (client, signal) => client.get('/reset', { signal }).json()],
  [20, (client) => aborted(client, queueMicrotask)],
  [20, (client) => aborted(client, setImmediate)],
  [20, async (client, signal) => (await client.get('/big', { signal }).response()).close()],
  [
    10,
    async (client, signal) => {
      for await (const chunk of client.get('/big', { signal }).stream()) return chunk.byteLength;
      return undefined;
    },
  ],
  [20, async (client, signal) => (await client.fetch('/day', { signal })).json()],
  [10, (client, signal) => client.post('/day', { json: { rain: true }, signal }).json()],
  [10, (client, signal) => client.get('/none', { signal }).json()],
  [5, (client, signal) => client.get('/hang', { signal, timeoutMs: 20 }).json()],
  [5, (client, signal) => client.get('/cut', { signal }).json()],
];
const byNumber = kinds.flatMap(([count, make]) => Array.from({ length: count }, () => make));

function aborted(client: Client, soon: (then: () => void) => void): Promise<unknown> {
  const controller = new AbortController();
  soon(() => controller.abort());
  return client.get('/day', { signal: controller.signal }).json();
}

const outcomes: Record<string, number> = {};
async function makeAll(count: number): Promise<void> {
  let made = 0;
  const make = async (): Promise<void> => {
    while (made < count) {
      made += 1;
      const outcome = await byNumber[(made * 7919) % 1_000]?.(api, service.signal, made).then(
        () => 'success',
        (error: unknown) => (error instanceof Error ? error.name : String(error)),
      );
      if (outcome !== undefined) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, make));
}

async function heapUsed(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

await makeAll(requests / 10); // warm: code is compiled, the cache is full
const before = await heapUsed();
const beganAt = performance.now();
await makeAll((requests * 9) / 10);
const tookMs = performance.now() - beganAt;
const heapGrowth = (await heapUsed()) - before;
const listeners = getEventListeners(service.signal, 'abort').length;

await api.close();
server.disconnect();
await once(server, 'exit');
await heapUsed();
const resources = process
  .getActiveResourcesInfo()
  .filter((name) => !name.startsWith('Pipe') && !name.startsWith('TTY'));
console.log(JSON.stringify({ outcomes, tookMs, heapGrowth, listeners, unhandled, resources }));
