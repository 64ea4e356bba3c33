// Calls through a shared limit for a while, and prints how many were let through, and how long it was kept from calling: `node rate-process.ts URL MS`.
import { createClient } from 'redis';
import { redisRateLimit } from '../src/redis.ts';

const [url = '', ms = ''] = process.argv.slice(2);
const client = createClient({ url });
await client.connect();
const shared = redisRateLimit({ client, keyPrefix: 'two-processes', limit: 100, burst: 20, onStoreDown: 'refuse' });
const end = performance.now() + Number(ms);
let passed = 0;
let refused = 0;
let stalledMs = 0;
for (let last = performance.now(), now = last; now < end; last = now) {
  try {
    await shared.run(async () => {
      passed += 1;
    });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'RateLimitError')) throw error;
    refused += 1;
  }
  now = performance.now();
  if (now - last > 50) stalledMs += now - last;
}
client.destroy();
console.log(JSON.stringify({ passed, refused, stalledMs }));
