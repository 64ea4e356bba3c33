import { run } from '@dataenginex/streams';
import { createRowsCheck, type RowsCheckOptions } from '../rows/check-rows.ts';
import type { RuleResult } from '../report/result.ts';
import type { Rule } from '../rules/rule.ts';

/** Rows one after the other: a pipe, a Node stream of objects, a generator. */
export type RowStream<T = unknown> = Iterable<T> | AsyncIterable<T>;

export function isRowStream(source: unknown): source is RowStream {
  return typeof source === 'object' && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source);
}

/** Rows that are judged at once. */
const batchSize = 512;

/** Judges rules on rows as they come, in batches; the source waits meanwhile. */
export async function checkStream(
  source: RowStream,
  rules: readonly Rule[],
  options: RowsCheckOptions & { readonly signal: AbortSignal | undefined },
): Promise<{ readonly rows: number; readonly results: readonly RuleResult[] }> {
  options.signal?.throwIfAborted();
  const check = createRowsCheck(rules, options);
  let waiting: unknown[] = [];
  const judge = (): void => {
    check.push(waiting);
    waiting = [];
  };
  const sink = {
    write(rows: readonly unknown[]): void {
      if (rows.length === 1) waiting.push(rows[0]);
      else waiting = waiting.concat(rows);
      if (waiting.length >= batchSize) judge();
    },
    close: judge,
  };
  await run(source, sink, { signal: options.signal });
  return check.finish();
}
