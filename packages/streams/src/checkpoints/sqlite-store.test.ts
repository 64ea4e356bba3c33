import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Crash, memory, runUntilDone } from '../../test/checkpoints.ts';
import { delay } from '../../test/sources.ts';
import { map, pipe, run } from '../index.ts';
import { sqliteStore } from '../sqlite.ts';

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

  describe('while another connection has locked the database', () => {
    let path: string;
    let other: DatabaseSync;
    const failing = (signal?: AbortSignal) => run([1], undefined, { checkpoint: { store: sqliteStore(path) }, signal });
    beforeEach(() => {
      path = join(folder, 'checkpoints.db');
      other = new DatabaseSync(path);
      other.exec('BEGIN EXCLUSIVE');
    });
    afterEach(() => other.close());

    it('waits for it, and lets everything else go on', async () => {
      const running = failing();
      const begun = performance.now();
      for (let turn = 0; turn < 20; turn += 1) await delay(5);
      expect(performance.now() - begun).toBeLessThan(2_000); // SQLite's own wait holds everything up for 5 s
      other.exec('COMMIT');
      expect(await running).toEqual({ items: 1, result: undefined });
    });

    it('gives way to an abort at once', async () => {
      const controller = new AbortController();
      const running = failing(controller.signal);
      await delay(50);
      controller.abort('enough');
      const begun = performance.now();
      await expect(running).rejects.toBe('enough');
      expect(performance.now() - begun).toBeLessThan(400);
      await expect(sqliteStore(path).load({ signal: controller.signal })).rejects.toBe('enough');
    });

    it('says so after 5 s', async () => {
      vi.useFakeTimers();
      try {
        const running = expect(failing()).rejects.toMatchObject({
          code: 'DEX_CHECKPOINT',
          message: 'Checkpoint: another connection has kept the database locked for 5000 ms',
          cause: { message: 'database is locked' },
        });
        await vi.advanceTimersByTimeAsync(5_100);
        await running;
      } finally {
        vi.useRealTimers();
      }
    });
  });

  it('refuses a database that would not outlive the process', () => {
    for (const path of [':memory:', 'file::memory:?cache=shared', '']) {
      expect(() => sqliteStore(path)).toThrow('Option "sqliteStore.path" must be the path of a file');
    }
  });

  it('tells what keeps it from working', async () => {
    const path = join(folder, 'not-a-database');
    await writeFile(path, 'x'.repeat(1000));
    await expect(run([1], undefined, { checkpoint: { store: sqliteStore(path) } })).rejects.toThrow('not a database');
    // @ts-expect-error a number is no name
    expect(() => sqliteStore(path, { name: 1 })).toThrow('sqliteStore.name');
  });
});
