import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../index.ts';
import { fixedTextCode } from './fixed-texts.ts';

/** The code as a function. */
function compile(regex: RegExp): ((text: string) => boolean) | undefined {
  const constants: unknown[] = [];
  const code = fixedTextCode(regex, 'text', (value) => `k[${constants.push(value) - 1}]`);
  if (code === undefined) return undefined;
  const compiled: unknown = Reflect.construct(Function, ['k', 'text', `return ${code}`]);
  if (typeof compiled !== 'function') throw new Error('no function');
  return (text) => compiled(constants, text);
}

const parts = fc.constantFrom(
  'a',
  '-',
  ' ',
  '\\d',
  '\\w',
  '\\.',
  '\\]',
  '[ab]',
  '[a-f\\d]',
  '[\\w.-]',
  '[-a]',
  '[.\\]]',
  '[a\\-c]',
);
const regexes = fc
  .array(fc.tuple(parts, fc.constantFrom('', '', '{2}', '{0}')), { minLength: 1, maxLength: 4 })
  .map((list) => `^${list.map(([part, times]) => part + times).join('')}$`);
const texts = fc.string({
  unit: fc.constantFrom('a', 'b', '-', '.', ']', ' ', '0', '9', '_', 'Z', 'é', '\n', '😀'),
  maxLength: 6,
});

describe('fixedTextCode', () => {
  it('is true of the texts that the regex matches', () => {
    fc.assert(
      fc.property(regexes, fc.array(texts, { maxLength: 30 }), (source, some) => {
        const regex = new RegExp(source, 'u');
        const matching = some.concat(fc.sample(fc.stringMatching(regex), { numRuns: 3, seed: some.length }));
        const matches = compile(regex);
        for (const text of matching) expect([text, matches?.(text)]).toEqual([text, regex.test(text)]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    'a',
    '^a',
    'a$',
    '^a*$',
    '^a|b$',
    '^(a)$',
    '^[^a]$',
    '^.$',
    '^é$',
    '^\\s$',
    '^\\u{61}$',
    '^a{1,2}$',
    '^a{41}$',
    '^[b-é]$',
  ])('leaves others to the regex: %s', (source) => expect(compile(new RegExp(source, 'u'))).toBeUndefined());

  it('leaves flags to the regex', () => expect(compile(/^a$/iu)).toBeUndefined());

  it('judges as the regex does', async () => {
    const Dates = contract('dates', z.object({ at: z.string().regex(/^\d{4}-\d{2}$/) }), (c) => [
      c.at.toNotMatchRegex('^\\w{7}$'),
      c.at.toMatchRegexList(['^20\\d{2}-\\d{2}$', '^19\\d{2}-\\d{2}$']),
    ]);
    const rows = ['2012-01', '1912-01', '1812-01', '2012-1', '2012-01\n', '2012_01', '２012-01', null].map((at) => ({
      at,
    }));
    const report = await Dates.check(rows);
    expect(
      report.failures.map(({ rule, ...result }) => [
        rule.id,
        'unexpectedIndexes' in result && result.unexpectedIndexes,
      ]),
    ).toEqual([
      ['schema.at.required', [7]],
      ['schema.at.pattern', [3, 4, 5, 6]],
      ['at.toNotMatchRegex', [5]],
      ['at.toMatchRegexList', [2, 3, 4, 5, 6]],
    ]);
  });
});
