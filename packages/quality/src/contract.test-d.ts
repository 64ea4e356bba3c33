import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { type BadRow, contract, type Report, type Rule } from './index.ts';

const Day = z.object({
  date: z.iso.date(),
  station: z.string(),
  tempMax: z.number().nullable(),
  tempMin: z.number().optional(),
  weather: z.enum(['sun', 'rain']),
  frost: z.boolean(),
  readAt: z.date(),
  id: z.bigint(),
  tags: z.array(z.string()),
  other: z.unknown(),
  coerced: z.coerce.number(),
  parsed: z.string().transform(Number),
});

const Daily = contract('daily', Day, (c, t) => {
  expectTypeOf(c.tempMax.toBeBetween(-60, null, { strictMin: true, mostly: 0.9 })).toEqualTypeOf<Rule>();

  // Each type has its rules.
  c.tempMax.meanToBeBetween(0, 20);
  c.id.toBeBetween(0n, null);
  c.date.toBeBetween('2012-01-01', '2012-12-31');
  c.date.lengthsToEqual(10);
  c.readAt.maxToBeBetween(new Date(0), null);
  c.weather.toMatchRegex(/^s/);
  c.frost.proportionOfUniqueValuesToBeBetween(0, 1);
  c.tags.toNotBeNull();
  c.other.toMatchRegex('x');
  c.other.meanToBeBetween(0, 1);
  c.coerced.lengthsToEqual(3);
  c.parsed.toBeJsonParseable();

  // @ts-expect-error -- a column that is misspelt
  c.tempmax.toBeBetween(-60, 60);
  // @ts-expect-error -- a number has no pattern
  c.tempMax.toMatchRegex('x');
  // @ts-expect-error -- a text has no mean
  c.station.meanToBeBetween(0, 1);
  // @ts-expect-error -- a boolean has no order
  c.frost.toBeBetween(false, true);
  // @ts-expect-error -- a date has no mean
  c.readAt.meanToBeBetween(0, 1);
  // @ts-expect-error -- an array has no order
  c.tags.toBeBetween(0, 1);
  // @ts-expect-error -- on this side it is a text
  c.parsed.meanToBeBetween(0, 1);
  // @ts-expect-error -- a bound of another type
  c.tempMax.toBeBetween('0', 1);
  // @ts-expect-error -- no bound is null, not left out
  c.tempMax.toBeBetween(0);
  // @ts-expect-error -- a date is no text
  c.readAt.toBeBetween('2012-01-01', null);

  // Sets hold what the column may be.
  c.weather.toBeInSet(['sun']);
  c.tempMax.toNotBeInSet([999, -999]);
  // @ts-expect-error -- a value that it cannot have
  c.weather.toBeInSet(['sun', 'fog']);
  // @ts-expect-error -- a value of another type
  c.tempMax.toBeInSet(['12']);

  // Only rules that a value can break by itself have a share of values that must keep them.
  // @ts-expect-error -- an aggregate has none
  c.tempMax.meanToBeBetween(0, 1, { mostly: 0.5 });
  // @ts-expect-error -- a count has none
  t.rowCountToBeBetween(0, 1, { mostly: 0.5 });

  // Conditions are about columns that are there, of their types.
  c.tempMax.toNotBeNull({ where: { weather: 'sun', tempMin: { gt: 0, lte: 10 }, date: { in: ['2012-01-01'] } } });
  c.tempMax.toNotBeNull({ where: { tempMin: { isNull: true }, tempMax: null } });
  // @ts-expect-error -- a column that is misspelt
  c.tempMax.toNotBeNull({ where: { wether: 'sun' } });
  // @ts-expect-error -- a value that the column cannot have
  c.tempMax.toNotBeNull({ where: { weather: 'fog' } });
  // @ts-expect-error -- a comparison that there is not
  c.tempMax.toNotBeNull({ where: { tempMin: { above: 0 } } });
  // @ts-expect-error -- a severity that there is not
  c.tempMax.toNotBeNull({ severity: 'error' });

  // Groups are of columns that are there, of rules that look at rows.
  c.tempMax.meanToBeBetween(0, 20, { groupBy: 'station' });
  t.rowCountToBeBetween(1, null, { groupBy: ['station', 'date'], maxGroups: 500 });
  t.unique('date', 'id', { groupBy: 'station' });
  // @ts-expect-error -- a column that is misspelt
  c.tempMax.meanToBeBetween(0, 20, { groupBy: 'staton' });
  // @ts-expect-error -- there are no groups of columns
  t.columnCountToEqual(3, { groupBy: 'station' });
  // @ts-expect-error -- nor of what another table has
  t.rowCountToEqualOtherTable('raw', { groupBy: 'station' });

  // Moments are texts, dates and numbers.
  t.fresh('date', { withinMs: 1000 });
  t.fresh('readAt', { withinMs: 1000, aheadMs: 0, groupBy: 'station', severity: 'warning' });
  t.fresh('id', { withinMs: 1000, epochUnit: 'seconds' });
  t.fresh('other', { withinMs: 1000 });
  // @ts-expect-error -- a boolean is no moment
  t.fresh('frost', { withinMs: 1000 });
  // @ts-expect-error -- how old it may be is not left out
  t.fresh('date');
  // @ts-expect-error -- a unit that there is not
  t.fresh('id', { withinMs: 1000, epochUnit: 'days' });

  c.station.toMatchJsonSchema({ type: 'object' });
  c.station.toBeDateutilParseable({ mostly: 0.9 });
  // @ts-expect-error -- a number is no JSON
  c.tempMax.toMatchJsonSchema({ type: 'object' });
  t.unexpectedRows('SELECT * FROM {batch}');
  // @ts-expect-error -- the query has its own
  t.unexpectedRows('SELECT * FROM {batch}', { where: { weather: 'sun' } });
  t.queryResultsToMatchComparison('SELECT 1', 'SELECT 1', { mostly: 0.9 });

  // Rules of one's own get what the schema says, without nulls.
  c.tempMax.toSatisfy('finite', (value) => {
    expectTypeOf(value).toEqualTypeOf<number>();
    return true;
  });
  t.rowsToSatisfy('a range', (row) => {
    expectTypeOf(row.tempMin).toEqualTypeOf<number | undefined>();
    return (row.tempMin ?? 0) <= (row.tempMax ?? 0);
  });

  // The rules of the table.
  t.unique('date', 'station');
  t.unique('date', 'station', { severity: 'warning', ignoreRowIf: 'never' });
  t.pairAToBeGreaterThanB('tempMax', 'tempMin', { orEqual: true });
  t.pairToBeEqual('date', 'station');
  t.pairToBeInSet('weather', 'frost', [
    ['sun', false],
    ['rain', null],
  ]);
  t.multicolumnSumToEqual(['tempMax', 'tempMin'], 10);
  // @ts-expect-error -- a column that is misspelt
  t.unique('date', 'staton');
  // @ts-expect-error -- an option that it does not have
  t.unique('date', 'station', { ignoreRowIf: 'neither' });
  // @ts-expect-error -- columns that cannot be compared
  t.pairAToBeGreaterThanB('tempMax', 'date');
  // @ts-expect-error -- a column without an order
  t.pairAToBeGreaterThanB('frost', 'frost');
  // @ts-expect-error -- a pair that cannot be
  t.pairToBeInSet('weather', 'frost', [['fog', true]]);
  // @ts-expect-error -- a text has no sum
  t.multicolumnSumToEqual(['tempMax', 'date'], 10);
  return [];
});

// The side says which types there are.
contract('daily', Day, (c) => [c.parsed.meanToBeBetween(0, 1), c.coerced.meanToBeBetween(0, 1)], { side: 'output' });
// @ts-expect-error -- on this side it is a number
contract('daily', Day, (c) => [c.parsed.toMatchRegex('x')], { side: 'output' });
// @ts-expect-error -- a side that there is not
contract('daily', Day, () => [], { side: 'left' });
// @ts-expect-error -- no schema
contract('daily', { date: 'string' });
// @ts-expect-error -- what is no rule
contract('daily', Day, (c) => [c.date]);

// Columns are those that the schema names, not those it lets through.
const Loose = z.looseObject({ a: z.number() });
// @ts-expect-error -- a column that it does not name
contract('loose', Loose, (c) => [c.b.toBeNull()]);

declare const rows: readonly { readonly date: string }[];
expectTypeOf(await Daily.check([])).toEqualTypeOf<Report>();
await Daily.check([], { now: new Date(0), tables: { raw: [], other: 3 } });
// @ts-expect-error -- no time
await Daily.check([], { now: '2012-01-01' });
expectTypeOf((await Daily.split(rows)).good).toEqualTypeOf<{ readonly date: string }[]>();
expectTypeOf((await Daily.split(rows)).bad).toEqualTypeOf<BadRow<{ readonly date: string }>[]>();
