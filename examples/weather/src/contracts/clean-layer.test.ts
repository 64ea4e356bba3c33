import { describe, expect, it } from 'vitest';
import type { Observation } from '../model.ts';
import { CleanLayer, toCleanDay } from './clean-layer.ts';

const dates = Array.from({ length: 1461 }, (_, day) => new Date(Date.UTC(2012, 0, 1 + day)).toISOString().slice(0, 10));
const good = (['seattle', 'new-york'] as const).flatMap((station) =>
  dates.map((date, day): Observation => {
    const tempMax = 15 + 8 * Math.sin(day / 58) + (day % 5);
    return { station, date, tempMax, tempMin: tempMax - 8, precipitation: day % 3, wind: 3 + (day % 2), sky: 'sun' };
  }),
);
const inMonth = (month: string, change: (day: Observation) => Partial<Observation>) =>
  good.map((day) => (day.station === 'seattle' && day.date.startsWith(month) ? { ...day, ...change(day) } : day));

/** The rules that are broken, with the station and the month of the first group that breaks each. */
async function broken(rows: readonly Observation[]): Promise<unknown[]> {
  const { failures } = await CleanLayer.check(rows.map(toCleanDay));
  return failures.map(({ rule, groups }) => [rule.id, ...Object.values(groups?.failures[0]?.group ?? {})]);
}

describe('the contract of the clean layer', () => {
  it('is kept by a whole record', async () => {
    expect(await broken(good)).toEqual([]);
    expect(CleanLayer.unchecked).toEqual([]);
  });

  it('names a unit that was changed, and when', async () => {
    const inKmh = inMonth('2013-02', ({ wind }) => ({ wind: wind * 3.6 }));
    expect(await broken(inKmh)).toEqual([['wind is in m/s', 'seattle', '2013-02']]);
    const toFahrenheit = (celsius: number): number => celsius * 1.8 + 32;
    const inFahrenheit = inMonth('2012-09', (day) => ({
      tempMax: toFahrenheit(day.tempMax),
      tempMin: toFahrenheit(day.tempMin),
    }));
    expect(await broken(inFahrenheit)).toEqual([['temperatures are in °C', 'seattle', '2012-09']]);
  });

  it.each(['tempMax', 'tempMin', 'wind'] as const)('names a sensor of %s that is stuck', async (sensor) => {
    const stuck = inMonth('2013-02', () => ({ [sensor]: sensor === 'tempMin' ? -20 : 29 }));
    expect(await broken(stuck)).toContainEqual([`no sensor is stuck: ${sensor}`, 'seattle', '2013-02']);
  });

  it('names days that came twice', async () => {
    expect(await broken([...good, ...good.slice(1, 2)])).toContainEqual(['unique(station, date)']);
  });

  it('names a month that is missing, and warns of half a one', async () => {
    const without = good.filter(({ station, date }) => station !== 'seattle' || !date.startsWith('2013-05'));
    expect(await broken(without)).toEqual([['no month is missing', 'seattle']]);
    const half = good.filter(({ date }) => !/^2013-05-[12]/.test(date));
    expect(await broken(half)).toEqual([['months are whole', 'seattle', '2013-05']]);
  });

  it('fails without a station', async () => {
    expect(await broken(good.slice(1461))).toEqual([['station.distinctValuesToEqualSet']]);
  });

  it('names values that are swapped', async () => {
    const [first, ...others] = good;
    if (first === undefined) throw new Error('There is no day.');
    const swapped = { ...first, tempMax: first.tempMin, tempMin: first.tempMax };
    expect(await broken([swapped, ...others])).toEqual([['pairAToBeGreaterThanB(tempMax, tempMin)']]);
  });
});
