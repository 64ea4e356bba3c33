// What `million-requests.ts` asks, in a process of its own: each path goes wrong in a way of its own.
import { createServer } from 'node:http';
import { sendJson } from './server.ts';

const day = { station: 'Seattle', hourly: Array.from({ length: 24 }, (_, hour) => ({ hour, temperature: hour / 8 })) };
const big = Buffer.alloc(2 ** 18);
let flaky = 0;

const server = createServer((request, response) => {
  const kind = request.url?.split('/')[1];
  request.resume();
  if (kind === 'cached') response.setHeader('cache-control', 'max-age=3600');
  if (kind === 'flaky' && (flaky += 1) % 2 === 1) response.writeHead(503).end();
  else if (kind === 'none') response.writeHead(404).end('no');
  else if (kind === 'reset') request.socket.resetAndDestroy();
  else if (kind === 'cut') response.writeHead(200, { 'content-length': 100 }).write('rain', () => response.destroy());
  else if (kind === 'big') response.end(big);
  else if (kind !== 'hang') sendJson(response, day);
});
process.once('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
