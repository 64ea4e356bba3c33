import { contract } from '@dataenginex/quality';
import { z } from 'zod';
import { monthsOf } from '../archive.ts';
import { Observation, years } from '../model.ts';

const CleanDay = z.object({ ...Observation.shape, month: z.string() });

const months = monthsOf(years).map(({ name }) => name);
const ofEachMonth = { groupBy: ['station', 'month'] } as const;

/** What the clean layer must be as a whole: of the rows in it, each is one that was let through. */
export const CleanLayer = contract('weather.clean', CleanDay, (c, t) => [
  t.pairAToBeGreaterThanB('tempMax', 'tempMin', { orEqual: true }),
  t.unique('station', 'date'),
  c.month.distinctValuesToEqualSet(months, { groupBy: 'station', id: 'no month is missing' }),
  t.rowCountToBeBetween(25, 31, { ...ofEachMonth, id: 'months are whole', severity: 'warning' }),
  c.station.distinctValuesToEqualSet(['seattle', 'new-york']),
  // In °F a month of winter is as warm as no month can be, and in km/h as windy as none.
  c.tempMax.meanToBeBetween(-15, 38, { ...ofEachMonth, id: 'temperatures are in °C' }),
  c.wind.meanToBeBetween(1, 9, { ...ofEachMonth, id: 'wind is in m/s' }),
  c.precipitation.meanToBeBetween(0.5, 10, { groupBy: 'station' }),
  // Nature has some spread in each month.
  c.tempMax.stdevToBeBetween(0.5, null, { ...ofEachMonth, id: 'no sensor is stuck: tempMax' }),
  c.tempMin.stdevToBeBetween(0.5, null, { ...ofEachMonth, id: 'no sensor is stuck: tempMin' }),
  c.wind.stdevToBeBetween(0.2, null, { ...ofEachMonth, id: 'no sensor is stuck: wind' }),
]);

/** A clean day, as the contract looks at it. */
export function toCleanDay(day: Observation): z.infer<typeof CleanDay> {
  return { ...day, month: day.date.slice(0, '2012-01'.length) };
}
