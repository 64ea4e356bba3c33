import { OptionError } from '@dataenginex/core';
import { areNames } from './columns.ts';
import { blanksOf, checkDialect, type CsvDialect, type Dialect, inClass } from './dialect.ts';
import { hasColumn } from '../rows/has-column.ts';
import type { Operator } from '../pipes/operator.ts';

export interface ToCsvOptions<Row> extends CsvDialect {
  /**
   * The columns, in order, a getter of a class among them. By default the own keys of the first row; a later row may
   * lack some, and have no others.
   *
   * @default undefined
   */
  columns?: readonly (keyof Row & string)[] | undefined;
  /**
   * Whether the first line names the columns.
   *
   * @default true
   */
  header?: boolean | undefined;
}

/**
 * Turns every row into a line of CSV by RFC 4180, CRLF at its end, or of the dialect asked for, which `fromCsv` reads
 * back with the same options. Strings, numbers, bigints, booleans and dates (ISO 8601) are written, `null` and
 * `undefined` as an empty field; quotes stand where they are needed. With `columns` the header is written even when no
 * row comes.
 *
 * ```ts
 * import { pipe, toCsv } from '@dataenginex/streams';
 *
 * const rows = [{ station: 'Seattle', sky: 'rain, then sun', tempMax: null }];
 * await Array.fromAsync(pipe(rows, toCsv({ columns: ['station', 'sky', 'tempMax'] })));
 * // => ['station,sky,tempMax\r\n', 'Seattle,"rain, then sun",\r\n']
 * await Array.fromAsync(pipe(rows, toCsv({ delimiter: '\t', quote: '', lineEnd: '\n', header: false })));
 * // => ['Seattle\train, then sun\t\n']
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, for a value that CSV cannot hold (a NUL and, where there are no quotes, what
 *   needs them included), for a column that the first row lacks (it may be `null` there), and for a key that is not a
 *   column when the first row gave the columns.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function toCsv<Row extends object>(options: ToCsvOptions<Row> = {}): Operator<Row, string> {
  const { columns, header = true } = options;
  const toLine = createToLine(checkDialect('toCsv', options));
  if (columns !== undefined && !(areNames(columns) && columns.length > 0)) {
    throw new OptionError('toCsv.columns', 'names that differ, at least one', columns);
  }
  return {
    name: 'toCsv',
    fuse(push, fail, { restored }) {
      let names: readonly string[] | undefined = areNames(restored) ? restored : columns;
      let isHeaderDue = header && restored === undefined;
      let isFirst = restored === undefined;
      const write = (row?: Row): void => {
        const lines: string[] = [];
        try {
          if (row !== undefined && !isObject(row)) throw new TypeError('a row must be an object');
          if (row !== undefined) names ??= keysOf(row);
          if (row !== undefined && isFirst) checkColumns(row, columns ?? []);
          if (isHeaderDue && names !== undefined) lines.push(toLine(names));
          if (row !== undefined && names !== undefined) lines.push(toLine(valuesOf(row, names, columns === undefined)));
        } catch (error) {
          throw fail(error);
        }
        isHeaderDue = false;
        isFirst &&= row === undefined;
        for (const line of lines) push(line);
      };
      return { push: write, end: () => write(), save: () => (isHeaderDue ? undefined : names) };
    },
  };
}

function isObject(row: unknown): boolean {
  return typeof row === 'object' && row !== null;
}

function keysOf(row: object): string[] {
  const keys = Object.keys(row);
  if (keys.length === 0) throw new TypeError('the first row has no columns');
  return keys;
}

/** A misspelt column would be blank in every row. */
function checkColumns(row: object, columns: readonly string[]): void {
  const missing = columns.find((name) => !hasColumn(row, name));
  if (missing === undefined) return;
  throw new TypeError(`the first row has no column ${JSON.stringify(missing)}; where later rows do, put null in it`);
}

function valuesOf(row: object, names: readonly string[], isWhole: boolean): string[] {
  if (isWhole) {
    const stray = Object.keys(row).find((key) => !names.includes(key));
    if (stray !== undefined) throw new TypeError(`the first row has no column ${JSON.stringify(stray)}`);
  }
  return names.map((name) => toText(name, hasColumn(row, name) ? Reflect.get(row, name) : undefined));
}

function toText(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  throw new TypeError(`CSV has no ${typeof value} (column ${JSON.stringify(name)})`);
}

function createToLine(dialect: Dialect): (values: readonly string[]) => string {
  const { delimiter, quote, escape, comment, lineEnd, trim } = dialect;
  // What a reader would cut off: a byte order mark, and with `trim` what is blank.
  const blank = inClass(trim ? blanksOf(dialect).join('') : '');
  const ends = lineEnd === '\n' ? '\r\n' : lineEnd;
  const special = new RegExp(`${inClass(`${delimiter}${quote}${ends}\0`)}|^\uFEFF|^${blank}|${blank}$`, 'u');
  const escaped = new RegExp(inClass(quote + escape), 'gu');
  const enclose = (value: string): string => {
    if (value.includes('\0')) throw new TypeError('CSV has no NUL');
    if (quote === '') throw new TypeError(`without quotes CSV has no ${JSON.stringify(value)}`);
    return `${quote}${value.replaceAll(escaped, (character) => escape + character)}${quote}`;
  };
  return (values) => {
    let line = values.map((value) => (special.test(value) ? enclose(value) : value)).join(delimiter);
    const [first = ''] = values;
    // Neither a blank line nor a comment is a row.
    if (line === '' || (comment !== '' && line.startsWith(comment))) line = enclose(first) + line.slice(first.length);
    return `${line}${lineEnd}`;
  };
}
