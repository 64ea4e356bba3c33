import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../index.ts';
import { createLikeMatcher } from '../like.ts';
import { compileLike, compileRegex } from '../patterns.ts';
import { automatonOf } from './automaton.ts';
import { createMatcher } from './matcher.ts';
import { search } from './search.ts';
import { parseRegex } from './syntax.ts';

const matcherOf = (regex: string) => createMatcher(compileRegex('regex', regex));

const words = Array.from({ length: 2000 }, (_, n) => `word${n}`).join('|');

const formats = [
  z.email(),
  z.uuid(),
  z.iso.date(),
  z.iso.datetime(),
  z.ipv4(),
  z.ipv6(),
  z.cuid2(),
  z.base64(),
  z.hostname(),
];

describe('createMatcher', () => {
  const plain = String.raw`abc a+ ^a*$ ^[a-z]+@[a-z]+[.][a-z]+$ ^(a|b)*$ ^(?:ab?)+$ ^.{0,5000}$ (?i)^[a-f0-9]{32}$
    ^(\d{1,3}\.){3}\d{1,3}$ ^\w+(,\w+)*$ ^(?=.*[0-9])[a-z0-9]{8,}$ ^"([^"]|"")*"$ ^\s+|\s+$ ^\s*\d+\s*$ .*foo.* \s+\S
    ^[^,]*,[^,]*$ ^(\+|-)?\d+(\.\d+)?([eE][+-]?\d+)?$ ^https?://[^/]+/.*$ ^[A-Z]{2}\d{2}(?:\s?\w{4}){3,7}$ ^#([a-f]{3}){1,2}$`;
  const patterns = formats.map((schema) => schema._zod.def.pattern?.source ?? '');

  it.each([...plain.split(/\s+/), ...patterns, words])(
    'leaves texts of any length to JavaScript where the ways do not multiply: %s',
    (regex) => {
      expect(matcherOf(regex).safeLength).toBe(Infinity);
    },
  );

  const endless = String.raw`^(a+)+$ ^(a*)*$ ^(a|a)*$ ^(a|ab|b)*$ ^(a?){40}$ ^(a?b?)*$ ^(\w+\s?)*$ ^(x+x+)+y ^(([a-z])+.)+[A-Z]+$
    ^(?:(?:a|b)|[ab])*$ b(?=(a+)+$) ^(.{1,20}){1,20}$ ^(a{2}|a{3})+$`;

  it.each(endless.split(/\s+/))('takes no long text where they double with each character: %s', (regex) => {
    expect(matcherOf(regex).safeLength).toBe(16);
  });

  it.each([
    ['^a*a*$', 1000],
    ['a.*b', 1000],
    [String.raw`\bfoo\b.*bar|baz`, 1000],
    ['(x+x+)+y', 99],
    [String.raw`^\d+\d+\d+$`, 99],
    ['a.*b.*c', 99],
    ['(a|a)'.repeat(40), 16],
    [String.raw`^(a)\1+$`, 1000],
    [String.raw`(?<key>["']).*\k<key>`, 1000],
    [String.raw`(a+)\1b`, 464],
    [String.raw`(a|b|ab)*\1c`, 16],
    [String.raw`(?:(x)|a+\1)+$`, 16],
    [String.raw`(?<=\1(a+))b`, 0],
  ])('takes texts by the power that they grow by: %s', (regex, length) => {
    expect(matcherOf(regex).safeLength).toBe(length);
  });

  it('answers what would take for ever, and says when it cannot', () => {
    const text = `${'a'.repeat(100_000)}!`;
    expect(matcherOf('^(a+)+$').test(text)).toBe(false);
    expect(matcherOf('^(a+)+$').test(text.slice(0, -1))).toBe(true);
    expect(matcherOf('^a*a*a*$').test(text)).toBe(false);
    expect(matcherOf('a.*b').test('a'.repeat(1_000_000))).toBe(false);
    expect(matcherOf(String.raw`^(a)\1+$`).test(text)).toBeUndefined();
    expect(matcherOf('(?=.*b.*c)a').test(text)).toBeUndefined();
    expect(matcherOf('^(a+)+$').test('a'.repeat(1e8))).toBeUndefined();
    expect(matcherOf('(a|a)'.repeat(40)).test('a'.repeat(39))).toBe(false);
    expect(matcherOf(`^(${words})-\\d+$`).test('word1999-12345678901234567890')).toBe(true);
  });

  const pieces = String.raw`a b [ab] [^a] . \w \b ^ $ (?=b) (?!a) (?<=a) (?<!b.) 😀 \u{1F600} [^😀] \n é (?:a|) \p{L}`;
  const piece = fc.constantFrom(...pieces.split(' '));
  const { regex } = fc.letrec<{ regex: string; term: string }>((tie) => ({
    term: fc.oneof(
      { maxDepth: 2 },
      piece,
      fc
        .tuple(tie('regex'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?', ''))
        .map(([body, count]) => `(?:${body})${count}`),
    ),
    regex: fc
      .array(fc.array(tie('term'), { maxLength: 4 }), { minLength: 1, maxLength: 2 })
      .map((branches) => branches.map((terms) => terms.join('')).join('|')),
  }));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '\n', '😀', 'é', '\ud83d', 'A'), maxLength: 8 });

  it('finds what JavaScript finds, itself and where it is shortened', () => {
    fc.assert(
      fc.property(regex, fc.constantFrom('', '(?i)', '(?m)'), text, (source, flags, sample) => {
        const compiled = compileRegex('regex', `${flags}${source}`);
        const node = parseRegex(compiled);
        const automaton = node && automatonOf(node, compiled.flags);
        fc.pre(automaton !== undefined);
        const found = compiled.test(sample);
        expect(search(automaton, sample)).toBe(found);
        expect(createMatcher(compiled).test(sample)).toBe(found);
      }),
      { numRuns: 300 },
    );
  });
});

describe('createLikeMatcher', () => {
  const pattern = fc.array(fc.constantFrom('%', '_', 'a', 'b', '.', '😀', '\\'), { maxLength: 9 });
  const text = fc.array(fc.constantFrom('a', 'b', '.', '%', '😀', '\ud83d', '\n'), { maxLength: 12 });

  it('finds what the regular expression of the pattern does', () => {
    fc.assert(
      fc.property(pattern, text, (parts, sample) => {
        const like = ['%', ...parts, '%', 'a%'].join('');
        const matcher = createLikeMatcher(like, '\\');
        expect(matcher.test(sample.join(''))).toBe(compileLike(like, '\\').test(sample.join('')));
      }),
      { numRuns: 300 },
    );
  });

  it('takes texts of any length', () => {
    const like = createLikeMatcher(`%${'a%'.repeat(50)}b`, undefined);
    expect(like.test('a'.repeat(1e6))).toBe(false);
    expect(like.test(`${'a'.repeat(1e6)}b`)).toBe(true);
  });
});

describe('a rule with a regex that blows up', () => {
  const Text = z.object({ text: z.unknown() });
  const long = `${'a'.repeat(30_000)}!`;

  it('is judged all the same, of long texts by an automaton', async () => {
    const Names = contract('names', Text, ({ text }) => [
      text.toMatchRegex('^(a+)+$', { id: 'matches' }),
      text.toNotMatchRegex('^(a+)+$', { id: 'does not' }),
      text.toMatchLikePattern('%a%b%a%', { id: 'like' }),
    ]);
    const { results } = await Names.check([
      { text: 'aaa' },
      { text: long },
      { text: long.slice(1, -1) },
      { text: 'b' },
    ]);
    const broken = Object.fromEntries(
      results.map((result) => [result.rule.id, result.kind === 'map' && result.unexpectedIndexes]),
    );
    expect(broken).toMatchObject({ matches: [1, 3], 'does not': [0, 2], like: [0, 1, 2, 3] });
  });

  it('is an error that names the row where it cannot be, and the others are judged', async () => {
    const Names = contract('names', Text, ({ text }) => [
      text.toMatchRegex('(?=.*b.*c)a', { id: 'looks around' }),
      text.toMatchRegex('a', { id: 'other' }),
    ]);
    const { results } = await Names.check([{ text: 'abc' }, { text: long }]);
    const [looks, other] = results.slice(-2);
    expect(looks).toMatchObject({ kind: 'error', success: false, unexpectedIndexes: [1] });
    expect(looks).toMatchObject({ error: 'row 1: its text of 30001 characters takes too long to search' });
    expect(other).toMatchObject({ kind: 'map', success: true, elementCount: 2 });
  });
});
