import { checkInteger, OptionError } from '@dataenginex/core';
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { abortable } from '../abortable.ts';
import { WriteError } from '../errors.ts';
import { checkSignal } from '../checks.ts';

/** What a file is made of: text is written as UTF-8. */
export type Chunk = string | Uint8Array;

/** Options of `atomicWrite`. */
export interface AtomicWriteOptions {
  /** Aborting rejects with its reason; the temporary file is removed and the old file stays. */
  signal?: AbortSignal | undefined;
  /** Permissions of the file, up to 0o777, whatever the umask. @default those of the old file, else as the umask says */
  mode?: number | undefined;
}

const wantedData = 'text, bytes, or an iterable of them';
const textChars = 2 ** 16;
const pieceBytes = 2 ** 20;

/**
 * Writes a file that is at every moment either the old one or the whole new one, also across a crash or a power cut.
 *
 * The data goes to a temporary file in the same folder, `.<name>.<12 hex digits>.tmp`, which is flushed to the disk and
 * renamed; then the folder is flushed. Writers of one path at the same time do not disturb each other: the last to
 * finish wins. A symbolic link is replaced, not followed. What a killed process leaves behind, `removeLeftovers` removes.
 *
 * Iterables are read as fast as they can be written, and are closed when the write fails.
 *
 * ```ts
 * import { mkdtemp, readFile, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { atomicWrite, openScope } from '@dataenginex/resources';
 *
 * await using scope = openScope();
 * const folder = scope.adopt(await mkdtemp(join(tmpdir(), 'stations-')), (path) => rm(path, { recursive: true }));
 * const path = join(folder, 'stations.csv');
 * await atomicWrite(path, ['station,days\n', 'Seattle,1461\n']);
 * await readFile(path, 'utf8'); // => 'station,days\nSeattle,1461\n'
 * ```
 *
 * @throws {WriteError} When the disk is full, the folder missing, the permission denied.
 * @throws {OptionError} When `data` is none of these or has a chunk that is neither text nor bytes, `mode` is no
 * permission, or `signal` no AbortSignal.
 * @throws The signal's reason, and whatever the iterable throws, as it is.
 */
export async function atomicWrite(
  path: string,
  data: Chunk | Iterable<Chunk> | AsyncIterable<Chunk>,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const signal = checkSignal('atomicWrite.signal', options.signal);
  if (options.mode !== undefined) checkInteger('atomicWrite.mode', options.mode, { min: 0, max: 0o777 });
  if (!isData(data)) throw new OptionError('atomicWrite.data', wantedData, data);
  signal?.throwIfAborted();

  const disk = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw new WriteError(path, cause);
    }
  };
  const mode = options.mode ?? (await disk(modeOf(path)));
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const file = await disk(open(temporary, 'wx', mode));
  try {
    try {
      if (mode !== undefined) await disk(file.chmod(mode));
      for await (const bytes of encode(data, signal)) {
        for (let at = 0; at < bytes.length;) {
          signal?.throwIfAborted();
          const { bytesWritten } = await disk(file.write(bytes, at, Math.min(bytes.length - at, pieceBytes)));
          at += bytesWritten;
        }
      }
      await disk(file.sync());
    } finally {
      await disk(file.close());
    }
    signal?.throwIfAborted();
    await disk(rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to tell
    throw error;
  }
  await disk(syncFolder(dirname(path)));
}

/**
 * Removes the temporary files that killed writers left in a folder. Call it when nobody writes there, such as at start:
 * a write that it interrupts fails with `WriteError`, and its old file stays.
 *
 * @returns The names removed.
 * @throws The system's error, such as one with the code `ENOENT` when there is no such folder.
 */
export async function removeLeftovers(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const leftovers = names.filter((name) => /^\..+\.[0-9a-f]{12}\.tmp$/.test(name));
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { force: true })));
  return leftovers;
}

/** Text and bytes are iterables as well. */
function isData(data: unknown): boolean {
  const object: object = Object(data);
  return Symbol.iterator in object || Symbol.asyncIterator in object;
}

/** Gathers short strings, so that a file of many lines takes few writes. */
async function* encode(
  data: Chunk | Iterable<Chunk> | AsyncIterable<Chunk>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
  let text = '';
  for await (const chunk of abortable(chunks, signal)) {
    if (typeof chunk === 'string') {
      text += chunk;
      if (text.length < textChars) continue;
      const end = /[\uD800-\uDBFF]$/.test(text) ? text.length - 1 : text.length; // its other half may come next
      yield Buffer.from(text.slice(0, end));
      text = text.slice(end);
    } else if (chunk instanceof Uint8Array) {
      yield Buffer.from(text);
      text = '';
      yield chunk;
    } else {
      throw new OptionError('atomicWrite.data', wantedData, chunk);
    }
  }
  yield Buffer.from(text);
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows opens no folders
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
