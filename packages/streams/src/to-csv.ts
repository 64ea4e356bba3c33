import { OptionError } from '@dataenginex/core';
import { checkDelimiter, problemOfNames } from './csv-scan.ts';
import type { Operator } from './operator.ts';

export interface ToCsvOptions<Row> {
  /**
   * The columns, in order. By default the keys of the first row; a later row may lack some, and have no others.
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
  /**
   * One character.
   *
   * @default ','
   */
  delimiter?: string | undefined;
}

/**
 * Turns every row into a line of CSV by RFC 4180, CRLF at its end. Strings, numbers, bigints, booleans and dates (ISO
 * 8601) are written, `null` and `undefined` as an empty field. With `columns` the header is written even when no row
 * comes.
 *
 * ```ts
 * import { pipe, toCsv } from '@dataenginex/streams';
 *
 * const rows = [{ station: 'Seattle', sky: 'rain, then sun', tempMax: null }];
 * await Array.fromAsync(pipe(rows, toCsv({ columns: ['station', 'sky', 'tempMax'] })));
 * // => ['station,sky,tempMax\r\n', 'Seattle,"rain, then sun",\r\n']
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, for a value that CSV cannot hold, and for a key that is not a column when the
 *   first row gave the columns.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function toCsv<Row extends object>(options: ToCsvOptions<Row> = {}): Operator<Row, string> {
  const { columns, header = true, delimiter = ',' } = options;
  checkDelimiter('toCsv.delimiter', delimiter);
  if (columns !== undefined && (columns.length === 0 || problemOfNames(columns) !== undefined)) {
    throw new OptionError('toCsv.columns', 'names that differ, at least one', columns);
  }
  const toLine = (values: readonly string[]): string => {
    const line = values.map((value) => quote(value, delimiter)).join(delimiter);
    // A blank line is no row.
    return line === '' ? '""\r\n' : `${line}\r\n`;
  };
  return {
    name: 'toCsv',
    fuse(push, fail) {
      let names: readonly string[] | undefined = columns;
      let isHeaderDue = header;
      const begin = (): void => {
        if (isHeaderDue && names !== undefined) push(toLine(names));
        isHeaderDue = false;
      };
      return {
        push(row) {
          let line: string;
          try {
            names ??= Object.keys(row);
            line = toLine(valuesOf(row, names, columns === undefined));
          } catch (error) {
            throw fail(error);
          }
          begin();
          push(line);
        },
        end: begin,
      };
    },
  };
}

function valuesOf(row: object, names: readonly string[], isWhole: boolean): string[] {
  const fields: Partial<Record<string, unknown>> = { ...row };
  if (isWhole) {
    const stray = Object.keys(fields).find((key) => !names.includes(key));
    if (stray !== undefined) throw new TypeError(`the first row has no column ${JSON.stringify(stray)}`);
  }
  return names.map((name) => toText(name, fields[name]));
}

function toText(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  throw new TypeError(`CSV has no ${typeof value} (column ${JSON.stringify(name)})`);
}

function quote(value: string, delimiter: string): string {
  if (!value.includes(delimiter) && !/["\r\n]/u.test(value)) return value;
  return `"${value.replaceAll('"', '""')}"`;
}
