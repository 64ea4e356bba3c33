import { describe, expect, it } from 'vitest';
import { extractExamples, prepareExamples, type PreparedExample, readExamples } from './doc-examples.ts';

async function run({ title, source, module, errors, runs }: PreparedExample): Promise<void> {
  if (errors.length > 0) throw new Error(errors.join('\n'));
  if (!runs) return;
  try {
    await import(module);
  } catch (error) {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    const line = stack.slice(stack.indexOf(module)).match(/(?<=:)\d+/)?.[0];
    throw new Error(`${line === undefined ? title : `${source}:${line}`}: ${message}`, { cause: error });
  }
}

const fence = (...lines: string[]): string => ['# Fixture', '', '```ts', ...lines, '```', ''].join('\n');

describe('every example in the docs', () => {
  it.each(prepareExamples(readExamples()))('$title', run);
});

describe('the runner of examples', () => {
  const examples = {
    right: fence('[1, 2].map((n) => n * 2); // => [2, 4]', 'await Promise.reject(new Error("gone")); // throws gone'),
    below: fence('await Promise.resolve(', '  2,', ');', '// => 2'),
    nested: fence('[1].map((n) => {', '  n; // => 1', '  return n + 1;', '}); // => [2]'),
    inner: fence('for (const n of [1, 2]) {', '  n; // => 1', '}'),
    value: fence('const two = 1 + 1;', 'two; // => 3'),
    wrongBelow: fence('1 + 1;', '// => 3'),
    rejection: fence('await Promise.resolve(1); // throws gone'),
    message: fence('JSON.parse("{"); // throws gone'),
    crash: fence('', 'throw new Error("boom");'),
    type: fence('const two: string = 1 + 1;'),
    declaration: fence('const two = 1 + 1; // => 2'),
    alone: fence('const two = 1 + 1;', '// => 2'),
    blank: fence('1 + 1;', '', '// => 2'),
    unknown: '```ts norun\n```',
    open: '```ts\n1;',
    unresolved: fence("import '@dataenginex/nothing';"),
  };
  const prepared = prepareExamples(
    Object.entries(examples).flatMap(([name, text]) => extractExamples(`docs/${name}.md`, text)),
  );
  const named = (name: string) => prepared.filter(({ source }) => source === `docs/${name}.md`);

  it.each(['right', 'below', 'nested'])('passes a %s example', async (name) => {
    expect(named(name)).toHaveLength(1);
    await Promise.all(named(name).map(run));
  });

  it.each([
    ['value', 'docs/value.md:5: expected 2 to deeply equal 3'],
    ['inner', 'docs/inner.md:5: expected 2 to deeply equal 1'],
    ['wrongBelow', 'docs/wrongBelow.md:5: expected 2 to deeply equal 3'],
    ['rejection', 'docs/rejection.md:4: promise resolved "1" instead of rejecting'],
    ['message', "docs/message.md:4: expected [Function] to throw error including 'gone'"],
    ['crash', 'docs/crash.md:5: boom'],
    ['type', "docs/type.md:4: error TS2322: Type 'number' is not assignable to type 'string'."],
    ['declaration', 'docs/declaration.md:4: "// =>" must follow an expression statement.'],
    ['alone', 'docs/alone.md:5: "// =>" must follow an expression statement.'],
    ['blank', 'docs/blank.md:6: "// =>" must follow an expression statement.'],
    ['unknown', 'docs/unknown.md:1: only "no-run" may follow ```ts, got "norun".'],
    ['open', 'docs/open.md:1: this example is never closed.'],
    ['unresolved', 'docs/unresolved.md:4: error TS'],
  ])('fails a wrong %s, naming file and line', async (name, message) => {
    await expect(Promise.all(named(name).map(run))).rejects.toThrow(message);
  });

  it('reads docblocks, indented fences and no-run', () => {
    const docblock = ['/**', ' * ```ts', ' * f(', ' *   1,', ' * ); // => 1', ' * ```', ' */'].join('\n');
    expect(extractExamples('a.ts', docblock)).toMatchObject([{ title: 'a.ts:2', runs: true, errors: [] }]);
    expect(extractExamples('a.md', '- a\n\n  ```ts no-run\n  f();\n  ```')).toMatchObject([{ runs: false }]);
  });
});
