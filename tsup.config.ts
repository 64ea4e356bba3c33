import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

// Run in each package: its entries are those that its manifest exports, and its commands.
const { exports, bin = {} } = JSON.parse(readFileSync('package.json', 'utf8'));

export default defineConfig({
  entry: [
    ...Object.values<Record<string, string>>(exports).flatMap((entry) => entry['@dataenginex/source'] ?? []),
    ...Object.values<string>(bin).map((file) => file.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')),
  ],
  format: 'esm',
  target: 'node22',
  clean: true,
  sourcemap: true,
  removeNodeProtocol: false, // there is no `sqlite` without `node:`
  onSuccess: 'tsc -p tsconfig.build.json',
});
