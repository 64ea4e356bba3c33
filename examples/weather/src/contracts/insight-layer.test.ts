import { describe, expect, it } from 'vitest';
import { insightsOf } from '../insights.ts';
import type { PeriodInsight } from '../model.ts';
import { InsightLayer } from './insight-layer.ts';

const dates = Array.from({ length: 1461 }, (_, day) => new Date(Date.UTC(2012, 0, 1 + day)).toISOString().slice(0, 10));
const good = (['seattle', 'new-york'] as const).flatMap((station) => {
  const days = dates.map((date, day) => ({
    station,
    date,
    tempMax: 12 + (day % 5),
    tempMin: 4,
    precipitation: day % 3,
    wind: 3,
    sky: 'sun' as const,
  }));
  return insightsOf(days).months;
});
const broken = async (months: readonly PeriodInsight[]): Promise<string[]> =>
  (await InsightLayer.check(months)).failures.map(({ rule }) => rule.id);
const changed = (change: Partial<PeriodInsight>): PeriodInsight[] =>
  good.map((month, at) => (at === 5 ? { ...month, ...change } : month));

describe('the contract of the insight layer', () => {
  it('is kept by what is made of days', async () => {
    expect(await broken(good.map((month) => ({ ...month, anomaly: 0 })))).toEqual([]);
  });

  it.each<[string, Partial<PeriodInsight>, string]>([
    ['a mean above the maximum', { tempMean: 40 }, 'pairAToBeGreaterThanB(tempMax, tempMean)'],
    ['a mean below the minimum', { tempMean: -40 }, 'pairAToBeGreaterThanB(tempMean, tempMin)'],
    [
      'more rain days than days',
      { rainDays: 31, days: 30, precipitation: 99 },
      'pairAToBeGreaterThanB(days, rainDays)',
    ],
    ['rain days without rain', { precipitation: 0 }, 'rowsToSatisfy(rain falls on rain days)'],
    ['a month that comes twice', { period: '2012-01' }, 'unique(station, period)'],
    ['a month far from normal', { anomaly: 25 }, 'schema.anomaly.range'],
  ])('names %s', async (_what, change, rule) => {
    expect(await broken(changed(change))).toContain(rule);
  });

  it('names a month that is missing', async () => {
    expect(await broken(good.slice(1))).toContain('rowCountToEqual');
  });
});
