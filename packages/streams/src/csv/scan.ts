import { endianness } from 'node:os';
import { OptionError } from '@dataenginex/core';
import { type Columns, type Row, unnamed } from './columns.ts';
import { blanksOf, type Dialect, inClass, lineEndOf } from './dialect.ts';
import { type Scan, type Scanned, TOO_LONG } from '../rows/rows.ts';

const LF = 10;
const CR = 13;
/** The code of a character that the dialect does not have. */
const NONE = -1;

export interface CsvScanOptions {
  readonly dialect: Dialect;
  /** Lines before the first row. */
  readonly skipLines: number;
  /** `undefined` when the first row names them. */
  readonly columns: Columns | undefined;
  /** Reads the names in the first row, or says what is wrong with them. */
  readonly readHeader: (fields: readonly string[]) => Columns | string;
  /** Whether rows with too few or many fields are made to fit. */
  readonly isFit: boolean;
}

/** What must be known to go on: the lines still to skip, and the first row once it has named the columns. */
interface CsvState {
  readonly skip: number;
  readonly header: readonly string[] | undefined;
}

function isState(state: unknown): state is CsvState {
  return typeof state === 'object' && state !== null && 'skip' in state;
}

function restoreColumns(header: readonly string[], readHeader: CsvScanOptions['readHeader']): Columns {
  const columns = readHeader(header);
  if (typeof columns === 'string') throw new OptionError('fromCsv', 'as it was when the header was read', columns);
  return columns;
}

/** Reads the fields of one row after another; kept in one piece, since this is where the time goes. */
export function createCsvScan(
  { dialect, skipLines, columns: given, readHeader, isFit }: CsvScanOptions,
  isTooLong: (text: string, start: number, end: number) => boolean,
  state: unknown,
): Scan<Row> {
  const { trim } = dialect;
  const lineEnd = lineEndOf(dialect);
  const delimiterCode = codeOf(dialect.delimiter);
  const lineEndCode = codeOf(lineEnd);
  const crCode = lineEndCode === LF ? CR : NONE;
  const quoteCode = codeOf(dialect.quote);
  const escapeCode = codeOf(dialect.escape);
  const commentCode = codeOf(dialect.comment);
  const highest = Math.max(delimiterCode, lineEndCode, crCode);
  const blanks = blanksOf(dialect).map(codeOf);
  const unescape = createUnescape(dialect);
  let { skip, header }: CsvState = isState(state) ? state : { skip: skipLines, header: undefined };
  let columns = header === undefined ? given : restoreColumns(header, readHeader);
  let units = new Uint16Array(0);
  let fields = new Int32Array(64);

  return (whole, isLast) => {
    const found: Scanned<Row> = { items: [], starts: [], bad: [], end: 0, lines: 0, state: { skip, header } };
    const nul = whole.indexOf('\0');
    if (nul >= 0) found.damage = { at: nul, reason: 'a NUL' };
    const text = nul >= 0 ? whole.slice(0, nul) : whole;
    const isWhole = isLast && nul < 0;
    const { length } = text;
    // An array is read in half the time that `charCodeAt` takes.
    units = toUnits(text, units);
    const codes = units;
    // The search for the end of a field ends here at the latest.
    codes[length] = lineEndCode;
    let bounds = fields;
    // Behind it nothing can be complete.
    const limit = isWhole ? length : text.lastIndexOf(lineEnd) + 1;
    let at = 0;

    while (at < limit) {
      const start = at;
      if (skip > 0 || codes[at] === commentCode) {
        const end = text.indexOf(lineEnd, start);
        if (end < 0 && !isWhole) return found;
        if (isTooLong(text, start, end < 0 ? length : end)) {
          found.damage = { at: start, reason: TOO_LONG };
          return found;
        }
        at = end < 0 ? length : end + 1;
        if (skip > 0) skip -= 1;
        found.state = { skip, header };
        if (end >= 0) found.lines += 1;
        found.end = at;
        continue;
      }

      let problem: string | undefined;
      let lines = 0;
      let count = 0;
      let escaped: number[] | undefined;
      let code = delimiterCode;
      while (code === delimiterCode) {
        if (trim) at = skipBlanks(codes, at, blanks);
        let from = at;
        let to = NONE;
        if (codes[at] === quoteCode) {
          from += 1;
          let isEscaped = false;
          for (to = from; to < length; to += 1) {
            code = codes[to] ?? 0;
            if (code === escapeCode && (codes[to + 1] === quoteCode || codes[to + 1] === escapeCode)) {
              isEscaped = true;
              to += 1;
            } else if (code === quoteCode) break;
            else if (code === lineEndCode) lines += 1;
          }
          if (to >= length) {
            if (isWhole) found.damage = { at, reason: 'a quote that is never closed' };
            return found;
          }
          if (isEscaped) (escaped ??= []).push(count);
          at = trim ? skipBlanks(codes, to + 1, blanks) : to + 1;
        }
        const tail = at;
        for (;;) {
          code = codes[at] ?? 0;
          while (code > highest || (code !== delimiterCode && code !== lineEndCode && code !== crCode)) {
            at += 1;
            code = codes[at] ?? 0;
          }
          if (code !== crCode || (at + 1 === length ? !isWhole : codes[at + 1] === LF)) break;
          problem ??= 'a carriage return without a line feed';
          at += 1;
        }
        // A quote at the very end of a text that goes on may yet be the first half of an escaped one.
        if (at >= limit && !isWhole) return found;
        if (to === NONE) {
          to = at;
          if (trim) while (to > from && blanks.includes(codes[to - 1] ?? 0)) to -= 1;
        } else if (at > tail) problem ??= 'text after a closing quote';
        if (count * 2 === bounds.length) bounds = fields = grow(bounds, count * 4);
        bounds[count * 2] = from;
        bounds[count * 2 + 1] = to;
        count += 1;
        if (code === delimiterCode) at += 1;
      }

      const end = at;
      if (code === crCode) at += 1;
      if (at < length) {
        at += 1;
        lines += 1;
      }
      if (isTooLong(text, start, end)) {
        found.damage = { at: start, reason: TOO_LONG };
        return found;
      }
      if (end > (trim ? skipBlanks(codes, start, blanks) : start)) {
        if (columns === undefined) {
          const row = unnamed.build(text, bounds, count);
          if (escaped !== undefined) unescape(row, escaped, undefined);
          header = Object.values(row);
          const named = problem ?? readHeader(header);
          if (typeof named === 'string') {
            found.damage = { at: start, reason: named };
            return found;
          }
          columns = named;
          found.state = { skip, header };
        } else {
          const { names, build } = columns;
          if (names !== undefined && count !== names.length) {
            if (isFit) {
              if (bounds.length < names.length * 2) bounds = fields = grow(bounds, names.length * 2);
              bounds.fill(0, count * 2, names.length * 2);
            } else problem ??= `the row has ${count} field${count === 1 ? '' : 's'} instead of ${names.length}`;
          }
          if (problem === undefined) {
            const row = build(text, bounds, count);
            if (escaped !== undefined) unescape(row, escaped, names);
            found.items.push(row);
            found.starts.push(start);
          } else found.bad.push({ before: found.items.length, start, end, reason: problem });
        }
      }
      found.end = at;
      found.lines += lines;
    }
    return found;
  };
}

function codeOf(character: string): number {
  return character === '' ? NONE : character.charCodeAt(0);
}

/** @returns The text's UTF-16 units, and room for one more, in `units` if they fit. */
function toUnits(text: string, units: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const into = units.length > text.length ? units : new Uint16Array(Math.ceil(text.length * 1.5) + 1);
  const bytes = Buffer.from(into.buffer);
  bytes.write(text, 'utf16le');
  if (endianness() === 'BE') bytes.swap16();
  return into;
}

function grow(bounds: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(size);
  grown.set(bounds);
  return grown;
}

function skipBlanks(codes: Uint16Array, from: number, blanks: readonly number[]): number {
  let at = from;
  while (blanks.includes(codes[at] ?? NONE)) at += 1;
  return at;
}

function createUnescape({ quote, escape }: Dialect) {
  const pattern = new RegExp(`${inClass(escape)}(${inClass(escape + quote)})`, 'gu');
  return (row: Row, escaped: readonly number[], names: readonly string[] | undefined): void => {
    for (const index of escaped) {
      const key = names === undefined ? index : (names[index] ?? '');
      if (!Object.hasOwn(row, key)) continue;
      Reflect.set(row, key, String(Reflect.get(row, key)).replaceAll(pattern, '$1'));
    }
  };
}
