#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { main } from './cli/main.ts';
import { exit } from './cli/usage.ts';

const { stdin, stdout, stderr, env, argv } = process;
// A reader that has gone, such as `head`, wants no more. The verdict stands, and so does its exit code.
stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE') process.exit(exit.unreadable);
});

const controller = new AbortController();
process.on('SIGINT', () => {
  controller.abort();
  // A source that hangs is left after half a second, and what was spilled goes with it; no more is waited for.
  setTimeout(() => process.exit(exit.interrupted), 800).unref();
});
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
process.exitCode = await main(argv.slice(2), { stdin, stdout, stderr, env, signal: controller.signal, version });
