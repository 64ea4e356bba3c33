import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

// Run in each package: its entries are those that its manifest exports.
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));

export default defineConfig({
  entry: Object.values<Record<string, string>>(exports).flatMap((entry) => entry['@dataenginex/source'] ?? []),
  format: 'esm',
  target: 'node22',
  clean: true,
  sourcemap: true,
  removeNodeProtocol: false, // there is no `sqlite` without `node:`
  onSuccess: 'tsc -p tsconfig.build.json',
});
