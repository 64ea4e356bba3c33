import { readFile } from 'node:fs/promises';
import { atomicWrite } from '@dataenginex/resources';
import type { CheckpointStore } from './checkpoint.ts';

/**
 * Keeps the last checkpoint in a file of JSON, replaced in one step: a crash or a power cut leaves the old one or the new
 * one. Each pipe needs a file of its own; remove it to begin anew.
 *
 * @throws {WriteError} From the run, when the file cannot be written; when it cannot be read, the file system's error.
 */
export function fileStore(path: string): CheckpointStore {
  return {
    async load({ signal }) {
      try {
        return await readFile(path, { encoding: 'utf8', signal });
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    save: (checkpoint, { signal }) => atomicWrite(path, checkpoint, { signal }),
  };
}
