import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

// docs/*.md hold tables `| their case | covered by |`. The second cell names tests of ours, each as `title`, or begins with
// "does not apply: ". A line of the document counts them: "65 cases: 50 covered, 15 do not apply."

const root = resolve(import.meta.dirname, '..');
const titles = new Set(
  globSync(`${root}/src/**/*.test.ts`).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:\bit|\]|\)|`)\(\s*'((?:[^'\\]|\\.)*)',/g)].map(([, title]) => title),
  ),
);
const documents = globSync(`${root}/docs/*.md`)
  .map((file) => ({ name: file.slice(root.length + 1).replaceAll('\\', '/'), text: readFileSync(file, 'utf8') }))
  .filter(({ text }) => text.includes('| covered by'));

describe.each(documents)('$name', ({ text }) => {
  const rows = [...text.matchAll(/^\| +(`.*?`.*?) +\| +(.*?) +\|$/gm)].map(([, name = '', cover = '']) => ({
    name,
    cover,
  }));
  const outside = rows.filter(({ cover }) => cover.startsWith('does not apply: '));
  const covered = rows.filter((row) => !outside.includes(row));

  it('names only tests that exist', () => {
    const named = covered.flatMap(({ cover }) => [...cover.matchAll(/`(.*?)`/g)].map(([, title]) => title));
    expect(named.filter((title) => !titles.has(title))).toEqual([]);
    expect(covered.filter(({ cover }) => !cover.includes('`'))).toEqual([]);
  });

  it('lists each case once, and counts them', () => {
    expect(rows.map(({ name }) => name).filter((name, index, all) => all.indexOf(name) !== index)).toEqual([]);
    const count = `${rows.length} cases: ${covered.length} covered, ${outside.length} do not apply.`;
    expect(text.replaceAll('\n', ' ')).toContain(count);
  });
});
