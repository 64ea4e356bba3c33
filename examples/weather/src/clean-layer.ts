import { contract } from '@dataenginex/quality';
import { Observation } from './model.ts';

/** What the clean layer must be as a whole: of the rows in it, each is one that was let through. */
export const CleanLayer = contract('weather.clean', Observation, (c, t) => [
  t.pairAToBeGreaterThanB('tempMax', 'tempMin', { orEqual: true }),
  t.unique('station', 'date'),
  c.station.distinctValuesToEqualSet(['seattle', 'new-york']),
  // A sensor that is stuck has no spread, and a unit that was changed without a word moves the mean out of these.
  c.tempMax.stdevToBeBetween(3, 15),
  c.tempMax.meanToBeBetween(5, 30),
  c.precipitation.meanToBeBetween(0.5, 10),
  c.wind.meanToBeBetween(1, 8),
  t.rowCountToBeBetween(2 * 1461 - 30, 2 * 1461, { severity: 'warning' }),
]);
