import type { Spill } from '../streams/spill.ts';
import { type Row, RowBlocks } from './row-blocks.ts';

interface Held {
  readonly row: Row;
  readonly index: number;
  isMatched: boolean;
}

/** Told what became of rows, each with its place on its side. */
export interface Matches {
  /** Both sides have one row of the key. */
  pair(source: Row, target: Row, index: number): void;
  missing(source: Row, index: number): void;
  extra(target: Row, index: number): void;
  /** A row whose key an earlier one of its side has. */
  again(side: 'source' | 'target', row: Row, index: number): void;
}

/** The last of the bytes that a hash has. */
const deepest = 7;

/**
 * Matches the rows of two sides by their keys: first all of the source, then all of the target. Those of the source are
 * held in memory as far as they may be; then all go to a file, in parts that are matched one after the other.
 */
export class RowMatcher {
  readonly #matches: Matches;
  readonly #spill: Spill;
  readonly #maxRows: number;
  readonly #depth: number;
  readonly #held = new Map<string, Held>();
  #blocks: RowBlocks | undefined;

  constructor(matches: Matches, spill: Spill, maxRows: number, depth = 0) {
    this.#matches = matches;
    this.#spill = spill;
    this.#maxRows = maxRows;
    this.#depth = depth;
  }

  addSource(key: string, row: Row, index: number): void {
    if (this.#blocks !== undefined) this.#blocks.write(key, row, index);
    else if (this.#held.has(key)) this.#matches.again('source', row, index);
    else if (this.#held.size < this.#maxRows || this.#depth > deepest) {
      this.#held.set(key, { row, index, isMatched: false });
    } else {
      this.#blocks = new RowBlocks(this.#spill, this.#depth);
      for (const [known, held] of this.#held) this.#blocks.write(known, held.row, held.index);
      this.#held.clear();
      this.#blocks.write(key, row, index);
    }
  }

  addTarget(key: string, row: Row, index: number): void {
    if (this.#blocks !== undefined) {
      this.#blocks.write(key, row, -1 - index);
      return;
    }
    const held = this.#held.get(key);
    if (held === undefined) this.#matches.extra(row, index);
    else if (held.isMatched) this.#matches.again('target', row, index);
    else {
      held.isMatched = true;
      this.#matches.pair(held.row, row, held.index);
    }
  }

  /** What waits to be written; nothing most of the time. */
  flush(): Promise<void> | undefined {
    return this.#blocks?.isFull === true ? this.#blocks.flush() : undefined;
  }

  /** All rows of both are added. */
  async settle(pause: () => Promise<void>): Promise<void> {
    for (const { row, index, isMatched } of this.#held.values()) if (!isMatched) this.#matches.missing(row, index);
    this.#held.clear();
    if (this.#blocks === undefined) return;
    const part = (): RowMatcher => new RowMatcher(this.#matches, this.#spill, this.#maxRows, this.#depth + 1);
    let matcher = part();
    await this.#blocks.read(
      (key, row, index) => {
        if (index >= 0) matcher.addSource(key, row, index);
        else matcher.addTarget(key, row, -1 - index);
      },
      async () => {
        await pause();
        await matcher.flush();
      },
      async () => {
        await matcher.settle(pause);
        matcher = part();
      },
    );
  }
}
