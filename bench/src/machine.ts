import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Machine {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
}

export function describeMachine(): Machine {
  return {
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
  };
}

interface Manifest {
  version: string;
  dependencies?: Record<string, string>;
}

/** The installed versions of the dependencies of `bench/package.json`, by name. */
export async function readVersions(bench: URL): Promise<Record<string, string>> {
  const read = async (path: string): Promise<Manifest> => JSON.parse(await readFile(new URL(path, bench), 'utf8'));
  const versions: Record<string, string> = {};
  for (const name of Object.keys((await read('package.json')).dependencies ?? {})) {
    versions[name] = (await read(`node_modules/${name}/package.json`)).version;
  }
  return versions;
}
