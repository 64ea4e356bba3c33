import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createProbes, runService, type Service, serveHttp } from '../src/index.ts';

/** One replica of a service. As `plain` it closes its server as Node does alone. */
const [mode = 'drained', options = '{}'] = process.argv.slice(2);
const body = 'x'.repeat(4_096);

async function listenPlainly(server: Server, { scope, signal }: Service) {
  scope.defer(() => server.closeAllConnections());
  await once(server.listen(0, '127.0.0.1'), 'listening', { signal });
  const address = server.address();
  return {
    port: typeof address === 'object' ? address?.port : undefined,
    close: async () => once(server.close(), 'close', { signal }),
  };
}

await runService(async (service) => {
  const { scope, ready, isReady, draining, signal } = service;
  const probes = createProbes({ ready: { service: isReady } });
  const server = createServer((request, response) => {
    if (probes.handle(request, response)) return;
    setTimeout(() => response.end(body), Math.random() * 10);
  });
  const http =
    mode === 'plain'
      ? await listenPlainly(server, service)
      : await scope.use(serveHttp(server, { host: '127.0.0.1', draining, signal }));
  const stopped = ready();
  process.stdout.write(`${http.port}\n`);
  await stopped;
  await http.close();
}, JSON.parse(options));
