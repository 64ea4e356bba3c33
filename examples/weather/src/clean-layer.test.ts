import { describe, expect, it } from 'vitest';
import { CleanLayer } from './clean-layer.ts';
import type { Observation } from './model.ts';

const dates = Array.from({ length: 1461 }, (_, day) => new Date(Date.UTC(2012, 0, 1 + day)).toISOString().slice(0, 10));
const good = (['seattle', 'new-york'] as const).flatMap((station) =>
  dates.map((date, day): Observation => {
    const tempMax = 15 + 10 * Math.sin(day / 58);
    return { station, date, tempMax, tempMin: tempMax - 8, precipitation: day % 3, wind: 3 + (day % 2), sky: 'sun' };
  }),
);
const broken = async (rows: readonly unknown[]): Promise<string[]> =>
  (await CleanLayer.check(rows)).failures.map(({ rule }) => rule.id);

describe('the contract of the clean layer', () => {
  it('is kept by a whole record, and asks what its schema says of single rows', async () => {
    expect(await broken(good)).toEqual([]);
    expect(CleanLayer.unchecked).toEqual([{ column: undefined, what: 'a refinement' }]); // pairAToBeGreaterThanB asks it
  });

  it('names a unit that was changed', async () => {
    expect(await broken(good.map((row) => ({ ...row, wind: row.wind * 3.6 })))).toEqual(['wind.meanToBeBetween']);
    const inFahrenheit = good.map((row) => ({ ...row, tempMax: Math.min(60, row.tempMax * 1.8 + 32) }));
    expect(await broken(inFahrenheit)).toEqual(['tempMax.meanToBeBetween']);
  });

  it('names a sensor that is stuck', async () => {
    expect(await broken(good.map((row) => ({ ...row, tempMax: 18, tempMin: 4 })))).toEqual([
      'tempMax.stdevToBeBetween',
    ]);
  });

  it('names days that came twice', async () => {
    expect(await broken([...good.slice(1), ...good.slice(1, 2)])).toEqual(['unique(station, date)']);
  });

  it('warns of a month that is missing, and fails without a station', async () => {
    const report = await CleanLayer.check(good.filter(({ date }) => !date.startsWith('2013-05')));
    expect(report).toMatchObject({ success: true, statistics: { failed: { warning: 1 } } });
    expect(await broken(good.slice(1461))).toEqual(['station.distinctValuesToEqualSet', 'rowCountToBeBetween']);
  });

  it('names values that are swapped', async () => {
    const [first, ...others] = good;
    const swapped = { ...first, tempMax: first?.tempMin, tempMin: first?.tempMax };
    expect(await broken([swapped, ...others])).toEqual(['pairAToBeGreaterThanB(tempMax, tempMin)']);
  });
});
