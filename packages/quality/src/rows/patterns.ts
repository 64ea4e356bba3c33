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
  return new RegExp(`^${likeParts(pattern, escape).join(String.raw`[\s\S]*`)}$`, 'u');
}

/** What stands before, between and behind the `%` of such a pattern, as regular expressions. */
export function likeParts(pattern: string, escape: string | undefined): string[] {
  const parts = [''];
  let escaped = false;
  for (const character of pattern) {
    if (character === escape && !escaped) {
      escaped = true;
      continue;
    }
    if (character === '%' && !escaped) parts.push('');
    else if (character === '_' && !escaped) parts[parts.length - 1] += String.raw`[\s\S]`;
    else parts[parts.length - 1] += character.replace(/[\^$\\.*+?()[\]{}|/]/, String.raw`\$&`);
    escaped = false;
  }
  return parts;
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
