import { pipe } from '@dataenginex/streams';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  checkPartitions,
  type CheckPartitionsOptions,
  columns,
  readPartitions,
  type TablePartition,
  type TablePartitions,
} from '../index.ts';

afterEach(() => void vi.useRealTimers());

const summaryOf = (table: TablePartitions, options: CheckPartitionsOptions): unknown => {
  const [result] = checkPartitions('daily', table, options).results;
  return result?.kind === 'observed' && result.details?.['summary'];
};

/** A day for each station; what it has is told by its date. */
const daily = (from: string, days: number): { date: string; station: string; temp: number }[] =>
  Array.from({ length: days }, (_, at) => at).flatMap((at) => {
    const date = new Date(Date.parse(from) + at * 86_400_000).toISOString().slice(0, 10);
    return ['new-york', 'seattle'].map((station) => ({ date, station, temp: (Date.parse(date) / 8.64e7) % 97 }));
  });

describe('readPartitions', () => {
  it('counts the rows of each slice of time, with the newest moment in it', async () => {
    const rows = [
      { at: '2012-02-01T00:00:00Z' },
      { at: '2012-01-31T23:59:59.999Z' },
      { at: new Date('2012-02-29T12:00:00Z') },
      { at: Date.UTC(2013, 0) },
      { at: null },
      { at: 'soon' },
      'no row',
    ];
    const read = await readPartitions(rows, { by: 'at', every: 'month' });
    expect(read).toMatchObject({
      every: 'month',
      unplaced: 3,
      partitions: [
        { name: '2012-01', rows: 1, newest: new Date('2012-01-31T23:59:59.999Z') },
        { name: '2012-02', rows: 2, newest: new Date('2012-02-29T12:00:00Z') },
        { name: '2013-01', rows: 1, newest: new Date('2013-01-01T00:00:00Z') },
      ],
    });
    const names = async (every: 'hour' | 'day' | 'year') =>
      (await readPartitions(rows.slice(0, 2), { by: 'at', every })).partitions.map(({ name }) => name);
    expect(await names('hour')).toEqual(['2012-01-31T23', '2012-02-01T00']);
    expect(await names('day')).toEqual(['2012-01-31', '2012-02-01']);
    expect(await names('year')).toEqual(['2012']);
  });

  it('takes any value, or what a function tells, and groups', async () => {
    const rows = [
      { station: 'seattle', day: 2, at: '2012-01-02' },
      { station: 'oslo', day: 1, at: '2012-01-01' },
      { station: 'seattle', day: 1, at: '2012-01-01' },
    ];
    const told = async (options: Parameters<typeof readPartitions>[1]) =>
      (await readPartitions(rows, options)).partitions.map(({ group, name, rows: count, newest }) => [
        group,
        name,
        count,
        newest,
      ]);
    expect(await told({ by: 'station', newest: 'at' })).toEqual([
      [undefined, 'oslo', 1, new Date('2012-01-01')],
      [undefined, 'seattle', 2, new Date('2012-01-02')],
    ]);
    expect(await told({ by: ({ day }) => `day ${String(day)}`, groupBy: 'station' })).toEqual([
      ['oslo', 'day 1', 1, undefined],
      ['seattle', 'day 1', 1, undefined],
      ['seattle', 'day 2', 1, undefined],
    ]);
  });

  it('gives the same for rows, columns and streams, in any order of rows and keys', async () => {
    const row = fc.record({
      day: fc.integer({ min: 1, max: 3 }),
      a: fc.oneof(fc.string(), fc.double(), fc.boolean()),
      b: fc.bigInt(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), fc.boolean(), async (rows, flip) => {
        const expected = await readPartitions(rows, { by: 'day' });
        const others = rows.map(({ day, a, b }) => (flip ? { b, a, day } : { day, c: null, a, b }));
        expect(await readPartitions(others.toReversed(), { by: 'day' })).toEqual(expected);
        expect(await readPartitions(pipe(rows), { by: 'day' })).toEqual(expected);
        const table = columns({
          day: rows.map(({ day }) => day),
          a: rows.map(({ a }) => a),
          b: rows.map(({ b }) => b),
        });
        expect(await readPartitions(table, { by: 'day' })).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('has other content when one value is another one, stands in another column or row, or is there twice', async () => {
    const contentOf = async (rows: readonly object[]) =>
      (await readPartitions(rows, { by: () => 1 })).partitions[0]?.content;
    const tables = [
      [
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ],
      [
        { a: 2, b: 1 },
        { a: 3, b: 4 },
      ],
      [
        { a: 1, b: 4 },
        { a: 3, b: 2 },
      ],
      [
        { a: 1, b: 2 },
        { a: 3, b: 5 },
      ],
      [
        { a: '1', b: 2 },
        { a: 3, b: 4 },
      ],
      [
        { a: 1, b: 2 },
        { a: 1, b: 2 },
      ],
      [
        { a: 3, b: 4 },
        { a: 3, b: 4 },
      ],
      [{ a: 1, b: 2 }, { a: 3 }],
      [{ a: 1, b: 2 }],
    ];
    const contents = await Promise.all(tables.map(contentOf));
    expect(new Set(contents).size).toBe(tables.length);
  });

  it('gives way to an abort, passes on what a stream throws, and refuses what cannot work', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(readPartitions([{}], { by: 'a', signal })).rejects.toThrow('enough');
    const failing = async function* () {
      yield { a: 1 };
      throw new Error('gone');
    };
    await expect(readPartitions(failing(), { by: 'a' })).rejects.toThrow('gone');
    const rows = [{ a: 1 }, { a: 2 }];
    await expect(readPartitions(rows, { by: 'a', maxPartitions: 1 })).rejects.toThrow('"readPartitions.maxPartitions"');
    // @ts-expect-error nothing to tell partitions by
    await expect(readPartitions(rows, {})).rejects.toThrow('"readPartitions.by"');
    // @ts-expect-error no such slice
    await expect(readPartitions(rows, { by: 'a', every: 'week' })).rejects.toThrow('"readPartitions.every"');
    // @ts-expect-error no list
    await expect(readPartitions(rows, { by: 'a', ignore: 'b' })).rejects.toThrow('"readPartitions.ignore"');
    // @ts-expect-error no source
    await expect(readPartitions(3, { by: 'a' })).rejects.toThrow('"source"');
  });
});

describe('checkPartitions', () => {
  it('names the month that is missing, of the station that has not sent it', async () => {
    const rows = daily('2012-01-01', 366).filter(
      ({ date, station }) => station === 'seattle' || !date.startsWith('2012-05'),
    );
    const table = await readPartitions(rows, { by: 'date', every: 'month', groupBy: 'station' });
    const report = checkPartitions('daily', table, { complete: {} });
    expect(report).toMatchObject({ contract: 'daily', rows: rows.length, success: false });
    expect(report.results).toMatchObject([{ rule: { id: 'partitions.complete' }, observed: ['new-york 2012-05'] }]);
    expect(() => report.assert()).toThrow('partitions.complete: new-york 2012-05 is missing');
    expect(summaryOf(table, { complete: {}, from: '2012-06' })).toBe('none is missing');
    expect(summaryOf(table, { complete: {}, from: '2012-04', to: '2013-01' })).toBe(
      'new-york 2012-05, new-york 2013-01, seattle 2013-01 are missing',
    );
  });

  it('knows hours, days, months and years, also leap days', () => {
    const missing = (every: 'hour' | 'day' | 'month' | 'year', first: string, last: string) => {
      const partitions = [first, last].map((name) => ({ name, rows: 1 }));
      return checkPartitions('daily', { every, partitions }, { complete: {} }).results[0];
    };
    expect(missing('hour', '2012-01-01T22', '2012-01-02T01')).toMatchObject({
      observed: ['2012-01-01T23', '2012-01-02T00'],
    });
    expect(missing('day', '2012-02-28', '2012-03-01')).toMatchObject({ observed: ['2012-02-29'] });
    expect(missing('month', '2011-12', '2012-02')).toMatchObject({ observed: ['2012-01'] });
    expect(missing('year', '2009', '2012')).toMatchObject({ observed: ['2010', '2011'] });
    expect(missing('day', '2012-01-01', '2012-01-01')).toMatchObject({ success: true });
    expect(missing('day', '2012-01-01', '2012-12-31')).toMatchObject({
      details: { summary: expect.stringMatching(/^2012-01-02, .*, 2012-01-11, and 354 more are missing$/) },
    });
  });

  it('has one group of the rows without a value for it', async () => {
    const rows = [{ of: null }, {}, { of: Number.NaN }, { of: 'a' }].map((row) => ({ ...row, name: 'x' }));
    const { partitions } = await readPartitions(rows, { by: 'name', groupBy: 'of' });
    expect(partitions).toMatchObject([
      { group: 'a', rows: 1 },
      { group: 'null', rows: 3 },
    ]);
  });

  it('takes for no slice of time what is none', async () => {
    const rows = ['2012-02-28', '2012-02-30', '2012-03-01', '2011-02-29T10:00'].map((day) => ({ day }));
    const table = await readPartitions(rows, { by: 'day', every: 'day' });
    expect(table).toMatchObject({ unplaced: 2, partitions: [{ name: '2012-02-28' }, { name: '2012-03-01' }] });
    const partitions = ['', '2012-01', '2012-03', 'none'].map((name) => ({ name, rows: 2 }));
    expect(summaryOf({ every: 'month', partitions }, { complete: {} })).toBe(
      '2012-02 is missing; 4 rows have no month',
    );
  });

  it('ends with the year 9999, and tells so many that are missing and no more', () => {
    const partitions = ['9998', '9999'].map((name) => ({ name, rows: 1 }));
    expect(summaryOf({ every: 'year', partitions }, { complete: {} })).toBe('none is missing');
    const days = ['2012-01-01', '9999-12-31'].map((name) => ({ name, rows: 1 }));
    expect(summaryOf({ every: 'day', partitions: days }, { complete: {} })).toMatch(
      /^at least 2012-01-02, .*, and 99990 more are missing$/,
    );
  });

  it('with both ends told, misses what is not there at all, and tells rows without a moment', async () => {
    expect(summaryOf({ every: 'year', partitions: [] }, { complete: {}, from: '2011', to: '2012' })).toBe(
      '2011, 2012 are missing',
    );
    expect(summaryOf({ every: 'year', partitions: [] }, { complete: {} })).toBe('none is missing');
    const table = await readPartitions([{ at: '2012-01-01' }, {}], { by: 'at', every: 'day' });
    expect(summaryOf(table, { complete: {} })).toBe('none is missing; 1 row has no day');
  });

  it('names a day that comes again, under its date or under another', async () => {
    const rows = daily('2012-01-01', 60);
    const days = (all: readonly object[]) => readPartitions(all, { by: 'date', every: 'day', groupBy: 'station' });
    expect(summaryOf(await days(rows), { distinct: {} })).toBe('so it is');
    const seattle = rows.find(({ date, station }) => date === '2012-01-09' && station === 'seattle');
    const again = [...rows, ...Array.from({ length: 7 }, () => ({ ...seattle }))];
    expect(checkPartitions('daily', await days(again), { distinct: { severity: 'warning' } })).toMatchObject({
      success: true,
      results: [
        {
          success: false,
          observed: ['seattle 2012-01-09'],
          details: {
            repeated: [{ partition: 'seattle 2012-01-09', rows: 7 }],
            summary: 'seattle 2012-01-09 has 7 rows again',
          },
        },
      ],
    });
    const stuck = rows.map((row) => (row.date === '2012-01-20' ? { ...row, temp: seattle?.temp } : row));
    expect(summaryOf(await days(stuck), { distinct: {} })).toBe(
      'new-york 2012-01-20 is the same as new-york 2012-01-09; seattle 2012-01-20 is the same as seattle 2012-01-09',
    );
    const whole = await readPartitions(stuck, { by: 'date', every: 'day' });
    expect(summaryOf(whole, { distinct: {} })).toBe('2012-01-20 is the same as 2012-01-09');
    expect(summaryOf(await readPartitions(stuck, { by: 'date', every: 'day', ignore: [] }), { distinct: {} })).toBe(
      'so it is',
    );
  });

  it('names what is stale: a group by its newest slice, or each partition', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2012-03-01T12:00:00Z') });
    const rows = daily('2012-01-01', 60).filter(({ date, station }) => station === 'seattle' || date < '2012-02-28');
    const fresh = { withinMs: 36 * 3_600_000 };
    const days = await readPartitions(rows, { by: 'date', every: 'day', groupBy: 'station' });
    expect(summaryOf(days, { fresh })).toBe('new-york is of 2012-02-27T00:00:00.000Z');
    const stations = await readPartitions(rows, { by: 'station', newest: 'date' });
    expect(summaryOf(stations, { fresh })).toBe('new-york is of 2012-02-27T00:00:00.000Z');
    expect(summaryOf(stations, { fresh: { withinMs: 84 * 3_600_000 } })).toBe('so it is');
    expect(summaryOf(await readPartitions(rows, { by: 'station' }), { fresh })).toBe(
      'new-york has no moment; seattle has no moment',
    );
    const one = await readPartitions(rows.slice(0, 1), { by: 'date', every: 'day' });
    expect(summaryOf(one, { fresh })).toBe('the newest is of 2012-01-01T00:00:00.000Z');
  });

  it('names partitions of an unusual size, and does not judge by a few', () => {
    const sizes = [24, 25, 23, 24, 26, 2, 23, 25, 96];
    const partitions = sizes.map((rows, at): TablePartition => ({ name: `2012-01-0${at + 1}`, rows }));
    const table = { every: 'day', partitions } as const;
    expect(summaryOf(table, { volume: {} })).toBe(
      '2012-01-06 has 2 rows, expected 18.8109 to 29.1891; 2012-01-09 has 96 rows, expected 18.8109 to 29.1891',
    );
    expect(summaryOf(table, { volume: {}, to: '2012-01-05' })).toBe('not judged with fewer than 7: all');
    expect(summaryOf(table, { volume: { minPartitions: 5 }, to: '2012-01-05' })).toBe('so they have');
  });

  it('refuses what cannot work', () => {
    const table = { every: 'day', partitions: [] } as const;
    const check =
      (options: CheckPartitionsOptions, of: TablePartitions = table) =>
      () =>
        checkPartitions('daily', of, options);
    expect(check({ complete: {} }, { partitions: [] })).toThrow('"checkPartitions.complete"');
    expect(check({ from: '2012' })).toThrow('"checkPartitions.from"');
    expect(check({ to: 'soon' })).toThrow('"checkPartitions.to"');
    expect(check({ fresh: { withinMs: -1 } })).toThrow('"checkPartitions.fresh.withinMs"');
    expect(check({ volume: { threshold: -1 } })).toThrow('"checkPartitions.volume.threshold"');
    expect(check({ volume: { minPartitions: 0 } })).toThrow('"checkPartitions.volume.minPartitions"');
  });
});
