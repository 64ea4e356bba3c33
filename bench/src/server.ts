import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';

export interface RunningServer {
  /** Such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** Runs a module that calls `serve` in a process of its own, so that its CPU time is not the subject's. */
export async function startServer(module: URL): Promise<RunningServer> {
  const child = fork(fileURLToPath(module));
  const exited = once(child, 'exit');
  const listening: Promise<string> = once(child, 'message').then(([message]) => message);
  const origin = await Promise.race([
    listening,
    exited.then(([code, signal]: unknown[]) => {
      throw new Error(`the server ended with ${String(signal ?? code)} before it listened`);
    }),
  ]);
  return {
    origin,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

/** Listens on a free port of the loopback, and ends together with the process that started this one. */
export function serve(server: Server): void {
  process.once('disconnect', () => process.exit());
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) process.send?.(`http://127.0.0.1:${address.port}`);
  });
}
