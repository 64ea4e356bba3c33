import { OptionError } from '@dataenginex/core';
import { type Scan, type Scanned, TOO_LONG } from './rows.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;

/** @throws {OptionError} When it cannot delimit. */
export function checkDelimiter(option: string, delimiter: string): void {
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n\0'.includes(delimiter)) {
    throw new OptionError(option, 'one character that is neither a quote nor a line end', delimiter);
  }
}

/** @returns What is wrong with the names, if anything. */
export function problemOfNames(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return `the column ${JSON.stringify(name)} is named twice`;
    seen.add(name);
  }
  // Assigned to an object it would set the prototype, and the column be lost.
  return seen.has('__proto__') ? 'a column cannot be named "__proto__"' : undefined;
}

type Row = string[] | Record<string, string>;

/** Reads the fields of one row after another; kept in one piece, since this is where the time goes. */
export function createCsvScan(
  header: boolean | readonly string[],
  delimiter: string,
  isTooLong: (text: string, start: number, end: number) => boolean,
): Scan<Row> {
  const comma = delimiter.charCodeAt(0);
  let names: readonly string[] | undefined = typeof header === 'boolean' ? undefined : header;

  return (whole, isLast) => {
    const found: Scanned<Row> = { items: [], starts: [], bad: [], end: 0, lines: 0 };
    const nul = whole.indexOf('\0');
    if (nul >= 0) found.damage = { at: nul, reason: 'a NUL' };
    const text = nul >= 0 ? whole.slice(0, nul) : whole;
    const isWhole = isLast && nul < 0;
    const { length } = text;
    let at = 0;

    while (at < length) {
      const start = at;
      const fields: string[] = [];
      let problem: string | undefined;
      let lines = 0;
      let isOpen = true;

      while (isOpen) {
        let from = at;
        let field: string | undefined;
        if (at < length && text.charCodeAt(at) === QUOTE) {
          let close = text.indexOf('"', at + 1);
          let isEscaped = false;
          while (close >= 0 && close + 1 < length && text.charCodeAt(close + 1) === QUOTE) {
            isEscaped = true;
            close = text.indexOf('"', close + 2);
          }
          // At the very end of a text that goes on, the quote may be the first half of an escaped one.
          if (close < 0 || (close + 1 === length && !isWhole)) {
            if (isWhole) found.damage = { at, reason: 'a quote that is never closed' };
            return found;
          }
          field = text.slice(at + 1, close);
          lines += countLines(field);
          if (isEscaped) field = field.replaceAll('""', '"');
          at = close + 1;
          from = at;
        }
        // Never read behind the end: one NaN, and all codes become floats.
        let code = -1;
        for (; at < length; at += 1) {
          code = text.charCodeAt(at);
          if (code === comma || code === LF) break;
          if (code === CR) {
            if (at + 1 === length ? !isWhole : text.charCodeAt(at + 1) === LF) break;
            problem ??= 'a carriage return without a line feed';
          }
          code = -1;
        }
        if (at + (code === CR ? 1 : 0) === length && !isWhole) return found;
        if (field === undefined) field = text.slice(from, at);
        else if (at > from) problem ??= 'text after a closing quote';
        fields.push(field);
        isOpen = code === comma;
        if (isOpen) at += 1;
      }

      const end = at;
      if (at < length && text.charCodeAt(at) === CR) at += 1;
      if (at < length) {
        at += 1;
        lines += 1;
      }
      if (isTooLong(text, start, end)) {
        found.damage = { at: start, reason: TOO_LONG };
        return found;
      }
      if (end > start) {
        if (names === undefined && header === true) {
          problem ??= problemOfNames(fields);
          if (problem !== undefined) {
            found.damage = { at: start, reason: problem };
            return found;
          }
          names = fields;
        } else {
          if (names !== undefined && fields.length !== names.length) {
            problem ??= `the row has ${fields.length} field${fields.length === 1 ? '' : 's'} instead of ${names.length}`;
          }
          if (problem === undefined) {
            found.items.push(names === undefined ? fields : toRecord(names, fields));
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

function toRecord(names: readonly string[], fields: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let index = 0; index < names.length; index += 1) record[names[index] ?? ''] = fields[index] ?? '';
  return record;
}

function countLines(field: string): number {
  let lines = 0;
  for (let at = field.indexOf('\n'); at >= 0; at = field.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
