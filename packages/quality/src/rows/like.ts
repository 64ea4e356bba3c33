import { compileLike, likeParts } from './patterns.ts';
import { createMatcher, type Matcher } from './regex/matcher.ts';

/**
 * Answers whether a text is like a pattern of SQL's `LIKE`, also where a regular expression would try too many ways: each
 * part between two `%` is found where it comes first.
 */
export function createLikeMatcher(pattern: string, escape: string | undefined): Matcher {
  const matcher = createMatcher(compileLike(pattern, escape));
  if (matcher.safeLength === Infinity) return matcher;
  const [first = '', ...others] = likeParts(pattern, escape);
  const end = new RegExp(`${others.pop() ?? ''}$`, 'gu');
  const begin = new RegExp(`^${first}`, 'u');
  const middle = others.map((part) => new RegExp(part, 'gu'));
  const test = (text: string): boolean => {
    let at = begin.exec(text)?.[0].length;
    for (const part of [...middle, end]) {
      if (at === undefined) return false;
      part.lastIndex = at;
      at = part.test(text) ? part.lastIndex : undefined;
    }
    return at !== undefined;
  };
  return { ...matcher, test };
}
