import { deepStrictEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@dataenginex/streams';
import { fromParquet } from '@dataenginex/streams/parquet';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { parquetWriteFile } from 'hyparquet-writer';
import { benchmark } from '../../src/benchmark.ts';

const dayMs = 86_400_000;
const rows = Array.from({ length: 20_000 }, (_, day) => ({
  station: day % 2 === 0 ? 'Seattle' : 'New York',
  at: new Date(day * dayMs),
  note: day % 7 === 0 ? null : `observation ${day}`,
  precipitation: (day % 37) / 10,
  tempMax: day % 11 === 0 ? null : (day % 311) / 10,
  wind: Math.sin(day),
  pressure: 990 + (day % 40),
  id: BigInt(day),
}));
const names = ['station', 'at', 'note', 'precipitation', 'tempMax', 'wind', 'pressure', 'id'] as const;

/** In each subject's process: it reads a file of its own. */
function writeFile(): { path: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'dex-bench-'));
  const filename = join(folder, 'rows.parquet');
  const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name]) }));
  parquetWriteFile({ filename, columnData, rowGroupSize: 10_000 });
  return { path: filename, remove: () => rmSync(folder, { recursive: true }) };
}

const passes = (pass: (path: string) => Promise<unknown>) => () => {
  const { path, remove } = writeFile();
  return {
    run: async (n: number) => {
      let read: unknown;
      for (let i = 0; i < n; i++) read = await pass(path);
      return read;
    },
    teardown: remove,
  };
};

export const bench = benchmark({
  title: 'Parquet rows',
  about:
    `One operation reads ${rows.length.toLocaleString('en')} rows of 8 columns (strings, dates, numbers, bigints, some ` +
    'nulls) from a file of two row groups, compressed with snappy, into objects.',
  baseline: 'hyparquet parquetReadObjects',
  subjects: {
    'hyparquet parquetReadObjects': passes(async (path) =>
      parquetReadObjects({ file: await asyncBufferFromFile(path), compressors }),
    ),
    '@dataenginex/streams run': passes(async (path) => {
      const read: unknown[] = [];
      await run(fromParquet(path), {
        write: (items) => {
          for (const item of items) read.push(item);
        },
        close: () => {},
      });
      return read;
    }),
  },
  check: (read) => deepStrictEqual(read, rows),
});
