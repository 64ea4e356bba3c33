// Packs every package, installs the tarballs in an empty project, and on each supported Node loads each entry by `import`
// and by `require()`, and runs each command; the types are checked as a strict project reads them. Run it after a build.
import { execFileSync, spawnSync, type StdioOptions } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installNodes } from './nodes.ts';

const load = `
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
const entry = process.argv[2];
const imported = Object.keys(await import(entry));
const required = Object.keys(createRequire(import.meta.url)(entry));
assert.deepEqual(required, imported);
assert.notEqual(imported.length, 0, 'it exports nothing');
`;

const project = mkdtempSync(join(tmpdir(), 'dex-pack-'));
process.on('exit', () => rmSync(project, { recursive: true, force: true }));

const quiet: { stdio: StdioOptions } = { stdio: ['ignore', 'ignore', 'inherit'] };
execFileSync('pnpm', ['-r', '--filter', './packages/*', 'pack', '--pack-destination', project], quiet);
const tarballs = globSync('*.tgz', { cwd: project }).map((file) => `./${file}`);
writeFileSync(join(project, 'package.json'), '{ "private": true }');
writeFileSync(join(project, 'load.mjs'), load);
execFileSync('npm', ['install', '--no-audit', '--no-fund', ...tarballs], { ...quiet, cwd: project });

const entries: string[] = [];
const commands: { name: string; file: string; version: string }[] = [];
const failures: string[] = [];
const peers: string[] = [];
for (const manifest of globSync('packages/*/package.json').toSorted()) {
  const { name } = JSON.parse(readFileSync(manifest, 'utf8'));
  const installed = join(project, 'node_modules', name);
  const files = globSync('*', { cwd: installed }).toSorted().join(' ');
  if (!/^(CHANGELOG.md )?LICENSE README.md dist package.json$/.test(files)) failures.push(`${name} packs ${files}`);
  const packed = readFileSync(join(installed, 'package.json'), 'utf8');
  if (/"(?:workspace|catalog):/.test(packed)) failures.push(`${name} names a version that only the workspace knows`);
  const { exports, bin = {}, version, peerDependencies = {} } = JSON.parse(packed);
  for (const [command, file] of Object.entries<string>(bin)) {
    commands.push({ name: `${name}'s ${command}`, file: join(installed, file), version });
  }
  entries.push(...Object.keys(exports).map((path) => `${name}${path.slice(1)}`));
  peers.push(...Object.entries<string>(peerDependencies).map(([peer, range]) => `${peer}@${range}`));
}
// An optional peer is installed only by whoever uses the entry that needs it.
if (peers.length > 0) execFileSync('npm', ['install', '--no-audit', '--no-fund', ...peers], { ...quiet, cwd: project });

let passed = 0;
writeFileSync(join(project, 'types.mts'), entries.map((entry, at) => `export * as e${at} from '${entry}';\n`).join(''));
execFileSync('npm', ['install', '--no-audit', '--no-fund', '@types/node@22'], { ...quiet, cwd: project });
for (const kind of [
  ['--module', 'nodenext'],
  ['--module', 'esnext', '--moduleResolution', 'bundler'],
]) {
  const strict = ['--noEmit', '--strict', '--target', 'es2023', '--types', 'node'];
  const { status, stdout } = spawnSync('tsc', [...strict, ...kind, 'types.mts'], { cwd: project, encoding: 'utf8' });
  if (status === 0) passed += 1;
  else failures.push(`The types, with ${kind.join(' ')}:\n${stdout}`);
}
for (const [version, node] of installNodes()) {
  for (const entry of entries) {
    const { status, stderr } = spawnSync(node, ['load.mjs', entry], { cwd: project, encoding: 'utf8' });
    if (status === 0) passed += 1;
    else failures.push(`${entry} on Node ${version}:\n${stderr}`);
  }
  for (const command of commands) {
    const { status, stdout, stderr } = spawnSync(node, [command.file, '--version'], { cwd: project, encoding: 'utf8' });
    if (status === 0 && stdout.trim() === command.version) passed += 1;
    else failures.push(`${command.name} on Node ${version} said ${stdout}${stderr}`);
  }
  console.log(`Node ${version}: ${[...entries, ...commands.map(({ name }) => name)].join(', ')}`);
}

for (const failure of failures) console.error(failure);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
