import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';

const places = ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server'];
const found = places.find((place) => existsSync(place));
const required = (process.env['DEX_REQUIRE'] ?? '').split(',').includes('redis');

/** Why there is no Redis to test against; `undefined` where there is one, or where there has to be. */
export const noRedis = found === undefined && !required ? `no redis-server at ${places.join(', ')}` : undefined;

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
}

/** A server of its own on a free loopback port, which keeps nothing on disk. */
export async function startRedis(): Promise<RedisServer> {
  if (found === undefined) throw new Error(`DEX_REQUIRE asks for redis, but it is not at ${places.join(', ')}.`);
  const port = String(await freePort());
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()];
  const child = spawn(found, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let output = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.includes('Ready to accept connections')) break;
  }
  if (output.includes('Address already in use')) return await startRedis(); // another has taken the port meanwhile
  if (!output.includes('Ready to accept connections')) throw new Error(`redis-server ended:\n${output}`);
  child.stdout.resume();
  return {
    url: `redis://127.0.0.1:${port}`,
    child,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('The port has no number.');
  return address.port;
}
