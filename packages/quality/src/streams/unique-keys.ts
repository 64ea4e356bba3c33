import type { Fail } from '../rows/map-tests.ts';
import { KeyBlocks, type KeyKind } from './key-blocks.ts';
import type { Bounds, Spilling } from './spill.ts';

/** Told a row whose key another row has, too: the earlier one when its key comes again. In no order. */
type Found = (value: unknown, index: number) => void;

/** The last of the bytes that a hash has. */
const deepest = 7;

/**
 * Finds all rows whose key is not theirs alone. Keys are held in memory as far as they may be; then they go to a file, in
 * parts that are read again one after the other, each by another of these.
 */
export class UniqueKeys implements Spilling {
  readonly #found: Found;
  readonly #kind: KeyKind;
  readonly #fail: Fail;
  readonly #bounds: Bounds | undefined;
  readonly #depth: number;
  /** The first row of each key, -1 once it is found to be one of several. */
  #first = new Map<unknown, number>();
  #room: number;
  #blocks: KeyBlocks | undefined;
  #gaveUp = false;

  /** @param bounds None: all keys are held. */
  constructor(found: Found, kind: KeyKind, fail: Fail, bounds?: Bounds, depth = 0) {
    this.#found = found;
    this.#kind = kind;
    this.#fail = fail;
    this.#bounds = bounds;
    this.#depth = depth;
    this.#room = bounds?.maxKeys ?? Infinity;
  }

  /** @returns Whether the key has come before; false where that is not known yet. */
  add(key: unknown, value: unknown, index: number): boolean {
    if (this.#blocks !== undefined) {
      this.#blocks.write(key, value, index);
      return false;
    }
    const first = this.#first.get(key);
    if (first === undefined) this.#remember(key, value, index);
    else {
      if (first >= 0) {
        this.#found(value, first);
        this.#first.set(key, -1);
      }
      this.#found(value, index);
    }
    return first !== undefined;
  }

  get isFull(): boolean {
    return this.#blocks?.isFull ?? false;
  }

  async flush(): Promise<void> {
    await this.#blocks?.flush();
  }

  async settle(signal: AbortSignal | undefined): Promise<void> {
    const blocks = this.#blocks;
    this.#first.clear();
    if (blocks === undefined) return;
    const part = (): UniqueKeys =>
      new UniqueKeys(
        this.#found,
        this.#kind,
        this.#fail,
        this.#depth === deepest ? undefined : this.#bounds,
        this.#depth + 1,
      );
    let keys = part();
    await blocks.read(
      (key, value, index) => keys.add(key, value, index),
      async () => {
        signal?.throwIfAborted();
        if (keys.isFull) await keys.flush();
      },
      async () => {
        await keys.settle(signal);
        keys = part();
      },
    );
  }

  #remember(key: unknown, value: unknown, index: number): void {
    if (this.#gaveUp) return;
    this.#room -= weightOf(key);
    if (this.#room >= 0 || this.#bounds === undefined) {
      this.#first.set(this.#bounds === undefined ? key : detach(key), index);
      return;
    }
    const { spill, maxKeys } = this.#bounds;
    if (spill === undefined) {
      this.#gaveUp = true;
      this.#fail(`more than ${maxKeys} keys, and they must not be spilled to a file`);
    } else {
      this.#blocks = new KeyBlocks(spill, this.#depth, this.#kind, maxKeys);
      for (const [known, first] of this.#first) this.#blocks.write(known, undefined, first);
      this.#blocks.write(key, value, index);
    }
    this.#first = new Map();
  }
}

/** A long text counts for several values. */
export function weightOf(key: unknown): number {
  return typeof key === 'string' ? 1 + (key.length >> 6) : 1;
}

/** V8 cuts a text out of a longer one without copying it, and keeps all of that alive. */
export function detach(key: unknown): unknown {
  return typeof key === 'string' && key.length >= 13 ? ` ${key}`.slice(1) : key;
}

/** The first of the rows found, in their order, and how many there are. */
export class FoundRows {
  count = 0;
  readonly #most: number;
  readonly #rows: { readonly value: unknown; readonly index: number }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(value: unknown, index: number): void {
    this.count++;
    const rows = this.#rows;
    const last = rows.at(-1);
    if (rows.length >= this.#most && last !== undefined && index > last.index) return;
    if (last === undefined || index > last.index || this.#most === Infinity) rows.push({ value, index });
    else
      rows.splice(
        rows.findIndex((row) => row.index > index),
        0,
        { value, index },
      );
    if (rows.length > this.#most) rows.pop();
  }

  get rows(): readonly { readonly value: unknown; readonly index: number }[] {
    return this.#most === Infinity ? this.#rows.toSorted((a, b) => a.index - b.index) : this.#rows;
  }
}
