import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { lockFile } from '@dataenginex/resources';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  contract,
  type DamagedLine,
  fileHistory,
  type HistoryStore,
  Report,
  type RetentionOptions,
  type Run,
  toRun,
} from '../index.ts';
import { sqliteHistory } from '../sqlite.ts';
import { TableState } from '../state/table-state.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dex-history-'));
  path = join(folder, 'history');
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

const at = (day: number): Date => new Date(Date.UTC(2012, 0, day));
const run = (day: number, more: Partial<Run> = {}): Run => ({
  contract: 'daily',
  at: at(day),
  rows: day,
  success: true,
  metrics: { rows: day },
  ...more,
});
const days = (runs: readonly Run[]): number[] => runs.map(({ rows }) => rows);

const stores: [string, (path: string, options?: RetentionOptions) => HistoryStore][] = [
  ['fileHistory', fileHistory],
  ['sqliteHistory', sqliteHistory],
];

describe.each(stores)('%s', (name, openStore) => {
  it('is empty before the first run', async () => {
    expect(await openStore(path).runs()).toEqual([]);
  });

  it('gives back what it was given, the long parts only when asked for', async () => {
    const Daily = contract('daily', z.object({ tempMax: z.number() }), (c) => [c.tempMax.meanToBeBetween(0, 20)]);
    const report = await Daily.check([{ tempMax: 12 }, { tempMax: Number.NaN }]);
    const given = { ...toRun(report, { at: at(1), partition: '2012-01-01 \u2028\n"' }), state: { rows: 2 } };
    await openStore(path).append(given);
    const { report: json, state, ...head } = given;
    expect(await openStore(path).runs()).toEqual([head]);
    const [whole] = await openStore(path).runs({ whole: true });
    expect(whole).toEqual({ ...head, report: JSON.parse(JSON.stringify(json)), state });
    expect(Report.from(whole?.report)).toEqual(report);
  });

  it('keeps that a check was cut short', async () => {
    await openStore(path).append(toRun(new Report('daily', 3, 1, [], true)));
    expect(await openStore(path).runs()).toMatchObject([{ rows: 3, partial: true }]);
  });

  it('asks by contract, partition and time, the oldest first, and for the newest', async () => {
    const store = openStore(path);
    for (const day of [3, 1, 2]) await store.append(run(day, { partition: `p${day}` }));
    await store.append(run(2, { rows: 20 }));
    await store.append(run(9, { contract: 'other' }));
    const ask = async (query: Parameters<HistoryStore['runs']>[0]): Promise<number[]> => days(await store.runs(query));
    expect(await ask({})).toEqual([1, 2, 20, 3, 9]);
    expect(await ask({ contract: 'daily' })).toEqual([1, 2, 20, 3]);
    expect(await ask({ partition: 'p2' })).toEqual([2]);
    expect(await ask({ from: at(2), to: at(3) })).toEqual([2, 20]);
    expect(await ask({ contract: 'daily', latest: 2 })).toEqual([20, 3]);
    expect(await ask({ contract: 'daily', to: at(3), latest: 2 })).toEqual([2, 20]);
    expect(await ask({ contract: 'none' })).toEqual([]);
  });

  it('keeps so many of the newest runs of each contract', async () => {
    const store = openStore(path, { maxRuns: 3 });
    for (const day of [5, 1, 2, 3, 4]) {
      await store.append(run(day));
      await store.append(run(day, { contract: 'other' }));
    }
    expect(days(await store.runs({ contract: 'daily' }))).toEqual([3, 4, 5]);
    expect(days(await store.runs({ partition: 'none' }))).toEqual([]);
    expect(await store.runs()).toHaveLength(6);
  });

  it('keeps runs for so long', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: at(10) });
    const store = openStore(path, { maxAgeMs: 3 * 86_400_000 });
    for (const day of [6, 7, 8]) await store.append(run(day));
    expect(days(await store.runs())).toEqual([7, 8]);
    vi.setSystemTime(at(11));
    expect(days(await store.runs())).toEqual([8]);
    await store.append(run(11));
    vi.setSystemTime(at(1));
    expect(days(await openStore(path).runs())).toEqual([8, 11]); // the others are gone and not only untold
  });

  it('takes runs of several at once', async () => {
    const all = Array.from({ length: 8 }, (_, day) => day + 1);
    await Promise.all(all.map(async (day) => openStore(path).append(run(day))));
    expect(days(await openStore(path).runs())).toEqual(all);
  });

  it('gives way to an abort, and keeps nothing of it', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const store = openStore(path);
    await expect(store.append(run(1), { signal })).rejects.toBe(reason);
    await expect(store.runs({}, { signal })).rejects.toBe(reason);
    expect(await store.runs()).toEqual([]);
  });

  it('refuses what cannot be kept or asked', async () => {
    const store = openStore(path);
    await expect(store.append(run(1, { at: new Date('x') }))).rejects.toThrow('"append.at" must be a valid date');
    await expect(store.append(run(1, { metrics: { mean: NaN } }))).rejects.toThrow('"append.metrics.mean"');
    await expect(store.append(run(1, { contract: '' }))).rejects.toThrow('"append.contract"');
    await expect(store.append(run(1, { partition: '' }))).rejects.toThrow('"append.partition"');
    await expect(store.append(run(1, { rows: -1 }))).rejects.toThrow('"append.rows"');
    await expect(store.runs({ latest: 0 })).rejects.toThrow('"runs.latest"');
    await expect(store.runs({ from: new Date('x') })).rejects.toThrow('"runs.from"');
    expect(() => openStore('')).toThrow(`"${name}.path"`);
    expect(() => openStore(path, { maxRuns: 0 })).toThrow(`"${name}.maxRuns"`);
    expect(() => openStore(path, { maxAgeMs: NaN })).toThrow(`"${name}.maxAgeMs"`);
  });
});

describe('fileHistory', () => {
  it('tells a line that was torn, passes it over, and goes on behind it', async () => {
    const damaged: DamagedLine[] = [];
    const store = fileHistory(path, { onDamage: (line) => void damaged.push(line) });
    await store.append(run(1));
    await store.append(run(2, { contract: 'Zürich' }));
    const { length } = await readFile(path);
    await truncate(path, length - 4);
    expect(days(await store.runs())).toEqual([1]);
    expect(damaged).toMatchObject([{ path, line: 2, kind: 'torn' }]);
    await store.append(run(3));
    expect(days(await store.runs())).toEqual([1, 3]);
    expect(damaged.at(-1)).toMatchObject({ line: 2, kind: 'malformed' });
  });

  it('reads a last line that lacks nothing but its end, and passes over what is no run', async () => {
    await writeFile(path, `{"version":2}\n{"version":1,"at":"x"}\n`);
    const store = fileHistory(path);
    await store.append(run(1));
    await truncate(path, (await readFile(path)).length - 1);
    expect(days(await store.runs())).toEqual([1]);
    await store.append(run(2));
    expect(days(await store.runs())).toEqual([1, 2]);
  });

  it('rewrites the file when too much is in it, also by others, and drops damage then', async () => {
    const store = fileHistory(path, { maxRuns: 8 });
    for (let day = 1; day <= 9; day++) await store.append(run(day));
    const lines = async (): Promise<number> => (await readFile(path, 'utf8')).trim().split('\n').length;
    expect(await lines()).toBe(9);
    await appendFile(path, 'torn');
    await fileHistory(path, { maxRuns: 100 }).append(run(10));
    expect(await lines()).toBe(11);
    await store.append(run(11));
    expect(await lines()).toBe(8);
    expect(days(await fileHistory(path).runs())).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await readdir(folder)).toEqual(['history']);
  });

  it('waits for whoever writes, until it is aborted', async () => {
    const lock = await lockFile(`${path}.lock`);
    const controller = new AbortController();
    const appending = fileHistory(path).append(run(1), { signal: controller.signal });
    const other = fileHistory(path).append(run(2));
    controller.abort('enough');
    await expect(appending).rejects.toBe('enough');
    expect(await fileHistory(path).runs()).toEqual([]);
    await lock.close();
    await other;
    expect(days(await fileHistory(path).runs())).toEqual([2]);
  });

  it('tells what the file system says', async () => {
    await expect(fileHistory(join(folder, 'no', 'history')).append(run(1))).rejects.toMatchObject({
      code: 'DEX_WRITE',
    });
    await expect(fileHistory(folder).runs()).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('sqliteHistory', () => {
  it('waits for a lock, 5 s at most, and gives way to an abort', async () => {
    const store = sqliteHistory(path);
    await store.append(run(1));
    using other = new DatabaseSync(path);
    other.exec('BEGIN EXCLUSIVE');
    const waiting = store.append(run(2));
    const controller = new AbortController();
    const aborted = store.runs({}, { signal: controller.signal });
    controller.abort('enough');
    await expect(aborted).rejects.toBe('enough');
    other.exec('COMMIT');
    await waiting;
    expect(days(await store.runs())).toEqual([1, 2]);

    other.exec('BEGIN EXCLUSIVE');
    let now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 2_000));
    await expect(store.runs()).rejects.toMatchObject({ code: 'DEX_HISTORY', cause: { errcode: 5 } });
    vi.restoreAllMocks();
    other.exec('COMMIT');
  });

  it('says which file is no database, and which run none, and refuses a database in memory', async () => {
    const store = sqliteHistory(`${path}.2`);
    await store.append(run(1));
    using database = new DatabaseSync(`${path}.2`);
    database.exec("UPDATE dex_runs SET run = '{'");
    await expect(store.runs()).rejects.toMatchObject({ code: 'DEX_SAVED_DATA', got: '{' });
    await writeFile(path, 'no database at all, but long enough to be told from one '.repeat(20));
    const error = { code: 'DEX_HISTORY', message: `History: ${path}: file is not a database`, cause: { errcode: 26 } };
    await expect(sqliteHistory(path).runs()).rejects.toMatchObject(error);
    expect(() => sqliteHistory(':memory:')).toThrow('"sqliteHistory.path"');
  });
});

describe('toRun', () => {
  it('takes numbers of the columns of a state, and keeps the state', async () => {
    const rows = [
      { temp: 10, at: at(1), name: 'a' },
      { temp: 14, at: at(3), name: 'b' },
      { temp: null, at: at(2), name: 'a' },
    ];
    const state = await TableState.of(rows);
    const kept = toRun(await contract('rows', z.object({})).check(rows), { state });
    expect(kept.metrics).toMatchObject({
      'temp.nullShare': 1 / 3,
      'temp.distinct': 2,
      'temp.min': 10,
      'temp.max': 14,
      'temp.median': 10,
      'temp.mean': 12,
      'temp.deviation': Math.sqrt(8),
      'at.min': at(1).getTime(),
      'at.median': at(2).getTime(),
      'at.max': at(3).getTime(),
      'name.nullShare': 0,
      'name.distinct': 2,
    });
    expect(Object.keys(kept.metrics)).not.toContain('name.min');
    expect(TableState.from(JSON.parse(JSON.stringify(kept.state)))).toEqual(state);
  });

  it('takes numbers and dates that were observed, shares of values, and leaves out what is no number', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: at(4) });
    const Row = z.object({ at: z.date(), n: z.number().nullable(), big: z.bigint() });
    const Rows = contract('rows', Row, (c) => [
      c.at.maxToBeBetween(null, at(3)),
      c.n.toBeBetween(0, 10),
      c.n.meanToBeBetween(0, 10),
      c.big.maxToBeBetween(0n, 10n),
      c.n.distinctValuesToBeInSet([1]),
    ]);
    const some = toRun(
      await Rows.check([
        { at: at(2), n: 1, big: 2n },
        { at: at(1), n: 12, big: 3n },
      ]),
      { metrics: { cost: 2 } },
    );
    expect(some).toMatchObject({ contract: 'rows', at: at(4), rows: 2, success: false });
    expect(some.metrics).toMatchObject({
      rows: 2,
      cost: 2,
      'rule:at.maxToBeBetween': at(2).getTime(),
      'rule:n.toBeBetween': 0.5,
      'rule:n.meanToBeBetween': 6.5,
      'rule:big.maxToBeBetween': 3,
    });
    expect(some.metrics).not.toHaveProperty('rule:n.distinctValuesToBeInSet');
    const none = toRun(await Rows.check([]));
    expect(none.metrics).not.toHaveProperty('rule:n.toBeBetween');
    expect(() => toRun(Report.from(none.report), { metrics: { cost: Infinity } })).toThrow('"toRun.metrics.cost"');
  });
});
