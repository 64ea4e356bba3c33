import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import ts from 'typescript';

interface Workspace {
  /** `packages/http` */
  readonly path: string;
  readonly name: string;
  /** Undefined when the map does not name it. */
  readonly floor: number | undefined;
  /** What its `package.json` names. */
  readonly runtime: ReadonlySet<string>;
  readonly development: ReadonlySet<string>;
}

/** Everything in which the workspace at `root` differs from the map in its `docs/architecture.md`. */
export function findViolations(root: string): string[] {
  const floors = readMap(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));
  const workspaces = globSync('{packages,examples}/*/package.json', { cwd: root })
    .toSorted()
    .map((file) => readWorkspace(root, dirname(file), floors));
  const known = new Set(workspaces.map(({ path }) => basename(path)));
  const byName = new Map(workspaces.map((workspace) => [workspace.name, workspace]));
  const shared = dependenciesOf(root, '.', 'devDependencies');

  const violations = [...floors.keys()]
    .filter((name) => !known.has(name))
    .map((name) => `docs/architecture.md names ${name}, which does not exist.`);
  for (const workspace of workspaces) {
    if (workspace.floor === undefined) violations.push(`${workspace.path} has no floor in docs/architecture.md.`);
    const manifest = join(workspace.path, 'package.json');
    for (const name of [...workspace.runtime, ...workspace.development]) {
      violations.push(...climbs(manifest, workspace, byName.get(name)));
    }
    for (const file of globSync('{src,test}/**/*.{ts,mts,js,mjs}', { cwd: join(root, workspace.path) }).toSorted()) {
      const path = join(workspace.path, file);
      const isTest = /\.test(-d)?\.ts$/.test(file) || file.startsWith('test');
      const allowed = isTest ? workspace.runtime.union(workspace.development).union(shared) : workspace.runtime;
      for (const specifier of importsOf(join(root, path))) {
        if (specifier.startsWith('.')) {
          if (relative(workspace.path, join(dirname(path), specifier)).startsWith('..')) {
            violations.push(`${path} reaches out of ${workspace.path} with ${specifier}.`);
          }
          continue;
        }
        const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
        if (isTest && name === workspace.name) continue; // as its user does
        violations.push(...climbs(path, workspace, byName.get(name)));
        if (name !== workspace.name && !allowed.has(name)) {
          violations.push(`${path} imports ${name}, which ${manifest} does not name.`);
        }
      }
    }
  }
  return violations;
}

function climbs(from: string, { floor = -1 }: Workspace, target: Workspace | undefined): string[] {
  if (target?.floor === undefined || target.floor < floor) return [];
  return [`${from} (floor ${floor}) depends on ${target.path} (floor ${target.floor}): only lower floors may be used.`];
}

/** The first fenced block under "Floors": a line a floor, the highest first. */
function readMap(markdown: string): Map<string, number> {
  const block = /^## Floors$.*?^```text\n(.*?)^```$/ms.exec(markdown)?.[1];
  if (block === undefined) throw new Error('docs/architecture.md has no map: a text block under "## Floors".');
  const rows = block.trim().split('\n').toReversed();
  return new Map(
    rows.flatMap((row, floor) =>
      row
        .trim()
        .split(/\s+/)
        .slice(1)
        .map((name) => [name, floor]),
    ),
  );
}

function readWorkspace(root: string, path: string, floors: ReadonlyMap<string, number>): Workspace {
  const { name } = readManifest(root, path);
  return {
    path,
    name: String(name),
    floor: floors.get(basename(path)),
    runtime: dependenciesOf(root, path, 'dependencies', 'peerDependencies', 'optionalDependencies'),
    development: dependenciesOf(root, path, 'devDependencies'),
  };
}

function dependenciesOf(root: string, path: string, ...kinds: string[]): Set<string> {
  const manifest = readManifest(root, path);
  return new Set(kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {})));
}

function readManifest(root: string, path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
}

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => !/^(?:node:|\/)/.test(name) && !builtinModules.includes(name));
}
