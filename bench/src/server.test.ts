import { describe, expect, it } from 'vitest';
import { startServer } from './server.ts';

describe('startServer', () => {
  it('serves from a process of its own until it is stopped', async () => {
    const server = await startServer(new URL('../test/echo-server.ts', import.meta.url));
    const pid = await (await fetch(server.origin)).text();
    expect(Number(pid)).not.toBe(process.pid);
    await server.stop();
    await expect(fetch(server.origin)).rejects.toThrow('fetch failed');
  });

  it('rejects when the module ends before it listens', async () => {
    await expect(startServer(new URL('../test/sum.ts', import.meta.url))).rejects.toThrow('the server ended with 0');
  });
});
