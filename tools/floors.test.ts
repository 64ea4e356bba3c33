import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findViolations } from './floors.ts';

describe('floors', () => {
  it('are as docs/architecture.md says', () => {
    expect(findViolations('.')).toEqual([]);
  });
});

describe('findViolations', () => {
  const roots: string[] = [];
  afterEach(() => roots.splice(0).forEach((root) => rmSync(root, { recursive: true })));

  /** Two siblings, `left` and `right`, on `base`, each naming only what it may. */
  const repository = (changes: Record<string, unknown> = {}): string => {
    const root = mkdtempSync(join(tmpdir(), 'dex-floors-'));
    roots.push(root);
    const files = {
      'package.json': { devDependencies: { vitest: '*' } },
      'docs/architecture.md': '## Floors\n\n```text\n1  left  right\n0  base\n```\n',
      'packages/base/package.json': { name: '@x/base' },
      'packages/left/package.json': { name: '@x/left', dependencies: { '@x/base': '*', zod: '*' } },
      'packages/left/src/index.ts': "import type { Base } from '@x/base';\nexport { z } from 'zod/mini';\n",
      'packages/left/src/index.test.ts': "import { it } from 'vitest';\nimport './index.ts';\nimport 'node:fs';\n",
      'packages/right/package.json': { name: '@x/right' },
      ...changes,
    };
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
    }
    return root;
  };

  it('accepts imports from a lower floor, of named dependencies and of test tools in tests', () => {
    expect(findViolations(repository())).toEqual([]);
  });

  it('accepts that a test imports its own package by name, and nothing else of it', () => {
    const user = "import { L } from '@x/left';";
    expect(findViolations(repository({ 'packages/left/test/user.ts': user }))).toEqual([]);
    expect(findViolations(repository({ 'packages/left/src/a.ts': user }))).toHaveLength(1);
  });

  it.each([
    [
      'a sibling',
      { 'packages/right/src/a.ts': "import type { L } from '@x/left';" },
      'packages/right/src/a.ts (floor 1) depends on packages/left (floor 1)',
    ],
    [
      'a higher floor',
      { 'packages/base/src/a.test.ts': "await import('@x/left');" },
      'packages/base/src/a.test.ts (floor 0) depends on packages/left (floor 1)',
    ],
    [
      'a cycle',
      { 'packages/base/package.json': { name: '@x/base', devDependencies: { '@x/left': '*' } } },
      'packages/base/package.json (floor 0) depends on packages/left (floor 1)',
    ],
    [
      "another package's file",
      { 'packages/left/src/a.ts': "export * from '../../base/src/a.ts';" },
      'packages/left/src/a.ts reaches out of packages/left with ../../base/src/a.ts',
    ],
    [
      'a dependency that is not named',
      { 'packages/right/src/a.ts': "import { z } from 'zod';" },
      'packages/right/src/a.ts imports zod, which packages/right/package.json does not name',
    ],
    [
      'a test tool outside tests',
      { 'packages/right/src/a.ts': "import 'vitest';" },
      'packages/right/src/a.ts imports vitest, which',
    ],
    ['a package without a floor', { 'packages/new/package.json': { name: '@x/new' } }, 'packages/new has no floor'],
    [
      'a floor without a package',
      { 'docs/architecture.md': '## Floors\n\n```text\n1 left right\n0 base lost\n```\n' },
      'docs/architecture.md names lost, which does not exist',
    ],
  ])('names %s', (_what, changes, message) => {
    expect(findViolations(repository(changes))).toContainEqual(expect.stringContaining(message));
  });
});
