import { type FileMetaData, parquetMetadata } from 'hyparquet';
import { type FileHandle, open } from 'node:fs/promises';
import { ParquetError } from './errors.ts';
import { statisticsParsers } from './values.ts';

/** A file that is read in slices: an `ArrayBuffer`, a blob in a store, what hyparquet calls an `AsyncBuffer`. */
export interface ParquetBlob {
  readonly byteLength: number;
  /** Bytes from `start` up to, not including, `end`. `signal` aborts when the run stops early. */
  slice(start: number, end: number, options?: { signal: AbortSignal }): ArrayBuffer | Promise<ArrayBuffer>;
}

/** Footers are a few kilobytes as a rule: one read then finds all of it. */
const FOOTER_READ_BYTES = 65_536;
const MAGIC_BYTES = 4;
const TAIL_BYTES = 8;

/** An open file; reading rejects with the signal's reason once it aborts. */
export class ParquetFile {
  readonly path: string | undefined;
  readonly byteLength: number;
  readonly #blob: ParquetBlob;
  readonly #handle: FileHandle | undefined;
  readonly #signal: AbortSignal;

  private constructor(blob: ParquetBlob, signal: AbortSignal, path?: string, handle?: FileHandle) {
    this.#blob = blob;
    this.#signal = signal;
    this.#handle = handle;
    this.path = path;
    this.byteLength = blob.byteLength;
  }

  static async open(source: string | Uint8Array | ParquetBlob, signal: AbortSignal): Promise<ParquetFile> {
    signal.throwIfAborted();
    if (source instanceof Uint8Array) return new ParquetFile(blobOfBytes(source), signal);
    if (typeof source !== 'string') return new ParquetFile(source, signal);
    const handle = await open(source);
    try {
      const { size } = await handle.stat();
      return new ParquetFile(blobOf(handle, size), signal, source, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** @throws {ParquetError} When the file is shorter than it says. Errors of the file system or blob as they are. */
  async read(start: number, end: number): Promise<Uint8Array> {
    const got = this.#blob.slice(start, end, { signal: this.#signal });
    const bytes = new Uint8Array(got instanceof ArrayBuffer ? got : await orAborted(got, this.#signal));
    if (bytes.length < end - start) {
      throw new ParquetError(`the file ends ${end - start - bytes.length} bytes too early`, this.#at(start));
    }
    return bytes.subarray(0, end - start);
  }

  /** @throws {ParquetError} When there is no footer that makes sense. */
  async readMetadata(): Promise<FileMetaData> {
    const { byteLength } = this;
    if (byteLength < MAGIC_BYTES + TAIL_BYTES) throw new ParquetError('the file is too short', this.#at(0));
    let start = Math.max(0, byteLength - FOOTER_READ_BYTES);
    let footer = await this.read(start, byteLength);
    const tail = footer.subarray(-TAIL_BYTES);
    const magic = Buffer.from(tail.subarray(MAGIC_BYTES)).toString('latin1');
    const tailAt = byteLength - TAIL_BYTES;
    if (magic === 'PARE') throw new ParquetError('the footer is encrypted, which is not supported', this.#at(tailAt));
    if (magic !== 'PAR1') throw new ParquetError('no Parquet file: it does not end with PAR1', this.#at(tailAt));
    const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
    const metadataAt = tailAt - length;
    if (metadataAt < MAGIC_BYTES) {
      throw new ParquetError(`the footer says it has ${length} bytes, more than the file`, this.#at(tailAt));
    }
    if (metadataAt < start) {
      start = metadataAt;
      footer = await this.read(start, byteLength);
    }
    try {
      return parquetMetadata(footer, { parsers: statisticsParsers, geoparquet: false });
    } catch (cause) {
      throw new ParquetError('the footer is damaged', this.#at(metadataAt), { cause });
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }

  #at(byte: number): { file: string | undefined; byte: number } {
    return { file: this.path, byte };
  }
}

/** A `Buffer` is a part of a larger `ArrayBuffer`, and its own `slice` is no copy. */
function blobOfBytes(bytes: Uint8Array): ParquetBlob {
  return {
    byteLength: bytes.byteLength,
    slice: (start, end) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  };
}

function blobOf(handle: FileHandle, byteLength: number): ParquetBlob {
  return {
    byteLength,
    async slice(start, end) {
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) return bytes.buffer.slice(0, filled);
        filled += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
