import { open } from 'node:fs/promises';
import { fromChunks } from './from-chunks.ts';
import type { Pipe } from './pipe.ts';

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
