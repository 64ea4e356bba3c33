import { OptionError } from '@dataenginex/core';
import { clock, compileStrftime, monthNames, months } from '../rows/strftime.ts';
import { type RegexSyntax, translateRegex } from './regex.ts';

const anyYear = String.raw`(?:[1-9]\d{3}|0[1-9]\d\d|00[1-9]\d|000[1-9])`;
const leapPairs = '(?:0[48]|[2468][048]|[13579][26])';
const leapYear = String.raw`(?:\d\d${leapPairs}|(?:${leapPairs})00)`;

/** Days that only some months have, with the months (from 1) and years. */
const calendars: readonly (readonly [days: string, months: readonly number[], isLeap: boolean])[] = [
  [String.raw`(?:2[0-8]|1\d|0[1-9]|[1-9]| [1-9])`, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], false],
  ['(?:29|30)', [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], false],
  ['31', [1, 3, 5, 7, 8, 10, 12], false],
  ['29', [2], true],
];

/**
 * Regexes of which one is found in each date of a format: what the calendar has is spelled out, as a database has no
 * groups to look at afterwards.
 *
 * @throws {OptionError} When it is no format, or has letters beyond ASCII, or no delimiter between a date's digits.
 */
export function translateStrftime(option: string, format: string, syntax: RegexSyntax): readonly string[] {
  compileStrftime(option, format);
  if (/(?![A-Za-z])\p{Cased}/u.test(format)) {
    throw new OptionError(option, 'a format that databases can be asked (letters of ASCII)', format);
  }
  // Which digits are the day's is another question where more than one way is open.
  if (/%(?:d%[YymjfHIMS]|m%[YyjfHIMS])/.test(format)) {
    throw new OptionError(option, 'a format that databases can be asked (with something between its numbers)', format);
  }
  const has = (directive: string): boolean => format.replaceAll('%%', '').includes(`%${directive}`);
  const years = has('Y') || has('y');
  const possible = calendars.filter(([, , isLeap], at) => at === 0 || (has('d') && (years || !isLeap)));
  return possible.map(([days, inMonths, isLeap]) => {
    const parts: Readonly<Record<string, string>> = {
      ...clock,
      Y: isLeap ? leapYear : anyYear,
      y: isLeap ? '(?:00|' + leapPairs + ')' : String.raw`\d\d`,
      m: `(?:${inMonths.map((month) => (month < 10 ? `0${month}|${month}` : month)).join('|')})`,
      d: days,
      b: `(?:${inMonths.map((month) => months[month - 1]).join('|')})`,
      B: `(?:${inMonths.map((month) => monthNames[month - 1]).join('|')})`,
    };
    const source = format.replaceAll(/%([\s\S])|\s+|[\^$\\.*+?()[\]{}|/]/g, (token, directive: string | undefined) => {
      if (directive !== undefined) return parts[directive] ?? token;
      return /\s/.test(token) ? String.raw`\s+` : `\\${token}`;
    });
    const inBothCases = source.replaceAll(/\\.|[A-Za-z]/g, (token) =>
      token.length > 1 ? token : `[${token.toLowerCase()}${token.toUpperCase()}]`,
    );
    return translateRegex(option, `^(?:${inBothCases})$`, syntax);
  });
}
