import type { Station } from '../model.ts';
import { type BadObservation, badObservations } from './bad-observations.ts';
import { during, type IncidentName } from './incidents.ts';
import type { Query } from './query.ts';
import type { Day, Hour, Records } from './records.ts';
import { type Unit, type Variable, unitsOf } from './units.ts';

/** What Open-Meteo tells of a place beside its coordinates. Its offset is today's; here it is always standard time. */
const places = {
  seattle: { elevation: 113, utcOffsetSeconds: -28_800, abbreviation: 'GMT-8' },
  'new-york': { elevation: 3, utcOffsetSeconds: -18_000, abbreviation: 'GMT-5' },
} as const satisfies Record<Station['id'], object>;

interface Location {
  readonly station: Station;
  readonly query: Query;
  readonly days: readonly Day[];
  readonly hours: readonly Hour[];
}

/**
 * The body of an answer: byte for byte the same for the same query, the generation time included. Numbers are written
 * with the decimals of their unit, as Open-Meteo writes them (`4.70` m/s), which `JSON.stringify` cannot.
 *
 * @see https://github.com/open-meteo/open-meteo/blob/main/Sources/App/Helper/Writer/JsonWriter.swift
 */
export function answer(query: Query, records: Records, incident?: IncidentName): string {
  const locations = query.stations.flatMap((station): Location[] => {
    const days = during(
      incident,
      station.id,
      records.days[station.id].filter((day) => within(query, day.time)),
    );
    const hours = records.hours.filter((hour) => within(query, hour.time));
    const bad = badObservations.filter((row) => row.station === station.id && within(query, row.day));
    const once = { station, query, days: withBad(days, bad), hours };
    const again = days.filter((day) => bad.some((row) => row.reason === 'unit' && row.day === day.time));
    if (query.daily.length === 0 || again.length === 0) return [once];
    return [once, { station, query: { ...query, temperatureUnit: 'fahrenheit' }, days: again, hours: [] }];
  });
  const texts = locations.map((location, id) => writeLocation(location, id));
  return texts.length === 1 ? texts.join('') : `[${texts.join(',')}]`;
}

function within({ start, end }: Query, time: string | null): boolean {
  return time !== null && time.slice(0, 10) >= start && time.slice(0, 10) <= end;
}

function withBad(days: readonly Day[], bad: readonly BadObservation[]): Day[] {
  return days.flatMap((day) => {
    const rows = [day];
    for (const { day: of, reason, first, changes } of bad) {
      if (of !== day.time || reason === 'unit') continue;
      const row = { ...day, ...changes };
      if (first) rows.unshift(row);
      else rows.push(row);
    }
    return rows;
  });
}

function writeLocation({ station, query, days, hours }: Location, id: number): string {
  const { elevation, utcOffsetSeconds, abbreviation } = places[station.id];
  const units = unitsOf(query);
  return `{${[
    `"latitude":${station.latitude}`,
    `"longitude":${station.longitude}`,
    '"generationtime_ms":0.25',
    `"utc_offset_seconds":${utcOffsetSeconds}`,
    `"timezone":"${station.timezone}"`,
    `"timezone_abbreviation":"${abbreviation}"`,
    `"elevation":${elevation.toFixed(1)}`,
    ...(id === 0 ? [] : [`"location_id":${id}`]),
    ...section('hourly', hours, query.hourly, units),
    ...section('daily', days, query.daily, units),
  ].join(',')}}`;
}

function section<V extends Variable>(
  name: string,
  rows: readonly ({ readonly time: string | null } & Readonly<Record<V, number | null>>)[],
  variables: readonly V[],
  units: Readonly<Record<Variable, Unit>>,
): string[] {
  if (variables.length === 0) return [];
  const labels = variables.map((variable) => `,"${variable}":"${units[variable].label}"`);
  const columns = variables.map((variable) => {
    const { from, decimals } = units[variable];
    const write = (value: number | null) => (value === null ? 'null' : from(value).toFixed(decimals));
    return `,"${variable}":[${rows.map((row) => write(row[variable])).join(',')}]`;
  });
  const times = JSON.stringify(rows.map((row) => row.time));
  return [`"${name}_units":{"time":"iso8601"${labels.join('')}}`, `"${name}":{"time":${times}${columns.join('')}}`];
}
