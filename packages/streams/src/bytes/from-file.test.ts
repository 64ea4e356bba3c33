import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atomicWrite } from '@dataenginex/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromCsv, fromFile, fromNdjson, pipe, run, toNdjson } from '../index.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dex-streams-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('fromFile', () => {
  it('reads bytes, again with each run, and codecs name it in positions', async () => {
    const path = join(folder, 'rows.ndjson');
    const text = '{"city":"Zürich"}\n'.repeat(20_000);
    await writeFile(path, text);
    const file = fromFile(path);
    expect(Buffer.concat(await Array.fromAsync(file)).toString()).toBe(text);
    expect(await run(fromNdjson(file))).toMatchObject({ items: 20_000 });
    await writeFile(path, 'a,b\n1\n');
    await expect(run(fromCsv(file))).rejects.toThrow(`CSV at index 0, line 2, byte 4 of ${path}: the row has 1 field`);
  });

  it('reads back what a pipe wrote, and keeps the old file when the pipe fails', async () => {
    const path = join(folder, 'rows.ndjson');
    const write = (rows: Iterable<unknown>) => run(pipe(rows, toNdjson()), (lines) => atomicWrite(path, lines));
    await write([{ n: 1 }, { n: 2 }]);
    await expect(write([{ n: 3 }, undefined])).rejects.toMatchObject({ code: 'DEX_OPERATOR' });
    expect(await Array.fromAsync(fromNdjson(fromFile(path)))).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await readdir(folder)).toEqual(['rows.ndjson']);
  });

  it('reports a file that is not there as the file system does', async () => {
    await expect(run(fromCsv(fromFile(join(folder, 'none'))))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
