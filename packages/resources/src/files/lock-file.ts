import { checkInteger } from '@dataenginex/core';
import { randomBytes } from 'node:crypto';
import { link, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockError, WriteError } from '../errors.ts';
import { track, untrack } from '../leaks.ts';
import { hasEnded, identifySelf, type ProcessIdentity } from './process-identity.ts';
import { checkSignal } from '../checks.ts';

/** Options of `lockFile`. */
export interface LockFileOptions {
  /** Aborting ends the waiting, and rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** How long to wait for another holder; 0 tries once, Infinity waits until the signal aborts. @default 10_000 */
  waitMs?: number | undefined;
}

/** Who holds a lock, as the file says. */
export interface LockHolder extends ProcessIdentity {
  /** When it got the lock, as `Date.toISOString` writes it. */
  readonly since: string;
  /** Of this holding: no other has the same. */
  readonly id: string;
}

const pollMs = 50;

/** A lock that is held. Made by `lockFile`. */
export class LockFile implements AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  readonly #id: string;
  #closed: Promise<void> | undefined;

  constructor(path: string, id: string) {
    this.path = path;
    this.#id = id;
    track(this, 'LockFile');
  }

  /**
   * Releases the lock by removing its file. Safe twice, and after a failure it tries again.
   *
   * @throws {WriteError} When the file cannot be read or removed.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#release());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #release(): Promise<void> {
    try {
      if (parse(await readFile(this.path, 'utf8'))?.id === this.#id) await rm(this.path, { force: true });
    } catch (cause) {
      if (codeOf(cause) !== 'ENOENT') {
        this.#closed = undefined;
        throw new WriteError(this.path, cause);
      }
    }
    untrack(this);
  }
}

/**
 * Takes a lock between processes: a file that only one of them can make, and that says who has.
 *
 * It is never taken from a process that lives. One left behind by a process that ended, or whose pid belongs to a
 * younger process now, is taken over; of several who try, one gets it. Whether a process on another host lives cannot be
 * told, so its lock stays until it, or you, remove the file. Waiters ask every 50 ms; nobody is first in line.
 *
 * ```ts
 * import { join } from 'node:path';
 * import { lockFile, tempDir } from '@dataenginex/resources';
 *
 * await using folder = await tempDir();
 * const path = join(folder.path, 'import.lock');
 *
 * await using lock = await lockFile(path);
 * await lockFile(path, { waitMs: 0 }); // throws import.lock is held by process
 * ```
 *
 * @throws {LockError} When another process still holds it after `waitMs`.
 * @throws {WriteError} When the file cannot be made: no such folder, no permission, a file system without hard links.
 * @throws {OptionError} When `waitMs` is out of range.
 * @throws The signal's reason.
 */
export async function lockFile(path: string, options: LockFileOptions = {}): Promise<LockFile> {
  const { waitMs = 10_000 } = options;
  checkInteger('lockFile.waitMs', waitMs, { min: 0, max: Infinity });
  const signal = checkSignal('lockFile.signal', options.signal);
  signal?.throwIfAborted();
  const absolute = resolve(path); // the release must find it after a `process.chdir` as well
  const deadline = performance.now() + waitMs;
  const self = { ...(await identifySelf()), id: randomBytes(6).toString('hex') };
  for (;;) {
    if (await take(absolute, self)) break;
    signal?.throwIfAborted();
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw new LockError(absolute, await read(absolute), waitMs);
    // Waiters out of step do not all come at once when a lock is left behind.
    const pauseMs = Math.min(leftMs, pollMs * (0.5 + Math.random()));
    await sleep(pauseMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
  const lock = new LockFile(absolute, self.id);
  if (signal?.aborted === true) {
    await lock.close();
    throw signal.reason;
  }
  return lock;
}

type Self = ProcessIdentity & { readonly id: string };

/**
 * Tries once.
 *
 * A lock left behind may be replaced only by who holds the claim on it: the lock file `<path>.<id of what is replaced>`.
 * Since ids are not used twice, and an ended process stays ended, a claim's holder that still sees the same id under
 * `path` is alone in replacing it. The claim itself becomes the lock, in one step. A claim left behind is a lock left
 * behind.
 */
async function take(path: string, self: Self): Promise<boolean> {
  let holder = await read(path);
  if (holder === undefined) {
    if (await publish(path, self)) return true;
    holder = await read(path);
  }
  if (holder === undefined || !(await hasEnded(holder))) return false;
  const claim = `${path}.${holder.id}`;
  if (!(await take(claim, self))) return false;
  if ((await read(path))?.id !== holder.id) {
    await rm(claim, { force: true });
    return false;
  }
  try {
    await rename(claim, path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false; // a claim on a claim, removed with it by who got the lock
    await rm(claim, { force: true }).catch(() => {}); // or it would stand until this process ends
    throw new WriteError(path, error);
  }
  await sweep(path);
  return true;
}

/** Makes the file, whole from the first moment on, unless it exists. */
async function publish(path: string, self: Self): Promise<boolean> {
  const holder: LockHolder = { ...self, since: new Date().toISOString() };
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', 0o644).catch((cause: unknown) => {
    throw new WriteError(path, cause);
  });
  try {
    try {
      await file.writeFile(`${JSON.stringify(holder, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    // ENOENT: the temporary file was removed, by who got the lock or by the `removeLeftovers` of `atomicWrite`.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw new WriteError(path, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** `undefined` when it was released meanwhile, or cannot be read. */
async function read(path: string): Promise<LockHolder | undefined> {
  return parse(await readFile(path, 'utf8').catch(() => ''));
}

function parse(text: string): LockHolder | undefined {
  try {
    const holder: unknown = JSON.parse(text);
    return isHolder(holder) ? holder : undefined;
  } catch {
    return undefined; // no lock of ours
  }
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, host, since, id } = value as Partial<Record<keyof LockHolder, unknown>>;
  if (!Number.isSafeInteger(pid) || typeof host !== 'string' || typeof since !== 'string') return false;
  return typeof id === 'string' && /^[0-9a-f]{12}$/.test(id);
}

/**
 * Claims on earlier holders mean nothing any more; what holds them finds that out, or has ended. The same goes for the
 * temporary file of a holder to be.
 */
async function sweep(path: string): Promise<void> {
  const folder = dirname(path);
  const start = basename(path);
  const names = await readdir(folder).catch(() => []);
  const leftovers = names.filter((name) => {
    if (name.startsWith(start)) return /^(\.[0-9a-f]{12})+$/.test(name.slice(start.length));
    return name.startsWith(`.${start}`) && /^(\.[0-9a-f]{12})+\.tmp$/.test(name.slice(start.length + 1));
  });
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { force: true }).catch(() => {})));
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
