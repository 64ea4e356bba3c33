// Calls through a shared limit for a while, and prints how many were let through: `node rate-process.ts URL MS`.
import { createClient } from 'redis';
import { redisRateLimit } from '../src/redis.ts';

const [url = '', ms = ''] = process.argv.slice(2);
const client = createClient({ url });
await client.connect();
const shared = redisRateLimit({ client, keyPrefix: 'two-processes', limit: 100, burst: 20, onStoreDown: 'refuse' });
const end = performance.now() + Number(ms);
let passed = 0;
let refused = 0;
while (performance.now() < end) {
  try {
    await shared.run(async () => {
      passed += 1;
    });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'RateLimitError')) throw error;
    refused += 1;
  }
}
client.destroy();
console.log(JSON.stringify({ passed, refused }));
