import type { Client } from '@dataenginex/http';
import { z } from 'zod';
import type { Observation, Station } from './model.ts';

/** The daily variables that the job asks for, in Open-Meteo's names. */
const variables = [
  'temperature_2m_max',
  'temperature_2m_min',
  'precipitation_sum',
  'wind_speed_10m_max',
  'weather_code',
] as const;

const column = z.array(z.number().nullable());

/** One location's daily archive: column arrays of equal length, their units beside them. */
const Daily = z
  .looseObject({
    daily_units: z.record(z.string(), z.string()),
    daily: z.looseObject({
      time: z.array(z.string().nullable()),
      temperature_2m_max: column,
      temperature_2m_min: column,
      precipitation_sum: column,
      wind_speed_10m_max: column,
      weather_code: column,
    }),
  })
  .refine(({ daily }) => variables.every((name) => daily[name].length === daily.time.length), {
    error: 'columns differ in length',
    path: ['daily'],
  });

/** What the archive answers: an object for one location, an array for several. */
export const Archive = z.union([Daily, z.array(Daily)]);
export type Archive = z.infer<typeof Archive>;

/** The hourly temperatures of a year, in °C. */
export const Hourly = z.looseObject({
  hourly_units: z.looseObject({ temperature_2m: z.literal('°C') }),
  hourly: z.looseObject({ time: z.array(z.string()), temperature_2m: column }),
});
export type Hourly = z.infer<typeof Hourly>;

/** An observation as the archive gave it, and where it stood. */
export interface Row {
  /** `row` counts the entries of all locations in the file, from 0. */
  readonly at: { readonly file: string; readonly row: number };
  readonly station: Station['id'];
  readonly date: string | null;
  readonly tempMax: number | null;
  readonly tempMin: number | null;
  readonly precipitation: number | null;
  readonly wind: number | null;
  /** One of ours, or the code that has no name. */
  readonly sky: string | number | null;
  readonly tempMaxUnit: string;
  readonly tempMinUnit: string;
  readonly precipitationUnit: string;
  readonly windUnit: string;
}

/** A month, such as `2012-01`, with its first and last day. */
export interface Month {
  readonly name: string;
  readonly firstDay: string;
  readonly lastDay: string;
}

/** Every month of the years, both inclusive. */
export function monthsOf(years: { readonly first: number; readonly last: number }): Month[] {
  const count = (years.last - years.first + 1) * 12;
  return Array.from({ length: count }, (_, index) => {
    const year = years.first + Math.floor(index / 12);
    const month = (index % 12) + 1;
    const name = `${year}-${String(month).padStart(2, '0')}`;
    const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
    return { name, firstDay: `${name}-01`, lastDay: `${name}-${days}` };
  });
}

/** One station's month, as the archive answers it. */
export async function fetchMonth(api: Client, station: Station, month: Month, signal: AbortSignal): Promise<Archive> {
  const query = { ...place(station), start_date: month.firstDay, end_date: month.lastDay, daily: variables.join(',') };
  return api.get('/v1/archive', { query, signal }).json(Archive);
}

/** A station's hourly normals, which the replay keeps under the year 2010. */
export async function fetchNormals(api: Client, station: Station, signal: AbortSignal): Promise<Hourly> {
  const query = { ...place(station), start_date: '2010-01-01', end_date: '2010-12-31', hourly: 'temperature_2m' };
  return api.get('/v1/archive', { query, signal }).json(Hourly);
}

function place({ latitude, longitude, timezone }: Station): Record<string, string | number> {
  return { latitude, longitude, timezone, wind_speed_unit: 'ms' };
}

/** The columns turned into rows, one for each entry, whatever it holds. */
export function* rowsOf(archive: Archive, station: Station['id'], file: string): Generator<Row> {
  let row = 0;
  for (const { daily, daily_units: units } of [archive].flat()) {
    for (const [index, date] of daily.time.entries()) {
      yield {
        at: { file, row },
        station,
        date,
        tempMax: daily.temperature_2m_max[index] ?? null,
        tempMin: daily.temperature_2m_min[index] ?? null,
        precipitation: daily.precipitation_sum[index] ?? null,
        wind: daily.wind_speed_10m_max[index] ?? null,
        sky: skyOf(daily.weather_code[index] ?? null),
        tempMaxUnit: units.temperature_2m_max ?? 'none',
        tempMinUnit: units.temperature_2m_min ?? 'none',
        precipitationUnit: units.precipitation_sum ?? 'none',
        windUnit: units.wind_speed_10m_max ?? 'none',
      };
      row += 1;
    }
  }
}

/** The last WMO code of each group, in order. */
const skiesByCode: readonly [lastCode: number, sky: Observation['sky']][] = [
  [3, 'sun'],
  [48, 'fog'],
  [57, 'drizzle'],
  [67, 'rain'],
  [77, 'snow'],
  [82, 'rain'],
  [86, 'snow'],
  [99, 'rain'],
];

/** A code that has no name is passed on, for the check to refuse. */
function skyOf(code: number | null): Row['sky'] {
  if (code === null || code < 0) return code;
  return skiesByCode.find(([lastCode]) => code <= lastCode)?.[1] ?? code;
}
