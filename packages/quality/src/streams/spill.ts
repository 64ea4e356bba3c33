import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { type Temp, tempDir } from '@dataenginex/resources';

/** A file for what does not fit in memory, made when it is first written and removed by `close`. */
export class Spill {
  readonly #parent: string | undefined;
  #folder: Temp | undefined;
  #file: FileHandle | undefined;
  /** Where it is written next. */
  end = 0;
  #closed = false;

  /** @param parent The folder that a folder of its own is made in, instead of the system's. */
  constructor(parent?: string) {
    this.#parent = parent;
  }

  /** Writes behind all that was written, and returns where that begins. */
  async append(blocks: readonly Uint8Array[]): Promise<number> {
    const start = this.end;
    const file = await this.#open();
    let rest = blocks;
    let at = start;
    while (rest.length > 0) {
      const { bytesWritten } = await file.writev([...rest], at);
      at += bytesWritten;
      rest = behind(rest, bytesWritten);
    }
    this.end = at;
    return start;
  }

  /** Fills a block with what was written at a place. */
  async read(start: number, block: Uint8Array): Promise<void> {
    const file = await this.#open();
    for (let at = 0; at < block.length;) {
      const { bytesRead } = await file.read(block, at, block.length - at, start + at);
      if (bytesRead === 0) throw new Error(`${this.#folder?.path} lost what was written to it`);
      at += bytesRead;
    }
  }

  /** Safe twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const [file, folder] = [this.#file, this.#folder];
    this.#file = undefined;
    this.#folder = undefined;
    try {
      await file?.close();
    } finally {
      await folder?.close();
    }
  }

  async #open(): Promise<FileHandle> {
    // What was still under way when a check was left must not make it anew.
    if (this.#closed) throw new Error('The check is over.');
    this.#folder ??= await tempDir({ prefix: 'dex-quality-', parent: this.#parent });
    this.#file ??= await open(join(this.#folder.path, 'spill'), 'wx+', 0o600);
    return this.#file;
  }
}

/** What is left of some blocks behind so many bytes. */
function behind(blocks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let passed = 0;
  return blocks.flatMap((block) => {
    const rest = block.subarray(Math.max(0, Math.min(block.length, bytes - passed)));
    passed += block.length;
    return rest.length === 0 ? [] : [rest];
  });
}

/** What writes to a `Spill` between batches of rows, and reads it again in the end. */
export interface Spilling {
  /** Whether so much has gathered that it is to be written. */
  readonly isFull: boolean;
  flush(): Promise<void>;
  /** All rows are through. */
  settle(signal: AbortSignal | undefined): Promise<void>;
}

/** How much of a stream may be held in memory. */
export interface Bounds {
  /** Distinct values of a column, or numbers, until a sketch takes their place. */
  readonly maxValues: number;
  /** Keys, or numbers with their rows, of a rule that needs all of them. */
  readonly maxKeys: number;
  /** Where they go then; without it such a rule cannot be judged. */
  readonly spill: Spill | undefined;
  /** Told all that spill. */
  readonly spilling: Spilling[];
}
