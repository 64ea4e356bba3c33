import { OptionError } from '@dataenginex/core';
import { run } from '@dataenginex/streams';
import { setImmediate } from 'node:timers/promises';
import { ColumnTable } from '../rows/column-table.ts';
import { isRowStream, type RowStream } from '../streams/check-stream.ts';

/** Rows in an array, columns, or rows one after the other. */
export type RowSource = readonly unknown[] | ColumnTable | RowStream;

/** Hands rows on in batches, and lets the event loop run every few milliseconds. */
export async function readRows(
  source: RowSource,
  push: (rows: readonly unknown[] | ColumnTable, from: number, to: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (Array.isArray(source) || source instanceof ColumnTable) {
    let last = performance.now();
    for (let at = 0; at < source.length; at += batchSize) {
      push(source, at, Math.min(at + batchSize, source.length));
      if (performance.now() - last < 4) continue;
      await setImmediate();
      signal?.throwIfAborted();
      last = performance.now();
    }
    return;
  }
  if (!isRowStream(source)) {
    throw new OptionError('source', 'an array, columns, or an iterable of rows', source);
  }
  let waiting: unknown[] = [];
  const close = (): void => {
    push(waiting, 0, waiting.length);
    waiting = [];
  };
  const write = (rows: readonly unknown[]): void => {
    for (const row of rows) waiting.push(row);
    if (waiting.length >= batchSize) close();
  };
  await run(source, { write, close }, { signal });
}

const batchSize = 512;
