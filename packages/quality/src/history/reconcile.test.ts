import { readdir } from 'node:fs/promises';
import { tempDir } from '@dataenginex/resources';
import { pipe } from '@dataenginex/streams';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columns, reconcile } from '../index.ts';

const days = (count: number, more: (day: number) => object = () => ({})): object[] =>
  Array.from({ length: count }, (_, day) => ({
    day,
    station: day % 2 === 0 ? 'Oslo' : 'Seattle',
    rain: day / 10,
    ...more(day),
  }));

describe('reconcile', () => {
  it('finds two tables equal in any order of rows and keys, whatever gives the rows', async () => {
    const source = days(1000);
    const target = source.map((row) => Object.fromEntries(Object.entries(row).toReversed())).toReversed();
    const found = await reconcile(source, pipe(target), { key: 'day' });
    expect(found).toMatchObject({
      success: true,
      equal: 1000,
      missing: { count: 0, samples: [] },
      extra: { count: 0 },
      changed: { count: 0 },
      changedColumns: {},
      source: { rows: 1000, duplicates: 0 },
    });
    expect(found.target).toEqual(found.source);
    expect(Object.keys(found.source.checksums)).toEqual(['day', 'station', 'rain']);
    expect(found.report.assert()).toBe(found.report);
    const table = columns({ day: source.map((_, day) => day), rain: Float64Array.from(source, (_, day) => day / 10) });
    expect(await reconcile(table, source, { key: 'day', columns: ['rain'] })).toMatchObject({ success: true });
  });

  it('tells what is missing, extra and changed, by key, with both values', async () => {
    const source = days(6);
    const target = [...days(7, (day) => (day === 3 ? { rain: 30, wind: 1 } : {})).slice(2), { day: 9 }];
    const found = await reconcile(source, target, { key: ['station', 'day'], name: 'lake', samples: 2 });
    expect(found).toMatchObject({
      success: false,
      equal: 3,
      missing: { count: 2, samples: [{ day: 0 }, { day: 1, station: 'Seattle', rain: 0.1 }] },
      extra: { count: 2, samples: [{ day: 6 }, { day: 9 }] },
      changed: {
        count: 1,
        samples: [
          {
            key: { station: 'Seattle', day: 3 },
            columns: { rain: { source: 0.3, target: 30 }, wind: { source: null, target: 1 } },
          },
        ],
      },
      changedColumns: { rain: 1, wind: 1 },
    });
    expect(found.report).toMatchObject({ contract: 'lake', rows: 6 });
    expect(() => found.report.assert()).toThrow(
      `3 critical rules failed on 6 rows:
- target.missing: 2 of 6 rows of the source, such as station "Oslo", day 0
- target.extra: 2 of 6 rows of the target, such as station "Oslo", day 6
- target.changed: 1 of 6 rows of the source, such as station "Seattle", day 3, in rain, wind`,
    );
    expect((await reconcile(source, target, { key: 'day', columns: ['station'] })).changed.count).toBe(0);
    expect((await reconcile(source, target, { key: 'day', samples: 0 })).missing).toEqual({ count: 2, samples: [] });
  });

  it('does not compare a key that comes again, and tells it', async () => {
    const found = await reconcile(
      [
        { a: 1, b: 1 },
        { a: 1, b: 2 },
      ],
      [{ a: 1, b: 1 }, { a: 1, b: 3 }, { a: 1 }],
      { key: 'a' },
    );
    expect(found).toMatchObject({
      success: false,
      equal: 1,
      changed: { count: 0 },
      source: { duplicates: 1 },
      target: { duplicates: 2 },
    });
    expect(() => found.report.assert()).toThrow('- target.unique: 3 of 5 rows of both, such as a 1');
  });

  it('finds values equal as rules do', async () => {
    const source = [
      { id: 1, at: new Date(0), big: 2n, gone: null, list: [1], off: NaN },
      { id: null, at: 1 },
      'no row',
    ];
    const target = [{ id: 1n, at: new Date(0), big: 2, list: [1] }, { at: 1 }];
    expect(await reconcile(source, target, { key: 'id' })).toMatchObject({
      equal: 2,
      changed: { count: 0 },
      source: { rows: 3, duplicates: 1 },
    });
    const texts = await reconcile([{ id: 1, a: 1 }], [{ id: 1, a: '1' }], { key: 'id' });
    expect(texts.changed.count).toBe(1);
    expect(texts.source.checksums['a']).not.toBe(texts.target.checksums['a']);
  });

  it('tells checksums apart where values are those of other keys', async () => {
    const swapped = await reconcile(
      [
        { id: 1, a: 1 },
        { id: 2, a: 2 },
      ],
      [
        { id: 1, a: 2 },
        { id: 2, a: 1 },
      ],
      { key: 'id' },
    );
    expect(swapped.source.checksums['id']).toBe(swapped.target.checksums['id']);
    expect(swapped.source.checksums['a']).not.toBe(swapped.target.checksums['a']);
  });

  it('finds the same past what may be held in memory, and leaves no file', async () => {
    await using folder = await tempDir();
    const value = fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.bigInt(),
      fc.date(),
      fc.constant(null),
      fc.double(),
    );
    const rows = fc.array(fc.record({ id: fc.integer({ min: 0, max: 20 }), a: value, b: fc.constantFrom(1, 2) }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(rows, rows, fc.integer({ min: 1, max: 8 }), async (source, target, maxRows) => {
        const { report: held, ...expected } = await reconcile(source, target, { key: 'id' });
        const { report, ...found } = await reconcile(source, target, { key: 'id', maxRows, tempDir: folder.path });
        expect(found).toEqual(expected);
        expect(report.results).toEqual(held.results);
        expect(await readdir(folder.path)).toEqual([]);
        const { equal, missing, extra, changed } = found;
        expect(equal + changed.count + missing.count + found.source.duplicates).toBe(source.length);
        expect(equal + changed.count + extra.count + found.target.duplicates).toBe(target.length);
      }),
      { numRuns: 10 },
    );
    const long = (change = -1): object[] =>
      days(90, (day) => ({ text: `${'é'.repeat(20_000)}${day === change ? 'other' : day}` }));
    const many = await reconcile([...long(), { day: 90 }], long(7).toReversed(), {
      key: 'day',
      maxRows: 2,
      tempDir: folder.path,
    });
    expect(many).toMatchObject({
      equal: 89,
      changed: { count: 1, samples: [{ key: { day: 7 } }] },
      missing: { count: 1, samples: [{ day: 90 }] },
      extra: { count: 0 },
    });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('gives way to an abort, passes on what a stream throws, and removes its file', async () => {
    await using folder = await tempDir();
    const controller = new AbortController();
    const reason = new Error('enough');
    const endless = function* () {
      for (let day = 0; ; day++) {
        if (day === 5000) controller.abort(reason);
        yield { day };
      }
    };
    const options = { key: 'day', maxRows: 10, tempDir: folder.path };
    await expect(reconcile(endless(), [], { ...options, signal: controller.signal })).rejects.toBe(reason);
    await expect(reconcile([], [], { ...options, signal: controller.signal })).rejects.toBe(reason);
    const failing = async function* () {
      yield* days(100);
      throw new Error('gone');
    };
    await expect(reconcile(days(100), failing(), options)).rejects.toThrow('gone');
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('refuses what cannot work', async () => {
    await expect(reconcile([], [], { key: [] })).rejects.toThrow('"reconcile.key"');
    // @ts-expect-error no name
    await expect(reconcile([], [], { key: [1] })).rejects.toThrow('"reconcile.key"');
    // @ts-expect-error no list
    await expect(reconcile([], [], { key: 'a', columns: 'b' })).rejects.toThrow('"reconcile.columns"');
    await expect(reconcile([], [], { key: 'a', samples: -1 })).rejects.toThrow('"reconcile.samples"');
    await expect(reconcile([], [], { key: 'a', maxRows: 0 })).rejects.toThrow('"reconcile.maxRows"');
    // @ts-expect-error no rows
    await expect(reconcile([], 3, { key: 'a' })).rejects.toThrow('"reconcile.target"');
  });
});
