import { checkFunction, checkInteger } from '@dataenginex/core';
import { type Chunk, type Input, openChunks } from '../pipes/input.ts';
import type { LinkedOperator } from '../pipes/operator.ts';
import { checkSource, openReader, pipe, type Pipe, pipeFrom, type PipeSource } from '../pipes/pipe.ts';
import type { Position } from '../pipes/position.ts';
import type { LocatedChunk, Reader } from '../pipes/reader.ts';

/** Options of `tee` and `partition`. */
export interface SplitOptions {
  /**
   * How many items may wait for the branch that reads slowest, before the others wait for it too; one chunk may come on
   * top.
   *
   * @default 1000
   */
  maxAhead?: number | undefined;
}

/**
 * Lets two read one source: each branch gets every item. The slower one holds the faster one back once `maxAhead` items
 * wait for it, so both must be read at the same time.
 *
 * The source is opened with the first branch that is read. When a branch is left, by a `break`, an error or an abort,
 * the other one goes on alone; when both are, or one is and the other was never begun, the source is closed. A failure
 * of the source reaches both. Read again, branches begin anew if the source can, each reading of one shared with that of
 * the other.
 *
 * ```ts
 * import { pipe, reduce, run, tee } from '@dataenginex/streams';
 *
 * const [forSum, forCount] = tee([3, 1, 4]);
 * await Promise.all([
 *   Array.fromAsync(pipe(forSum, reduce((sum, n) => sum + n, 0))),
 *   run(forCount),
 * ]); // => [[8], { items: 3, result: undefined }]
 * ```
 *
 * @throws {OptionError} At once, when the source is not iterable or an option is out of range.
 */
export function tee<T>(source: PipeSource<T>, options: SplitOptions = {}): [Pipe<T>, Pipe<T>] {
  return split('tee', source, options, async function* copy(reader) {
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
      yield { items: [[chunk, chunk]] };
    }
  });
}

/**
 * Parts a source in two: the items for which `test` holds, and the others. A type guard narrows both. As with `tee`,
 * both branches must be read at the same time; the items of a branch that was left are dropped.
 *
 * ```ts
 * import { partition } from '@dataenginex/streams';
 *
 * const [warm, cold] = partition([12.8, 5.6, 10.6], (temp) => temp > 10);
 * await Promise.all([Array.fromAsync(warm), Array.fromAsync(cold)]); // => [[12.8, 10.6], [5.6]]
 * ```
 *
 * @throws {OptionError} At once, when an argument or option cannot work.
 * @throws {OperatorError} From both branches, when `test` throws.
 */
export function partition<I, O extends I>(
  source: PipeSource<I>,
  test: (item: I) => item is O,
  options?: SplitOptions,
): [Pipe<O>, Pipe<Exclude<I, O>>];
export function partition<T>(
  source: PipeSource<T>,
  test: (item: T) => boolean,
  options?: SplitOptions,
): [Pipe<T>, Pipe<T>];
export function partition<T>(
  source: PipeSource<T>,
  test: (item: T) => boolean,
  options: SplitOptions = {},
): [Pipe<T>, Pipe<T>] {
  checkFunction('partition.test', test);
  return split('partition', source, options, async function* part(reader, { fail }) {
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
      const passing = new Part(chunk);
      const others = new Part(chunk);
      for (const [index, item] of chunk.items.entries()) {
        try {
          (test(item) ? passing : others).add(item, index);
        } catch (error) {
          yield { items: [[passing, others]] };
          throw fail(error, chunk.position(index));
        }
      }
      yield { items: [[passing, others]] };
    }
  });
}

class Part<T> implements Chunk<T> {
  readonly items: T[] = [];
  readonly position: (index: number) => Position;
  readonly #origins: number[] = [];

  constructor({ position }: LocatedChunk<T>) {
    this.position = (index) => position(this.#origins[index] ?? 0);
  }

  add(item: T, origin: number): void {
    this.items.push(item);
    this.#origins.push(origin);
  }
}

/** For every chunk, what each branch gets of it. */
type Parts<T> = readonly [Chunk<T>, Chunk<T>];

function split<T>(
  name: string,
  source: PipeSource<T>,
  { maxAhead = 1000 }: SplitOptions,
  link: LinkedOperator<T, Parts<T>>['link'],
): [Pipe<T>, Pipe<T>] {
  checkSource(`${name}.source`, source);
  checkInteger(`${name}.maxAhead`, maxAhead, { min: 1 });
  const parts = pipe(source, { name, link });
  /** What one branch has begun to read and the other has not. */
  let halves: Shared<T>[] = [];
  const branch = (index: 0 | 1): Pipe<T> =>
    pipeFrom(() => {
      halves = halves.filter(({ isClosed }) => !isClosed);
      let shared = halves.find((half) => !half.isBegun(index));
      if (shared === undefined) {
        shared = new Shared(openReader(parts), maxAhead);
        halves.push(shared);
      } else halves = halves.filter((half) => half !== shared);
      return shared.open(index);
    });
  return [branch(0), branch(1)];
}

interface Branch<T> {
  waiting: Chunk<T>[];
  /** Items in them. */
  ahead: number;
  state: 'not begun' | 'reading' | 'left';
}

/** One reading of the source for both branches. */
class Shared<T> {
  isClosed = false;
  readonly #reader: Reader<Parts<T>>;
  readonly #maxAhead: number;
  readonly #branches: readonly [Branch<T>, Branch<T>] = [
    { waiting: [], ahead: 0, state: 'not begun' },
    { waiting: [], ahead: 0, state: 'not begun' },
  ];
  #outcome: { readonly failure?: { readonly error: unknown } } | undefined;
  #isReading = false;
  #waiters: (() => void)[] = [];

  constructor(reader: Reader<Parts<T>>, maxAhead: number) {
    this.#reader = reader;
    this.#maxAhead = maxAhead;
  }

  isBegun(index: 0 | 1): boolean {
    return this.#branches[index].state !== 'not begun';
  }

  open(index: 0 | 1): Input<T> {
    const branch = this.#branches[index];
    branch.state = 'reading';
    return openChunks(this.#read(branch), new AbortController(), { close: (reason) => this.#leave(branch, reason) });
  }

  async *#read(branch: Branch<T>): AsyncGenerator<Chunk<T>, void, undefined> {
    while (branch.state === 'reading') {
      const chunk = branch.waiting.shift();
      if (chunk !== undefined) {
        branch.ahead -= chunk.items.length;
        this.#wake();
        yield chunk;
      } else if (this.#outcome !== undefined) {
        if (this.#outcome.failure !== undefined) throw this.#outcome.failure.error;
        return;
      } else {
        if (!this.#isReading && this.#branches.every(({ ahead }) => ahead < this.#maxAhead)) void this.#readMore();
        await new Promise<void>((resolve) => {
          this.#waiters.push(resolve);
        });
      }
    }
  }

  async #readMore(): Promise<void> {
    this.#isReading = true;
    try {
      const chunk = await this.#reader.read();
      if (chunk === undefined) this.#outcome = {};
      for (const parts of chunk?.items ?? []) {
        for (const index of [0, 1] as const) this.#hand(this.#branches[index], parts[index]);
      }
    } catch (error) {
      this.#outcome = { failure: { error } };
    }
    this.#isReading = false;
    this.#wake();
  }

  #hand(branch: Branch<T>, part: Chunk<T>): void {
    if (branch.state === 'left' || part.items.length === 0) return;
    branch.waiting.push(part);
    branch.ahead += part.items.length;
  }

  async #leave(branch: Branch<T>, reason: unknown): Promise<void> {
    branch.state = 'left';
    branch.waiting = [];
    branch.ahead = 0;
    this.#wake();
    if (this.#branches.some(({ state }) => state === 'reading')) return;
    this.isClosed = true;
    await this.#reader.close(reason);
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
