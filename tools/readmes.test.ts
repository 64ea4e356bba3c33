import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findOmissions } from './readmes.ts';

describe('the READMEs of the packages', () => {
  it('list every error code and name every public value', () => {
    expect(findOmissions('.')).toEqual([]);
  });
});

describe('findOmissions', () => {
  it('names codes and exports that a README leaves out, and codes that it invents', () => {
    const root = mkdtempSync(join(tmpdir(), 'dex-readmes-'));
    const write = (path: string, ...lines: string[]): void => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), lines.join('\n'));
    };
    const source = { '@dataenginex/source': './src/index.ts' };
    const extra = { '@dataenginex/source': './src/extra.ts' };
    write('packages/a/package.json', JSON.stringify({ exports: { '.': source, './extra': extra } }));
    write('packages/a/src/extra.ts', 'export function lentByEntry() {}', 'export async function idleByEntry() {}');
    write('examples/b/src/entry.ts', "import { lentByEntry } from '@dataenginex/a/extra';");
    write('packages/a/src/index.ts', "export { told, type T, used as lent, idle } from './a.ts';");
    write('packages/a/src/a.ts', '/** `DEX_EXAMPLE` */', "  code = 'DEX_TOLD';", "  code = 'DEX_UNTOLD';");
    write('packages/a/README.md', '`told()`', '| `DEX_TOLD` | |', '| `DEX_INVENTED` | |');
    write('examples/b/src/main.ts', "import {\n  lent,\n} from '@dataenginex/a';");
    expect(findOmissions(root)).toEqual([
      'packages/a/README.md does not list the error code DEX_UNTOLD.',
      'packages/a/README.md lists DEX_INVENTED, which no package throws.',
      'packages/a exports idle, which its README does not name and nothing imports.',
      'packages/a exports idleByEntry, which its README does not name and nothing imports.',
    ]);
    rmSync(root, { recursive: true });
  });
});
