import { checkInteger, checkOneOf, OptionError } from '@dataenginex/core';
import { areNames, nameColumns, readHeader, type Rename, unnamed } from './columns.ts';
import { checkDialect, type CsvDialect, lineEndOf } from './dialect.ts';
import { createCsvScan } from './scan.ts';
import type { Pipe } from '../pipes/pipe.ts';
import { type BytesSource, checkNoName } from '../bytes/pieces.ts';
import { pipeRows, type RowOptions } from '../rows/rows.ts';

export interface CsvOptions extends RowOptions, CsvDialect {
  /**
   * `true`: the first row names the columns. An array: the names of the columns of a file that has no such row.
   * `false`: there are no names, and rows are arrays.
   *
   * @default true
   */
  header?: boolean | readonly string[] | undefined;
  /**
   * Other names for columns that the first row names: by name, or by a function of name and index, whose names must
   * differ. By name, a column that the header lacks is an error, like one in `columns`.
   *
   * @default undefined
   */
  rename?: Rename | undefined;
  /**
   * The only columns that rows shall have, in this order, by the names they have in the end. What is left out is
   * checked for its form, but no string is made of it, which takes less time.
   *
   * @default all of them
   */
  columns?: readonly string[] | undefined;
  /**
   * A row with too few or too many fields is malformed (`'reject'`), or made to fit (`'fit'`): fields that lack are
   * empty, those too many are dropped. Without names rows may differ.
   *
   * @default 'reject'
   */
  ragged?: 'reject' | 'fit' | undefined;
  /**
   * Lines before the first row that are passed over, whatever is in them.
   *
   * @default 0
   */
  skipLines?: number | undefined;
}

/**
 * Reads CSV by RFC 4180, and its dialects: quotes, line ends and delimiters in quotes, CRLF or LF, with or without a
 * byte order mark. Every value is a string, for a schema to read. Blank lines are skipped; a quote inside a field that
 * does not begin with one is taken as it stands.
 *
 * ```ts
 * import { fromCsv, type Reject } from '@dataenginex/streams';
 *
 * const refused: Reject[] = [];
 * const rows = fromCsv('station,sky\nSeattle,"rain, then sun"\nNew York\n', {
 *   rejects: (reject) => void refused.push(reject),
 * });
 * await Array.fromAsync(rows); // => [{ station: 'Seattle', sky: 'rain, then sun' }]
 * refused[0]?.reason; // => 'the row has 1 field instead of 2'
 * refused[0]?.position; // => { index: 1, line: 3, byte: 37 }
 *
 * const tsv = '# from the airport\nStation\tMax °C\nSeattle\t12.8\n';
 * const dialect = { delimiter: '\t', quote: '', comment: '#' };
 * await Array.fromAsync(fromCsv(tsv, { ...dialect, rename: { 'Max °C': 'tempMax' }, columns: ['tempMax'] }));
 * // => [{ tempMax: '12.8' }]
 * ```
 *
 * @throws {OptionError} At once, when the source is none or an option is out of range; from the pipe, when strings that
 *   are to have a header come without any line end, as lines that were split do.
 * @throws {FormatError} From the pipe: a malformed row (too many or few fields, text after a closing quote, a lone
 *   carriage return) when there is no `rejects`; in any case a header that names a column twice or lacks one that is
 *   asked for, a quote that is never closed, a NUL, a byte that is not UTF-8, a row longer than `maxRowBytes`.
 * @throws {RejectLimitError} From the pipe, when more than `maxRejects` rows are malformed.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function fromCsv(source: BytesSource, options: CsvOptions & { header: false }): Pipe<string[]>;
export function fromCsv<const Name extends string, const Column extends Name = Name>(
  source: BytesSource,
  options: CsvOptions & { header: readonly Name[]; columns?: readonly Column[] | undefined },
): Pipe<Record<Column, string>>;
export function fromCsv<const Column extends string = string>(
  source: BytesSource,
  options?: CsvOptions & { header?: true | undefined; columns?: readonly Column[] | undefined },
): Pipe<Record<Column, string>>;
export function fromCsv(source: BytesSource, options: CsvOptions = {}): Pipe<string[] | Record<string, string>> {
  const { header = true, rename, columns, ragged = 'reject', skipLines = 0 } = options;
  const dialect = checkDialect('fromCsv', options);
  if (typeof header !== 'boolean' && !areNames(header)) {
    throw new OptionError('fromCsv.header', 'true, false, or names that differ', header);
  }
  if (rename !== undefined && (header !== true || !isRename(rename))) {
    throw new OptionError('fromCsv.rename', 'names by name or a function, for a header that is read', rename);
  }
  const isKnown = (name: string): boolean => header !== false && (header === true || header.includes(name));
  if (columns !== undefined && !(areNames(columns) && columns.length > 0 && columns.every(isKnown))) {
    throw new OptionError('fromCsv.columns', 'names that differ, of columns that there are, at least one', columns);
  }
  if (header === true) checkNoName('fromCsv', source);
  checkOneOf('fromCsv.ragged', ragged, ['reject', 'fit']);
  checkInteger('fromCsv.skipLines', skipLines, { min: 0 });
  return pipeRows(
    source,
    {
      format: 'CSV',
      operator: 'fromCsv',
      lineEnd: lineEndOf(dialect),
      needsLineEnd: header === true,
      createScan: (isTooLong, state) =>
        createCsvScan(
          {
            dialect,
            skipLines,
            columns: header === true ? undefined : header === false ? unnamed : nameColumns(header, columns),
            readHeader: (fields) => readHeader(fields, rename, columns),
            isFit: ragged === 'fit',
          },
          isTooLong,
          state,
        ),
    },
    options,
  );
}

function isRename(rename: unknown): boolean {
  return typeof rename === 'function' || (typeof rename === 'object' && rename !== null);
}
