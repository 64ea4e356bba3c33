import { contract } from '../../src/index.ts';
import { z } from 'zod';

const Day = z.object({
  date: z.iso.date(),
  station: z.string().length(3),
  tempMax: z.number().nullable(),
  tempMin: z.number().min(-60).max(60),
  weather: z.enum(['sun', 'rain', 'snow']),
  rainyHours: z.int().min(0).max(24),
  code: z.string(),
});

/** Forty days, of which some are wrong. */
export const rows = Array.from({ length: 40 }, (_, day) => ({
  date: new Date(Date.UTC(2012, 0, 1 + Math.floor(day / 2))).toISOString().slice(0, 10),
  station: day === 31 ? 'sea' : ['SEA', 'JFK'][day % 2]!,
  tempMax: day % 9 === 4 ? null : day === 12 ? 128 : 10 + ((day * 7) % 13) / 2,
  tempMin: day === 20 ? 30 : 2 + ((day * 5) % 11) / 2,
  weather: day === 17 ? 'fog' : ['sun', 'rain', 'snow', 'rain'][day % 4]!,
  rainyHours: (day * 3) % 9,
  code: `{"n": ${day}${day === 3 ? '' : '}'}`,
}));

/** Rules of every kind that Great Expectations judges on pandas. */
export const Daily = contract('weather.daily', Day, (c, t) => [
  c.date.toNotBeNull({ notes: 'The key.', tags: ['key'] }),
  c.date.toMatchStrftimeFormat('%Y-%m-%d'),
  c.date.toBeDateutilParseable(),
  c.station.toMatchRegex('^[A-Z]{3}$', { mostly: 0.9 }),
  c.station.toMatchRegex(/^(?<first>[A-Z])/, { id: 'named group' }),
  c.station.toNotMatchRegexList(['^X', '\\d']),
  c.station.toMatchRegexList(['^SEA', 'K$'], { matchOn: 'any', severity: 'warning' }),
  c.station.lengthsToEqual(3),
  c.station.distinctValuesToContainSet(['SEA', 'JFK']),
  c.station.distinctValuesToEqualSet(['SEA', 'JFK']),
  c.station.mostCommonValueToBeInSet(['JFK'], { tiesOkay: true }),
  c.station.uniqueValueCountToBeBetween(2, 3),
  c.tempMax.toBeNull({ mostly: 0.05, severity: 'info' }),
  c.tempMax.toBeBetween(-60, 60, { mostly: 0.9 }),
  c.tempMax.toBeBetween(null, 60, {
    id: 'hot',
    strictMax: true,
    where: { tempMin: { gt: 2, lte: 7 }, weather: 'rain' },
  }),
  c.tempMax.minToBeBetween(10, 11),
  c.tempMax.maxToBeBetween(null, 40),
  c.tempMax.meanToBeBetween(10, 20),
  c.tempMax.medianToBeBetween(5, 12, { strictMin: true }),
  c.tempMax.stdevToBeBetween(0, 5),
  c.tempMax.sumToBeBetween(0, Infinity),
  c.tempMax.quantileValuesToBeBetween({ 0.25: [10, 12], 0.5: [12, 14] }, { interpolation: 'linear' }),
  c.tempMax.zScoresToBeLessThan(3),
  c.tempMax.toNotBeOutliers({ method: 'iqr', multiplier: 3 }),
  c.tempMax.proportionOfNonNullValuesToBeBetween(0.8, 0.95),
  c.tempMin.proportionOfUniqueValuesToBeBetween(0.1, 0.5),
  c.tempMin.toBeIncreasing({ mostly: 0.1 }),
  c.tempMin.toBeUnique({ where: { weather: { in: ['snow', 'sun'] } } }),
  c.weather.toNotBeInSet(['rain'], { where: { rainyHours: 0, station: { ne: 'SEA' } }, id: 'dry' }),
  c.weather.klDivergenceToBeLessThan({ values: ['sun', 'rain', 'snow'], weights: [0.25, 0.5, 0.25] }, 0.1, {
    tailWeightHoldout: 0.01,
  }),
  c.rainyHours.klDivergenceToBeLessThan({ bins: [0, 3, 6, 9], weights: [0.4, 0.3, 0.3] }, 0.1),
  c.rainyHours.toBeOfType('integer'),
  c.tempMin.typeToBe('number'),
  c.code.toBeJsonParseable({ mostly: 0.9 }),
  c.code.toMatchJsonSchema(
    { type: 'object', required: ['n'] },
    { where: { tempMin: { ne: 9 }, code: { ne: '{"n": 3' } } },
  ),
  c.code.toExist({ columnIndex: 6 }),
  t.pairToBeEqual('tempMax', 'tempMin', { mostly: 0.1 }),
  t.pairAToBeGreaterThanB('tempMax', 'tempMin', { orEqual: true, ignoreRowIf: 'either_value_is_missing' }),
  t.pairToBeInSet('station', 'weather', [
    ['SEA', 'sun'],
    ['SEA', 'snow'],
    ['JFK', 'rain'],
  ]),
  t.unique('date', 'station'),
  t.uniqueWithinRecord(['tempMax', 'tempMin'], { ignoreRowIf: 'any_value_is_missing' }),
  t.multicolumnValuesToBeEqual(['station', 'weather'], { mostly: 0 }),
  t.multicolumnSumToEqual(['tempMin', 'rainyHours'], 12, { mostly: 0.05 }),
  t.rowCountToEqual(40),
  t.rowCountToBeBetween(1, 100, { where: { station: 'JFK' } }),
  t.columnCountToEqual(7),
  t.columnCountToBeBetween(5, null),
  t.columnsToMatchOrderedList(['date', 'station', 'tempMax', 'tempMin', 'weather', 'rainyHours', 'code']),
  t.columnsToMatchSet(['date', 'station'], { exactMatch: false }),
  // What there is no word for there.
  c.station.toSatisfy('is upper case', (station) => station === station.toUpperCase()),
  t.rowsToSatisfy('a row', () => true),
  c.station.toBeBetween('A', 'Z', { id: 'texts' }),
  c.tempMin.meanToBeBetween(0, 20, { id: 'by station', groupBy: 'station' }),
]);
