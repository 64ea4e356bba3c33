import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WriteError } from '@dataenginex/resources';
import type { Fields } from '../layers/message.ts';

/** By which a server can tell that what is there is the beginning of what it has. */
export interface Validator {
  readonly header: 'etag' | 'last-modified';
  readonly value: string;
}

/** What is known of the part on disk, for the next call to go on from. */
interface PartNotes extends Validator {
  /** SHA-256 of the URL, which may hold secrets. */
  readonly url: string;
  readonly totalBytes?: number | undefined;
}

/**
 * A file that is being downloaded: `path.part`, and beside it `path.part.json`, which says what it is the beginning of.
 * The notes are there only while they hold.
 */
export class PartFile {
  readonly path: string;
  readonly #url: string;
  readonly #file: FileHandle;
  readonly #mode: number | undefined;
  #hash = createHash('sha256');
  /** How much is there. */
  bytes = 0;
  totalBytes: number | undefined;
  validator: Validator | undefined;

  private constructor(path: string, url: URL, file: FileHandle, mode: number | undefined) {
    this.path = path;
    this.#url = createHash('sha256').update(url.href).digest('hex');
    this.#file = file;
    this.#mode = mode;
  }

  /** Takes up what an earlier call has left, or begins anew. @throws {WriteError} */
  static async open(path: string, url: URL, resume: boolean, signal: AbortSignal | undefined): Promise<PartFile> {
    const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants; // Windows has no O_NOFOLLOW, which then is no flag
    const mode = await onDisk(path, modeOf(path));
    const file = await onDisk(path, open(`${path}.part`, O_RDWR | O_CREAT | O_NOFOLLOW, mode));
    const part = new PartFile(path, url, file, mode);
    try {
      if (!resume || !(await part.#takeUp(signal))) await part.begin(undefined, undefined);
      return part;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Forgets what was there. */
  async begin(validator: Validator | undefined, totalBytes: number | undefined): Promise<void> {
    await this.#onDisk(rm(this.#notesPath, { force: true }));
    await this.#onDisk(this.#file.truncate(0));
    this.#hash = createHash('sha256');
    this.bytes = 0;
    this.totalBytes = totalBytes;
    this.validator = validator;
    if (validator === undefined) return;
    const notes: PartNotes = { ...validator, url: this.#url, totalBytes };
    await this.#onDisk(writeFile(this.#notesPath, `${JSON.stringify(notes)}\n`, { mode: 0o600 }));
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength;) {
      const { bytesWritten } = await this.#onDisk(this.#file.write(chunk, at, chunk.byteLength - at, this.bytes + at));
      at += bytesWritten;
    }
    this.#hash.update(chunk);
    this.bytes += chunk.byteLength;
  }

  /** Of what is there. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Makes it the file. */
  async finish(): Promise<void> {
    if (this.#mode !== undefined) await this.#onDisk(this.#file.chmod(this.#mode));
    await this.#onDisk(this.#file.sync());
    await this.#onDisk(rename(`${this.path}.part`, this.path));
    await this.#onDisk(rm(this.#notesPath, { force: true }));
    await this.#onDisk(syncFolder(dirname(this.path)));
  }

  async remove(): Promise<void> {
    await rm(this.#notesPath, { force: true });
    await rm(`${this.path}.part`, { force: true });
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  get #notesPath(): string {
    return `${this.path}.part.json`;
  }

  async #takeUp(signal: AbortSignal | undefined): Promise<boolean> {
    const notes = await readNotes(this.#notesPath);
    if (notes === undefined || notes.url !== this.#url) return false;
    const buffer = Buffer.allocUnsafe(2 ** 18);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await this.#onDisk(this.#file.read(buffer, 0, buffer.length, this.bytes));
      if (bytesRead === 0) break;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.bytes += bytesRead;
    }
    this.totalBytes = notes.totalBytes;
    this.validator = { header: notes.header, value: notes.value };
    return this.bytes > 0 && this.bytes <= (notes.totalBytes ?? Infinity);
  }

  #onDisk<T>(work: Promise<T>): Promise<T> {
    return onDisk(this.path, work);
  }
}

/**
 * A strong entity tag, or a date of last change that is strong by being a second older than the answer.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.2
 */
export function validatorOf(fields: Fields): Validator | undefined {
  const { etag, date, 'last-modified': changed } = fields;
  if (isStrongTag(etag)) return { header: 'etag', value: etag };
  if (typeof changed !== 'string' || typeof date !== 'string') return undefined;
  return Date.parse(date) - Date.parse(changed) >= 1_000 ? { header: 'last-modified', value: changed } : undefined;
}

function isStrongTag(tag: unknown): tag is string {
  return typeof tag === 'string' && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag);
}

async function readNotes(path: string): Promise<PartNotes | undefined> {
  try {
    const notes: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isNotes(notes) ? notes : undefined;
  } catch {
    return undefined; // none, or none to go on from
  }
}

function isNotes(notes: unknown): notes is PartNotes {
  if (typeof notes !== 'object' || notes === null) return false;
  if (!('header' in notes && 'value' in notes && 'url' in notes)) return false;
  const { header, value, url } = notes;
  const totalBytes = 'totalBytes' in notes ? notes.totalBytes : undefined;
  if (typeof url !== 'string' || (totalBytes !== undefined && !Number.isSafeInteger(totalBytes))) return false;
  return header === 'etag' ? isStrongTag(value) : header === 'last-modified' && isDate(value);
}

function isDate(value: unknown): boolean {
  return typeof value === 'string' && /^[\w ,:+-]+$/.test(value) && !Number.isNaN(Date.parse(value));
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new WriteError(path, cause);
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    const old = await stat(path);
    if (old.isDirectory()) throw new Error('it is a folder');
    return old.mode & 0o777;
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
