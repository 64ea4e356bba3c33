import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { memory } from '../test/checkpoints.ts';
import { describeSink } from '../test/sink-contract.ts';
import { describeSource } from '../test/source-contract.ts';
import { watched } from '../test/sources.ts';
import { concat, fromChunks, fromCsv, fromFile, fromJsonArray, fromNdjson, fromSse, run, toFile } from './index.ts';
import { fromParquet, toParquet } from './parquet.ts';

const numbers = Array.from({ length: 50 }, (_, n) => n);
const csv = `n,word\n${numbers.map((n) => `${n},"wörd, ${n}"\n`).join('')}`;
const ndjson = numbers.map((n) => `{"n":${n}}\n`).join('');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dex-contracts-'));
  await writeFile(join(folder, 'rows.csv'), csv);
  await writeFile(join(folder, 'rows.ndjson'), ndjson);
  const rows = numbers.map((n) => ({ n, word: `wörd ${n}` }));
  await run(rows, toParquet(join(folder, 'rows.parquet'), { rowGroupRows: 20 }));
  await writeFile(join(folder, 'bytes'), Buffer.alloc(15 * 65_536, 'bytes and '));
});
afterAll(() => rm(folder, { recursive: true }));

describeSource('an array', () => numbers);
describeSource('a generator', () => numbers.values());
describeSource('an async generator', () => watched(50).items());
describeSource('a Web stream', () => ReadableStream.from(numbers));
describeSource('fromChunks', () => fromChunks(() => [numbers.slice(0, 9), [], numbers.slice(9)]));
describeSource('fromChunks that says where it stands', () =>
  fromChunks(function* ({ from }) {
    for (let at = Number(from ?? 0); at < 50; at += 3) yield { items: numbers.slice(at, at + 3), resume: at + 3 };
  }),
);
describeSource('fromFile', () => fromFile(join(folder, 'bytes')));
describeSource('fromCsv of a file', () => fromCsv(fromFile(join(folder, 'rows.csv'))));
describeSource('fromCsv of a text in pieces', () => fromCsv(csv.split(/(?<=3)/)));
describeSource('fromNdjson of a file', () => fromNdjson(fromFile(join(folder, 'rows.ndjson'))));
describeSource('fromJsonArray', () => fromJsonArray(JSON.stringify(numbers)));
describeSource('fromParquet', () => fromParquet(join(folder, 'rows.parquet')));
describeSource('fromSse', () => fromSse(numbers.map((n) => `data: ${n}\n\n`)));
describeSource('concat', () => concat(numbers.slice(0, 20), numbers.slice(20)));

let files = 0;
describeSink('toFile', async () => {
  files += 1;
  const path = join(folder, `out-${files}`);
  await writeFile(path, '');
  return { sink: () => toFile(path), read: () => readFile(path, 'utf8') };
});

describeSink('a sink of one’s own', async () => {
  const { kept, exactSink } = memory();
  return {
    sink: () => ({
      ...exactSink(),
      abort() {
        if (kept.calls.length === 0) kept.items.length = 0;
      },
    }),
    read: async () => kept.items.join(''),
  };
});
