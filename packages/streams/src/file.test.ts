import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromCsv, fromFile, fromNdjson, map, pipe, run, toFile, toNdjson } from './index.ts';

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

describe('toFile', () => {
  it('puts the file in place when all is written, an empty one too', async () => {
    const path = join(folder, 'out');
    expect(await run(pipe(['ü', Buffer.from('b')]), toFile(path))).toEqual({ items: 2, result: { bytes: 3 } });
    expect(await readFile(path, 'utf8')).toBe('üb');
    await run(pipe([]), toFile(path));
    expect(await readFile(path, 'utf8')).toBe('');
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('keeps the old file and leaves nothing else when the pipe fails or is aborted', async () => {
    const path = join(folder, 'out');
    await writeFile(path, 'old');
    const rows = Array.from({ length: 5000 }, (_, index) => index);
    const failing = map((n: number) => {
      if (n === 4000) throw new Error('bad');
      return n;
    });
    await expect(run(pipe(rows, failing, toNdjson()), toFile(path))).rejects.toThrow('bad');
    async function* slow() {
      yield 'new';
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await expect(run(slow(), toFile(path), { signal: AbortSignal.timeout(20) })).rejects.toThrow('timeout');
    expect(await readdir(folder)).toEqual(['out']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  it('reports a folder it cannot write to as the file system does', async () => {
    await expect(run(pipe(['x']), toFile(join(folder, 'none', 'out')))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
