import { describe, expect, it } from 'vitest';
import { compileLike, compileRegex, lengthWithin } from './patterns.ts';
import { compileStrftime } from './strftime.ts';

const matches = (regex: string, text: string) => compileRegex('regex', regex).test(text);

describe('regular expressions', () => {
  it.each<[regex: string, yes: readonly string[], no: readonly string[]]>([
    ['ab', ['xabx'], ['AB']],
    ['^ab$', ['ab'], ['ab\n', 'xab']],
    [String.raw`\Aab\Z`, ['ab'], ['ab\n', 'xab']],
    [String.raw`(?m)\Ab$`, ['b\nc'], ['a\nb']],
    ['(?m)^b$', ['a\nb\nc'], ['ab']],
    ['(?i)ab', ['AB'], ['b']],
    ['a.b', ['a\rb', 'a😀b'], ['a\nb']],
    ['(?s)a.b', ['a\nb'], ['ab']],
    ['(?is)A.B', ['a\nb'], ['ab']],
    [String.raw`^\d+$`, ['12'], ['١']],
    [String.raw`a\-b\_c\"\@`, ['a-b_c"@'], ['a\\-b']],
    [String.raw`^[\w\-\.]+$`, ['a-b.c_1'], ['a b']],
    ['^[]a]+$', [']a'], ['b']],
    ['^[^]a]+$', ['b['], [']']],
    ['^[.{}]$', ['.', '{'], ['a']],
    ['(?P<year>\\d{4})', ['2024'], ['20']],
    ['^a{,2}$', ['', 'aa'], ['aaa']],
    ['^a{2,}$', ['aaa'], ['a']],
    ['{x}', ['{x}'], ['x']],
    ['a]', ['a]'], ['a']],
    [String.raw`^\p{Lu}\u{1F600}$`, ['É😀'], ['é😀']],
    [String.raw`^[\p{Lu}]+$`, ['ÉA'], ['é']],
    ['^.$', ['😀'], ['😀😀']],
  ])('searches for %s', (regex, yes, no) => {
    expect(yes.filter((text) => !matches(regex, text))).toEqual([]);
    expect(no.filter((text) => matches(regex, text))).toEqual([]);
  });

  it.each(['(', 'a++', '(?>a)', '(?x)a b', '(?P=year)', '*', '[b-a]'])('refuses %s', (regex) => {
    expect(() => compileRegex('email.toMatchRegex', regex)).toThrow(
      'Option "email.toMatchRegex" must be a regular expression',
    );
  });
});

describe('LIKE', () => {
  it.each<[pattern: string, escape: string | undefined, yes: readonly string[], no: readonly string[]]>([
    ['a%', undefined, ['a', 'ab\nc'], ['ba']],
    ['a_c', undefined, ['abc', 'a😀c'], ['ac', 'abbc']],
    ['a!%', '!', ['a%'], ['ab', 'a!%']],
    ['a!!_', '!', ['a!x'], ['a!', 'a_']],
    ['(a.*)[b]\\', undefined, ['(a.*)[b]\\'], ['axb']],
  ])('compares the whole text with %s, escaped by %s', (pattern, escape, yes, no) => {
    const regex = compileLike(pattern, escape);
    expect(yes.filter((text) => !regex.test(text))).toEqual([]);
    expect(no.filter((text) => regex.test(text))).toEqual([]);
  });
});

describe('strftime', () => {
  it.each<[format: string, yes: readonly string[], no: readonly string[]]>([
    [
      '%Y-%m-%d',
      ['2024-02-29', '2000-02-29', '2024-1-2'],
      ['2023-02-29', '1900-02-29', '2024-04-31', '2024-13-01', '0000-01-01'],
    ],
    ['%d.%m.%y', ['29.02.68', '29.2.00'], ['29.02.69', '29-02-68']],
    ['%d %b %Y', ['2 JAN 2024', ' 2 Jan  2024'], ['2 January 2024', '30 feb 2024']],
    ['%A, %B %d', ['Monday, february 28'], ['Mon, february 28', 'Monday, february 29']],
    ['%H:%M:%S.%f %z', ['23:59:59.123456 +01:00', '0:0:0.1 Z'], ['24:00:00.0 Z', '23:59:60.0 Z']],
    ['%I %p %Z %a %j', ['12 pm UTC Tue 366'], ['13 pm UTC Tue 366', '12 pm UTC Tue 367']],
    ['100%% (%H)', ['100% (7)'], ['100% 7']],
    ['now', ['now', 'NOW'], ['then']],
  ])('reads %s', (format, yes, no) => {
    const reads = compileStrftime('format', format);
    expect(yes.filter((text) => !reads(text))).toEqual([]);
    expect(no.filter((text) => reads(text))).toEqual([]);
  });

  it.each(['%Q', '%', '%Y %Y', '%b %B', '%y %Y'])('refuses %s', (format) => {
    expect(() => compileStrftime('day.toMatchStrftimeFormat', format)).toThrow(
      'Option "day.toMatchStrftimeFormat" must be a format',
    );
  });
});

describe('lengths', () => {
  it('are counted in code points where they have to be', () => {
    expect(lengthWithin('😀😀', 2, 2)).toBe(true);
    expect(lengthWithin('😀😀', 3, 4)).toBe(false);
    expect(lengthWithin('a😀', 3, 3)).toBe(false);
    expect(lengthWithin('', 0, 0)).toBe(true);
    expect(lengthWithin('\ud83d\ud83d', 2, 2)).toBe(true);
  });
});

describe('a hyphen beside a class', () => {
  it.each([String.raw`^[\w-.]+$`, String.raw`^[.\w-]+$`, String.raw`^[.-\w]+$`])('is one in %s', (regex) => {
    const compiled = compileRegex('regex', regex);
    expect(['a-b.c', 'a+b'].map((text) => compiled.test(text))).toEqual([true, false]);
  });

  it('stays a range between characters, and escaped ones escaped', () => {
    expect(compileRegex('regex', String.raw`[a-c\-\\-\]]`).source).toBe(String.raw`[a-c\-\\-\]]`);
  });
});
