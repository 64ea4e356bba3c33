import { automatonOf } from './automaton.ts';
import { safeLength } from './risk.ts';
import { search } from './search.ts';
import { shorten, sourceOf } from './shorten.ts';
import { type Node, parseRegex } from './syntax.ts';

/** Answers whether a regular expression finds something in a text, in time that is bounded. */
export interface Matcher {
  /** What finds something in the same texts as the one that was given. */
  readonly regex: RegExp;
  /** Of texts that are not longer, `regex.test` answers as well. */
  readonly safeLength: number;
  /** Undefined when it takes too long to tell. */
  readonly test: (text: string) => boolean | undefined;
}

/** How long a text may be for a pattern that no automaton can search for, as it has a backreference. */
const mostWithout = 1000;
/** The ways there are to try for such a text at most: it is that or nothing. */
const mostWays = 1e8;

const mostAlternatives = 1e5;

/** Those of the last plans: to look into a pattern takes milliseconds. */
const known = new Map<string, Matcher>();
const mostKnown = 200;

/** Of a regular expression with the flags `i`, `m` and `u` at most. */
export function createMatcher(given: RegExp): Matcher {
  const key = String(given);
  const matcher = known.get(key) ?? matcherOf(given);
  known.delete(key);
  known.set(key, matcher);
  for (const oldest of known.keys()) {
    if (known.size <= mostKnown) break;
    known.delete(oldest);
  }
  return matcher;
}

function matcherOf(given: RegExp): Matcher {
  if (!/[*+?{|]/.test(given.source)) return native(given);
  const node = parseRegex(given);
  if (node === undefined) {
    const more = parseRegex(given, 'loosely');
    const length = more === undefined ? 0 : safeLength(more, given, mostWays);
    return limited(given, Math.min(length, mostWithout), () => undefined);
  }
  if (waysOf(node) <= mostAlternatives || safeLength(node, given) === Infinity) return native(given);
  const short = shorten(node);
  const regex = new RegExp(sourceOf(short), given.flags);
  const length = safeLength(short, regex);
  if (length === Infinity) return native(regex);
  const automaton = automatonOf(short, regex.flags);
  return limited(regex, length, (text) => (automaton === undefined ? undefined : search(automaton, text)));
}

/** How many ways there are to match without repetition, as through a long list of words. */
function waysOf(node: Node): number {
  if (node.kind === 'all') return node.parts.reduce((ways, part) => ways * waysOf(part), 1);
  if (node.kind === 'any') return node.parts.reduce((ways, part) => ways + waysOf(part), 0);
  if (node.kind === 'look') return waysOf(node.body);
  return node.kind === 'repeat' ? Infinity : 1;
}

function native(regex: RegExp): Matcher {
  return { regex, safeLength: Infinity, test: (text) => regex.test(text) };
}

function limited(regex: RegExp, length: number, other: Matcher['test']): Matcher {
  return { regex, safeLength: length, test: (text) => (text.length <= length ? regex.test(text) : other(text)) };
}
