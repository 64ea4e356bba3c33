import type { Node } from './syntax.ts';

/**
 * A regular expression that is found in the same texts, without what only makes the place longer at which it is found:
 * `\s+$` is found where `\s$` is, and `foo.*` where `foo` is. Fewer ways to try are left.
 */
export function shorten(regex: Node): Node {
  if (regex.kind === 'any') return { kind: 'any', parts: regex.parts.map(shorten) };
  const parts = regex.kind === 'all' ? regex.parts : [regex];
  return { kind: 'all', parts: withoutFirst(withoutFirst(parts).toReversed()).toReversed() };
}

/** As often as it has to be there, the first part is enough, and then the one after it is the first. */
function withoutFirst([first, ...others]: readonly Node[]): readonly Node[] {
  if (first === undefined) return [];
  if (first.kind !== 'repeat') return [first, ...others];
  return first.min === 0 ? withoutFirst(others) : [{ ...first, max: first.min }, ...others];
}

/** As JavaScript writes it. */
export function sourceOf(node: Node): string {
  if (node.kind === 'set' || node.kind === 'place') return node.source;
  if (node.kind === 'any') return node.parts.map(sourceOf).join('|');
  if (node.kind === 'all') {
    return node.parts.map((part) => (part.kind === 'any' ? `(?:${sourceOf(part)})` : sourceOf(part))).join('');
  }
  const body = sourceOf(node.body);
  if (node.kind === 'repeat') return `(?:${body}){${node.min},${node.max === Infinity ? '' : node.max}}`;
  return `(?${node.behind ? '<' : ''}${node.negative ? '!' : '='}${body})`;
}
