import { afterEach } from 'vitest';
import { type Client, type ClientOptions, createClient } from '../src/index.ts';
import type { TestServer } from './server.ts';

/** What a test has opened: closed behind it, the last first. */
export const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

/** A client of the server, both closed behind the test. It makes no hedges, which a busy machine would add to what is counted. */
export function openClient(server: TestServer, options: ClientOptions = {}): Client {
  const api = createClient({ baseUrl: server.url, ...(options.policy === undefined && { hedge: false }), ...options });
  open.push(server, api);
  return api;
}
