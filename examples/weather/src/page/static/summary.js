/** @import { PeriodInsight } from '../../model.ts' */
/** @import { Shown } from './record.js' */
import { find, make, say } from './dom.js';
import { count, decimal, fullDate, monthName, plural, shortDate, signed } from './format.js';

/**
 * Says in words and numbers what the charts show.
 *
 * @param {Shown} shown
 * @param {string} station Its name.
 * @param {string} span `2014` or `2012–2015`.
 */
export function showSummary(shown, station, span) {
  document.title = `${station}, ${span} · The weather record`;
  say('#station', station);
  say('#span', span);
  say('#lede', lede(shown));
  showNumbers(shown.total);
  showPeriods(shown, station, span);
}

/** @param {Shown} shown */
function lede({ byMonth, times, total }) {
  if (total === null) return 'Waiting for the first observations.';
  const part = total.days < times.length;
  const whole = byMonth ? 'These years were' : 'The year was';
  const read = part ? `${count(total.days)} of ${plural(times.length, 'day')} are in. ` : '';
  const rain = `It rained on ${count(total.rainDays)} of ${part ? 'them' : plural(total.days, 'day')}`;
  return `${read}${warmth(part ? 'They were' : whole, total.anomaly)}${rain}, with ${count(Math.round(total.precipitation))} mm in all.`;
}

/** @param {string} span @param {number | null} anomaly */
function warmth(span, anomaly) {
  if (anomaly === null) return '';
  if (Math.abs(anomaly) < 0.05) return `${span} as warm as normal. `;
  return `${span} ${decimal(Math.abs(anomaly))} °C ${anomaly > 0 ? 'warmer' : 'colder'} than normal. `;
}

/** @param {PeriodInsight | null} total */
function showNumbers(total) {
  find('.numbers').classList.toggle('empty', total === null);
  if (total === null) return;
  number('mean', decimal(total.tempMean), total.anomaly === null ? '' : `${signed(total.anomaly)} against normal`);
  number('warmest', decimal(total.tempMax), fullDate(total.tempMaxDate));
  number('coldest', decimal(total.tempMin), fullDate(total.tempMinDate));
  number('fallen', count(Math.round(total.precipitation)), `on ${plural(total.rainDays, 'day')}`);
  number('wet', count(total.longestWetStreak), '1 mm or more each');
  number('dry', count(total.longestDryStreak), 'below 1 mm each');
}

/** @param {string} id @param {string} value @param {string} note */
function number(id, value, note) {
  say(`#${id} .value`, value);
  say(`#${id} .note`, note);
}

/** @param {Shown} shown @param {string} station @param {string} span */
function showPeriods({ byMonth, rows }, station, span) {
  say('#periods-title', byMonth ? 'Year by year' : 'Month by month');
  say('#periods-note', `${station}, ${span}. Temperatures in °C, rain in mm, wind in m/s, streaks in days.`);
  say('#periods thead th', byMonth ? 'Year' : 'Month');
  find('#periods').classList.toggle('empty', rows.length === 0);
  const low = Math.min(...rows.map((row) => row.tempMin));
  const high = Math.max(...rows.map((row) => row.tempMax));
  const share = (/** @type {number} */ value) => `${((value - low) / (high - low)) * 100}%`;
  find('#periods tbody').replaceChildren(...rows.map((row) => periodRow(row, byMonth, share)));
}

/** @param {PeriodInsight} row @param {boolean} byMonth @param {(value: number) => string} share */
function periodRow(row, byMonth, share) {
  const bar = make('span', { class: 'bar' });
  bar.style.setProperty('--from', share(row.tempMin));
  bar.style.setProperty('--to', share(row.tempMax));
  bar.style.setProperty('--mean', share(row.tempMean));
  const side = (row.anomaly ?? 0) < 0 ? 'below' : 'above'; // its sign is written too
  return make('tr', {}, [
    make('th', { scope: 'row' }, [byMonth ? row.period : monthName(row.period)]),
    make('td', {}, [decimal(row.tempMean)]),
    make('td', { class: side }, [signed(row.anomaly)]),
    extreme(row.tempMin, row.tempMinDate),
    make('td', { class: 'range', 'aria-hidden': 'true' }, [bar]),
    extreme(row.tempMax, row.tempMaxDate),
    make('td', {}, [decimal(row.precipitation)]),
    make('td', {}, [count(row.rainDays)]),
    make('td', {}, [count(row.longestWetStreak)]),
    make('td', {}, [count(row.longestDryStreak)]),
    make('td', {}, [decimal(row.windMean)]),
  ]);
}

/** @param {number} value @param {string} date */
const extreme = (value, date) => make('td', {}, [decimal(value), ' ', make('small', {}, [shortDate(date)])]);
