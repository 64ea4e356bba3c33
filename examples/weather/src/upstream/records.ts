import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DexError } from '@dataenginex/core';
import { z } from 'zod';
import { type Station, skies } from '../model.ts';

/** A station's day under the names of Open-Meteo's daily variables: °C, mm, m/s and a WMO weather code. */
export interface Day {
  /** `2012-01-31`. Only a bad observation has none. */
  readonly time: string | null;
  readonly temperature_2m_max: number | null;
  readonly temperature_2m_min: number | null;
  readonly precipitation_sum: number | null;
  readonly wind_speed_10m_max: number | null;
  readonly weather_code: number | null;
}

/** What an hour of the year is usually like, under the names of Open-Meteo's hourly variables: °C, hPa and m/s. */
export interface Hour {
  /** `2010-01-01T00:00` */
  readonly time: string;
  readonly temperature_2m: number | null;
  readonly pressure_msl: number | null;
  readonly wind_speed_10m: number | null;
}

export type DailyVariable = Exclude<keyof Day, 'time'>;
export type HourlyVariable = Exclude<keyof Hour, 'time'>;

/** NOAA's observations and normals, in order of time. */
export interface Records {
  readonly days: Readonly<Record<Station['id'], readonly Day[]>>;
  /** Seattle's normals for the 8,760 hours of 2010; the record lacks the first, whose values are `null`. */
  readonly hours: readonly Hour[];
}

/** A line of the records is not as it should be. */
class RecordError extends DexError {
  override readonly name = 'RecordError';
  readonly code = 'DEX_WEATHER_RECORD';
  readonly file: string;
  /** From 1, which is the header. */
  readonly line: number;

  constructor(file: string, line: number, what: string) {
    super(`${file}, line ${line}: ${what}`);
    this.file = file;
    this.line = line;
  }
}

const number = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/, 'not a number')
  .transform(Number);

const DailyLine = z.object({
  location: z.enum(['Seattle', 'New York']),
  date: z.iso.date(),
  precipitation: number,
  temp_max: number,
  temp_min: number,
  wind: number,
  weather: z.enum(['sun', 'fog', 'drizzle', 'rain', 'snow']),
});

const HourlyLine = z.object({
  date: z.iso.datetime({ local: true }),
  pressure: number,
  temperature: number,
  wind: number,
});

const firstHour: Hour = { time: '2010-01-01T00:00', temperature_2m: null, pressure_msl: null, wind_speed_10m: null };

// The package exports its code only; the files stand beside it.
const datasets = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data');

/**
 * Reads `weather.csv` and `seattle-weather-hourly-normals.csv`.
 *
 * @param folder @default the data folder of the npm package `vega-datasets`
 * @throws {RecordError} At the first line that is malformed.
 */
export async function readRecords(folder = datasets): Promise<Records> {
  const [daily, hourly] = await Promise.all([
    readCsv(folder, 'weather.csv', DailyLine),
    readCsv(folder, 'seattle-weather-hourly-normals.csv', HourlyLine),
  ]);
  const daysOf = (location: string) =>
    daily
      .filter((line) => line.location === location)
      .map((line) => ({
        time: line.date,
        temperature_2m_max: line.temp_max,
        temperature_2m_min: line.temp_min,
        precipitation_sum: line.precipitation,
        wind_speed_10m_max: line.wind,
        weather_code: skies[line.weather],
      }));
  const hours = hourly.map((line) => ({
    time: line.date.slice(0, '2010-01-01T00:00'.length),
    temperature_2m: line.temperature,
    pressure_msl: line.pressure,
    wind_speed_10m: line.wind,
  }));
  return { days: { seattle: daysOf('Seattle'), 'new-york': daysOf('New York') }, hours: [firstHour, ...hours] };
}

/** The files hold no quotes, so a comma always parts two fields. */
async function readCsv<T>(folder: string, file: string, schema: z.ZodType<T>): Promise<T[]> {
  const text = await readFile(join(folder, file), 'utf8');
  const [header = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line, index) => {
    const fields = line.split(',');
    const at = index + 2;
    if (fields.length !== names.length)
      throw new RecordError(file, at, `wanted ${names.length} fields, got ${fields.length}`);
    const result = schema.safeParse(Object.fromEntries(names.map((name, column) => [name, fields[column]])));
    if (result.success) return result.data;
    throw new RecordError(
      file,
      at,
      result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    );
  });
}
