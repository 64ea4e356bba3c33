import { checkFunction, OptionError } from '@dataenginex/core';
import { type Chunk, openChunks } from './input.ts';
import { type Pipe, pipeFrom } from './pipe.ts';

/** Items, and where their source stands behind them. */
export interface SourceChunk<T> {
  readonly items: readonly T[];
  /**
   * What `open` gets as `from` in a run that goes on behind these items: plain data, as the state of an operator. It is
   * read before more is asked for, and may be changed then. `undefined` where the source cannot go on.
   */
  readonly resume: unknown;
  /**
   * Called once a checkpoint behind these items has been saved, unless a later chunk that has a `commit` lies before it,
   * too. The time to tell a broker that they are done; a failure ends the run.
   *
   * @default undefined
   */
  readonly commit?: (() => void | Promise<void>) | undefined;
}

/** What the `open` of `fromChunks` returns. */
type Chunks<T> = AsyncIterable<readonly T[] | SourceChunk<T>> | Iterable<readonly T[] | SourceChunk<T>>;

interface OpenContext {
  /** Aborts when the run stops early. */
  readonly signal: AbortSignal;
  /** The `resume` of the chunk behind which a run goes on; `undefined` when it begins at the beginning. */
  readonly from: unknown;
}

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
 *
 * A chunk may say where its source stands, for runs with checkpoints: one that goes on then begins `from` there, and
 * passes nothing over. Other sources are read from their beginning.
 *
 * ```ts
 * import { fromChunks, pipe } from '@dataenginex/streams';
 *
 * const pages = fromChunks(async function* ({ from }) {
 *   for (let page = Number(from ?? 0); page < 2; page += 1) yield { items: [page * 10], resume: page + 1 };
 * });
 * await Array.fromAsync(pipe(pages)); // => [0, 10]
 * ```
 */
export function fromChunks<T>(open: (context: OpenContext) => Chunks<T>): Pipe<T> {
  checkFunction('fromChunks.open', open);
  return pipeFrom((from) => {
    const controller = new AbortController();
    return openChunks(toChunks(open({ signal: controller.signal, from })), controller);
  });
}

async function* toChunks<T>(chunks: Chunks<T>): AsyncGenerator<Chunk<T>> {
  for await (const chunk of chunks) {
    if (isSourceChunk(chunk)) yield { items: chunk.items, resume: () => chunk.resume, commit: chunk.commit };
    else yield { items: chunk };
  }
}

/** @throws {OptionError} When it is no chunk at all. */
function isSourceChunk<T>(chunk: readonly T[] | SourceChunk<T>): chunk is SourceChunk<T> {
  if (Array.isArray(chunk)) return false;
  if (typeof chunk === 'object' && chunk !== null && 'items' in chunk) return true;
  throw new OptionError('fromChunks.chunk', 'an array, [item] for one, or an object with items', chunk);
}
