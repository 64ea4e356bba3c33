import { OptionError } from '@dataenginex/core';

/**
 * Compiles a regular expression as Python's `re` writes it, to be searched for anywhere in a text.
 *
 * Other than in Python, `\d`, `\w` and `\b` are about ASCII, and `$` is the end of the text, never a newline before it:
 * so it is in databases. `\p{…}` and `\u{…}` of JavaScript are taken, too.
 *
 * @throws {OptionError} When it is none, or has what JavaScript has not: possessive quantifiers, atomic groups, `(?x)`.
 */
export function compileRegex(option: string, regex: string): RegExp {
  const flags = /^\(\?([aimsu]+)\)/.exec(regex);
  const dotAll = flags?.[1]?.includes('s') ?? false;
  const kept = ['i', 'm'].filter((flag) => flags?.[1]?.includes(flag));
  try {
    return new RegExp(toJavaScript(regex.slice(flags?.[0].length ?? 0), dotAll), `u${kept.join('')}`);
  } catch (error) {
    throw new OptionError(
      option,
      `a regular expression (${error instanceof Error ? error.message : 'invalid'})`,
      regex,
    );
  }
}

const tokens = /\\[pPu]\{[^}]*\}|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?P[<=]|\{\d+(?:,\d*)?\}|\{,\d+\}|[\s\S]/gu;

function toJavaScript(regex: string, dotAll: boolean): string {
  return regex.replace(tokens, (token) => {
    if (token === '.') return dotAll ? String.raw`[\s\S]` : String.raw`[^\n]`;
    if (token.startsWith('\\')) return escapeOf(token);
    if (token.startsWith('[') && token.length > 1) return classOf(token);
    if (token === '(?P<') return '(?<';
    if (token === '(?P=') throw new SyntaxError('named backreferences are not supported');
    if (token.startsWith('{,')) return `{0${token.slice(1)}`;
    return /^[{}\]]$/.test(token) ? `\\${token}` : token;
  });
}

function escapeOf(token: string): string {
  if (token === String.raw`\A`) return String.raw`(?<![\s\S])`;
  if (token === String.raw`\Z`) return String.raw`(?![\s\S])`;
  const character = token.slice(1);
  return /[A-Za-z\d^$\\.*+?()[\]{}|/]/.test(character) ? token : character;
}

/** A class of characters; the first one may be an unescaped `]`. */
function classOf(token: string): string {
  const open = token.startsWith('[^') ? '[^' : '[';
  const inner = token
    .slice(open.length, -1)
    .replace(/^\]/, String.raw`\]`)
    // Beside a class of its own, such as in `[\w-.]`, a hyphen is one.
    .replaceAll(/(\\[dDsSwW]|\\[pP]\{[^}]*\})-(?!$)/gu, String.raw`$1\-`)
    .replaceAll(/(?<=[^\\])-(?=\\[dDsSwWpP])/gu, String.raw`\-`)
    .replaceAll(/\\[\s\S]/gu, (escape) => (escape === String.raw`\-` ? escape : escapeOf(escape)));
  return `${open}${inner}]`;
}

/** Compiles a pattern of SQL's `LIKE`, which is about the whole text and tells letters by case. */
export function compileLike(pattern: string, escape: string | undefined): RegExp {
  let source = '';
  let escaped = false;
  for (const character of pattern) {
    if (character === escape && !escaped) {
      escaped = true;
      continue;
    }
    if (character === '%' && !escaped) source += String.raw`[\s\S]*`;
    else if (character === '_' && !escaped) source += String.raw`[\s\S]`;
    else source += character.replace(/[\^$\\.*+?()[\]{}|/]/, String.raw`\$&`);
    escaped = false;
  }
  return new RegExp(`^${source}$`, 'u');
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const monthNames = 'january|february|march|april|may|june|july|august|september|october|november|december';

/** Python's directives of `strptime`, in the C locale. */
const directives: Readonly<Record<string, string>> = {
  Y: String.raw`(?<Y>\d{4})`,
  y: String.raw`(?<y>\d\d)`,
  m: String.raw`(?<m>1[0-2]|0[1-9]|[1-9])`,
  d: String.raw`(?<d>3[01]|[12]\d|0[1-9]|[1-9]| [1-9])`,
  b: `(?<b>${months.join('|')})`,
  B: `(?<b>${monthNames})`,
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

/** Whether a text's length in code points, as databases count, is within bounds, without counting where that can be told. */
export function lengthWithin(text: string, min: number, max: number): boolean {
  const least = Math.ceil(text.length / 2);
  if (text.length < min || least > max) return false;
  if (least >= min && text.length <= max) return true;
  const length = codePoints(text);
  return length >= min && length <= max;
}

function codePoints(text: string): number {
  let { length } = text;
  for (let index = 0; index < text.length - 1; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) length--;
  }
  return length;
}
