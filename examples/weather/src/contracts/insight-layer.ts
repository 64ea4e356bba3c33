import { contract } from '@dataenginex/quality';
import { z } from 'zod';
import { Observation, type PeriodInsight, years } from '../model.ts';

const Month = z.object({
  station: Observation.shape.station,
  period: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
  days: z.int().min(1).max(31),
  tempMean: z.number(),
  tempMax: z.number(),
  tempMin: z.number(),
  precipitation: z.number().min(0),
  rainDays: z.int().min(0).max(31),
  longestWetStreak: z.int().min(0),
  longestDryStreak: z.int().min(0),
  windMean: z.number().min(0),
  anomaly: z.number().min(-15).max(15).nullable(),
} satisfies { readonly [K in keyof PeriodInsight]?: z.ZodType<PeriodInsight[K]> });

/** What the months of the insight layer must be: sums and extremes that agree with each other. */
export const InsightLayer = contract('weather.insights', Month, (c, t) => [
  t.unique('station', 'period'),
  t.rowCountToEqual(12 * (years.last - years.first + 1), { groupBy: 'station' }),
  t.pairAToBeGreaterThanB('tempMax', 'tempMean', { orEqual: true }),
  t.pairAToBeGreaterThanB('tempMean', 'tempMin', { orEqual: true }),
  t.pairAToBeGreaterThanB('days', 'rainDays', { orEqual: true }),
  t.rowsToSatisfy('rain falls on rain days', ({ precipitation, rainDays }) => precipitation >= rainDays),
  c.anomaly.meanToBeBetween(-2, 4, { groupBy: 'station', id: 'the record is near what is normal' }),
]);
