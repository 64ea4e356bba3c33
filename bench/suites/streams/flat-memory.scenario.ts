import { deepStrictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Scenario } from '../../src/scenario.ts';
import type { Outcome } from './flat-memory-subject.ts';

const subject = fileURLToPath(new URL('flat-memory-subject.ts', import.meta.url));
const names = { hand: 'a loop by hand', streams: '@dataenginex/streams' };

/** A second between readings of ten stations, one in a thousand of them broken. */
function* csv(rows: number): Generator<string, void, undefined> {
  let text = 'at,station,temp\n';
  for (let n = 0; n < rows; n += 1) {
    text += `${n * 1_000},station ${n % 10},${n % 1_000 === 999 ? 'broken' : (n % 601) / 10 - 20}\n`;
    if (text.length > 65_536) {
      yield text;
      text = '';
    }
  }
  yield text;
}

/** @returns What the process says, and the first rows of its file. */
async function runSubject(name: string, input: string, output: string): Promise<Outcome & { rows: unknown }> {
  const { stdout } = await promisify(execFile)(process.execPath, [subject, name, input, output]);
  const outcome: Outcome = JSON.parse(stdout);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(output), compressors, rowEnd: 1_000 });
  return { ...outcome, rows };
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

export const scenario: Scenario = {
  title: 'CSV, checked, windowed, to Parquet: 10 million rows, and a tenth of them',
  about:
    'Rows of a time, a station and a temperature are read from a CSV file, checked by the same function, gathered into ' +
    'windows of a minute for each station, and written to Parquet in row groups of 100,000, compressed with zstd. The loop ' +
    'by hand splits lines and fields, knows that no field is quoted and that times ascend, and writes with ' +
    'hyparquet-writer. Each runs in a process of its own; both files are compared.',
  run: async (smoke, onProgress) => {
    const folder = await mkdtemp(join(tmpdir(), 'dex-flat-'));
    try {
      const table: string[][] = [['subject', 'rows', 'peak RSS', 'to the loop by hand', 'CPU time to it']];
      for (const rows of smoke ? [20_000] : [1_000_000, 10_000_000]) {
        const input = join(folder, `${rows}.csv`);
        onProgress(`writing ${rows} rows`);
        await pipeline(Readable.from(csv(rows)), createWriteStream(input));
        const outcomes = new Map<string, Outcome>();
        for (const name of Object.keys(names)) {
          onProgress(`${name}, ${rows} rows`);
          outcomes.set(name, await runSubject(name, input, join(folder, `${name}.parquet`)));
        }
        await rm(input);
        const [hand, streams] = [outcomes.get('hand'), outcomes.get('streams')];
        if (hand === undefined || streams === undefined) continue;
        const cost = { peakBytes: 0, cpuMs: 0 };
        deepStrictEqual({ ...streams, ...cost }, { ...hand, ...cost });
        for (const [name, { peakBytes, cpuMs }] of [
          [names.hand, hand],
          [names.streams, streams],
        ] as const) {
          const ratios = [peakBytes / hand.peakBytes, cpuMs / hand.cpuMs].map((ratio) => `${ratio.toFixed(2)}×`);
          table.push([name, rows.toLocaleString('en'), megabytes(peakBytes), ...ratios]);
        }
      }
      return table;
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
