// `npx --yes pnpm@12.21.0 soak [package]`: the campaigns (`*.campaign.test.ts`) at full count, of one package or example or of all.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const [name = '*'] = process.argv.slice(2);
const campaigns = globSync(`{packages,examples}/${name}/{src,test}/**/*.campaign.test.ts`);
if (campaigns.length === 0) {
  console.error(`No campaign (*.campaign.test.ts) in "${name}".`);
  process.exit(1);
}
const args = ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout=0', ...campaigns];
const env = { ...process.env, DEX_CAMPAIGN: '1' };
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
