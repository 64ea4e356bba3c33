/** Where an item came from. */
export interface Position {
  /**
   * From 0. Counts the items of the source; after an operator that makes calls (`mapAsync`), the results of that
   * operator.
   */
  readonly index: number;
  /** The path, when the bytes came from a file. */
  readonly file?: string | undefined;
  /** Line on which the row starts, from 1. */
  readonly line?: number | undefined;
  /** Byte at which the row starts, from 0. */
  readonly byte?: number | undefined;
}

export function describePosition({ index, file, line, byte }: Position): string {
  const facts = [`index ${index}`];
  if (line !== undefined) facts.push(`line ${line}`);
  if (byte !== undefined) facts.push(`byte ${byte}`);
  return facts.join(', ') + (file === undefined ? '' : ` of ${file}`);
}
