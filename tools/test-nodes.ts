// `npx --yes pnpm@12.21.0 check:nodes [22 26 …]`: the test suite on the other supported Nodes.
import { spawnSync } from 'node:child_process';
import { installNodes } from './nodes.ts';

const asked = process.argv.slice(2);
for (const [version, node] of installNodes()) {
  if (version === process.versions.node || (asked.length > 0 && !asked.includes(version.split('.', 1).join())))
    continue;
  console.log(`Node ${version}`);
  const { status } = spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run'], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
