import { OptionError } from '@dataenginex/core';
import { checkDelimiter, createCsvScan, problemOfNames } from './csv-scan.ts';
import type { Pipe } from './pipe.ts';
import { type BytesSource, pipeRows, type RowOptions } from './rows.ts';

export interface CsvOptions extends RowOptions {
  /**
   * `true`: the first row names the columns. An array: the names of the columns of a file that has no such row.
   * `false`: there are no names, and rows are arrays.
   *
   * @default true
   */
  header?: boolean | readonly string[] | undefined;
  /**
   * One character; `'\t'` reads TSV.
   *
   * @default ','
   */
  delimiter?: string | undefined;
}

/**
 * Reads CSV by RFC 4180: quotes, line ends and delimiters in quotes, CRLF or LF, with or without a byte order mark.
 * Every value is a string, for a schema to read. Blank lines are skipped; a quote inside a field that does not begin
 * with one is taken as it stands.
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
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {FormatError} From the pipe: a malformed row (too many or few fields, text after a closing quote, a lone
 *   carriage return) when there is no `rejects`; in any case a header that names a column twice, a quote that is never
 *   closed, a NUL, a byte that is not UTF-8, a row longer than `maxRowBytes`.
 * @throws {RejectLimitError} From the pipe, when more than `maxRejects` rows are malformed.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function fromCsv(source: BytesSource, options: CsvOptions & { header: false }): Pipe<string[]>;
export function fromCsv<const Name extends string>(
  source: BytesSource,
  options: CsvOptions & { header: readonly Name[] },
): Pipe<Record<Name, string>>;
export function fromCsv(
  source: BytesSource,
  options?: CsvOptions & { header?: true | undefined },
): Pipe<Record<string, string>>;
export function fromCsv(source: BytesSource, options: CsvOptions = {}): Pipe<string[] | Record<string, string>> {
  const { header = true, delimiter = ',' } = options;
  checkDelimiter('fromCsv.delimiter', delimiter);
  if (typeof header !== 'boolean' && (!Array.isArray(header) || problemOfNames(header) !== undefined)) {
    throw new OptionError('fromCsv.header', 'true, false, or names that differ', header);
  }
  return pipeRows(
    source,
    {
      format: 'CSV',
      operator: 'fromCsv',
      createScan: (isTooLong) => createCsvScan(header, delimiter, isTooLong),
    },
    options,
  );
}
