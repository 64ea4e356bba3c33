import { DexError } from '@dataenginex/core';

/** Where in a Parquet file something was found; each fact only when it is known. */
export interface ParquetPlace {
  /** The path, when it was given as one. */
  readonly file?: string | undefined;
  /** From 0. */
  readonly rowGroup?: number | undefined;
  /** The column's name, with dots for a field inside a nested one. */
  readonly column?: string | undefined;
  /** Byte of the file at which the damaged part (a page, the footer) starts. */
  readonly byte?: number | undefined;
}

/** A file that is no Parquet, is damaged, or uses a part of the format that is not supported. */
export class ParquetError extends DexError {
  override readonly name = 'ParquetError';
  readonly code = 'DEX_PARQUET';
  readonly file: string | undefined;
  readonly rowGroup: number | undefined;
  readonly column: string | undefined;
  readonly byte: number | undefined;

  constructor(reason: string, place: ParquetPlace, options?: ErrorOptions) {
    const { file, rowGroup, column, byte } = place;
    const facts: string[] = [];
    if (rowGroup !== undefined) facts.push(`row group ${rowGroup}`);
    if (column !== undefined) facts.push(`column ${JSON.stringify(column)}`);
    if (byte !== undefined) facts.push(`byte ${byte}`);
    const where = facts.length === 0 ? '' : ` at ${facts.join(', ')}`;
    super(`Parquet${where}${file === undefined ? '' : ` of ${file}`}: ${reason}.`, options);
    this.file = file;
    this.rowGroup = rowGroup;
    this.column = column;
    this.byte = byte;
  }
}

/** A row that the file's columns cannot hold. Nothing is left of the file. */
export class ParquetRowError extends DexError {
  override readonly name = 'ParquetRowError';
  readonly code = 'DEX_PARQUET_ROW';
  /** The file that was to be written. */
  readonly file: string;
  /** Of those written, from 0. */
  readonly row: number;
  readonly column: string | undefined;
  /** What the column cannot hold. */
  readonly value: unknown;

  constructor(file: string, row: number, column: string | undefined, value: unknown, reason: string) {
    const what = column === undefined ? '' : `, column ${JSON.stringify(column)}`;
    super(`Row ${row}${what} does not fit into ${file}: ${reason}.`);
    this.file = file;
    this.row = row;
    this.column = column;
    this.value = value;
  }
}
