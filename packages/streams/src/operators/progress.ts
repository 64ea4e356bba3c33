import { checkFunction, checkNumber, OptionError } from '@dataenginex/core';
import type { Chunk } from '../pipes/input.ts';
import type { LinkContext, Operator } from '../pipes/operator.ts';
import type { Reader } from '../pipes/reader.ts';

export interface ProgressOptions<T> {
  /** Told every `everyMs`, whether or not items come, and once more at the end. */
  onProgress: (progress: Progress) => void;
  /**
   * How much there is to do, if that is known.
   *
   * @default undefined
   */
  total?: number | undefined;
  /**
   * How much an item counts for.
   *
   * @default 1
   */
  amountOf?: ((item: T) => number) | undefined;
  /**
   * Milliseconds from one report to the next.
   *
   * @default 1000
   */
  everyMs?: number | undefined;
}

/** How far a pipe has come. */
export interface Progress {
  /** What the rest of the pipe has taken. */
  readonly done: number;
  readonly total: number | undefined;
  readonly elapsedMs: number;
  /** Over the last ten reports; at the end, over all. */
  readonly perSecond: number;
  /** At that rate; `undefined` as long as it cannot be told. */
  readonly remainingMs: number | undefined;
  /** Whether the source has ended. A pipe that fails or is left makes no last report. */
  readonly isOver: boolean;
}

/**
 * Reports how far the pipe has come, how fast it goes and how long the rest will take; the items go through as they
 * are.
 *
 * ```ts
 * import { pipe, progress, type Progress, run } from '@dataenginex/streams';
 *
 * const reports: Progress[] = [];
 * const options = { total: 3, onProgress: (report: Progress) => void reports.push(report) };
 * await run(pipe(['a', 'b', 'c'], progress(options)));
 * reports.at(-1)?.done; // => 3
 * reports.at(-1)?.remainingMs; // => 0
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, when `onProgress` or `amountOf` throws.
 */
export function progress<T>(options: ProgressOptions<T>): Operator<T, T> {
  const { onProgress, total, amountOf, everyMs = 1000 } = options;
  if (typeof onProgress !== 'function') throw new OptionError('progress.onProgress', 'a function', onProgress);
  if (total !== undefined) checkNumber('progress.total', total, { min: 0 });
  checkFunction('progress.amountOf', amountOf);
  checkNumber('progress.everyMs', everyMs, { min: 1, max: 2 ** 31 - 1 });
  return {
    name: 'progress',
    carries: true,
    link: (reader, context) => watch(reader, context, { onProgress, total, amountOf, everyMs }),
  };
}

/** The reports that a rate is taken over. */
const WINDOW = 10;

async function* watch<T>(
  reader: Reader<T>,
  { controller: { signal }, fail }: LinkContext,
  { onProgress, total, amountOf, everyMs }: ProgressOptions<T>,
): AsyncGenerator<Chunk<T>, void, undefined> {
  const begun = performance.now();
  const samples: { readonly elapsedMs: number; readonly done: number }[] = [];
  let done = 0;
  let failure: { readonly error: unknown } | undefined;
  const report = (isOver: boolean): void => {
    const elapsedMs = performance.now() - begun;
    const since = (isOver ? undefined : samples.at(-WINDOW)) ?? { elapsedMs: 0, done: 0 };
    const perSecond = ((done - since.done) / Math.max(elapsedMs - since.elapsedMs, Number.EPSILON)) * 1000;
    samples.push({ elapsedMs, done });
    if (samples.length > WINDOW) samples.shift();
    try {
      onProgress({ done, total, elapsedMs, perSecond, remainingMs: remaining(total, done, perSecond), isOver });
    } catch (error) {
      failure ??= { error };
    }
  };
  const timer = setInterval(report, everyMs, false).unref();
  signal.addEventListener('abort', () => clearInterval(timer));
  try {
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
      let amount = chunk.items.length;
      if (amountOf !== undefined) {
        amount = 0;
        for (const [index, item] of chunk.items.entries()) {
          try {
            amount += amountOf(item);
          } catch (error) {
            throw fail(error, chunk.position(index));
          }
        }
      }
      if (failure !== undefined) throw fail(failure.error);
      yield chunk;
      done += amount;
    }
    report(true);
    if (failure !== undefined) throw fail(failure.error);
  } finally {
    clearInterval(timer);
  }
}

function remaining(total: number | undefined, done: number, perSecond: number): number | undefined {
  if (total === undefined) return undefined;
  if (done >= total) return 0;
  return perSecond > 0 ? ((total - done) / perSecond) * 1000 : undefined;
}
