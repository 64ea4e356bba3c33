import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columns, profile, profileToText, TableState } from '../index.ts';

const days = Array.from({ length: 1000 }, (_, index) => ({
  station: index < 500 ? 'Seattle' : 'New York',
  date: new Date(Date.UTC(2012, 0, 1 + (index % 500))).toISOString().slice(0, 10),
  temp: (index * 37) % 100,
  half: ((index * 37) % 100) / 2,
  wind: index % 4 === 0 ? null : ((index * 7919) % 50) / 10,
  ok: index % 2 === 0,
}));

describe('profile', () => {
  it('tells numbers, texts, keys and correlations', async () => {
    const { rows, columns: list, correlations, keys } = await profile(days);
    expect(rows).toBe(1000);
    const [station, date, temp, , wind, ok] = list;
    expect(station?.distinct).toEqual({ count: 2, exact: true });
    expect(station?.top.map(({ value, count }) => [value, count])).toEqual(
      expect.arrayContaining([['Seattle', 500], ['New York', 500]]), // prettier-ignore
    );
    expect(date?.texts).toMatchObject({
      count: 1000,
      minLength: 10,
      maxLength: 10,
      first: '2012-01-01',
      last: '2013-05-14', // prettier-ignore
      shapes: [{ shape: '9999-99-99', count: 1000 }],
      exactShapes: true,
      formats: [{ format: 'date', count: 1000 }], // prettier-ignore
    });
    expect(temp?.numbers).toMatchObject({ count: 1000, infinite: 0, min: 0, max: 99, mean: 49.5 });
    expect(temp?.numbers?.quantiles.find(({ share }) => share === 0.5)?.value).toBe(49);
    expect(temp?.numbers?.histogram.counts).toEqual(Array.from({ length: 20 }, () => 50));
    expect([wind?.nulls, wind?.count, wind?.types.integer]).toEqual([250, 750, 50]);
    expect(ok?.types).toEqual({ boolean: 1000 });
    expect(keys).toEqual([{ columns: ['station', 'date'], exact: true }]);
    expect(correlations[0]).toMatchObject({ columns: ['temp', 'half'], rows: 1000 });
    expect(correlations[0]?.coefficient).toBeCloseTo(1, 12);
    expect(correlations.every(({ rows: both }) => both === 1000 || both === 750)).toBe(true);
  });

  it('is the same of rows, columns and streams, and is plain data', async () => {
    const wanted = await profile(days);
    expect(JSON.parse(JSON.stringify(wanted))).toEqual(wanted);
    const table = columns({
      station: days.map(({ station }) => station),
      date: days.map(({ date }) => date),
      temp: Float64Array.from(days, ({ temp }) => temp),
      half: days.map(({ half }) => half),
      wind: days.map(({ wind }) => wind),
      ok: days.map(({ ok }) => ok),
    });
    async function* stream() {
      yield* days;
    }
    expect(await profile(table)).toEqual(wanted);
    expect(await profile(stream())).toEqual(wanted);
  });

  it('is of a saved state, without what needs its rows', async () => {
    const { columns: wanted } = await profile(days);
    const state = TableState.from(JSON.parse(JSON.stringify(await TableState.of(days))));
    const { columns: list, correlations, keys } = await profile(state);
    const withoutFormats = wanted.map((column) =>
      column.texts === undefined ? column : { ...column, texts: { ...column.texts, formats: [] } },
    );
    expect([list, correlations, keys]).toEqual([withoutFormats, [], []]);
    expect((await profile(await TableState.of([{ id: 1 }, { id: 2 }]))).keys).toEqual([
      { columns: ['id'], exact: true },
    ]);
  });

  it("has Pearson's correlations, wherever numbers lie", async () => {
    const number = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(number, number), { minLength: 3, maxLength: 40 }), async (pairs) => {
        const { correlations } = await profile(pairs.map(([a, b]) => ({ a: a + 1e6, b })));
        const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
        const [left, right] = [pairs.map(([a]) => a + 1e6), pairs.map(([, b]) => b)];
        const [meanA, meanB] = [mean(left), mean(right)];
        const product = (a: number[], b: number[], x: number, y: number): number =>
          a.reduce((sum, value, at) => sum + (value - x) * ((b[at] ?? 0) - y), 0);
        const squares = product(left, left, meanA, meanA) * product(right, right, meanB, meanB);
        if (!(squares > 1e-6)) return;
        const wanted = product(left, right, meanA, meanB) / Math.sqrt(squares);
        expect(correlations[0]?.coefficient).toBeCloseTo(wanted, 5);
      }),
      { numRuns: 50 },
    );
  });

  it('finds the keys that comparing all rows finds', async () => {
    const cell = fc.nat({ max: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ a: cell, b: cell, c: cell }), { minLength: 2, maxLength: 9 }),
        async (rows) => {
          const isKey = (names: readonly ('a' | 'b' | 'c')[]): boolean =>
            new Set(rows.map((row) => names.map((name) => row[name]).join())).size === rows.length;
          const singles = (['a', 'b', 'c'] as const).filter((name) => isKey([name])).map((name) => [name]);
          const pairs = ([['a', 'b'], ['a', 'c'], ['b', 'c']] as const).filter((names) => isKey(names)); // prettier-ignore
          const { keys } = await profile(rows);
          const wanted: readonly (readonly string[])[] = singles.length > 0 ? singles : pairs;
          expect(keys.map((key) => key.columns)).toHaveLength(wanted.length);
          expect(keys.map((key) => key.columns)).toEqual(expect.arrayContaining([...wanted]));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('takes null, fractions and late columns for no key', async () => {
    const rows = [{ a: 1, b: 1.5, c: 'x' }, { a: null, b: 2.5, c: 'y', d: 1 }, { a: 3, b: 3, c: 'z', d: 2 }]; // prettier-ignore
    expect((await profile(rows)).keys).toEqual([{ columns: ['c'], exact: true }]);
    expect((await profile([])).keys).toEqual([]);
  });

  it('follows no pairs of a column that is a key for long', async () => {
    const rows = Array.from({ length: 25_000 }, (_, id) => ({ id, group: id % 3 }));
    expect((await profile(rows)).keys).toEqual([{ columns: ['id'], exact: true }]);
    // With the pair no longer followed, it is not claimed.
    expect((await profile([...rows, { id: 0, group: 1 }])).keys).toEqual([]);
    const [first = { id: 0, group: 0 }] = rows;
    expect((await profile([...rows.slice(0, 900), { ...first, group: 9 }])).keys).toEqual([
      { columns: ['id', 'group'], exact: true },
    ]);
  });

  it('knows dates, bigints, mixed columns and infinities', async () => {
    const rows = [
      { at: new Date('2012-01-01'), big: 2n ** 60n, mixed: 'a', far: Infinity, tags: ['x'] },
      { at: new Date('2012-01-03'), big: 1n, mixed: 1, far: -3, tags: { a: 1 } },
    ];
    const [at, big, mixed, far, tags] = (await profile(rows)).columns;
    expect(at?.dates).toMatchObject({ min: '2012-01-01T00:00:00.000Z', max: '2012-01-03T00:00:00.000Z', count: 2 });
    expect(at?.dates?.histogram.counts.reduce((sum, count) => sum + count)).toBe(2);
    expect(big?.top.map(({ value }) => value)).toEqual(expect.arrayContaining(['1152921504606846976', 1]));
    expect(mixed?.types).toEqual({ string: 1, integer: 1 });
    expect(far?.numbers).toMatchObject({ infinite: 1, min: -3, max: Infinity, mean: -3, deviation: null });
    expect(tags?.top.map(({ value }) => value)).toEqual(expect.arrayContaining(['["x"]', '{"a":1}']));
  });

  it('counts formats that are of the calendar', async () => {
    const texts = ['2012-02-29', '2011-02-29', '2012-02-29T12:00:00Z', '2012-02-30T12:00:00Z', '2012-13-01'];
    const uuid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
    const { columns: list } = await profile([...texts, uuid, uuid].map((text) => ({ text })));
    expect(list[0]?.texts?.formats).toEqual([
      { format: 'uuid', count: 2 },
      { format: 'date', count: 1 },
      { format: 'date-time', count: 1 },
    ]);
  });

  it('stops when it is told to', async () => {
    const reason = new Error('enough');
    await expect(profile(days, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    // @ts-expect-error A number has no rows.
    await expect(profile(5)).rejects.toThrow('"source" must be');
  });
});

describe('profileToText', () => {
  it('is a table, with keys and strong correlations', async () => {
    expect(`\n${profileToText(await profile(days))}`).toMatchInlineSnapshot(`
      "
      1,000 rows, 6 columns

      column   type     nulls  distinct         min  median     mean         max  most frequent
      station  string                 2    New York                      Seattle  Seattle (50 %)
      date     string               500  2012-01-01                   2013-05-14
      temp     integer              100           0      49     49.5          99
      half     number               100           0    24.5    24.75        49.5
      wind     number    25 %        50           0     2.5  2.46667         4.9  3.9 (2.7 %)
      ok       boolean                2                                           false (50 %)

      key: station + date
      correlation: temp and half 1.00"
    `);
  });

  it('calls all only what is all', async () => {
    const shares = [1, 2, 1000, 100_000].map(async (rows) => {
      const text = profileToText(await profile(Array.from({ length: rows }, (_, at) => ({ a: at === 0 ? 'b' : 'a' }))));
      return /\((.*)\)$/.exec(text.split('\n')[3] ?? '')?.[1];
    });
    expect(await Promise.all(shares)).toEqual(['100 %', '50 %', '99.9 %', '99.9 %']);
  });

  it('keeps lines and columns whatever the values', async () => {
    const text = profileToText(await profile([{ 'a\nb': '\u001b[31mred', 東京: '東'.repeat(50), none: null }]));
    expect(text.split('\n')).toHaveLength(6);
    expect(text).not.toContain('\u001b');
    expect(profileToText(await profile([]))).toContain('0 rows, 0 columns');
  });
});
