import { once } from 'node:events';
import { createServer } from 'node:http';
import { createProbes, runService, serveHttp } from '../src/index.ts';

/** One replica of a service. `plain` closes its server as Node does it alone. */
const [mode = 'drained', options = '{}'] = process.argv.slice(2);
const body = 'x'.repeat(4_096);

await runService(async ({ scope, ready, isReady, draining, signal }) => {
  const probes = createProbes({ ready: { service: isReady } });
  const server = createServer((request, response) => {
    if (probes.handle(request, response)) return;
    setTimeout(() => response.end(body), Math.random() * 10);
  });
  const listening = once(server, 'listening');
  const close =
    mode === 'plain'
      ? async () => once(server.close(), 'close', { signal })
      : (await scope.use(serveHttp(server, { host: '127.0.0.1', draining, signal }))).close;
  if (mode === 'plain') {
    scope.defer(() => server.closeAllConnections());
    server.listen(0, '127.0.0.1');
  }
  await listening;
  const stopped = ready();
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : address}\n`);
  await stopped;
  await close();
}, JSON.parse(options));
