import { type Station, stations, years } from '../model.ts';
import type { DailyVariable, HourlyVariable } from './records.ts';
import type { TemperatureUnit, WindUnit } from './units.ts';

/** What a request asks for, checked. */
export interface Query {
  /** One for each pair of coordinates, in the order asked. */
  readonly stations: readonly Station[];
  /** First and last day, both inclusive. */
  readonly start: string;
  readonly end: string;
  readonly daily: readonly DailyVariable[];
  readonly hourly: readonly HourlyVariable[];
  readonly temperatureUnit: TemperatureUnit;
  readonly windUnit: WindUnit;
}

/** A request that Open-Meteo answers with 400; the message is the `reason`. */
export class BadQuery extends Error {
  override readonly name = 'BadQuery';
}

const parameters = new Set(
  'latitude longitude start_date end_date daily hourly timezone temperature_unit wind_speed_unit'.split(' '),
);
const dailyVariables: readonly DailyVariable[] = [
  'temperature_2m_max',
  'temperature_2m_min',
  'precipitation_sum',
  'wind_speed_10m_max',
  'weather_code',
];
const hourlyVariables: readonly HourlyVariable[] = ['temperature_2m', 'pressure_msl', 'wind_speed_10m'];
const temperatures: readonly TemperatureUnit[] = ['celsius', 'fahrenheit'];
const winds: readonly WindUnit[] = ['kmh', 'ms', 'mph', 'kn'];

/**
 * Reads the parameters of `/v1/archive`. What Open-Meteo has and the replay has not is refused, never ignored.
 *
 * @throws {BadQuery} In Open-Meteo's words where it has some for the case.
 * @see https://open-meteo.com/en/docs/historical-weather-api
 */
export function readQuery(params: URLSearchParams): Query {
  for (const name of params.keys())
    if (!parameters.has(name)) throw new BadQuery(`Parameter '${name}' is not supported by this replay`);
  const daily = readList(params, 'daily', dailyVariables, 'ForecastVariableDaily');
  const hourly = readList(params, 'hourly', hourlyVariables, 'ForecastVariableHourly');
  const [temperatureUnit = 'celsius'] = readList(params, 'temperature_unit', temperatures, 'TemperatureUnit');
  const [windUnit = 'kmh'] = readList(params, 'wind_speed_unit', winds, 'WindspeedUnit');
  const found = readStations(params);
  if (hourly.length > 0 && found.some((station) => station.id !== 'seattle'))
    throw new BadQuery('No data is available for this location');
  checkTimezones(params, found);
  const { start, end } = readDates(params);
  if (hourly.length > 0) checkRange(start, end, '2010-01-01', '2010-12-31');
  if (daily.length > 0) checkRange(start, end, `${years.first}-01-01`, `${years.last}-12-31`);
  return { stations: found, start, end, daily, hourly, temperatureUnit, windUnit };
}

function list(params: URLSearchParams, name: string): string[] {
  return params.getAll(name).flatMap((value) => value.split(',').filter((part) => part !== ''));
}

function readList<T extends string>(params: URLSearchParams, name: string, allowed: readonly T[], type: string): T[] {
  return list(params, name).map((value) => {
    const known = allowed.find((candidate) => candidate === value);
    if (known !== undefined) return known;
    throw new BadQuery(`Data corrupted at path ''. Cannot initialize ${type} from invalid String value ${value}.`);
  });
}

function readStations(params: URLSearchParams): Station[] {
  const latitudes = list(params, 'latitude').map((value) => readDegrees('Latitude', value, 90));
  const longitudes = list(params, 'longitude').map((value) => readDegrees('Longitude', value, 180));
  if (latitudes.length !== longitudes.length)
    throw new BadQuery("Parameter 'latitude' and 'longitude' must have the same number of elements");
  if (latitudes.length === 0) throw new BadQuery("Parameter 'latitude' and 'longitude' must not be empty");
  return latitudes.map((latitude, index) => {
    const longitude = longitudes[index] ?? NaN;
    const near = stations.find(
      (station) => Math.abs(station.latitude - latitude) <= 0.2 && Math.abs(station.longitude - longitude) <= 0.2,
    );
    if (near === undefined) throw new BadQuery('No data is available for this location');
    return near;
  });
}

function readDegrees(name: string, value: string, max: number): number {
  const degrees = Number(value);
  if (Math.abs(degrees) <= max) return degrees;
  throw new BadQuery(`${name} must be in range of -${max} to ${max}°. Given: ${value}.`);
}

/** The stations' days are local days, which cannot be cut anew for another zone. */
function checkTimezones(params: URLSearchParams, found: readonly Station[]): void {
  const zones = list(params, 'timezone');
  if (zones.length === 0) throw new BadQuery('Timezone is required');
  if (zones.length !== 1 && zones.length !== found.length)
    throw new BadQuery("Parameter 'timezone' and coordinates must have the same number of elements");
  for (const [index, station] of found.entries()) {
    const zone = zones[zones.length === 1 ? 0 : index];
    if (zone === 'auto' || zone === station.timezone) continue;
    throw new BadQuery(
      stations.some(({ timezone }) => timezone === zone)
        ? 'This API does not yet support timezones'
        : 'Invalid timezone',
    );
  }
}

function readDates(params: URLSearchParams): { start: string; end: string } {
  const start = params.get('start_date');
  const end = params.get('end_date');
  if (start === null || end === null) throw new BadQuery("Both 'start_date' and 'end_date' must be set in the url");
  for (const date of [start, end]) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new BadQuery("Invalid date format. Make sure to use 'YYYY-MM-DD'");
    // Date.parse takes 2013-02-30 for March 2nd.
    const parsed = new Date(`${date}T00:00Z`);
    if (Number.isNaN(parsed.getTime()) || !parsed.toISOString().startsWith(date)) throw new BadQuery('Invalid date');
  }
  if (end < start) throw new BadQuery('End-date must be larger or equals than start-date');
  return { start, end };
}

function checkRange(start: string, end: string, first: string, last: string): void {
  for (const [name, date] of Object.entries({ start_date: start, end_date: end }))
    if (date < first || date > last)
      throw new BadQuery(`Parameter '${name}' is out of allowed range from ${first} to ${last}`);
}
