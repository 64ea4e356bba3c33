/** @import { DayInsight, Insights, PeriodInsight } from '../../model.ts' */

const dayMs = 86_400_000;

/**
 * One bar of rain and of anomaly: a day, or a month where all years are shown.
 *
 * @typedef {object} Bar
 * @property {number} at Its middle, in seconds.
 * @property {string} period `2012-08-11` or `2012-08`.
 * @property {number | null} precipitation `null` where it was not observed.
 * @property {number | null} anomaly
 */

/**
 * What is shown of one station: a year by days, or all years.
 *
 * @typedef {object} Shown
 * @property {boolean} byMonth Whether the bars are months.
 * @property {number} from In seconds.
 * @property {number} to In seconds, exclusive.
 * @property {readonly number[]} times The middle of every day, observed or not.
 * @property {readonly (DayInsight | null)[]} days One for each of `times`.
 * @property {readonly DayInsight[]} read Those that were observed.
 * @property {readonly Bar[]} bars
 * @property {readonly PeriodInsight[]} rows The months of the year, or the years.
 * @property {PeriodInsight | null} total What they come to.
 */

/**
 * @param {Insights} insights
 * @param {string} year
 * @param {readonly string[]} years All of them, ascending.
 * @returns {Shown}
 */
export function show(insights, year, years) {
  const byMonth = year === 'all';
  const first = byMonth ? years[0] : year;
  const last = byMonth ? years.at(-1) : year;
  const from = Date.parse(`${first}-01-01`);
  const to = Date.parse(`${Number(last) + 1}-01-01`);
  const rows = byMonth ? insights.years : insights.months.filter(({ period }) => period.startsWith(year));
  const found = new Map(insights.days.map((day) => [day.date, day]));
  const dates = Array.from({ length: (to - from) / dayMs }, (_, index) => isoDate(from + index * dayMs));
  const days = dates.map((date) => found.get(date) ?? null);
  return {
    byMonth,
    from: from / 1000,
    to: to / 1000,
    times: dates.map((date) => middle(date, 1)),
    days,
    read: days.filter((day) => day !== null),
    bars: byMonth ? monthBars(insights, dates) : dayBars(dates, days),
    rows,
    total: byMonth ? sum(rows) : (insights.years.find(({ period }) => period === year) ?? null),
  };
}

/** @param {number} ms */
const isoDate = (ms) => new Date(ms).toISOString().slice(0, 10);

/** @param {string} date The first day. @param {number} days How many. */
const middle = (date, days) => (Date.parse(date) + (days * dayMs) / 2) / 1000;

/** @param {readonly string[]} dates @param {readonly (DayInsight | null)[]} days @returns {Bar[]} */
function dayBars(dates, days) {
  return dates.map((date, index) => {
    const day = days[index];
    return {
      at: middle(date, 1),
      period: date,
      precipitation: day?.precipitation ?? null,
      anomaly: day?.anomaly ?? null,
    };
  });
}

/** @param {Insights} insights @param {readonly string[]} dates @returns {Bar[]} */
function monthBars(insights, dates) {
  const found = new Map(insights.months.map((month) => [month.period, month]));
  return dates
    .filter((date) => date.endsWith('-01'))
    .map((date) => {
      const period = date.slice(0, 7);
      const month = found.get(period);
      return {
        at: middle(date, 30.4),
        period,
        precipitation: month?.precipitation ?? null,
        anomaly: month?.anomaly ?? null,
      };
    });
}

/**
 * Several years as one period. A streak that goes over New Year is counted in the year it ends in, so the longest of
 * the years is the longest of all.
 *
 * @param {readonly PeriodInsight[]} years
 * @returns {PeriodInsight | null}
 */
function sum(years) {
  const [first] = years;
  if (first === undefined) return null;
  const days = total(years, (year) => year.days);
  const warmest = years.reduce((best, year) => (year.tempMax > best.tempMax ? year : best));
  const coldest = years.reduce((best, year) => (year.tempMin < best.tempMin ? year : best));
  const judged = years.filter(({ anomaly }) => anomaly !== null);
  return {
    station: first.station,
    period: 'all',
    days,
    tempMean: total(years, (year) => year.tempMean * year.days) / days,
    tempMax: warmest.tempMax,
    tempMaxDate: warmest.tempMaxDate,
    tempMin: coldest.tempMin,
    tempMinDate: coldest.tempMinDate,
    precipitation: total(years, (year) => year.precipitation),
    rainDays: total(years, (year) => year.rainDays),
    longestWetStreak: Math.max(...years.map((year) => year.longestWetStreak)),
    longestDryStreak: Math.max(...years.map((year) => year.longestDryStreak)),
    windMean: total(years, (year) => year.windMean * year.days) / days,
    anomaly:
      judged.length === 0
        ? null
        : total(judged, (year) => (year.anomaly ?? 0) * year.days) / total(judged, (year) => year.days),
  };
}

/** @param {readonly PeriodInsight[]} years @param {(year: PeriodInsight) => number} read */
const total = (years, read) => years.reduce((all, year) => all + read(year), 0);
