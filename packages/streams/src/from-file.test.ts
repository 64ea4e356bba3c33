import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromCsv, fromFile, fromNdjson, run } from './index.ts';

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

  it('reports a file that is not there as the file system does', async () => {
    await expect(run(fromCsv(fromFile(join(folder, 'none'))))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
