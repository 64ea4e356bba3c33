import { availableParallelism } from 'node:os';
import { transform } from 'esbuild';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: false, // oxc leaves standard decorators as they are; esbuild lowers them
  plugins: [
    {
      name: 'esbuild-typescript',
      transform: {
        filter: { id: /\.ts$/ },
        handler: (code, id) => transform(code, { loader: 'ts', target: 'node22', sourcefile: id, sourcemap: true }),
      },
    },
  ],
  ssr: { resolve: { conditions: ['@dataenginex/source', 'node'] } },
  test: {
    maxWorkers: Math.max(3, availableParallelism() - 1), // most of a test's time is waiting, for servers and processes
    // A busy machine is late now and then; one that is late three times is slow. Nothing else is tried again.
    retry: { count: 2, condition: /^expected \d+\.\d+ to be less than \d+$/ },
    expect: { poll: { timeout: 5_000 } },
    // Tell a hang; no test fails for being slow under coverage on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    include: ['{packages,examples}/*/{src,test}/**/*.test.ts', 'tools/**/*.test.ts', 'bench/src/**/*.test.ts'],
    coverage: {
      include: ['packages/*/src/**'],
      exclude: ['**/*.test-d.ts'],
      reporter: [['text', { skipFull: true }]],
      thresholds: { lines: 95, branches: 90 },
    },
    reporters: [
      'default',
      {
        onTestRunEnd(modules) {
          const count = (state: 'passed' | 'failed') =>
            modules.reduce((sum, module) => sum + [...module.children.allTests(state)].length, 0);
          console.log(`${count('passed')} passed, ${count('failed')} failed`);
        },
      },
    ],
  },
});
