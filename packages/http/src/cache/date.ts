const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const month = `(${months.join('|')})`;
const time = String.raw`(\d\d):(\d\d):(\d\d)`;
const imfFixdate = new RegExp(String.raw`^(?:mon|tue|wed|thu|fri|sat|sun), (\d\d) ${month} (\d{4}) ${time} gmt$`, 'i');
const rfc850 = new RegExp(
  String.raw`^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d\d)-${month}-(\d\d) ${time} gmt$`,
  'i',
);
const asctime = new RegExp(String.raw`^(?:mon|tue|wed|thu|fri|sat|sun) ${month} ([ \d]\d) ${time} (\d{4})$`, 'i');

/**
 * One of the three forms of an HTTP date, as milliseconds; `undefined` when it is none, which `Date.parse` would guess.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
 */
export function parseHttpDate(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const fixed = imfFixdate.exec(value);
  if (fixed !== null) return timeOf(fixed[3], fixed[2], fixed[1], fixed.slice(4));
  const short = rfc850.exec(value);
  if (short !== null) return timeOf(fullYear(Number(short[3]), now), short[2], short[1], short.slice(4));
  const c = asctime.exec(value);
  return c === null ? undefined : timeOf(c[6], c[1], c[2], c.slice(3, 6));
}

/** A year that seems to be more than 50 years ahead is the one of the century before. */
function fullYear(twoDigits: number, now: number): number {
  const current = new Date(now).getUTCFullYear();
  const year = current - (current % 100) + twoDigits;
  return year > current + 50 ? year - 100 : year;
}

function timeOf(
  year: string | number | undefined,
  monthName: string | undefined,
  day: string | undefined,
  clock: readonly (string | undefined)[],
): number | undefined {
  const [hour = 0, minute = 0, second = 0] = clock.map(Number);
  const monthIndex = months.indexOf(monthName?.toLowerCase() ?? '');
  const at = Date.UTC(Number(year), monthIndex, Number(day), hour, minute, second);
  const isReal = minute < 60 && second <= 60 && new Date(at - second * 1_000).getUTCDate() === Number(day);
  return isReal ? at : undefined;
}
