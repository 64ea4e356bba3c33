import { open } from 'node:fs/promises';
import { checkInteger } from '@dataenginex/core';
import { CheckpointError } from '../errors.ts';
import { fromChunks } from '../pipes/from-chunks.ts';
import type { Pipe } from '../pipes/pipe.ts';

const READ_BYTES = 65_536;

/** A source of bytes that can be read from any byte on, without reading what comes before it. */
export interface Seekable {
  /** The bytes from there on, counted from 0. A source that has not so many throws, from the pipe. */
  from(byte: number): AsyncIterable<Uint8Array>;
}

/**
 * Reads a file's bytes, opened when the pipe is run and closed with it. Codecs take it, and then name the file in the
 * positions they report. `fromFile(path).from(byte)` reads what comes behind so many bytes.
 *
 * @throws The file system's error as it is, from the pipe.
 * @throws {CheckpointError} From the pipe, when the file has fewer bytes than `from` leaves out.
 */
export function fromFile(path: string): Pipe<Uint8Array> & Seekable & { readonly path: string } {
  return Object.assign(readFrom(path, 0), { path, from: (byte: number) => readFrom(path, byte) });
}

function readFrom(path: string, start: number): Pipe<Uint8Array> {
  checkInteger('fromFile.from', start, { min: 0 });
  return fromChunks(async function* () {
    const file = await open(path);
    try {
      if (start > 0) {
        const { size } = await file.stat();
        if (start > size) throw new CheckpointError(`${path} has ${size} bytes, and ${start} had been read`);
      }
      // Without a place a pipe or a device can be read as well.
      let at = start > 0 ? start : null;
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, at);
        if (bytesRead === 0) return;
        if (at !== null) at += bytesRead;
        yield [buffer.subarray(0, bytesRead)];
      }
    } finally {
      await file.close();
    }
  });
}
