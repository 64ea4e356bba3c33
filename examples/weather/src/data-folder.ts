import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DexError } from '@dataenginex/core';
import { atomicWrite, removeLeftovers } from '@dataenginex/resources';
import type { z } from 'zod';

/** A file of ours cannot be read or written, or holds what we did not put there. */
class DataFolderError extends DexError {
  override readonly name = 'DataFolderError';
  readonly code = 'DEX_WEATHER_DATA';
}

/**
 * The folder that holds what the job made: `raw/`, `clean/`, `insights/`, `quality/`. A file there is whole or not there at all,
 * whenever the process ends.
 */
export class DataFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder where there is none, and removes what a killed run had begun to write. */
  static async open(path: string): Promise<DataFolder> {
    await makeFolder(path);
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    await Promise.all([path, ...folders].map((folder) => removeLeftovers(folder)));
    return new DataFolder(path);
  }

  /** The path of a folder in it, made where there is none. */
  async make(name: string): Promise<string> {
    const path = join(this.path, name);
    await makeFolder(path);
    return path;
  }

  /** The file as JSON in the shape of the schema, or `undefined` when there is none. */
  async read<S extends z.ZodType>(file: string, schema: S): Promise<z.infer<S> | undefined> {
    const path = join(this.path, file);
    try {
      return schema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw new DataFolderError(`${path} cannot be used: ${messageOf(error)}. Delete it to fetch it again.`, {
        cause: error,
      });
    }
  }

  /** Replaces the file in one step. */
  async write(file: string, content: string | AsyncIterable<string | Uint8Array>, signal: AbortSignal): Promise<void> {
    const path = join(this.path, file);
    await makeFolder(dirname(path));
    await atomicWrite(path, content, { signal });
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new DataFolderError(`The folder ${path} cannot be made: ${messageOf(error)}.`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
