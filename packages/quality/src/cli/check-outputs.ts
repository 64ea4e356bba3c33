import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { reasonOf, UsageError } from './usage.ts';

/**
 * What will be written where, refused before anything is read: a report of hours would have no place to go, and a file
 * that is read would be lost.
 *
 * @param outputs Files by their options.
 * @throws {UsageError} When one cannot be written, is read, or is another one.
 */
export async function checkOutputs(
  outputs: Readonly<Record<string, string | undefined>>,
  inputs: readonly string[],
): Promise<void> {
  const taken = new Map<string, string>();
  for (const path of inputs) taken.set(await identityOf(path), 'is read');
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    const refuse = (reason: string): never => {
      throw new UsageError(`--${option} ${path} ${reason}.`);
    };
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isDirectory()) refuse('is a directory');
    try {
      await access(stats === undefined ? dirname(path) : path, constants.W_OK);
    } catch (error) {
      refuse(`cannot be written: ${reasonOf(error)}`);
    }
    // Many may write to one terminal or pipe.
    if (stats !== undefined && !stats.isFile()) continue;
    const identity = await identityOf(path);
    const use = taken.get(identity);
    if (use !== undefined) refuse(use);
    taken.set(identity, `is what --${option} writes`);
  }
}

/** The same for all names of a file, links too. */
async function identityOf(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return stats === undefined ? resolve(path) : `${stats.dev}:${stats.ino}`;
}
