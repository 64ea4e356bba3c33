import type { Reason, Station } from '../model.ts';
import type { Day } from './records.ts';

/** An observation that travels beside the good one of its day and has to be set aside. */
export interface BadObservation {
  readonly station: Station['id'];
  /** The day whose good row it is made from and stands next to. */
  readonly day: string;
  /** Why a reader has to set it aside. */
  readonly reason: Reason;
  /** In words, for the table in the README. */
  readonly what: string;
  /** What differs from the good row. */
  readonly changes: Partial<Day>;
  /** Stands in front of the good row instead of after it. */
  readonly first?: true;
}

/**
 * What is wrong with the upstream's data, always the same: beside the 2,922 good rows, never instead of one.
 *
 * The rows of reason `unit` come as a second location in °F; all others are further entries in the column arrays. A row
 * is late when its day is more than 31 days before the latest that came, and else a duplicate when an acceptable row of
 * its day came before it.
 */
export const badObservations: readonly BadObservation[] = [
  ...['2013-07-10', '2013-07-11', '2013-07-12', '2013-07-13', '2013-07-14'].map((day): BadObservation => ({
    station: 'new-york',
    day,
    reason: 'unit',
    what: 'the station a second time, in °F',
    changes: {},
  })),
  {
    station: 'seattle',
    day: '2012-03-05',
    reason: 'impossible',
    what: 'maximum of 999.9 °C, before the good row',
    changes: { temperature_2m_max: 999.9 },
    first: true,
  },
  {
    station: 'new-york',
    day: '2012-12-26',
    reason: 'impossible',
    what: 'both temperatures -999.9 °C',
    changes: { temperature_2m_max: -999.9, temperature_2m_min: -999.9 },
  },
  {
    station: 'seattle',
    day: '2013-02-28',
    reason: 'impossible',
    what: 'dated 2013-02-30',
    changes: { time: '2013-02-30' },
  },
  {
    station: 'seattle',
    day: '2014-06-18',
    reason: 'impossible',
    what: 'minimum 18.9 °C above maximum 11.1 °C',
    changes: { temperature_2m_max: 11.1, temperature_2m_min: 18.9 },
  },
  {
    station: 'new-york',
    day: '2014-08-13',
    reason: 'impossible',
    what: '-74.2 mm of rain',
    changes: { precipitation_sum: -74.2 },
  },
  {
    station: 'seattle',
    day: '2015-01-17',
    reason: 'impossible',
    what: 'wind of 400 m/s',
    changes: { wind_speed_10m_max: 400 },
  },
  {
    station: 'new-york',
    day: '2015-11-03',
    reason: 'impossible',
    what: '9999 mm of rain, before the good row',
    changes: { precipitation_sum: 9999 },
    first: true,
  },
  {
    station: 'seattle',
    day: '2013-06-15',
    reason: 'late',
    what: 'dated 2013-03-02',
    changes: { time: '2013-03-02' },
  },
  {
    station: 'new-york',
    day: '2014-05-20',
    reason: 'late',
    what: 'dated 2014-04-01',
    changes: { time: '2014-04-01' },
  },
  {
    station: 'seattle',
    day: '2015-10-10',
    reason: 'late',
    what: 'dated 2015-01-05',
    changes: { time: '2015-01-05' },
  },
  { station: 'seattle', day: '2012-07-04', reason: 'duplicate', what: 'the same again', changes: {} },
  {
    station: 'seattle',
    day: '2012-07-31',
    reason: 'duplicate',
    what: 'dated 2012-07-04, with other values',
    changes: { time: '2012-07-04' },
  },
  { station: 'new-york', day: '2012-10-29', reason: 'duplicate', what: 'the same again', changes: {} },
  { station: 'new-york', day: '2012-10-29', reason: 'duplicate', what: 'the same a third time', changes: {} },
  {
    station: 'seattle',
    day: '2013-12-24',
    reason: 'duplicate',
    what: 'maximum 10.5 °C instead of 8.3 °C',
    changes: { temperature_2m_max: 10.5 },
  },
  {
    station: 'new-york',
    day: '2015-02-28',
    reason: 'duplicate',
    what: '3.6 mm of snow instead of a dry day',
    changes: { precipitation_sum: 3.6, weather_code: 71 },
  },
  {
    station: 'seattle',
    day: '2012-11-11',
    reason: 'missing',
    what: 'no maximum',
    changes: { temperature_2m_max: null },
  },
  {
    station: 'new-york',
    day: '2013-03-17',
    reason: 'missing',
    what: 'no rain',
    changes: { precipitation_sum: null },
  },
  { station: 'seattle', day: '2014-10-31', reason: 'missing', what: 'no date', changes: { time: null } },
  {
    station: 'new-york',
    day: '2015-09-09',
    reason: 'missing',
    what: 'a date and no values, before the good row',
    changes: {
      temperature_2m_max: null,
      temperature_2m_min: null,
      precipitation_sum: null,
      wind_speed_10m_max: null,
      weather_code: null,
    },
    first: true,
  },
];

/** How many rows a reader of everything has to set aside for `reason`. */
export function badCount(reason: Reason): number {
  return badObservations.filter((row) => row.reason === reason).length;
}
