import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const withoutComments = (source: string): string =>
  source.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/^\s*\/\/.*$/gm, '');

const read = (root: string, pattern: string, exclude: string[] = []): string =>
  globSync(pattern, { cwd: root, exclude })
    .map((file) => withoutComments(readFileSync(join(root, file), 'utf8')))
    .join('\n');

const matches = (text: string, pattern: RegExp): Set<string> =>
  new Set([...text.matchAll(pattern)].flatMap((match) => match[1] ?? []));

/**
 * What the READMEs under `root/packages` leave out: an error code, or a public value that nothing else imports either.
 * And what they invent: a code in a table that no package throws.
 */
export function findOmissions(root: string): string[] {
  const packages = globSync('packages/*', { cwd: root })
    .toSorted()
    .map((path) => ({
      path,
      codes: matches(read(root, `${path}/src/**/*.ts`, ['**/*.test.ts']), /\bcode = '(DEX_[A-Z0-9_]+)'/g),
      exports: publicValues(
        entriesOf(root, path)
          .map((entry) => read(root, entry))
          .join('\n'),
      ),
      readme: read(root, `${path}/README.md`),
    }));
  const thrown = new Set(packages.flatMap(({ codes }) => [...codes]));

  return packages.flatMap(({ path, codes, exports, readme }) => {
    const missing = [...codes].filter((code) => !readme.includes(`\`${code}\``));
    const invented = [...matches(readme, /^\| `(DEX_[A-Z0-9_]+)`/gm)].filter((code) => !thrown.has(code));
    const importers = read(root, '{packages,examples}/*/src/**/*.ts', [`${path}/**`, '**/*.test.ts']);
    const from = String.raw`\} from '@dataenginex/${basename(path)}(?:/[\w-]+)?'`;
    const imports = [...importers.matchAll(new RegExp(`import \\{([^}]*)${from}`, 'g'))].join(' ');
    const unused = [...exports].filter((name) => !new RegExp(`\\b${name}\\b`).test(readme + imports));
    return [
      ...missing.map((code) => `${path}/README.md does not list the error code ${code}.`),
      ...invented.map((code) => `${path}/README.md lists ${code}, which no package throws.`),
      ...unused.map((name) => `${path} exports ${name}, which its README does not name and nothing imports.`),
    ];
  });
}

/** The entry files that a package's manifest exports. */
function entriesOf(root: string, path: string): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  return Object.values<Record<string, string>>(exports).flatMap((entry) => {
    const source = entry['@dataenginex/source'];
    return source === undefined ? [] : join(path, source);
  });
}

/** Types are left out: they are public because a signature names them. */
function publicValues(entries: string): Set<string> {
  const lists = [...entries.matchAll(/export \{([^}]*)\}/g)].flatMap((match) => (match[1] ?? '').split(','));
  const listed = lists.flatMap((item) => /^\s*(?!type )(?:\w+ as )?(\w+)\s*$/.exec(item)?.[1] ?? []);
  return new Set([...listed, ...matches(entries, /^export (?:async )?(?:function|const|class) (\w+)/gm)]);
}
