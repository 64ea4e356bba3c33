const none = '–';

const plain = new Intl.NumberFormat('en-GB');
const tenths = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const signs = new Intl.NumberFormat('en-GB', {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
});
const dates = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const dayMonths = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const months = new Intl.DateTimeFormat('en-GB', { month: 'long', timeZone: 'UTC' });
const monthYears = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** @param {string} text */
const withMinus = (text) => text.replace('-', '−');

/** @param {number} value */
export const count = (value) => plain.format(value);

/** One decimal. @param {number | null} value */
export const decimal = (value) => (value === null ? none : withMinus(tenths.format(value)));

/** One decimal and a sign. @param {number | null} value */
export const signed = (value) => (value === null ? none : withMinus(signs.format(value)));

/** `17 days`. @param {number} value @param {string} noun */
export const plural = (value, noun) => `${plain.format(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `11 Aug 2012`. @param {string} date */
export const fullDate = (date) => dates.format(new Date(date));

/** `11 Aug`. @param {string} date */
export const shortDate = (date) => dayMonths.format(new Date(date));

/** `August` for `2012-08`. @param {string} period */
export const monthName = (period) => months.format(new Date(`${period}-01`));

/** `August 2012` for `2012-08`. @param {string} period */
export const monthAndYear = (period) => monthYears.format(new Date(`${period}-01`));

/** `4.2 s` or `1 min 12 s`. @param {number} ms */
export function elapsed(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${tenths.format(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
