import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** The majors of Node that the packages support, each at a fixed release. */
const releases = ['22.23.3', '24.21.0', '26.10.0'];

/** Paths of the supported Nodes, by version; the first call installs them under `.cache/nodes`. */
export function installNodes(): Map<string, string> {
  const build = `${process.platform}-${process.arch}`;
  const source = build === 'darwin-arm64' ? `node-bin-${build}` : `node-${build}`;
  const folder = resolve('.cache/nodes');
  const paths = new Map(releases.map((version) => [version, `${folder}/node_modules/node-${version}/bin/node`]));
  if (![...paths.values()].every((path) => existsSync(path))) {
    const aliases = releases.map((version) => `node-${version}@npm:${source}@${version}`);
    const args = ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', ...aliases];
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return paths;
}
