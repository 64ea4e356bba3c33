import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import ts from 'typescript';

/** One fenced `ts` example of a Markdown file or a docblock. */
export interface Example {
  /** Where the fence opens, such as `packages/core/README.md:12`. */
  readonly title: string;
  readonly source: string;
  /** The example as a module whose line numbers are those of `source`. */
  readonly code: string;
  /** False after `ts no-run`: type-checked only. */
  readonly runs: boolean;
  /** What is wrong with the fence itself or, once it is prepared, with its types. */
  readonly errors: readonly string[];
}

export interface PreparedExample extends Example {
  /** The path to import. */
  readonly module: string;
}

/** Every file whose examples are tested. */
export function documents(): string[] {
  const patterns = ['*.md', 'docs/**/*.md', '{packages,examples}/*/*.md', '{packages,examples}/*/src/**/*.ts'];
  const exclude = ['**/node_modules/**', '**/CHANGELOG.md', '**/*.test.ts', '**/*.test-d.ts', 'docs/api/**'];
  return globSync(patterns, { exclude })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted();
}

export function extractExamples(source: string, text: string): Example[] {
  const examples: Example[] = [];
  const margin = source.endsWith('.ts') ? /^\s*\* ?/ : /^\s*/;
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const [, indent, word] = /^(\s*(?:\* )?)```ts\b\s*(.*)$/.exec(lines[at] ?? '') ?? [];
    if (indent === undefined || word === undefined) continue;
    const title = `${source}:${at + 1}`;
    const close = lines.findIndex((line, index) => index > at && line.replace(margin, '').startsWith('```'));
    const end = close === -1 ? lines.length : close;
    const body = lines
      .slice(at + 1, end)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.replace(margin, '')));
    const opening = `import { expect as $expect } from 'vitest';${'\n'.repeat(at + 1)}`;
    const { code, errors } = withAssertions(source, `${opening}${body.join('\n')}\nexport {};\n`);
    if (close === -1) errors.unshift(`${title}: this example is never closed.`);
    if (word !== '' && word !== 'no-run') errors.unshift(`${title}: only "no-run" may follow \`\`\`ts, got "${word}".`);
    examples.push({ title, source, code, runs: word === '', errors });
    at = end;
  }
  return examples;
}

/**
 * Turns `value; // => expected` and `call(); // throws part of the message` into assertions. The comment stands on the
 * statement's last line or alone on the next.
 */
function withAssertions(source: string, code: string): { code: string; errors: string[] } {
  const file = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest);
  const statements = new Map<number, ts.ExpressionStatement>();
  const collect = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node)) statements.set(node.end, node);
    ts.forEachChild(node, collect);
  };
  collect(file);

  const edits: { start: number; end: number; text: string }[] = [];
  const errors: string[] = [];
  const markers = /((?:[ \t]*\n)?[ \t]*)\/\/ (=>|throws) (.*)$/gm;
  for (const { 0: comment, 1: space = '', 2: kind, 3: expected = '', index } of code.matchAll(markers)) {
    const at = `${source}:${file.getLineAndCharacterOfPosition(index + space.length).line + 1}`;
    const statement = statements.get(index);
    if (statement === undefined) {
      errors.push(`${at}: "// ${kind}" must follow an expression statement.`);
      continue;
    }
    const throwing = ts.isAwaitExpression(statement.expression)
      ? { before: 'await $expect(async () => ', after: '.rejects.toThrow' }
      : { before: '$expect(() => ', after: '.toThrow' };
    const [before, after] =
      kind === '=>'
        ? ['$expect(', `.toEqual(${expected});`]
        : [throwing.before, `${throwing.after}(${JSON.stringify(expected)});`];
    const start = statement.getStart(file);
    edits.push({ start, end: start, text: before });
    edits.push({ start: statement.expression.end, end: index + comment.length, text: `${space})${after}` });
  }

  let result = code;
  for (const { start, end, text } of edits.toSorted((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + text + result.slice(end);
  }
  return { code: result, errors };
}

/**
 * Writes each example inside the workspace it belongs to, so that it imports what that workspace may import, and
 * type-checks all of them at once. Examples outside a workspace may import what `docs/package.json` names.
 */
export function prepareExamples(examples: readonly Example[]): PreparedExample[] {
  const modules = examples.map(({ title, source, code }) => {
    const workspace = /^(?:packages|examples)\/[^/]+/.exec(source)?.[0] ?? 'docs';
    const module = `${workspace}/.cache/examples/${relative(workspace, title).replaceAll(/[^\w.-]+/g, '-')}.ts`;
    mkdirSync(dirname(module), { recursive: true });
    writeFileSync(module, code);
    return module;
  });
  const diagnostics = typeCheck(modules);
  return examples.map((example, index) => {
    const module = modules[index] ?? '';
    const found = diagnostics
      .filter((line) => line.startsWith(`${module}(`))
      .map((line) => line.replace(/^.*?\((\d+),\d+\)/, `${example.source}:$1`));
    return { ...example, module: resolve(module), errors: [...example.errors, ...found] };
  });
}

function typeCheck(modules: readonly string[]): string[] {
  mkdirSync('.cache', { recursive: true });
  const project = `.cache/examples-${process.pid}.tsconfig.json`;
  const files = modules.map((module) => resolve(module));
  writeFileSync(project, JSON.stringify({ extends: '../tsconfig.json', files, include: [] }));
  const args = ['node_modules/typescript-native/bin/tsc', '-p', project, '--pretty', 'false'];
  const tsc = spawnSync(process.execPath, args, { encoding: 'utf8' });
  rmSync(project);
  if (tsc.error !== undefined) throw tsc.error;
  return tsc.stdout.split('\n');
}

export function readExamples(): Example[] {
  return documents().flatMap((file) => extractExamples(file, readFileSync(file, 'utf8')));
}
