import { OptionError } from '@dataenginex/core';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { TempError } from '../errors.ts';
import { track, untrack } from '../leaks.ts';
import { checkSignal } from '../checks.ts';

/** Options of `tempDir`. */
export interface TempDirOptions {
  /** What the name begins with; random characters follow. @default 'dex-' */
  prefix?: string | undefined;
  /** The folder it is made in, which must exist. @default the system's, as `os.tmpdir()` tells */
  parent?: string | undefined;
  /** Aborting rejects with its reason; nothing is left then. */
  signal?: AbortSignal | undefined;
}

/** Options of `tempFile`. */
export interface TempFileOptions extends TempDirOptions {
  /** What the name ends with, such as `.csv`. @default '' */
  suffix?: string | undefined;
}

/** A temporary folder or file. */
export class Temp implements AsyncDisposable {
  readonly path: string;
  #closed: Promise<void> | undefined;

  constructor(path: string, name: string) {
    this.path = path;
    track(this, name);
  }

  /**
   * Removes it, with all that is in it; that it is gone already is no error. Safe twice, and after a failure it tries
   * again.
   *
   * @throws {TempError} When it cannot be removed.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#remove());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #remove(): Promise<void> {
    try {
      await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
      untrack(this);
    } catch (cause) {
      this.#closed = undefined;
      throw new TempError('remove', this.path, cause);
    }
  }
}

/**
 * Makes a folder that only this user may enter (mode 0700), and removes it at the end, empty or not.
 *
 * ```ts
 * import { access, writeFile } from 'node:fs/promises';
 * import { join } from 'node:path';
 * import { tempDir } from '@dataenginex/resources';
 *
 * let path: string;
 * {
 *   await using folder = await tempDir({ prefix: 'stations-' });
 *   path = join(folder.path, 'seattle.csv');
 *   await writeFile(path, 'date,max\n');
 * }
 * await access(path); // throws ENOENT
 * ```
 *
 * A process that is killed leaves it behind, for the system to clean up.
 *
 * @throws {TempError} When it cannot be made, such as in a parent that is missing.
 * @throws {OptionError} When `prefix` is not part of a name.
 * @throws The signal's reason.
 */
export async function tempDir(options: TempDirOptions = {}): Promise<Temp> {
  const { prefix = 'dex-', parent = tmpdir() } = options;
  checkPart('tempDir.prefix', prefix);
  const start = startIn(parent, prefix);
  return make('TempDir', start, checkSignal('tempDir.signal', options.signal), () => mkdtemp(start));
}

/**
 * Makes an empty file that only this user may read and write (mode 0600), and removes it at the end.
 *
 * ```ts
 * import { readFile, writeFile } from 'node:fs/promises';
 * import { tempFile } from '@dataenginex/resources';
 *
 * await using file = await tempFile({ suffix: '.csv' });
 * await writeFile(file.path, 'date,max\n');
 * await readFile(file.path, 'utf8'); // => 'date,max\n'
 * ```
 *
 * @throws {TempError} When it cannot be made, such as in a parent that is missing.
 * @throws {OptionError} When `prefix` or `suffix` is not part of a name.
 * @throws The signal's reason.
 */
export async function tempFile(options: TempFileOptions = {}): Promise<Temp> {
  const { prefix = 'dex-', suffix = '', parent = tmpdir() } = options;
  checkPart('tempFile.prefix', prefix);
  checkPart('tempFile.suffix', suffix);
  const path = `${startIn(parent, prefix)}${randomBytes(6).toString('hex')}${suffix}`;
  return make('TempFile', path, checkSignal('tempFile.signal', options.signal), async () => {
    await (await open(path, 'wx', 0o600)).close();
    return path;
  });
}

async function make(
  name: string,
  path: string,
  signal: AbortSignal | undefined,
  create: () => Promise<string>,
): Promise<Temp> {
  signal?.throwIfAborted();
  const temp = new Temp(
    await create().catch((cause: unknown) => {
      throw new TempError('make', path, cause);
    }),
    name,
  );
  if (signal?.aborted === true) {
    await temp.close();
    throw signal.reason;
  }
  return temp;
}

/** `join(parent, prefix)` would leave the parent when the prefix is empty, or dots. */
function startIn(parent: string, prefix: string): string {
  return join(resolve(parent), '/') + prefix;
}

function checkPart(option: string, part: string): void {
  if (typeof part !== 'string' || /[/\\\0]/.test(part)) throw new OptionError(option, 'part of a file name', part);
}
