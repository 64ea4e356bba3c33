import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { z } from 'zod';
import { columns, type Columns, contract, contractOf, describeRule, Report, type Rule, type Table } from '../index.ts';

const Row = z.object({ station: z.string().nullable(), day: z.number(), temp: z.unknown() });
type RowType = z.infer<typeof Row>;

const one = (build: (c: Columns<RowType>, t: Table<RowType>) => Rule) => {
  const { rules } = contract('groups', Row, (c, t) => [build(c, t)]);
  return contractOf('groups', rules.slice(-1));
};
const judge = async (build: (c: Columns<RowType>, t: Table<RowType>) => Rule, rows: readonly unknown[]) =>
  (await one(build).check(rows)).results[0]!;

const rows = [
  { station: 'Seattle', day: 1, temp: 10 },
  { station: 'Oslo', day: 1, temp: -70 },
  { station: 'Seattle', day: 2, temp: 90 },
  { station: null, day: 1, temp: 10 },
  { station: 'Oslo', day: 2, temp: -71 },
  { day: 2, temp: null },
];

describe('groupBy', () => {
  it('holds when each group does: mostly is of each by itself', async () => {
    const within = (mostly: number) =>
      judge(({ temp }) => temp.toBeBetween(-60, 60, { mostly, groupBy: 'station' }), rows);
    expect(await within(0)).toMatchObject({ success: true, groups: { count: 3, failed: 0, failures: [] } });
    expect(await within(0.4)).toEqual({
      rule: expect.anything(),
      kind: 'map',
      success: false,
      elementCount: 6,
      missingCount: 1,
      unexpectedCount: 3,
      unexpectedValues: [-70, 90, -71],
      unexpectedIndexes: [1, 2, 4],
      groups: {
        count: 3,
        failed: 1,
        failures: [
          {
            group: { station: 'Oslo' },
            kind: 'map',
            success: false,
            elementCount: 2,
            missingCount: 0,
            unexpectedCount: 2,
            unexpectedValues: [-70, -71],
            unexpectedIndexes: [1, 4],
          },
        ],
      },
    });
  });

  it('judges means, counts, order, keys and freshness by groups, too', async () => {
    const mean = await judge(({ temp }) => temp.meanToBeBetween(-80, 20, { groupBy: 'station' }), rows);
    expect(mean).toMatchObject({ kind: 'observed', success: false, observed: null, groups: { count: 3, failed: 1 } });
    expect(mean.groups?.failures).toMatchObject([{ group: { station: 'Seattle' }, observed: 50 }]);

    const volume = await judge((_, t) => t.rowCountToBeBetween(3, null, { groupBy: ['day'] }), rows.slice(1));
    expect(volume.groups?.failures).toMatchObject([{ group: { day: 1 }, observed: 2 }]);

    expect(await judge(({ day }) => day.toBeIncreasing({ strictly: true, groupBy: 'station' }), rows)).toMatchObject({
      success: true,
    });
    const unique = await judge(({ day }) => day.toBeUnique({ groupBy: 'station' }), [...rows, rows[0]]);
    expect(unique).toMatchObject({ unexpectedIndexes: [0, 6], groups: { failed: 1 } });
    const fresh = await judge((_, t) => t.fresh('day', { withinMs: 2, groupBy: 'station', aheadMs: 0 }), rows);
    expect(fresh.groups).toMatchObject({ count: 3, failed: 3 });
  });

  it('takes nulls, NaN and what is not there for one group, and groups by several columns', async () => {
    const result = await judge(
      (_, t) => t.rowCountToEqual(0, { groupBy: ['station', 'day'] }),
      [...rows, { station: Number.NaN, day: 2 }],
    );
    expect(result.groups?.failures.map(({ group }) => group)).toEqual([
      { station: 'Seattle', day: 1 },
      { station: 'Oslo', day: 1 },
      { station: 'Seattle', day: 2 },
      { station: null, day: 1 },
      { station: 'Oslo', day: 2 },
      { station: null, day: 2 },
    ]);
  });

  it('groups what `where` takes: of no rows there is no group, and none fails', async () => {
    const build = (_: unknown, t: Table<RowType>) => t.rowCountToEqual(1, { groupBy: 'station', where: { day: 2 } });
    expect(await judge(build, rows)).toMatchObject({ success: true, groups: { count: 3 } });
    expect(await judge(build, [])).toMatchObject({ kind: 'observed', success: true, groups: { count: 0 } });
  });

  it('is an error where one group cannot be judged, and names it', async () => {
    const result = await judge(
      ({ temp }) => temp.toBeBetween(0, 60, { groupBy: 'station' }),
      [...rows, { station: 'Oslo', temp: 'cold' }],
    );
    expect(result).toMatchObject({ kind: 'error', error: expect.stringMatching(/Oslo.*"cold" has no order with 0/) });
    expect(result).toMatchObject({ unexpectedIndexes: [1, 2, 4, 6], groups: { count: 3, failed: 2 } });
  });

  it('is an error past the groups that it may hold, and says how many', async () => {
    const build = ({ temp }: Columns<RowType>) => temp.toNotBeNull({ groupBy: 'day', maxGroups: 2 });
    expect(await judge(build, rows)).toMatchObject({ kind: 'map', groups: { count: 2 } });
    const many = Array.from({ length: 3 }, (_, day) => ({ day, temp: 1 }));
    expect(await judge(build, many)).toMatchObject({ kind: 'error', error: 'there are more than 2 groups of day' });
  });

  it('tells the first 20 groups that fail, all with keepIndexes', async () => {
    const many = Array.from({ length: 30 }, (_, day) => ({ day, temp: null }));
    const Temps = one(({ temp }) => temp.toNotBeNull({ groupBy: 'day' }));
    const some = (await Temps.check(many)).results[0]!;
    expect([some.groups?.failed, some.groups?.failures.length]).toEqual([30, 20]);
    expect((await Temps.check(many, { keepIndexes: true })).results[0]?.groups?.failures).toHaveLength(30);
  });

  it('is an error about a column that no row has, and not about one that some groups lack', async () => {
    const some = await judge(({ temp }) => temp.toBeNull({ groupBy: 'day' }), [{ day: 1 }, { day: 2, temp: null }]);
    expect(some).toMatchObject({ kind: 'map', success: true });
    const none = await judge(({ temp }) => temp.toBeNull({ groupBy: 'day' }), [{ day: 1 }, { day: 2 }]);
    expect(none).toMatchObject({ kind: 'error', error: 'no row has the column "temp"' });
  });

  it('gives what each group alone gives, whatever comes, in rows, columns and a stream', async () => {
    const value = fc.option(fc.integer({ min: 0, max: 3 }), { nil: null });
    const record = fc.record({ station: fc.option(fc.constantFrom('a', 'b'), { nil: null }), day: value, temp: value });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1 }), async (table) => {
        const builds = [
          ({ temp }: Columns<RowType>, _: unknown, groupBy?: 'station') =>
            temp.toBeBetween(1, 2, { groupBy, mostly: 0.5 }),
          ({ temp }: Columns<RowType>, _: unknown, groupBy?: 'station') => temp.meanToBeBetween(1, 2, { groupBy }),
          ({ day }: Columns<RowType>, _: unknown, groupBy?: 'station') => day.toBeUnique({ groupBy }),
          (_: unknown, t: Table<RowType>, groupBy?: 'station') => t.rowCountToBeBetween(0, 2, { groupBy }),
        ];
        for (const build of builds) {
          const grouped = one((c, t) => build(c, t, 'station'));
          const { results } = await grouped.check(table);
          const failed = [];
          for (const station of new Set(table.map((row) => row.station))) {
            const own = table.filter((row) => row.station === station);
            if (!(await one(build).check(own)).success) failed.push({ station });
          }
          expect(results[0]?.groups?.failures.map(({ group }) => group)).toEqual(failed);
          expect(results[0]?.success).toBe(failed.length === 0);
          const names = ['station', 'day', 'temp'] as const;
          const byColumn = columns(Object.fromEntries(names.map((name) => [name, table.map((row) => row[name])])));
          expect((await grouped.check(byColumn)).results).toEqual(results);
          expect((await grouped.check(table.values())).results).toEqual(results);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is told in words, and kept in a report that is saved', async () => {
    const report = await one(({ temp }) => temp.toBeBetween(-60, 60, { groupBy: 'station' })).check(rows);
    expect(describeRule(report.results[0]!.rule)).toBe('temp is between -60 and 60, in each station');
    expect(() => report.assert()).toThrow(
      '2 of 3 groups, such as station "Seattle": 1 of 2 values, such as 90 in row 2',
    );
    expect(Report.from(JSON.parse(JSON.stringify(report)))).toEqual(report);
    const mean = await one(({ temp }) => temp.meanToBeBetween(0, 60, { groupBy: 'station' })).check(rows);
    expect(() => mean.assert()).toThrow('1 of 3 groups, such as station "Oslo": it is -70.5');
    expect(Report.from(JSON.parse(JSON.stringify(mean)))).toEqual(mean);
  });

  it('sets the rows apart that break a rule in their group', async () => {
    const { bad } = await one(({ day }) => day.toBeUnique({ groupBy: 'station' })).split([...rows, rows[0]]);
    expect(bad.map(({ index }) => index)).toEqual([0, 6]);
  });

  it('is refused of rules about which columns there are, without a column, and past a count that is none', () => {
    // @ts-expect-error -- not of columns
    expect(() => one((_, t) => t.columnCountToEqual(1, { groupBy: 'day' }))).toThrow(
      '"columnCountToEqual.groupBy" must be left',
    );
    // @ts-expect-error -- misspelt
    expect(() => one(({ temp }) => temp.toBeNull({ groupBy: 'dya' }))).toThrow(
      '"temp.toBeNull.groupBy" must be one of',
    );
    expect(() => one(({ temp }) => temp.toBeNull({ groupBy: [] }))).toThrow('"temp.toBeNull.groupBy" must be a column');
    expect(() => one(({ temp }) => temp.toBeNull({ groupBy: 'day', maxGroups: 0 }))).toThrow('maxGroups');
  });
});
