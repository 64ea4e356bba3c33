import { OptionError } from '@dataenginex/core';

/** How a table is written as text. The same options read what `toCsv` wrote with them. */
export interface CsvDialect {
  /**
   * One character between two fields; `'\t'` makes it TSV.
   *
   * @default ','
   */
  delimiter?: string | undefined;
  /**
   * One character around a field that holds a delimiter or a line end; `''` when there is none, and every character
   * stands for itself.
   *
   * @default '"'
   */
  quote?: string | undefined;
  /**
   * One character before a quote, or before itself, that is part of a quoted field: the quote where quotes are doubled,
   * `'\\'` where they are escaped. Before anything else it stands for itself.
   *
   * @default the quote
   */
  escape?: string | undefined;
  /**
   * One character that begins a line which is no row; `''` when there is none.
   *
   * @default ''
   */
  comment?: string | undefined;
  /**
   * What ends a row: `'\r\n'`, `'\n'` or another single character, such as `'\r'`. The first two read both.
   *
   * @default '\r\n'
   */
  lineEnd?: string | undefined;
  /**
   * Whether spaces and tabs around a field, and around its quotes, are none of it.
   *
   * @default false
   */
  trim?: boolean | undefined;
}

export type Dialect = Required<{ readonly [Key in keyof CsvDialect]: NonNullable<CsvDialect[Key]> }>;

/** @throws {OptionError} When a character cannot play its part, or has to play two. */
export function checkDialect(operator: string, options: CsvDialect): Dialect {
  const { delimiter = ',', quote = '"', escape = quote, comment = '', lineEnd = '\r\n', trim = false } = options;
  const taken = new Set(lineEnd === '\r\n' ? '\n' : lineEnd);
  const check = (name: string, character: string): void => {
    if (!isCharacter(character) || '\r\n'.includes(character) || taken.has(character)) {
      const expected = 'one character that is no line end and has no other part';
      throw new OptionError(`${operator}.${name}`, expected, character);
    }
    taken.add(character);
  };
  if (lineEnd !== '\r\n' && !isCharacter(lineEnd)) {
    throw new OptionError(`${operator}.lineEnd`, String.raw`'\r\n' or one character`, lineEnd);
  }
  if (quote !== '') check('quote', quote);
  check('delimiter', delimiter);
  if (escape !== quote) {
    if (quote === '') throw new OptionError(`${operator}.escape`, 'left out where there is no quote', escape);
    check('escape', escape);
  }
  if (comment !== '') check('comment', comment);
  if (typeof trim !== 'boolean') throw new OptionError(`${operator}.trim`, 'true or false', trim);
  return { delimiter, quote, escape, comment, lineEnd, trim };
}

/** A NUL is refused in every text, half a surrogate pair is no character, and a byte order mark may be cut off. */
function isCharacter(value: string): boolean {
  return typeof value === 'string' && value.length === 1 && !/[\0\uD800-\uDFFF\uFEFF]/u.test(value);
}

/** The character that ends a row; a carriage return before a line feed belongs to it. */
export function lineEndOf({ lineEnd }: Dialect): string {
  return lineEnd === '\r\n' ? '\n' : lineEnd;
}

/** What `trim` takes away. */
export function blanksOf(dialect: Dialect): readonly string[] {
  return [' ', '\t'].filter((blank) => !Object.values(dialect).includes(blank));
}

/** A class of a regular expression that matches one of the characters, or none. */
export function inClass(characters: string): string {
  return `[${characters.replaceAll(/./gsu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}]`;
}
