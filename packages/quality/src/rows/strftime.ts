import { OptionError } from '@dataenginex/core';

export const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
export const monthNames = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** Python's directives of `strptime` that the calendar does not ask, in the C locale. */
export const clock: Readonly<Record<string, string>> = {
  a: '(?:mon|tue|wed|thu|fri|sat|sun)',
  A: '(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)',
  j: String.raw`(?:36[0-6]|3[0-5]\d|[12]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9])`,
  H: String.raw`(?:2[0-3]|[01]\d|\d)`,
  I: '(?:1[0-2]|0[1-9]|[1-9])',
  M: String.raw`(?:[0-5]\d|\d)`,
  S: String.raw`(?:[0-5]\d|\d)`,
  f: String.raw`\d{1,6}`,
  p: '(?:am|pm)',
  z: String.raw`(?:[+-]\d\d:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?|Z)`,
  Z: '(?:utc|gmt)',
  '%': '%',
};

const directives: Readonly<Record<string, string>> = {
  ...clock,
  Y: String.raw`(?<Y>\d{4})`,
  y: String.raw`(?<y>\d\d)`,
  m: String.raw`(?<m>1[0-2]|0[1-9]|[1-9])`,
  d: String.raw`(?<d>3[01]|[12]\d|0[1-9]|[1-9]| [1-9])`,
  b: `(?<b>${months.join('|')})`,
  B: `(?<b>${monthNames.join('|')})`,
};

/**
 * Whether a text is a date in a format of Python's `strftime`, and one that the calendar has.
 *
 * @throws {OptionError} When a directive is none of %Y %y %m %d %b %B %a %A %j %H %I %M %S %f %p %z %Z %%, or is there twice.
 */
export function compileStrftime(option: string, format: string): (text: string) => boolean {
  const refuse = (why: string): never => {
    throw new OptionError(option, `a format of strftime (${why})`, format);
  };
  const seen = new Set<string>();
  const source = format.replaceAll(/%([\s\S]?)|\s+|[\^$\\.*+?()[\]{}|/]/g, (token, directive: string | undefined) => {
    if (directive === undefined) return /\s/.test(token) ? String.raw`\s+` : `\\${token}`;
    const pattern = directives[directive];
    if (pattern === undefined) return refuse(`${token} is no directive`);
    if (directive !== '%' && seen.size === seen.add(directive).size) return refuse(`${token} is there twice`);
    return pattern;
  });
  if ((seen.has('b') && seen.has('B')) || (seen.has('y') && seen.has('Y'))) refuse('two directives for one thing');
  const regex = new RegExp(`^${source}$`, 'i');
  return (text) => {
    const groups = regex.exec(text)?.groups;
    if (groups === undefined) return regex.test(text);
    const month =
      groups.b === undefined ? Number(groups.m ?? 1) : months.indexOf(groups.b.slice(0, 3).toLowerCase()) + 1;
    const year = groups.Y === undefined ? yearOf(groups.y) : Number(groups.Y);
    return year > 0 && Number(groups.d ?? 1) <= daysIn(year, month);
  };
}

function yearOf(short: string | undefined): number {
  if (short === undefined) return 1900;
  return Number(short) + (Number(short) <= 68 ? 2000 : 1900);
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}
