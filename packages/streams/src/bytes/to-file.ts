import { type FileHandle, open } from 'node:fs/promises';
import { OptionError } from '@dataenginex/core';
import { CheckpointError } from '../errors.ts';
import type { Sink } from '../pipes/sink.ts';

/**
 * Writes text, as UTF-8, and bytes behind what a file holds, and makes it if there is none. The result is the length of
 * the file. When a run without checkpoints fails or is aborted, what it has written is cut off again.
 *
 * With checkpoints it is exactly once: each one knows how long the file was, and a run that resumes cuts off what was
 * written later. Nobody else may write to the file meanwhile. One sink serves one run.
 *
 * ```ts
 * import { mkdtemp, readFile, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { fileStore, pipe, run, toFile, toNdjson } from '@dataenginex/streams';
 *
 * const folder = await mkdtemp(join(tmpdir(), 'dex-'));
 * const [path, store] = [join(folder, 'out.ndjson'), fileStore(join(folder, 'out.json'))];
 * await run(pipe([1, 2], toNdjson()), toFile(path), { checkpoint: { store } }); // => { items: 2, result: 4 }
 * await readFile(path, 'utf8'); // => '1\n2\n'
 * await rm(folder, { recursive: true });
 * ```
 *
 * @throws {OptionError} From the run, when an item is neither text nor bytes: rows need a `toNdjson` or `toCsv` before.
 * @throws {CheckpointError} From the run, when the file is shorter than it was at the checkpoint.
 * @throws The file system's error as it is, from the run.
 */
export function toFile(path: string): Sink<string | Uint8Array, number> {
  return new FileSink(path);
}

/** Written at a time, so that an abort need not wait for more. */
const pieceBytes = 2 ** 20;

class FileSink implements Sink<string | Uint8Array, number> {
  readonly #path: string;
  #opening: Promise<FileHandle> | undefined;
  #start = 0;
  #length = 0;
  /** A checkpoint may tell of what has been written. */
  #isSaved = false;
  #writing: Promise<void> | undefined;
  #isAborted = false;

  constructor(path: string) {
    this.#path = path;
  }

  write(items: readonly (string | Uint8Array)[]): Promise<void> {
    this.#writing = this.#append(items);
    return this.#writing;
  }

  async #append(items: readonly (string | Uint8Array)[]): Promise<void> {
    const bytes = isText(items) ? Buffer.from(items.join('')) : Buffer.concat(items.map(toBytes));
    const file = await this.#open();
    for (let at = 0; at < bytes.length && !this.#isAborted; at += pieceBytes) {
      await file.appendFile(bytes.subarray(at, at + pieceBytes));
    }
    this.#length += bytes.length;
  }

  async prepare(): Promise<number> {
    this.#isSaved = true;
    const file = await this.#open();
    await file.datasync();
    return this.#length;
  }

  async recover(token: unknown): Promise<void> {
    this.#isSaved = true;
    const file = await this.#open();
    if (typeof token !== 'number' || token > this.#length) {
      throw new CheckpointError(`${this.#path} has ${this.#length} bytes, and had ${String(token)} at the checkpoint`);
    }
    await file.truncate(token);
    this.#length = token;
  }

  async close(): Promise<number> {
    const file = await this.#open();
    await file.datasync();
    if (!this.#isAborted) await file.close(); // else, and when that has failed, `abort` needs it to cut off
    return this.#length;
  }

  async abort(): Promise<void> {
    this.#isAborted = true;
    await this.#writing?.catch(() => {}); // else the rest of it would come behind the cut
    const file = await this.#opening?.catch(() => undefined);
    if (file === undefined) return;
    try {
      if (!this.#isSaved) await file.truncate(this.#start);
    } finally {
      await file.close();
    }
  }

  #open(): Promise<FileHandle> {
    this.#opening ??= (async () => {
      if (this.#isAborted) throw new DOMException('The run was aborted before the file was opened.', 'AbortError');
      const file = await open(this.#path, 'a');
      this.#start = this.#length = (await file.stat()).size;
      return file;
    })();
    return this.#opening;
  }
}

function toBytes(item: string | Uint8Array): Uint8Array {
  if (typeof item === 'string') return Buffer.from(item);
  if (item instanceof Uint8Array) return item;
  throw new OptionError('toFile.items', 'text or bytes (put toNdjson() or toCsv() before it)', item);
}

function isText(items: readonly (string | Uint8Array)[]): items is readonly string[] {
  return items.every((item) => typeof item === 'string');
}
