import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FaultyServer } from '@dataenginex/http/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Reason, Observation, skies, stations } from '../model.ts';
import { badCount, badObservations } from './bad-observations.ts';
import { startUpstream } from './server.ts';

const daily = 'temperature_2m_max,temperature_2m_min,precipitation_sum,wind_speed_10m_max,weather_code';
const [seattle, newYork] = [
  { latitude: '47.45', longitude: '-122.31', timezone: 'America/Los_Angeles' },
  { latitude: '40.64', longitude: '-73.76', timezone: 'America/New_York' },
];
const january = { start_date: '2012-01-01', end_date: '2012-01-31' };

let upstream: FaultyServer;
beforeAll(async () => {
  upstream = await startUpstream({ seed: 1, faults: false });
});
afterAll(() => upstream.close());

async function get(query: Record<string, string>, path = '/v1/archive') {
  const response = await fetch(`${upstream.url}${path}?${new URLSearchParams(query).toString()}`);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

const numbers = z.array(z.number().nullable());
const Element = z.object({
  location_id: z.number().optional(),
  daily_units: z.record(z.string(), z.string()),
  daily: z.object({
    time: z.array(z.string().nullable()),
    temperature_2m_max: numbers,
    temperature_2m_min: numbers,
    precipitation_sum: numbers,
    wind_speed_10m_max: numbers,
    weather_code: numbers,
  }),
});
type Element = z.infer<typeof Element>;

async function month(place: Record<string, string>, start: string, end: string): Promise<Element[]> {
  const query = { ...place, start_date: start, end_date: end, daily, wind_speed_unit: 'ms' };
  const { text } = await get(query);
  return z.union([Element.transform((one) => [one]), z.array(Element)]).parse(JSON.parse(text));
}

async function csv(file: string): Promise<string[][]> {
  const folder = new URL('../data/', `file://${createRequire(import.meta.url).resolve('vega-datasets')}`);
  const text = await readFile(new URL(file, folder), 'utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
}

describe('GET /v1/archive', () => {
  it('answers days as Open-Meteo does, to the byte', async () => {
    const query = { ...seattle, start_date: '2012-01-01', end_date: '2012-01-02', daily, wind_speed_unit: 'ms' };
    const first = await get(query);
    expect(first.status).toBe(200);
    expect(first.type).toBe('application/json; charset=utf-8');
    expect(first.text).toBe(
      '{"latitude":47.45,"longitude":-122.31,"generationtime_ms":0.25,"utc_offset_seconds":-28800,' +
        '"timezone":"America/Los_Angeles","timezone_abbreviation":"GMT-8","elevation":113.0,' +
        '"daily_units":{"time":"iso8601","temperature_2m_max":"°C","temperature_2m_min":"°C",' +
        '"precipitation_sum":"mm","wind_speed_10m_max":"m/s","weather_code":"wmo code"},' +
        '"daily":{"time":["2012-01-01","2012-01-02"],"temperature_2m_max":[12.8,10.6],' +
        '"temperature_2m_min":[5.0,2.8],"precipitation_sum":[0.00,10.90],' +
        '"wind_speed_10m_max":[4.70,4.50],"weather_code":[51,61]}}',
    );
    expect(await get(query)).toEqual(first);
  });

  it('answers the hourly normals of Seattle, with null for the hour that the record lacks', async () => {
    const hourly = 'temperature_2m,pressure_msl,wind_speed_10m';
    const query = { ...seattle, start_date: '2010-01-01', end_date: '2010-12-31', hourly, wind_speed_unit: 'ms' };
    const { text } = await get(query);
    const body = z
      .object({
        hourly_units: z.unknown(),
        hourly: z.object({
          time: z.array(z.string()),
          temperature_2m: numbers,
          pressure_msl: numbers,
          wind_speed_10m: numbers,
        }),
      })
      .parse(JSON.parse(text));
    expect(body.hourly_units).toEqual({
      time: 'iso8601',
      temperature_2m: '°C',
      pressure_msl: 'hPa',
      wind_speed_10m: 'm/s',
    });
    const rows = body.hourly.time.map((time, index) => [
      time,
      body.hourly.pressure_msl[index],
      body.hourly.temperature_2m[index],
      body.hourly.wind_speed_10m[index],
    ]);
    const lines = await csv('seattle-weather-hourly-normals.csv');
    const wanted = lines.map(([date, pressure, temperature, wind]) => [
      date?.slice(0, 16),
      Number(pressure),
      Number(temperature),
      Number(wind),
    ]);
    expect(rows).toEqual([['2010-01-01T00:00', null, null, null], ...wanted]);
    expect(rows).toHaveLength(8760);
  });

  it('uses km/h unless asked otherwise, and converts', async () => {
    const query = { ...seattle, start_date: '2012-01-01', end_date: '2012-01-01', daily };
    const converted = async (units: Record<string, string>) => {
      const [element] = z.array(Element).parse([JSON.parse((await get({ ...query, ...units })).text)]);
      const { temperature_2m_max: temperature, wind_speed_10m_max: wind } = element?.daily ?? {};
      const labels = element?.daily_units;
      return [temperature?.[0], labels?.['temperature_2m_max'], wind?.[0], labels?.['wind_speed_10m_max']];
    };
    expect(await converted({})).toEqual([12.8, '°C', 16.9, 'km/h']);
    expect(await converted({ temperature_unit: 'fahrenheit', wind_speed_unit: 'mph' })).toEqual([
      55,
      '°F',
      10.5,
      'mp/h',
    ]);
    expect(await converted({ wind_speed_unit: 'kn' })).toEqual([12.8, '°C', 9.1, 'kn']);
  });

  it('answers several locations with an array, numbered from the second', async () => {
    const latitude = '47.45,40.64';
    const longitude = '-122.31,-73.76';
    const { text } = await get({ latitude, longitude, timezone: 'auto', ...january, daily });
    const body = z
      .array(z.object({ latitude: z.number(), location_id: z.number().optional() }))
      .parse(JSON.parse(text));
    expect(body).toEqual([{ latitude: 47.45 }, { latitude: 40.64, location_id: 1 }]);
  });

  const good = { ...seattle, ...january, daily };
  it.each<[string, Record<string, string | undefined>, string]>([
    [
      'no place',
      { latitude: undefined, longitude: undefined },
      "Parameter 'latitude' and 'longitude' must not be empty",
    ],
    [
      'half a place',
      { longitude: undefined },
      "Parameter 'latitude' and 'longitude' must have the same number of elements",
    ],
    ['a place off the Earth', { latitude: '95' }, 'Latitude must be in range of -90 to 90°. Given: 95.'],
    ['a place in words', { longitude: 'west' }, 'Longitude must be in range of -180 to 180°. Given: west.'],
    ['an unknown station', { latitude: '47.95' }, 'No data is available for this location'],
    ['no time zone', { timezone: undefined }, 'Timezone is required'],
    ['an unknown time zone', { timezone: 'Mars/Olympus' }, 'Invalid timezone'],
    ["another station's time zone", { timezone: 'America/New_York' }, 'This API does not yet support timezones'],
    ['no end', { end_date: undefined }, "Both 'start_date' and 'end_date' must be set in the url"],
    ['a date in another order', { end_date: '31.01.2012' }, "Invalid date format. Make sure to use 'YYYY-MM-DD'"],
    ['a day that never was', { end_date: '2013-02-30' }, 'Invalid date'],
    ['a month that never was', { end_date: '2013-13-01' }, 'Invalid date'],
    ['an end before the start', { end_date: '2011-12-31' }, 'End-date must be larger or equals than start-date'],
    [
      'a start too early',
      { start_date: '2011-12-31' },
      "Parameter 'start_date' is out of allowed range from 2012-01-01 to 2015-12-31",
    ],
    [
      'an end too late',
      { end_date: '2016-01-01' },
      "Parameter 'end_date' is out of allowed range from 2012-01-01 to 2015-12-31",
    ],
    [
      'hours outside the normals',
      { daily: undefined, hourly: 'temperature_2m' },
      "Parameter 'start_date' is out of allowed range from 2010-01-01 to 2010-12-31",
    ],
    ['hours of New York', { ...newYork, hourly: 'temperature_2m' }, 'No data is available for this location'],
    [
      'an unknown variable',
      { daily: 'temprature' },
      "Data corrupted at path ''. Cannot initialize ForecastVariableDaily from invalid String value temprature.",
    ],
    [
      'an unknown unit',
      { wind_speed_unit: 'knots' },
      "Data corrupted at path ''. Cannot initialize WindspeedUnit from invalid String value knots.",
    ],
    ['a parameter not replayed', { timeformat: 'unixtime' }, "Parameter 'timeformat' is not supported by this replay"],
  ])('refuses %s with 400 and the reason', async (_what, change, reason) => {
    const query = Object.entries({ ...good, ...change }).filter(([, value]) => value !== undefined);
    const { status, text } = await get(z.record(z.string(), z.string()).parse(Object.fromEntries(query)));
    expect({ status, body: JSON.parse(text) as unknown }).toEqual({ status: 400, body: { error: true, reason } });
  });

  it('knows no other path', async () => {
    expect(await get(good, '/v1/forecast')).toMatchObject({ status: 404, text: '{"error":true,"reason":"Not Found"}' });
  });
});

describe('the observations', () => {
  it('are all there, and what is wrong beside them is what the list says', async () => {
    const names = new Map(Object.entries(skies).map(([name, code]) => [code as number, name]));
    const seen = new Map<string, Observation>();
    const latest = new Map<string, number>();
    const bad = { unit: 0, missing: 0, impossible: 0, late: 0, duplicate: 0 } satisfies Record<Reason, number>;
    let requests = 0;
    const read = (station: string, element: Element): void => {
      const { daily: columns } = element;
      for (const [index, date] of columns.time.entries()) {
        const code = columns.weather_code[index] ?? null;
        const row = {
          station,
          date,
          tempMax: columns.temperature_2m_max[index],
          tempMin: columns.temperature_2m_min[index],
          precipitation: columns.precipitation_sum[index],
          wind: columns.wind_speed_10m_max[index],
          sky: code === null ? null : names.get(code),
        };
        const result = Observation.safeParse(row);
        if (element.daily_units['temperature_2m_max'] !== '°C') bad.unit += 1;
        else if (Object.values(row).includes(null)) bad.missing += 1;
        else if (!result.success) bad.impossible += 1;
        else {
          const time = Date.parse(result.data.date);
          const last = Math.max(time, latest.get(station) ?? time);
          latest.set(station, last);
          if (last - time > 31 * 86_400_000) bad.late += 1;
          else if (seen.has(`${station} ${date}`)) bad.duplicate += 1;
          else seen.set(`${station} ${date}`, result.data);
        }
      }
    };
    for (const [index, place] of [seattle, newYork].entries())
      for (let at = new Date('2012-01-01T00:00Z'); at.getUTCFullYear() < 2016; at.setUTCMonth(at.getUTCMonth() + 1)) {
        const start = at.toISOString().slice(0, 10);
        const last = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).toISOString().slice(0, 10);
        const elements = await month(place, start, last);
        requests += 1;
        for (const element of elements) read(stations[index]?.id ?? '', element);
      }

    expect(requests).toBe(96);
    const ids = { Seattle: 'seattle', 'New York': 'new-york' } as Record<string, string>;
    const wanted = (await csv('weather.csv')).map(([location = '', date, rain, max, min, wind, sky]) => ({
      station: ids[location],
      date,
      tempMax: Number(max),
      tempMin: Number(min),
      precipitation: Number(rain),
      wind: Number(wind),
      sky,
    }));
    expect(wanted).toHaveLength(2922);
    expect([...seen.values()].toSorted(byDay)).toEqual(wanted.toSorted(byDay));
    expect(bad).toEqual({ unit: 5, missing: 4, impossible: 7, late: 3, duplicate: 6 });
    expect(bad).toEqual({
      unit: badCount('unit'),
      missing: badCount('missing'),
      impossible: badCount('impossible'),
      late: badCount('late'),
      duplicate: badCount('duplicate'),
    });
  });

  it('come a second time in °F for five days of July 2013 in New York', async () => {
    const [good, again, ...rest] = await month(newYork, '2013-07-01', '2013-07-31');
    expect(rest).toEqual([]);
    expect(good).toMatchObject({ daily_units: { temperature_2m_max: '°C' } });
    expect(good?.daily.time).toHaveLength(31);
    expect(again).toMatchObject({
      location_id: 1,
      daily_units: { temperature_2m_max: '°F', wind_speed_10m_max: 'm/s' },
      daily: { time: ['2013-07-10', '2013-07-11', '2013-07-12', '2013-07-13', '2013-07-14'] },
    });
    expect(again?.daily.temperature_2m_max[0]).toBe(84.9); // 29.4 °C
  });

  it('stand in the README as in the list', async () => {
    const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const names = { seattle: 'Seattle', 'new-york': 'New York' };
    const rows = badObservations.map(({ station, day, reason, what }) => [names[station], day, reason, what]);
    const found = text
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter((cells) => /^\d{4}-\d{2}-\d{2}$/.test(cells[2] ?? ''))
      .map((cells) => cells.slice(1, -1));
    expect(found).toEqual(rows);
  });
});

function byDay(a: { station?: string | undefined; date?: string | undefined }, b: typeof a): number {
  return `${a.station} ${a.date}` < `${b.station} ${b.date}` ? -1 : 1;
}
