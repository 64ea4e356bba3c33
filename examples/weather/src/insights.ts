import type { DayInsight, Insights, Observation, PeriodInsight } from './model.ts';
import { mean, type Normals, tempMean } from './normals.ts';

/** From this much on a day counts as a rain day, in mm: the WMO's threshold for a wet day. */
const wetDayMm = 1;

/**
 * What one station's days come to.
 *
 * @param observations In the order of their dates, each date once.
 * @param normals Left out while they are not known: anomalies are `null` then.
 */
export function insightsOf(observations: readonly Observation[], normals?: Normals): Insights {
  const days = observations.map((day) => toDayInsight(day, normals?.get(day.date.slice(5))));
  const streaks = streaksOf(days);
  const periods = (length: number): PeriodInsight[] =>
    [...Map.groupBy(days, (day) => day.date.slice(0, length))].map(([period, group]) =>
      toPeriod(period, group, streaks),
    );
  return { days, months: periods('2012-01'.length), years: periods('2012'.length) };
}

function toDayInsight(day: Observation, normal: number | undefined): DayInsight {
  const dayMean = tempMean(day);
  return {
    ...day,
    tempMean: round(dayMean),
    normal: normal === undefined ? null : round(normal),
    anomaly: normal === undefined ? null : round(dayMean - normal),
  };
}

interface Streak {
  readonly wet: boolean;
  /** Days of its kind up to and including this one. */
  readonly days: number;
}

/** How long, at each date, the current run of wet or dry days is. A missing date ends a run. */
function streaksOf(days: readonly Observation[]): ReadonlyMap<string, Streak> {
  const streaks = new Map<string, Streak>();
  let last: Streak | undefined;
  let nextDate = '';
  for (const { date, precipitation } of days) {
    const wet = precipitation >= wetDayMm;
    const goesOn: boolean = last?.wet === wet && date === nextDate;
    last = { wet, days: goesOn && last ? last.days + 1 : 1 };
    streaks.set(date, last);
    nextDate = dayAfter(date);
  }
  return streaks;
}

function toPeriod(period: string, days: readonly DayInsight[], streaks: ReadonlyMap<string, Streak>): PeriodInsight {
  const hottest = days.reduce((best, day) => (day.tempMax > best.tempMax ? day : best));
  const coldest = days.reduce((best, day) => (day.tempMin < best.tempMin ? day : best));
  const anomalies = days.flatMap((day) => day.anomaly ?? []);
  const longest = (wet: boolean): number =>
    Math.max(0, ...days.map((day) => streaks.get(day.date)).map((streak) => (streak?.wet === wet ? streak.days : 0)));
  return {
    station: hottest.station,
    period,
    days: days.length,
    tempMean: round(mean(days.map((day) => day.tempMean))),
    tempMax: hottest.tempMax,
    tempMaxDate: hottest.date,
    tempMin: coldest.tempMin,
    tempMinDate: coldest.date,
    precipitation: round(days.reduce((sum, day) => sum + day.precipitation, 0)),
    rainDays: days.filter((day) => day.precipitation >= wetDayMm).length,
    longestWetStreak: longest(true),
    longestDryStreak: longest(false),
    windMean: round(mean(days.map((day) => day.wind))),
    anomaly: anomalies.length === 0 ? null : round(mean(anomalies)),
  };
}

function dayAfter(date: string): string {
  return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
}

/** To hundredths: the observations have tenths, and a file should not show the noise of binary fractions. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}
