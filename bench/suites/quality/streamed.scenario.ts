import { strictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Scenario } from '../../src/scenario.ts';

const subject = fileURLToPath(new URL('streamed-subject.js', import.meta.url));
const names = { hand: 'a loop by hand', quality: '@dataenginex/quality' } as const;
const width = 10;

interface Outcome {
  rows: number;
  /** Rows that are too hot. */
  bad: number;
  peakBytes: number;
  cpuMs: number;
  /** Undefined without `--expose-gc`. */
  heldBytes?: number | undefined;
}

async function runSubject(name: keyof typeof names, rows: number, ...flags: readonly string[]): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, subject, name, String(rows)]);
  const outcome: Outcome = JSON.parse(stdout);
  strictEqual(outcome.rows, rows);
  strictEqual(outcome.bad, Math.ceil((rows - 7) / 1000));
  return outcome;
}

export const scenario: Scenario = {
  title: 'A contract on a stream: 10 million rows, and a tenth of them',
  about:
    `An async generator makes rows of ${width} columns. The contract judges the types, bounds, three regular expressions and ` +
    'a set of the schema, and of each column the number of distinct values, of the five of numbers the mean, the ' +
    'deviation and three quantiles, too; the loop by hand compares one number. Each runs in a process of its own, of ' +
    'which the peak RSS is told with Node and all that is loaded; what is held is live memory after the last row, to before ' +
    'the check. For 100 million rows: `node bench/suites/quality/streamed-subject.js quality 100000000`.',
  run: async (smoke, onProgress) => {
    const table: string[][] = [['subject', 'rows', 'peak RSS', 'to the loop by hand', 'CPU time a row', 'held']];
    const counts = smoke ? [20_000] : [1_000_000, 10_000_000];
    for (const rows of counts) {
      onProgress(`${names.hand}, ${rows} rows`);
      const hand = await runSubject('hand', rows);
      onProgress(`${names.quality}, ${rows} rows`);
      const quality = await runSubject('quality', rows);
      const { heldBytes } = rows === counts[0] ? await runSubject('quality', rows, '--expose-gc') : {};
      for (const [name, { peakBytes, cpuMs }] of Object.entries({ [names.hand]: hand, [names.quality]: quality })) {
        const held = heldBytes === undefined || name === names.hand ? '' : `${Math.round(heldBytes / 2 ** 10)} KiB`;
        const ratio = `${(peakBytes / hand.peakBytes).toFixed(2)}×`;
        const ofRow = `${((cpuMs * 1e6) / rows).toFixed(0)} ns`;
        table.push([name, rows.toLocaleString('en'), `${Math.round(peakBytes / 2 ** 20)} MiB`, ratio, ofRow, held]);
      }
    }
    return table;
  },
};
