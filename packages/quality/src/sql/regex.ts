import { OptionError } from '@dataenginex/core';
import { compileRegex } from '../rows/patterns.ts';
import { type Node, parseRegex } from '../rows/regex/syntax.ts';

/** How a database writes what all of them have. */
export interface RegexSyntax {
  readonly start: string;
  readonly end: string;
  readonly word: string;
  readonly anything: string;
  /** The most that `{n}` may count. */
  readonly mostRepeats: number;
  readonly character: (codePoint: number) => string;
}

/** RE2, of DuckDB. */
export const re2: RegexSyntax = {
  start: String.raw`\A`,
  end: String.raw`\z`,
  word: String.raw`\b`,
  anything: '(?s:.)',
  mostRepeats: 1000,
  character: (codePoint) => String.raw`\x{${codePoint.toString(16)}}`,
};

const word = '[0-9A-Za-z_]';

/** PostgreSQL's advanced regular expressions, whose own `\y` and `\w` are about the letters of a locale. */
export const are: RegexSyntax = {
  start: String.raw`\A`,
  end: String.raw`\Z`,
  word: `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`,
  anything: '.',
  mostRepeats: 255,
  character: (codePoint) => String.raw`\U${codePoint.toString(16).padStart(8, '0')}`,
};

/**
 * The regex of a rule as a database writes it, which finds the same: characters and classes are spelled out, so that
 * nothing depends on a locale or a flag.
 *
 * @throws {OptionError} When it is none, or has what databases have not: lookaround, backreferences, `\p{…}`, `\B`, `(?m)`,
 *   letters beyond ASCII with `(?i)`, counts above the database's most.
 */
export function translateRegex(option: string, regex: string, syntax: RegexSyntax): string {
  const compiled = compileRegex(option, regex);
  const refuse = (what: string): never => {
    throw new OptionError(option, `a regex that databases can be asked (${what})`, regex);
  };
  if (compiled.flags.includes('m')) refuse('no (?m)');
  const node = parseRegex(compiled);
  if (node === undefined) return refuse('no backreferences, and no flags within');
  const repeat = ({ body, min, max }: Extract<Node, { kind: 'repeat' }>): string => {
    const most = max === Infinity ? min : max;
    if (most > syntax.mostRepeats) refuse(`no count above ${syntax.mostRepeats}`);
    return `${body.kind === 'set' ? write(body) : `(?:${write(body)})`}${countOf(min, max)}`;
  };
  const write = (part: Node): string => {
    if (part.kind === 'set') return new SetReader(part.source, compiled.ignoreCase, syntax, refuse).all();
    if (part.kind === 'repeat') return repeat(part);
    if (part.kind === 'any') return `(?:${part.parts.map(write).join('|')})`;
    // An empty branch is not written alike everywhere; an empty group is.
    if (part.kind === 'all') return part.parts.map(write).join('') || '(?:)';
    if (part.kind === 'look') {
      if (!part.negative || !isAnything(part.body)) return refuse('no lookaround');
      return part.behind ? syntax.start : syntax.end;
    }
    // Databases find it within a character, too, between two of its bytes.
    if (part.source === String.raw`\B`) return refuse(String.raw`no \B`);
    return part.source === '^' ? syntax.start : part.source === '$' ? syntax.end : syntax.word;
  };
  return `(?:${write(node)})`;
}

/** Of what `\A` and `\Z` are made: there is nothing before, or nothing behind. */
function isAnything(node: Node): boolean {
  if (node.kind === 'all') return node.parts.length === 1 && node.parts.every(isAnything);
  return node.kind === 'set' && node.source === String.raw`[\s\S]`;
}

function countOf(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  if (min === max) return `{${min}}`;
  return min === 0 && max === 1 ? '?' : `{${min},${max}}`;
}

type Refuse = (what: string) => never;
/** First and last code points, ascending, apart from each other. */
type Ranges = readonly (readonly [number, number])[];

const last = 0x10_ff_ff;
const digits: Ranges = [[48, 57]];
const words: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const spaces: Ranges = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x16_80, 0x16_80],
  [0x20_00, 0x20_0a],
  [0x20_28, 0x20_29],
  [0x20_2f, 0x20_2f],
  [0x20_5f, 0x20_5f],
  [0x30_00, 0x30_00],
  [0xfe_ff, 0xfe_ff],
];
const classes: Readonly<Record<string, Ranges>> = { d: digits, w: words, s: spaces };
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12, 0: 0 };

/** Reads one character of JavaScript's syntax with the flag `u`, an escape or a class, and writes it in another one. */
class SetReader {
  readonly #source: readonly string[];
  readonly #ignoreCase: boolean;
  readonly #syntax: RegexSyntax;
  readonly #refuse: Refuse;
  #at = 0;

  constructor(source: string, ignoreCase: boolean, syntax: RegexSyntax, refuse: Refuse) {
    this.#source = Array.from(source);
    this.#ignoreCase = ignoreCase;
    this.#syntax = syntax;
    this.#refuse = refuse;
  }

  all(): string {
    if (this.#take('[')) return this.#class();
    if (this.#take('.')) return this.#set([[10, 10]], true);
    if (!this.#sees('\\')) return this.#set(single(this.#next()), false);
    const { ranges, negated } = this.#escape(false);
    return this.#set(ranges, negated);
  }

  #class(): string {
    const negated = this.#take('^');
    const ranges: Ranges[number][] = [];
    while (!this.#take(']')) {
      const from = this.#member();
      if (this.#sees('-') && !this.#rest(2).startsWith('-]') && from.length === 1) {
        this.#take('-');
        const to = this.#member();
        ranges.push([from[0]?.[0] ?? 0, to[0]?.[1] ?? 0]);
      } else ranges.push(...from);
    }
    return this.#set(ranges, negated);
  }

  #member(): Ranges {
    if (!this.#sees('\\')) return single(this.#next());
    const { ranges, negated } = this.#escape(true);
    return negated ? complement(merged(ranges)) : ranges;
  }

  #escape(inClass: boolean): { readonly ranges: Ranges; readonly negated: boolean } {
    this.#take('\\');
    const character = this.#next();
    const ranges = classes[character.toLowerCase()];
    if (ranges !== undefined) return { ranges, negated: character !== character.toLowerCase() };
    if (character === 'p' || character === 'P') this.#refuse(String.raw`no \p`);
    if (inClass && character === 'b') return { ranges: [[8, 8]], negated: false };
    const control = controls[character];
    if (control !== undefined) return { ranges: [[control, control]], negated: false };
    const code = this.#codePoint(character);
    return { ranges: code === undefined ? single(character) : [[code, code]], negated: false };
  }

  #codePoint(escape: string): number | undefined {
    if (escape === 'c') return (this.#next().codePointAt(0) ?? 0) % 32;
    if (escape === 'x') return Number.parseInt(this.#match(/^[\da-fA-F]{2}/)?.[0] ?? '', 16);
    if (escape !== 'u') return undefined;
    const braced = this.#match(/^\{([\da-fA-F]+)\}/);
    if (braced !== null) return Number.parseInt(braced[1] ?? '', 16);
    const high = Number.parseInt(this.#match(/^[\da-fA-F]{4}/)?.[0] ?? '', 16);
    const low = high >= 0xd8_00 && high < 0xdc_00 ? this.#match(/^\\u([dD][c-fC-F][\da-fA-F]{2})/) : null;
    return low === null ? high : (high - 0xd8_00) * 0x4_00 + Number.parseInt(low[1] ?? '', 16) - 0xdc_00 + 0x1_00_00;
  }

  #set(given: Ranges, negated: boolean): string {
    let ranges = merged(given);
    if (this.#ignoreCase && !isAll(ranges)) ranges = merged(this.#bothCases(ranges));
    if (negated) ranges = complement(ranges);
    ranges = withoutUnwritable(ranges);
    const [first] = ranges;
    if (first === undefined) this.#refuse('no empty class');
    if (isAll(ranges)) return this.#syntax.anything;
    const write = (codePoint: number): string => {
      const character = String.fromCodePoint(codePoint);
      if (/[A-Za-z\d]/.test(character)) return character;
      return /[!-~]/.test(character) ? `\\${character}` : this.#syntax.character(codePoint);
    };
    const list = (of: Ranges): string =>
      of.map(([from, to]) => (from === to ? write(from) : `${write(from)}-${write(to)}`)).join('');
    if (ranges.length === 1 && first !== undefined && first[0] === first[1]) return write(first[0]);
    const isMost = first !== undefined && first[0] <= 1 && ranges.at(-1)?.[1] === last;
    return isMost ? `[^${list(withoutUnwritable(complement(ranges)))}]` : `[${list(ranges)}]`;
  }

  /** As JavaScript folds with the flag `u`: K is a k, too, and ſ an s. */
  #bothCases(ranges: Ranges): Ranges {
    const more: [number, number][] = [];
    for (const [from, to] of ranges) {
      for (let code = from; code <= to; code++) {
        const character = String.fromCodePoint(code);
        const [lower, upper] = [character.toLowerCase(), character.toUpperCase()];
        if (lower === upper) continue;
        if (code > 127) this.#refuse('with (?i) no letters beyond ASCII');
        for (const other of [lower, upper]) more.push([other.charCodeAt(0), other.charCodeAt(0)]);
        if (lower === 'k') more.push([0x21_2a, 0x21_2a]);
        if (lower === 's') more.push([0x1_7f, 0x1_7f]);
      }
    }
    return [...ranges, ...more];
  }

  #next(): string {
    return this.#source[this.#at++] ?? '';
  }

  #rest(length: number): string {
    return this.#source.slice(this.#at, this.#at + length).join('');
  }

  #sees(text: string): boolean {
    return this.#rest(text.length) === text;
  }

  #take(text: string): boolean {
    const is = this.#sees(text);
    if (is) this.#at += text.length;
    return is;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    const found = pattern.exec(this.#rest(40));
    this.#at += found === null ? 0 : Array.from(found[0]).length;
    return found;
  }
}

function single(character: string): Ranges {
  const code = character.codePointAt(0) ?? 0;
  return [[code, code]];
}

function isAll(ranges: Ranges): boolean {
  return complement(ranges).every(([from, to]) => to === 0 || (from === 0xd8_00 && to === 0xdf_ff));
}

function merged(ranges: Ranges): Ranges {
  const all: [number, number][] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const previous = all.at(-1);
    if (previous === undefined || from > previous[1] + 1) all.push([from, to]);
    else previous[1] = Math.max(previous[1], to);
  }
  return all;
}

function complement(ranges: Ranges): Ranges {
  const all: [number, number][] = [];
  let next = 0;
  for (const [from, to] of ranges) {
    if (from > next) all.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= last) all.push([next, last]);
  return all;
}

/** No text of a database has a NUL or half a surrogate pair. */
function withoutUnwritable(ranges: Ranges): Ranges {
  return ranges.flatMap(([from, to]) => {
    const parts: (readonly [number, number])[] = [
      [Math.max(from, 1), Math.min(to, 0xd7_ff)],
      [Math.max(from, 0xe0_00), to],
    ];
    return parts.filter(([low, high]) => low <= high);
  });
}
