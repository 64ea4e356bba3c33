import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { fromChunks } from './from-chunks.ts';
import type { Pipe } from './pipe.ts';
import type { Sink } from './sink.ts';

const READ_BYTES = 65_536;

/**
 * Reads a file's bytes, opened when the pipe is run and closed with it. Codecs take it, and then name the file in the
 * positions they report.
 *
 * @throws The file system's error as it is, from the pipe.
 */
export function fromFile(path: string): Pipe<Uint8Array> & { readonly path: string } {
  const bytes = fromChunks(async function* () {
    const file = await open(path);
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES));
        if (bytesRead === 0) return;
        yield [buffer.subarray(0, bytesRead)];
      }
    } finally {
      await file.close();
    }
  });
  return Object.assign(bytes, { path });
}

/**
 * Writes text or bytes to a file beside `path`, which takes its place when all is written: a reader sees the old file
 * or the whole new one, and after a failure or an abort nothing is left of the new one.
 *
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { fromFile, fromNdjson, pipe, run, toFile, toNdjson } from '@dataenginex/streams';
 *
 * const path = join(tmpdir(), `dex-example-${process.pid}.ndjson`);
 * await run(pipe([{ tempMax: 12.8 }], toNdjson()), toFile(path)); // => { items: 1, result: { bytes: 17 } }
 * await readFile(path, 'utf8'); // => '{"tempMax":12.8}\n'
 * await Array.fromAsync(fromNdjson(fromFile(path))); // => [{ tempMax: 12.8 }]
 * ```
 *
 * @throws The file system's error as it is, from the run.
 */
export function toFile(path: string): Sink<string | Uint8Array, { bytes: number }> {
  const partial = `${path}.${randomUUID()}.partial`;
  let opening: Promise<FileHandle> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let bytes = 0;
  const append = async (data: Uint8Array): Promise<void> => {
    opening ??= open(partial, 'wx');
    const file = await opening;
    bytes += data.byteLength;
    await file.writeFile(data);
  };
  return {
    write(items) {
      writing = append(Buffer.concat(items.map((item) => (typeof item === 'string' ? Buffer.from(item) : item))));
      return writing;
    },
    async close() {
      await append(Buffer.alloc(0));
      const file = await opening;
      await file?.sync();
      await file?.close();
      await rename(partial, path);
      return { bytes };
    },
    async abort() {
      if (opening === undefined) return;
      await writing.catch(() => {});
      const file = await opening.catch(() => undefined);
      await file?.close();
      await rm(partial, { force: true });
    },
  };
}
