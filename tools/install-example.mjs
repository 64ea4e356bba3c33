// Run before `npm start`. The first time it installs only what the weather example runs: no compiler, linter or peer.
// A checkout that has the full installation keeps it, and pnpm itself brings that up to date.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

if (!existsSync('node_modules/vitest')) {
  const command = 'npx --yes pnpm@12.21.0 --filter weather... install --frozen-lockfile --prod';
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit' });
  process.exit(status ?? 1);
}
