import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { contract, toResult } from '../index.ts';
import { describeResult } from '../report/describe-result.ts';

const hour = 3_600_000;
const Row = z.object({ at: z.unknown(), station: z.string().optional() });
const fresh = (values: readonly unknown[], options: object = {}, now: Date | number = Date.UTC(2012, 0, 3)) =>
  contract('fresh', Row, (_, t) => [t.fresh('at', { withinMs: 36 * hour, id: 'fresh', ...options })])
    .check(
      values.map((at) => ({ at })),
      { now },
    )
    .then(({ results }) => results.find(({ rule }) => rule.id === 'fresh')!);

describe('fresh', () => {
  it('tells how old the newest moment is, of dates, ISO texts and numbers since 1970', async () => {
    const day = Date.UTC(2012, 0, 2);
    const same = [
      [new Date(day - 1), new Date(day)],
      ['2012-01-01', '2012-01-02'],
      ['2012-01-02T02:00:00+02:00', '2012-01-01T23:00:00Z', '2012-01-01 23:59:59'],
      [day, day - 1],
      [BigInt(day), null, Number.NaN],
    ];
    for (const values of same) {
      const result = await fresh(values);
      expect(result).toMatchObject({ kind: 'observed', success: true, observed: 24 * hour });
      expect(toResult(result, 'BASIC').result).toEqual({
        observed_value: 24 * hour,
        details: { newest: '2012-01-02T00:00:00.000Z', now: '2012-01-03T00:00:00.000Z' },
      });
    }
    const seconds = await fresh([day / 1000], { epochUnit: 'seconds' });
    expect(seconds).toMatchObject({ success: true, observed: 24 * hour });
  });

  it('is told in words', async () => {
    expect(describeResult(await fresh(['2012-01-02']))).toBe('fresh: it is 2012-01-02T00:00:00.000Z, 24 h ago');
    expect(describeResult(await fresh(['2012-01-09']))).toBe('fresh: it is 2012-01-09T00:00:00.000Z, 144 h ahead');
    expect(describeResult(await fresh([]))).toBe('fresh: there is nothing to look at');
  });

  it('fails past the age, not at it', async () => {
    expect(await fresh(['2012-01-01T12:00Z'])).toMatchObject({ success: true, observed: 36 * hour });
    expect(await fresh(['2012-01-01T11:59Z'])).toMatchObject({ success: false });
  });

  it('fails when the newest is further ahead than a clock can be, as then nothing tells the age', async () => {
    expect(await fresh(['2012-01-02', '2012-01-04'])).toMatchObject({ success: true, observed: -24 * hour });
    expect(await fresh(['2012-01-02', '9999-12-31'])).toMatchObject({ success: false });
    expect(await fresh(['2012-01-03T00:01Z'], { aheadMs: 0 })).toMatchObject({ success: false, observed: -60_000 });
  });

  it('fails without any moment, and cannot judge what is none', async () => {
    for (const values of [[], [null, null]]) {
      const result = await fresh(values);
      expect(result).toMatchObject({ kind: 'observed', success: false, observed: null, details: { newest: null } });
    }
    for (const value of ['yesterday', true, 1e20, {}]) {
      expect(await fresh(['2012-01-02', value])).toMatchObject({
        kind: 'error',
        error: expect.stringContaining('is no moment'),
      });
    }
  });

  it('asks the clock when all rows are through, also one that is a fake', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2020, 0, 1) });
    try {
      const Fresh = contract('fresh', Row, (_, t) => [t.fresh('at', { withinMs: hour })]);
      const report = await Fresh.check([{ at: '2019-12-31T23:00Z' }]);
      expect(report.success).toBe(true);
      vi.setSystemTime(Date.UTC(2020, 0, 1) + 1);
      await expect(Fresh.check([{ at: '2019-12-31T23:00Z' }])).resolves.toMatchObject({ success: false });
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses what is no time or age', async () => {
    await expect(fresh([], {}, new Date('x'))).rejects.toThrow('Option "check.now" must be a date or milliseconds');
    // @ts-expect-error -- no age
    expect(() => contract('fresh', Row, (_, t) => [t.fresh('at', {})])).toThrow('Option "fresh.withinMs"');
    // @ts-expect-error -- misspelt
    expect(() => contract('fresh', Row, (_, t) => [t.fresh('aat', { withinMs: 1 })])).toThrow('"fresh.column"');
  });
});

describe('rowCountToEqualOtherTable', () => {
  const Copy = contract('copy', Row, (_, t) => [t.rowCountToEqualOtherTable('raw', { id: 'count' })]);
  const check = async (tables?: Record<string, number | unknown[]>) => {
    const { results } = await Copy.check([{ at: 1 }, { at: 2 }], { tables });
    return results.find(({ rule }) => rule.id === 'count')!;
  };

  it('compares with rows that the check is given, or with their number', async () => {
    expect(await check({ raw: 2 })).toMatchObject({ success: true, observed: { self: 2, other: 2 } });
    expect(await check({ raw: [{}] })).toMatchObject({ success: false, observed: { self: 2, other: 1 } });
  });

  it('refuses a check without the other table', async () => {
    await expect(check()).rejects.toThrow('Option "check.tables.raw" must be given, as count asks for it');
    // @ts-expect-error -- neither rows nor a number
    await expect(check({ raw: 'raw' })).rejects.toThrow('Option "check.tables.raw" must be an array of rows');
    await expect(check({ raw: -1 })).rejects.toThrow('Option "check.tables.raw"');
  });
});

describe('queries', () => {
  it('are refused by rows before any is read', async () => {
    const Table = contract('table', Row, (_, t) => [t.unexpectedRows('SELECT * FROM {batch}', { id: 'query' })]);
    await expect(Table.check([])).rejects.toThrow('Option "query.expectation" must be one that rows can be asked');
  });
});
