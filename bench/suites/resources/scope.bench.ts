import { strictEqual } from 'node:assert/strict';
import { openScope, withScope } from '@dataenginex/resources';
import { benchmark } from '../../src/benchmark.ts';

let disposed = 0;

const resource: AsyncDisposable = {
  async [Symbol.asyncDispose]() {
    disposed += 1;
  },
};

async function times(n: number, once: () => Promise<void>): Promise<number> {
  disposed = 0;
  for (let i = 0; i < n; i++) await once();
  return disposed;
}

export const bench = benchmark({
  title: 'Three async resources, taken and disposed of',
  about:
    'One operation opens a scope or stack, puts three resources with trivial async disposers into it, and ends it.',
  baseline: 'AsyncDisposableStack',
  subjects: {
    AsyncDisposableStack: () => ({
      run: (n) =>
        times(n, async () => {
          await using stack = new AsyncDisposableStack();
          for (let i = 0; i < 3; i++) stack.use(resource);
        }),
    }),
    'three await using': () => ({
      run: (n) =>
        times(n, async () => {
          await using _first = resource;
          await using _second = resource;
          await using _third = resource;
        }),
    }),
    '@dataenginex/resources openScope': () => ({
      run: (n) =>
        times(n, async () => {
          await using scope = openScope();
          for (let i = 0; i < 3; i++) scope.use(resource);
        }),
    }),
    '@dataenginex/resources withScope': () => ({
      run: (n) =>
        times(n, () =>
          withScope({}, async (scope) => {
            for (let i = 0; i < 3; i++) scope.use(resource);
          }),
        ),
    }),
  },
  check: (result, n) => strictEqual(result, 3 * n),
});
