import { type Chunk, openChunks } from '../pipes/input.ts';
import { checkSource, openReader, type Pipe, pipeFrom, type PipeSource } from '../pipes/pipe.ts';
import type { LocatedChunk, Reader } from '../pipes/reader.ts';

type ItemOf<S> = S extends PipeSource<infer T> ? T : never;

/**
 * Reads several sources at once and passes on what comes, in the order in which it comes: the items of each source stay
 * in theirs. Every source is read one chunk ahead. When one fails, what came before is passed on, then the error; the
 * others are closed. Positions are those in the item's own source.
 *
 * ```ts
 * import { merge } from '@dataenginex/streams';
 *
 * (await Array.fromAsync(merge([1, 2], [30, 40]))).toSorted((a, b) => a - b); // => [1, 2, 30, 40]
 * ```
 *
 * @throws {OptionError} At once, when a source is not iterable.
 */
export function merge<S extends readonly PipeSource<unknown>[]>(...sources: S): Pipe<ItemOf<S[number]>>;
export function merge(...sources: readonly PipeSource<unknown>[]): Pipe<unknown> {
  return join('merge', sources, mergeChunks);
}

/**
 * Reads one source after the other. Each is opened when the one before it has ended. Positions are those in the item's
 * own source.
 *
 * ```ts
 * import { concat, fromCsv } from '@dataenginex/streams';
 *
 * const years = ['year\n2024\n', 'year\n2025\n'].map((text) => fromCsv(text)); // or fromFile(path) for every path
 * await Array.fromAsync(concat(...years)); // => [{ year: '2024' }, { year: '2025' }]
 * ```
 *
 * @throws {OptionError} At once, when a source is not iterable.
 */
export function concat<S extends readonly PipeSource<unknown>[]>(...sources: S): Pipe<ItemOf<S[number]>>;
export function concat(...sources: readonly PipeSource<unknown>[]): Pipe<unknown> {
  return join('concat', sources, concatChunks);
}

/**
 * Reads several sources in step: the first items of all, then the second ones, until one has ended; the others are then
 * closed. Positions are those in the first source.
 *
 * ```ts
 * import { zip } from '@dataenginex/streams';
 *
 * await Array.fromAsync(zip(['Seattle', 'New York'], [12.8, 5.6, 7])); // => [['Seattle', 12.8], ['New York', 5.6]]
 * ```
 *
 * @throws {OptionError} At once, when a source is not iterable.
 */
export function zip<S extends readonly PipeSource<unknown>[]>(
  ...sources: S
): Pipe<{ -readonly [Index in keyof S]: ItemOf<S[Index]> }>;
export function zip(...sources: readonly PipeSource<unknown>[]): Pipe<unknown> {
  return join('zip', sources, zipChunks);
}

type Open = (source: PipeSource<unknown>) => Reader<unknown>;
type Join = (sources: readonly PipeSource<unknown>[], open: Open) => AsyncGenerator<Chunk<unknown>, void, undefined>;

/** Whatever `chunks` has opened is closed with it. */
function join(name: string, sources: readonly PipeSource<unknown>[], chunks: Join): Pipe<unknown> {
  for (const [index, source] of sources.entries()) checkSource(`${name}.sources[${index}]`, source);
  return pipeFrom(() => {
    const readers: Reader<unknown>[] = [];
    const open: Open = (source) => {
      const reader = openReader(source, { track: true });
      readers.push(reader);
      return reader;
    };
    return openChunks(chunks(sources, open), new AbortController(), {
      close: (reason) => closeAll(readers, reason),
    });
  });
}

async function closeAll(readers: readonly Reader<unknown>[], reason: unknown): Promise<void> {
  const closed = await Promise.allSettled(readers.map((reader) => reader.close(reason)));
  for (const result of closed) if (result.status === 'rejected') throw result.reason;
}

const mergeChunks: Join = async function* mergeChunks(sources, open) {
  const arrived: (() => { reader: Reader<unknown>; chunk: Chunk<unknown> | undefined })[] = [];
  let wake: (() => void) | undefined;
  const read = async (reader: Reader<unknown>): Promise<void> => {
    try {
      const chunk = await reader.read();
      arrived.push(() => ({ reader, chunk }));
    } catch (error) {
      arrived.push(() => {
        throw error;
      });
    }
    wake?.();
  };
  let reading = sources.length;
  for (const reader of sources.map(open)) void read(reader);
  while (reading > 0) {
    const next = arrived.shift();
    if (next === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    const { reader, chunk } = next();
    if (chunk === undefined) {
      reading -= 1;
      continue;
    }
    void read(reader);
    yield plain(chunk);
  }
};

const concatChunks: Join = async function* concatChunks(sources, open) {
  for (const source of sources) {
    const reader = open(source);
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) yield plain(chunk);
  }
};

interface Side {
  readonly reader: Reader<unknown>;
  chunk: LocatedChunk<unknown> | undefined;
  /** How many items of the chunk have been used. */
  used: number;
}

const ended = Symbol('ended');

const zipChunks: Join = async function* zipChunks(sources, open) {
  const sides = sources.map((source): Side => ({ reader: open(source), chunk: undefined, used: 0 }));
  while (sides.length > 0) {
    try {
      await Promise.all(sides.map(fill));
    } catch (error) {
      if (error === ended) break;
      throw error;
    }
    const chunk = zipChunk(sides);
    if (chunk.items.length > 0) yield chunk;
  }
  const readers = sides.map(({ reader }) => reader);
  await closeAll(readers, new DOMException('Another source has ended.', 'AbortError'));
};

/** Throws `ended`, so that the end of one side need not wait for the others. */
async function fill(side: Side): Promise<void> {
  if (side.chunk !== undefined && side.used < side.chunk.items.length) return;
  side.chunk = await side.reader.read();
  side.used = 0;
  if (side.chunk === undefined) throw ended;
}

function zipChunk(sides: readonly Side[]): Chunk<unknown[]> {
  const rests = sides.map(({ chunk, used }) => chunk?.items.slice(used) ?? []);
  const items = Array.from({ length: Math.min(...rests.map(({ length }) => length)) }, (_, index) =>
    rests.map((rest) => rest[index]),
  );
  const [first] = sides;
  const from = first?.used ?? 0;
  const position = first?.chunk?.position;
  for (const side of sides) side.used += items.length;
  return { items, position: position && ((index) => position(from + index)) };
}

/** Event times are told behind what joins: the watermark of one source says nothing of the others. */
function plain({ items, position }: Chunk<unknown>): Chunk<unknown> {
  return { items, position };
}
