import { spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scope = '@dataenginex/';

/** Those packages, and what they stand on, whose `dist` is missing or older than their source. */
export function findStale(names: readonly string[]): string[] {
  return [...closure(names)].filter(isStale);
}

export async function build(names: readonly string[]): Promise<void> {
  const filters = names.map((name) => `--filter=${scope}${name}`);
  await run('npx', ['--yes', 'pnpm@12.21.0', '-r', ...filters, 'exec', 'tsup']);
}

function closure(names: readonly string[], found = new Set<string>()): Set<string> {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    const manifest: { dependencies?: Record<string, string> } = JSON.parse(
      readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
    );
    const ours = Object.keys(manifest.dependencies ?? {}).filter((dependency) => dependency.startsWith(scope));
    closure(
      ours.map((dependency) => dependency.slice(scope.length)),
      found,
    );
  }
  return found;
}

function isStale(name: string): boolean {
  const folder = join(root, 'packages', name);
  const built = join(folder, 'dist/index.js');
  const types = join(folder, 'dist/index.d.ts');
  if (!existsSync(built) || !existsSync(types)) return true;
  const builtMs = statSync(built).mtimeMs;
  return globSync(['src/**/*.ts', 'package.json'], { cwd: folder, exclude: ['**/*.test.ts', '**/*.test-d.ts'] }).some(
    (file) => statSync(join(folder, file)).mtimeMs > builtMs,
  );
}

/** @throws {Error} With everything the command printed, when it fails. */
export function run(command: string, args: readonly string[], cwd = root): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    const collect = (chunk: Buffer): void => void (printed += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${[command, ...args].join(' ')} failed:\n${printed}`));
    });
  });
}
