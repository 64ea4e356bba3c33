/** Where an item came from. */
export interface Position {
  /**
   * From 0. Counts the items of the source.
   */
  readonly index: number;
  /** The path, when the bytes came from a file. */
  readonly file?: string | undefined;
  /** Line on which the row starts, from 1. */
  readonly line?: number | undefined;
  /** Byte at which the row starts, from 0. */
  readonly byte?: number | undefined;
  /** In a file that has row groups (Parquet), from 0; `index` is then the row of the file. */
  readonly rowGroup?: number | undefined;
}

export function describePosition({ index, file, line, byte, rowGroup }: Position): string {
  const facts = [`index ${index}`];
  if (line !== undefined) facts.push(`line ${line}`);
  if (byte !== undefined) facts.push(`byte ${byte}`);
  if (rowGroup !== undefined) facts.push(`row group ${rowGroup}`);
  return facts.join(', ') + (file === undefined ? '' : ` of ${file}`);
}
