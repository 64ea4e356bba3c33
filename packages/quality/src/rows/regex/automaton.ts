import type { Node } from './syntax.ts';

/** Characters, one of which is read. */
export class CharacterSet {
  readonly #pattern: RegExp;
  /** Of ASCII: 1 for those that are in it, 2 for others, 0 for those that nobody asked for. */
  readonly #known = new Uint8Array(128);

  constructor(source: string, flags: string) {
    this.#pattern = new RegExp(`^(?:${source})$`, flags.replace('m', ''));
  }

  has(codePoint: number): boolean {
    if (codePoint > 127) return this.#pattern.test(String.fromCodePoint(codePoint));
    const known = this.#known[codePoint] ?? 0;
    if (known > 0) return known === 1;
    const has = this.#pattern.test(String.fromCharCode(codePoint));
    this.#known[codePoint] = has ? 1 : 2;
    return has;
  }
}

/** What is done at a state; states are known by their places in a list. */
export type State =
  | { readonly do: 'read'; readonly set: CharacterSet; readonly behind: boolean; readonly next: number }
  | { readonly do: 'place'; readonly pattern: RegExp; readonly next: number }
  | { readonly do: 'look'; readonly negative: boolean; readonly start: number; readonly next: number }
  | { readonly do: 'fork'; readonly next: number[] }
  | { readonly do: 'accept' };

export interface Automaton {
  readonly states: readonly State[];
  readonly start: number;
}

/**
 * The automaton of a regular expression, by Thompson's construction; undefined when it would have more than `mostStates`:
 * counts such as `{1000}` and long lists of words make many.
 */
export function automatonOf(regex: Node, flags: string, mostStates = 20_000): Automaton | undefined {
  const states: State[] = [];
  const add = (state: State): number => {
    if (states.length < mostStates) return states.push(state) - 1;
    throw new TooLarge();
  };
  const sets = new Map<string, CharacterSet>();
  const setOf = (source: string): CharacterSet => {
    const set = sets.get(source) ?? new CharacterSet(source, flags);
    sets.set(source, set);
    return set;
  };

  /** The state at which a node begins, when it goes on at another; what is behind is read backwards. */
  const build = (node: Node, next: number, behind: boolean): number => {
    if (node.kind === 'set') return add({ do: 'read', set: setOf(node.source), behind, next });
    if (node.kind === 'place') return add({ do: 'place', pattern: new RegExp(node.source, `${flags}y`), next });
    if (node.kind === 'look') {
      const start = build(node.body, add({ do: 'accept' }), node.behind);
      return add({ do: 'look', negative: node.negative, start, next });
    }
    if (node.kind === 'any') return add({ do: 'fork', next: node.parts.map((part) => build(part, next, behind)) });
    if (node.kind === 'all') {
      const parts = behind ? node.parts : node.parts.toReversed();
      return parts.reduce((after, part) => build(part, after, behind), next);
    }
    let start = next;
    if (node.max === Infinity) {
      const forks: number[] = [next];
      start = add({ do: 'fork', next: forks });
      forks.unshift(build(node.body, start, behind));
    } else {
      for (let at = node.min; at < node.max; at++) {
        start = add({ do: 'fork', next: [build(node.body, start, behind), next] });
      }
    }
    for (let at = 0; at < node.min; at++) start = build(node.body, start, behind);
    return start;
  };
  try {
    const start = build(regex, add({ do: 'accept' }), false);
    return { states, start };
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
}

class TooLarge extends Error {}
