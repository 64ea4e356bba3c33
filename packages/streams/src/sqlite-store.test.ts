import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Crash, memory, runUntilDone } from '../test/checkpoints.ts';
import { map, pipe, run } from './index.ts';
import { sqliteStore } from './sqlite.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dex-sqlite-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('sqliteStore', () => {
  it('keeps the checkpoints of several pipes, across connections', async () => {
    const path = join(folder, 'checkpoints.db');
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    for (const name of ['a', 'b', undefined]) {
      const { kept, exactSink } = memory();
      const left = new Set([5, 13]);
      const open = () =>
        pipe(
          numbers,
          map((n) => {
            if (left.delete(n)) throw new Crash();
            return n;
          }),
        );
      expect(await runUntilDone(open, exactSink, sqliteStore(path, { name }))).toBe(3);
      expect(kept.items).toEqual(numbers);
    }
    using database = new DatabaseSync(path);
    const rows = database.prepare('SELECT name FROM dex_checkpoints ORDER BY name').all();
    expect(rows.map((row) => row['name'])).toEqual(['a', 'b', 'default']);
  });

  it('tells what keeps it from working', async () => {
    const path = join(folder, 'not-a-database');
    await writeFile(path, 'x'.repeat(1000));
    await expect(run([1], undefined, { checkpoint: { store: sqliteStore(path) } })).rejects.toThrow('not a database');
    // @ts-expect-error a number is no name
    expect(() => sqliteStore(path, { name: 1 })).toThrow('sqliteStore.name');
  });
});
