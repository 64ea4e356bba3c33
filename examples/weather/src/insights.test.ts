import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { insightsOf } from './insights.ts';
import type { Observation } from './model.ts';
import { normalsFromHours, normalsFromRecord } from './normals.ts';

function day(date: string, changes: Partial<Observation> = {}): Observation {
  return { station: 'seattle', date, tempMax: 12, tempMin: 4, precipitation: 0, wind: 3, sky: 'sun', ...changes };
}

describe('insightsOf', () => {
  it('is empty for no days', () => {
    expect(insightsOf([])).toEqual({ days: [], months: [], years: [] });
  });

  it('takes the anomaly from the normal of the day, and has none where there is no normal', () => {
    const normals = new Map([['01-01', 5.04]]);
    const { days, months } = insightsOf([day('2012-01-01'), day('2012-01-02')], normals);
    expect(days.map(({ tempMean, normal, anomaly }) => [tempMean, normal, anomaly])).toEqual([
      [8, 5.04, 2.96],
      [8, null, null],
    ]);
    expect(months[0]).toMatchObject({ anomaly: 2.96 });
    expect(insightsOf([day('2012-01-01')]).years[0]).toMatchObject({ anomaly: null });
  });

  it('sums up a month and a year', () => {
    const { months, years } = insightsOf([
      day('2012-01-30', { tempMax: 20, precipitation: 1 }),
      day('2012-01-31', { tempMin: -7, precipitation: 0.9, wind: 6 }),
      day('2012-02-01', { precipitation: 30 }),
    ]);
    expect(months).toEqual([
      {
        station: 'seattle',
        period: '2012-01',
        days: 2,
        tempMean: 7.25,
        tempMax: 20,
        tempMaxDate: '2012-01-30',
        tempMin: -7,
        tempMinDate: '2012-01-31',
        precipitation: 1.9,
        rainDays: 1,
        longestWetStreak: 1,
        longestDryStreak: 1,
        windMean: 4.5,
        anomaly: null,
      },
      expect.objectContaining({ period: '2012-02', days: 1, precipitation: 30 }),
    ]);
    expect(years).toEqual([expect.objectContaining({ period: '2012', days: 3, precipitation: 31.9, rainDays: 2 })]);
  });

  it('counts a streak on into the month it ends in, and breaks it at a missing day', () => {
    const wet = { precipitation: 5 };
    const { months } = insightsOf([
      day('2012-01-30', wet),
      day('2012-01-31', wet),
      day('2012-02-01', wet),
      day('2012-02-03', wet),
      day('2012-02-04'),
    ]);
    expect(months.map((month) => [month.longestWetStreak, month.longestDryStreak])).toEqual([
      [2, 0],
      [3, 1],
    ]);
  });

  it('gives the months to the year: rain days and rain add up, extremes lie within', () => {
    const observations = fc.array(
      fc.record({ tempMax: fc.integer({ min: 0, max: 40 }), precipitation: fc.integer({ min: 0, max: 9 }) }),
      {
        minLength: 1,
        maxLength: 400,
      },
    );
    fc.assert(
      fc.property(observations, (changes) => {
        const start = Date.UTC(2012, 0, 1);
        const days = changes.map((change, index) =>
          day(new Date(start + index * 86_400_000).toISOString().slice(0, 10), change),
        );
        const { months, years } = insightsOf(days);
        const sum = (
          pick: (period: { rainDays: number; days: number; precipitation: number }) => number,
          of: typeof months,
        ): number => of.reduce((total, period) => total + pick(period), 0);
        expect(sum((period) => period.days, months)).toBe(days.length);
        expect(sum((period) => period.rainDays, months)).toBe(sum((period) => period.rainDays, years));
        expect(sum((period) => period.precipitation, months)).toBeCloseTo(sum((period) => period.precipitation, years));
        expect(Math.max(...months.map((month) => month.tempMax))).toBe(Math.max(...days.map((one) => one.tempMax)));
      }),
      { numRuns: 50 },
    );
  });
});

describe('normalsFromHours', () => {
  it('is the mean of the hours that are there, and fills 29 February', () => {
    const time = ['2010-01-01T00:00', '2010-01-01T01:00', '2010-01-01T02:00', '2010-02-28T00:00', '2010-03-01T00:00'];
    const hourly = { time, temperature_2m: [null, 4, 5, 6, 8] };
    const normals = normalsFromHours({ hourly_units: { temperature_2m: '°C' }, hourly });
    expect(Object.fromEntries(normals)).toEqual({ '01-01': 4.5, '02-28': 6, '03-01': 8, '02-29': 7 });
  });
});

describe('normalsFromRecord', () => {
  it('is the mean of the 15 days around, over all years and across the turn of the year', () => {
    const days: Observation[] = [];
    for (const year of [2013, 2014]) {
      for (let index = 0; index < 365; index++) {
        const date = new Date(Date.UTC(year, 0, 1 + index)).toISOString().slice(0, 10);
        days.push(day(date, { tempMax: index + (year - 2013) * 10, tempMin: index + (year - 2013) * 10 }));
      }
    }
    const normals = normalsFromRecord(days);
    expect(normals.get('06-30')).toBe(180 + 5);
    // 7 days from the end of December, 8 from the start of January
    expect(normals.get('01-01')).toBe(
      (358 + 359 + 360 + 361 + 362 + 363 + 364 + 0 + 1 + 2 + 3 + 4 + 5 + 6 + 7) / 15 + 5,
    );
  });
});
