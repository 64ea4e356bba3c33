import { checkFunction } from '@dataenginex/core';
import { type Chunk, openChunks } from './input.ts';
import { type Pipe, pipeFrom } from './pipe.ts';

/**
 * A source that hands over arrays instead of single items, which is what makes a pipe fast: a page of rows, a buffer of
 * lines. `open` is called once for every run, with a signal that aborts when the run stops early.
 *
 * ```ts
 * import { fromChunks, map, pipe } from '@dataenginex/streams';
 *
 * const pages = fromChunks(async function* ({ signal }) {
 *   for (let page = 0; page < 2 && !signal.aborted; page += 1) yield [page * 10 + 1, page * 10 + 2];
 * });
 * await Array.fromAsync(pipe(pages, map((n) => -n))); // => [-1, -2, -11, -12]
 * ```
 */
export function fromChunks<T>(
  open: (context: { signal: AbortSignal }) => AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
): Pipe<T> {
  checkFunction('fromChunks.open', open);
  return pipeFrom(() => {
    const controller = new AbortController();
    return openChunks(toChunks(open({ signal: controller.signal })), controller);
  });
}

async function* toChunks<T>(arrays: AsyncIterable<readonly T[]> | Iterable<readonly T[]>): AsyncGenerator<Chunk<T>> {
  for await (const items of arrays) yield { items };
}
