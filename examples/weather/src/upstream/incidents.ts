import type { Station } from '../model.ts';
import type { Day } from './records.ts';

/** Something that goes wrong with an upstream's data and that its answers do not tell: each is well formed. */
interface Incident {
  readonly station: Station['id'];
  /** The first day and the last, both inclusive. */
  readonly from: string;
  readonly to: string;
  /** In words, for the README and `--help`. */
  readonly what: string;
  /** What comes instead of the day. */
  readonly happen: (day: Day) => readonly Day[];
}

const toFahrenheit = (celsius: number | null): number | null => (celsius === null ? null : celsius * 1.8 + 32);

export const incidents = {
  'unit-change': {
    station: 'seattle',
    from: '2014-01-01',
    to: '2014-02-28',
    what: 'temperatures are in °F and called °C',
    happen: (day) => [
      {
        ...day,
        temperature_2m_max: toFahrenheit(day.temperature_2m_max),
        temperature_2m_min: toFahrenheit(day.temperature_2m_min),
      },
    ],
  },
  'stuck-sensor': {
    station: 'new-york',
    from: '2013-11-01',
    to: '2013-11-30',
    what: 'the wind is 4.1 m/s each day',
    happen: (day) => [{ ...day, wind_speed_10m_max: 4.1 }],
  },
  'duplicated-day': {
    station: 'seattle',
    from: '2015-06-09',
    to: '2015-06-09',
    what: 'the day comes eight times',
    happen: (day) => Array.from({ length: 8 }, () => day),
  },
  'missing-month': {
    station: 'new-york',
    from: '2013-05-01',
    to: '2013-05-31',
    what: 'no day comes',
    happen: () => [],
  },
} as const satisfies Record<string, Incident>;

export type IncidentName = keyof typeof incidents;

/** The days as they come while it lasts. */
export function during(name: IncidentName | undefined, station: Station['id'], days: readonly Day[]): readonly Day[] {
  if (name === undefined) return days;
  const incident: Incident = incidents[name];
  if (incident.station !== station) return days;
  const { from, to, happen } = incident;
  return days.flatMap((day) => (day.time !== null && day.time >= from && day.time <= to ? happen(day) : [day]));
}
