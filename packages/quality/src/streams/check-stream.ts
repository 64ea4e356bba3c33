import { run } from '@dataenginex/streams';
import type { RuleResult } from '../report/result.ts';
import type { StreamCheck } from './stream-check.ts';

/** Rows one after the other: a pipe, a Node stream of objects, a generator. */
export type RowStream<T = unknown> = Iterable<T> | AsyncIterable<T>;

export function isRowStream(source: unknown): source is RowStream {
  return typeof source === 'object' && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source);
}

/** Rows that are judged at once, and how long the first of them waits for others that are there. */
const batchRows = 512;
const batchMs = 20;

/** What became of the rules; `failure` where the stream failed, and they are those of the rows before. */
export interface StreamResult {
  readonly rows: number;
  readonly results: readonly RuleResult[];
  readonly failure?: { readonly cause: unknown };
}

/** Told rows that were judged, the first of which is `start` of all; what it returns is waited for. */
export type Judged<T> = (
  rows: readonly T[],
  start: number,
  broken: ReadonlyMap<number, readonly string[]>,
) => Promise<void>;

/** Judges rules on rows as they come, in batches; the source waits meanwhile. Closes the check. */
export async function checkStream<T>(
  source: RowStream<T>,
  check: StreamCheck,
  signal: AbortSignal | undefined,
  judged?: Judged<T>,
): Promise<StreamResult> {
  let waiting: T[] = [];
  let since = performance.now();
  let own: { readonly error: unknown } | undefined;

  const judge = (): void | Promise<void> => {
    const rows = waiting;
    const start = check.rows;
    waiting = [];
    const broken = check.push(rows);
    const wait = check.flush();
    if (wait !== undefined || judged !== undefined) return tell(wait, rows, start, broken);
  };
  const tell = async (wait: Promise<void> | undefined, ...told: Parameters<Judged<T>>): Promise<void> => {
    await wait;
    await judged?.(...told);
    since = performance.now();
  };
  const guarded = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      own ??= { error };
      throw error;
    }
  };
  const isDue = (): boolean =>
    waiting.length >= batchRows || (judged !== undefined && performance.now() - since > batchMs);
  const sink = {
    write(rows: readonly T[]): void | Promise<void> {
      if (rows.length === 1 && rows[0] !== undefined) waiting.push(rows[0]);
      else waiting = waiting.length === 0 ? [...rows] : waiting.concat(rows);
      if (isDue()) return guarded(judge);
    },
    close: () => guarded(judge),
  };

  try {
    const failure = await run(source, sink, { signal }).then(
      () => undefined,
      (cause: unknown) => ({ cause }),
    );
    signal?.throwIfAborted();
    if (own !== undefined) throw own.error;
    if (failure !== undefined) await judge();
    const result = await check.finish();
    return failure === undefined ? result : { ...result, failure };
  } finally {
    await check.close();
  }
}
