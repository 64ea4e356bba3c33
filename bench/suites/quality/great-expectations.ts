import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Rule } from '@dataenginex/quality';
import type { Prepared, Subject } from '../../src/benchmark.ts';

const script = fileURLToPath(new URL('great-expectations.py', import.meta.url));
const python = process.env['DEX_GX_PYTHON'] || undefined;

/** What a benchmark says of it. */
export const note =
  python === undefined
    ? 'Great Expectations is left out, as DEX_GX_PYTHON names no Python that has it.'
    : 'Great Expectations judges the same rules on the same rows in a pandas data frame, made outside of the clock.';

/**
 * Great Expectations as a subject that returns how many values are unexpected, where `DEX_GX_PYTHON` is the path of a Python
 * that has it; no subject where not.
 *
 * @param rows How many of the rows of the benchmark, which the script makes, too.
 */
export function greatExpectations(rows: number, rules: readonly Rule[]): Record<string, Subject<number>> {
  if (python === undefined) return {};
  return { 'Great Expectations': () => start(python, rows, rules) };
}

interface Answer {
  readonly unexpected: number;
  readonly cpuUs: number;
  readonly peakRssBytes: number;
}

async function start(command: string, rows: number, rules: readonly Rule[]): Promise<Prepared<number>> {
  const child = spawn(command, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  let printed = '';
  child.stderr.on('data', (text) => (printed = `${printed}${text}`.slice(-2000)));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`Great Expectations ended: ${printed}`);
  });
  ended.catch(() => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<Answer> => {
    child.stdin.write(`${line}\n`);
    const { value } = await Promise.race([lines.next(), ended]);
    return JSON.parse(value ?? '');
  };
  let last = await ask(JSON.stringify({ rows, rules }));
  return {
    run: async (n) => {
      last = await ask(String(n));
      return last.unexpected;
    },
    usage: () => last,
    teardown: () => void child.kill(),
  };
}
